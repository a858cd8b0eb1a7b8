"""Small JSON objects beside the engine's state: in a folder or an S3 bucket, as the state backend."""

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import state_backend
from ops.core import aws
from ops.core.stack_files import project_folder
from ops.errors import OpsError

FOLDER = ".askproai"


class Objects(Protocol):
    """Objects by key; every change is atomic."""

    def read(self, key: str) -> bytes | None:
        """The object, None where there is none."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        ...

    def swap(self, key: str, expected: bytes | None, content: bytes | None) -> bool:
        """Put or remove (None) an object if what is there is `expected` (None: nothing); whether it was done."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        ...

    def keys(self, prefix: str, ending: str = ".json") -> list[str]:
        """The keys that begin with a prefix and have an ending, sorted."""
        ...

    def former(self, key: str) -> Iterator[bytes]:
        """The earlier versions of an object, newest first, if they are kept; also of a deleted one."""
        ...


def objects(folder: str = FOLDER) -> Objects:
    """The objects in a folder of the current state backend, by default our own.

    Raises OpsError for a backend that is neither a folder nor a bucket.
    """
    url = backend_url()
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Folder(Path(unquote(f"{parts.netloc}{parts.path}")).expanduser() / folder)
    if parts.scheme == "s3":
        region = parse_qs(parts.query).get("region", [os.environ.get("AWS_REGION", "")])[0]
        if not region:
            raise OpsError(
                f"the state backend {url} names no region: log in to the address that `ops bootstrap` prints"
            )
        return Bucket(parts.netloc, "/".join(part for part in (parts.path.strip("/"), folder) if part), region)
    raise OpsError(f"the state backend {url} is no folder (file://) and no bucket (s3://): log in to one of the two")


def backend_region() -> str | None:
    """The region of the state backend, if its URL contains one."""
    return state_backend.backend_region(project_folder())


def older_backend(files: Iterable[Path]) -> str:
    """A message if the stack files name a key of the state in another region than the backend's; else empty."""
    return state_backend.older_backend(project_folder(), files)


def backend_url() -> str:
    """The state backend. Raises OpsError if nobody has logged in."""
    found = state_backend.backend_url(project_folder())
    if not found:
        raise OpsError("no state backend: run `pulumi login`, or set PULUMI_BACKEND_URL")
    return found


class Folder:
    """Objects as files. A lock of the operating system makes a swap atomic on this machine."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, key: str) -> bytes | None:
        """The object, None where there is none."""
        with suppress(FileNotFoundError):
            return (self._root / key).read_bytes()
        return None

    def write(self, key: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        file = self._root / key
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".draft-")
        with os.fdopen(handle, "wb") as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(name).replace(file)

    def swap(self, key: str, expected: bytes | None, content: bytes | None) -> bool:
        """Put or remove an object if what is there is `expected`; whether it was done."""
        with self._guarded():
            if self.read(key) != expected:
                return False
            if content is None:
                (self._root / key).unlink(missing_ok=True)
            else:
                self.write(key, content)
            return True

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        (self._root / key).unlink(missing_ok=True)

    def keys(self, prefix: str, ending: str = ".json") -> list[str]:
        """The keys that begin with a prefix and have an ending, sorted."""
        there = self._root.rglob(f"*{ending}")
        found = (file for file in there if file.is_file() and not file.name.startswith("."))
        return sorted(key for file in found if (key := file.relative_to(self._root).as_posix()).startswith(prefix))

    def former(self, key: str) -> Iterator[bytes]:
        """A folder keeps nothing."""
        return iter(())

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._root / ".guard").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield


class Bucket:
    """Objects in S3; a swap is S3's conditional write."""

    def __init__(self, bucket: str, prefix: str, region: str) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._region = region

    def read(self, key: str) -> bytes | None:
        """The object, None where there is none."""
        return self._read(key)[0]

    def write(self, key: str, content: bytes) -> None:
        """Put an object, whatever was there."""
        self._s3.put_object(**self._place(key), Body=content, ContentType="application/json")

    def swap(self, key: str, expected: bytes | None, content: bytes | None) -> bool:
        """Put or remove an object if what is there is `expected`; whether it was done."""
        from botocore.exceptions import ClientError

        found, tag = self._read(key)
        if found != expected:
            return False
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        try:
            if content is not None:
                self._s3.put_object(**self._place(key), Body=content, ContentType="application/json", **condition)
            elif tag is not None:
                self._s3.delete_object(**self._place(key), **condition)
        except ClientError as error:
            # 404 if the object with this ETag no longer exists.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in (404, 409, 412):
                return False
            raise
        return True

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        self._s3.delete_object(**self._place(key))

    def keys(self, prefix: str, ending: str = ".json") -> list[str]:
        """The keys that begin with a prefix and have an ending, sorted."""
        found = aws.rows(self._s3, "list_objects_v2", Bucket=self._bucket, Prefix=f"{self._prefix}/{prefix}")
        return sorted(row["Key"].removeprefix(f"{self._prefix}/") for row in found if row["Key"].endswith(ending))

    def former(self, key: str) -> Iterator[bytes]:
        """The object's noncurrent versions, newest first."""
        place = self._place(key)
        for row in aws.rows(self._s3, "list_object_versions", Bucket=self._bucket, Prefix=place["Key"]):
            if row["Key"] == place["Key"] and not row["IsLatest"]:
                yield self._s3.get_object(**place, VersionId=row["VersionId"])["Body"].read()

    def _read(self, key: str) -> tuple[bytes | None, str | None]:
        from botocore.exceptions import ClientError

        try:
            answer = self._s3.get_object(**self._place(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None, None
            raise
        return answer["Body"].read(), answer["ETag"]

    def _place(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}/{key}"}

    @property
    def _s3(self) -> Any:
        return aws.client("s3", self._region)
