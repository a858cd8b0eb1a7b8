"""A cache of slow diffs on disk, by request.

Terraform's provider plans a resource from what it is given. Its plan for a web ACL takes some ten CPU seconds, for
the schema of one rule has thousands of attributes. The same request has the same answer, so it is kept; that is two
files of 4 KB for each change of a web ACL, which nobody needs to prune.
"""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.plugins.protocol import provider_pb2
from sandbox.project.paths import write_private

LONG_SECONDS = 1.0


class Memory:
    """Answers of one provider; `about` identifies it and its version."""

    def __init__(self, folder: Path, about: str) -> None:
        self._folder = folder
        self._about = about

    def diff(self, request: Any, ask: Callable[[Any], Any]) -> Any:
        """The answer to a DiffRequest, from the cache or from `ask`."""
        asked = hashlib.sha256(self._about.encode() + request.SerializeToString(deterministic=True)).hexdigest()
        kept = self._folder / asked
        if kept.is_file():
            return provider_pb2.DiffResponse.FromString(bytes.fromhex(kept.read_text()))
        began = time.monotonic()
        answer = ask(request)
        if time.monotonic() - began >= LONG_SECONDS:
            write_private(kept, answer.SerializeToString().hex())
        return answer
