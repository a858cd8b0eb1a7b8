"""What booted instances are made of: the release, the names of AWS, and what a killed process left."""

import gzip
import io
import os
import ssl
import tarfile
from pathlib import Path

import pytest

from sandbox.instances import endpoints
from sandbox.instances.boot import Scratch, control_groups
from sandbox.instances.command import groups_of
from sandbox.instances.release import pack
from sandbox.instances.root import unavailable
from sandbox.project.paths import CHECKOUT, Paths
from sandbox.toolchain.steps import SandboxError

REGION = "eu-central-1"


def test_a_release_has_laravels_places_and_is_the_same_each_time() -> None:
    first = pack()
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(first))) as archive:
        names = archive.getnames()
        assert archive.getmember("artisan").mode == 0o755
    assert {"artisan", "public/index.php", "bootstrap/app.php"} <= set(names)
    assert pack() == first


def test_hosts_find_every_bucket_under_its_own_name() -> None:
    found = endpoints.names(REGION, ["uploads"])
    assert f"uploads.s3.{REGION}.amazonaws.com" in found
    assert f"secretsmanager.{REGION}.amazonaws.com" in found


def test_a_client_that_trusts_the_authority_accepts_what_it_issued(tmp_path: Path) -> None:
    authority = endpoints.Authority()
    certificate, key = authority.issue(["s3.example"])
    (tmp_path / "chain.pem").write_text(certificate)
    (tmp_path / "key.pem").write_text(key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    handshake(server, authority.certificate, "s3.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, authority.certificate, "sqs.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, endpoints.Authority().certificate, "s3.example")


def handshake(server: ssl.SSLContext, trusted: str, name: str) -> None:
    client = ssl.create_default_context(cadata=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in list(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass


def test_a_role_that_the_stack_does_not_have_is_refused_with_those_it_has() -> None:
    outputs = {"host_group_names": {"web": {"blue": "web-blue", "green": "web-green"}, "workers": {"fleet": "workers"}}}
    assert groups_of(outputs, "web") == ["web-blue", "web-green"]
    with pytest.raises(SandboxError, match="no role bastion; there are: web, workers"):
        groups_of(outputs, "bastion")


@pytest.mark.skipif(bool(unavailable()), reason=unavailable() or "can boot")
def test_what_a_killed_process_left_goes_at_the_next_start(tmp_path: Path) -> None:
    paths = Paths(CHECKOUT, tmp_path)
    left = paths.instances / "1"
    left.mkdir(parents=True)
    (left / "lock").touch()
    group = control_groups() / "askproai-boot-test-left"
    (group / "init.scope").mkdir(parents=True)
    scratch = Scratch(paths)
    assert not left.exists()
    assert not group.exists()
    assert [folder.name for folder in paths.instances.iterdir()] == [str(os.getpid())]
    scratch.close()
    assert list(paths.instances.iterdir()) == []
