"""`ops bootstrap` in an empty account: what it creates is read back, and a second run creates nothing."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
import yaml

from ops.core.aws import rows
from sandbox.project import project
from sandbox.project.environment import environment
from sandbox.project.isolated import isolated
from sandbox.project.paths import CHECKOUT, Paths
from sandbox.servers import clouds
from tests.e2e.operated import VISIT_SECONDS, Platform, run

pytestmark = pytest.mark.e2e

STATE, COPY = "askproai-state-home-123456789012", "askproai-state-copy-123456789012"
REGION, COPY_REGION = "eu-west-1", "eu-central-1"
BACKEND = f"s3://{STATE}?region={REGION}&awssdk=v2"
COPY_BACKEND = f"s3://{COPY}?region={COPY_REGION}&awssdk=v2"
ALIAS = "alias/askproai-state-key"
STACKS = ("account", "prod", "dr", "edge")
TOKEN = "a-token-of-forty-characters-for-the-edge"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
OPS_FAILED, OPS_USAGE, OPS_REFUSED = 1, 2, 3


@dataclass(frozen=True)
class Account:
    """An empty account, and a checkout with unchanged stack files."""

    platform: Platform
    project: Path
    cloudflare: str

    def bootstrap(self, *arguments: str, check: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        given = {**self.platform.variables, "ASKPROAI_PROJECT": str(self.project), **variables}
        given.pop("PULUMI_BACKEND_URL" if "PULUMI_BACKEND_URL" not in variables else "", None)
        return run([self.platform.paths.launcher, "bootstrap", *arguments], given, check=check)

    def s3(self, region: str) -> Any:
        return self.platform.client("s3", region)

    def token(self, **change: Any) -> None:
        """Change the token's permissions."""
        body = json.dumps(change).encode()
        with urlopen(Request(f"{self.cloudflare}/_sandbox/token", body, method="PUT"), timeout=VISIT_SECONDS):
            pass

    def stack_file(self, stack: str) -> dict[str, Any]:
        return dict(yaml.safe_load((self.project / f"Pulumi.{stack}.yaml").read_text()))


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    home = Path(tempfile.mkdtemp(prefix="askproai-bootstrap-"))
    paths = isolated(Paths.of(), home)
    checkout = home / "checkout"
    checkout.mkdir()
    for file in CHECKOUT.glob("Pulumi*.yaml"):
        shutil.copy(file, checkout)
    try:
        project.refresh(paths)
        servers, _fresh = clouds.start(paths)
        variables = environment(paths, {name: server.url for name, server in servers.items()})
        platform = Platform(paths, {**variables, "CLOUDFLARE_API_TOKEN": TOKEN}, "prod")
        yield Account(platform, checkout, servers["cloudflare"].url)
    finally:
        # Not by a command: only the process that started a server sees immediately that it has ended.
        clouds.stop(paths)
        shutil.rmtree(home)


def test_a_dry_run_shows_what_is_missing_and_makes_nothing(account: Account) -> None:
    shown = account.bootstrap("--dry-run").stdout
    assert "to be made" in shown
    assert "multi-region key" in shown
    assert list(rows(account.s3(REGION), "list_buckets")) == []
    assert account.stack_file("prod") == yaml.safe_load((CHECKOUT / "Pulumi.prod.yaml").read_text())


def test_a_shell_that_leads_the_engine_elsewhere_is_refused(account: Account) -> None:
    refused = account.bootstrap("--generate", check=False, PULUMI_BACKEND_URL="file:///somewhere")
    assert refused.returncode == OPS_REFUSED
    assert f"goes to {BACKEND}" in refused.stderr


def test_a_secret_that_nobody_can_type_is_named(account: Account) -> None:
    refused = account.bootstrap(check=False)
    assert refused.returncode == OPS_USAGE
    assert "database_password is missing, and there is no terminal to ask at: --generate makes it" in refused.stderr


def test_everything_is_made_once(account: Account) -> None:
    first = account.bootstrap("--generate").stdout
    assert " made" in first
    assert "0 too small, 0 not to be asked" in first
    before = {stack: (account.project / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS}
    again = account.bootstrap("--generate").stdout
    assert "everything is there" in again
    assert "everything is there" in account.bootstrap("--dry-run").stdout
    assert {stack: (account.project / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS} == before


@pytest.mark.parametrize(("bucket", "region"), [(STATE, REGION), (COPY, COPY_REGION)])
def test_the_state_is_encrypted_locked_versioned_and_private(account: Account, bucket: str, region: str) -> None:
    s3 = account.s3(region)
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == region
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    lock = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert (lock["Mode"], lock["Days"]) == ("GOVERNANCE", 30)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert key.startswith(f"arn:aws:kms:{region}:123456789012:key/mrk-")
    denied = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert {statement["Sid"] for statement in denied if statement["Effect"] == "Deny"} == {"TlsOnly", "RecentTlsOnly"}
    (lifecycle,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert lifecycle["NoncurrentVersionExpiration"]["NoncurrentDays"] == 90


def test_the_state_is_copied_to_the_other_region(account: Account) -> None:
    found = account.s3(REGION).get_bucket_replication(Bucket=STATE)["ReplicationConfiguration"]
    (rule,) = found["Rules"]
    assert rule["Destination"]["Bucket"] == f"arn:aws:s3:::{COPY}"
    assert rule["DeleteMarkerReplication"] == {"Status": "Disabled"}
    key = rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"]
    assert key.startswith(f"arn:aws:kms:{COPY_REGION}:")
    assert found["Role"].endswith(":role/askproai-state-replication")


def test_the_key_has_the_same_name_in_both_regions(account: Account) -> None:
    keys = {
        region: account.platform.client("kms", region).describe_key(KeyId=ALIAS)["KeyMetadata"]
        for region in (REGION, COPY_REGION)
    }
    assert {key["KeyId"] for key in keys.values()} == {keys[REGION]["KeyId"]}
    assert {key["KeyState"] for key in keys.values()} == {"Enabled"}


def test_the_stacks_are_there_with_their_secrets_encrypted_for_the_key(account: Account) -> None:
    keys: dict[str, set[str]] = {}
    for stack in STACKS:
        content = account.stack_file(stack)
        assert content["secretsprovider"] == f"awskms://{ALIAS}?region={REGION}&awssdk=v2"
        keys[stack] = {
            key.removeprefix("askproai:")
            for key, value in content["config"].items()
            if isinstance(value, dict) and set(value) == {"secure"}
        }
    of_a_region = {"database_password", "cache_auth_token", "app_key", "origin_pull_ca"}
    assert keys == {
        "account": set(),
        "prod": of_a_region,
        "dr": of_a_region,
        "edge": {"cloudflare_api_token", "origin_pull_certificate", "origin_pull_key"},
    }


def test_the_stack_files_keep_their_comments(account: Account) -> None:
    for stack in STACKS:
        before = (CHECKOUT / f"Pulumi.{stack}.yaml").read_text()
        after = (account.project / f"Pulumi.{stack}.yaml").read_text()
        comments = [line.strip() for line in before.splitlines() if line.strip().startswith("#")]
        assert [comment for comment in comments if comment not in after] == []


def test_both_regions_have_the_same_secrets_and_origins_know_the_edges_certificate(account: Account) -> None:
    values = {
        stack: json.loads(_pulumi(account, "config", "--show-secrets", "--json", "--stack", stack)) for stack in STACKS
    }
    for name in ("database_password", "cache_auth_token", "app_key", "origin_pull_ca"):
        assert values["prod"][f"askproai:{name}"]["value"] == values["dr"][f"askproai:{name}"]["value"]
    from cryptography import x509

    authority = x509.load_pem_x509_certificate(values["prod"]["askproai:origin_pull_ca"]["value"].encode())
    shown = x509.load_pem_x509_certificate(values["edge"]["askproai:origin_pull_certificate"]["value"].encode())
    shown.verify_directly_issued_by(authority)
    assert values["edge"]["askproai:cloudflare_api_token"]["value"] == TOKEN


def test_the_record_for_acm_is_there_before_any_region(account: Account) -> None:
    with urlopen(_asking(account, f"/zones/{ZONE}/dns_records?type=CNAME"), timeout=VISIT_SECONDS) as answer:
        (record,) = json.load(answer)["result"]
    assert record["content"].endswith(".acm-validations.aws")
    assert record["proxied"] is False
    assert list(rows(account.platform.client("acm", REGION), "list_certificates")) == []


def test_a_state_that_is_cut_off_in_the_bucket_is_restored(account: Account) -> None:
    # Of prod, whose program needs no other stack's outputs: after a restoration the command previews.
    root = {"urn": "urn:pulumi:prod::askproai::pulumi:pulumi:Stack::askproai-prod", "type": "pulumi:pulumi:Stack"}
    exported = json.loads(_pulumi(account, "stack", "export", "--stack", "prod"))
    exported["deployment"]["resources"] = [{**root, "custom": False}]
    file = account.project / "imported.json"
    file.write_text(json.dumps(exported))
    for _ in range(2):
        _pulumi(account, "stack", "import", "--stack", "prod", "--file", str(file))
    s3, place = account.s3(REGION), {"Bucket": STATE, "Key": ".pulumi/stacks/askproai/prod.json"}
    whole = s3.get_object(**place)["Body"].read()
    s3.put_object(**place, Body=whole[: len(whole) // 2])
    variables = {**account.platform.variables, "ASKPROAI_PROJECT": str(account.project), "PULUMI_BACKEND_URL": BACKEND}
    recover = [account.platform.paths.launcher, "recover", "--yes", "--quick", "prod"]
    assert "damaged (cut off or not JSON" in run(recover, variables).stdout
    assert "askproai-prod" in _pulumi(account, "stack", "export", "--stack", "prod")


def test_the_copy_of_the_state_is_used_if_its_region_is_lost(account: Account) -> None:
    """The copy has what S3 replicates, which does not include deletions: an old lock is still in it."""
    copy_the_state(account)
    locks = [".pulumi/locks/organization/askproai/prod/1.json", ".askproai/locks/platform.json"]
    for key in (*locks, ".askproai/under-way.json"):
        account.s3(COPY_REGION).put_object(Bucket=COPY, Key=key, Body=b"{}")
    files = {stack: (account.project / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS}
    recover = [account.platform.paths.launcher, "recover", "--backend-copy", "--yes"]
    variables = {**account.platform.variables, "ASKPROAI_PROJECT": str(account.project), "PULUMI_BACKEND_URL": BACKEND}
    answers = run(recover, variables, check=False)
    assert (answers.returncode, "answers" in answers.stderr) == (OPS_REFUSED, True)
    blackout = f"{account.platform.variables['AWS_ENDPOINT_URL']}/_sandbox/blackout/{REGION}"
    urlopen(Request(f"{blackout}?mode=hang", method="PUT"), timeout=VISIT_SECONDS).close()
    try:
        assert f"PULUMI_BACKEND_URL='{COPY_BACKEND}'" in run(recover, variables).stdout
        assert f"0 states, {len(STACKS)} stack files" in run(recover, variables).stdout
        shown = json.loads(
            _pulumi(account, "config", "--show-secrets", "--json", "--stack", "prod", backend=COPY_BACKEND)
        )
        assert shown["askproai:app_key"]["value"]
        # It takes the lock, and reads the state with the key that the state names.
        _pulumi(account, "stack", "export", "--show-secrets", "--stack", "prod", backend=COPY_BACKEND)
        _pulumi(account, "refresh", "--yes", "--skip-preview", "--stack", "prod", backend=COPY_BACKEND)
        home = [account.platform.paths.launcher, "recover", "--backend-home", "--yes"]
        lost = run(home, variables, check=False)
        assert (lost.returncode, f"{REGION} does not answer" in lost.stderr) == (OPS_REFUSED, True)
    finally:
        urlopen(Request(blackout, method="DELETE"), timeout=VISIT_SECONDS).close()
    # Its state is stale since then: a shell that still uses it is refused.
    stale = run([account.platform.paths.launcher, "dr", "rebuild", "dr", "--yes"], variables, check=False)
    assert (stale.returncode, "`ops recover --backend-home`" in stale.stderr) == (OPS_REFUSED, True)
    newer = account.s3(COPY_REGION).get_object(Bucket=COPY, Key=PROD_STATE)["Body"].read()
    assert account.s3(REGION).get_object(Bucket=STATE, Key=PROD_STATE)["Body"].read() != newer
    assert f"PULUMI_BACKEND_URL='{BACKEND}'" in run(home, variables).stdout
    assert {stack: (account.project / f"Pulumi.{stack}.yaml").read_text() for stack in STACKS} == files
    carried = account.s3(REGION).get_object(Bucket=STATE, Key=PROD_STATE)["Body"].read()
    assert (
        json.loads(carried)["checkpoint"]["latest"]["manifest"] == json.loads(newer)["checkpoint"]["latest"]["manifest"]
    )
    _pulumi(account, "stack", "export", "--show-secrets", "--stack", "prod")


PROD_STATE = ".pulumi/stacks/askproai/prod.json"


def copy_the_state(account: Account) -> None:
    """Replicates as S3 does by bootstrap's rule, which this test's servers do not do."""
    source, target = account.s3(REGION), account.s3(COPY_REGION)
    for row in source.list_objects_v2(Bucket=STATE)["Contents"]:
        content = source.get_object(Bucket=STATE, Key=row["Key"])["Body"].read()
        target.put_object(Bucket=COPY, Key=row["Key"], Body=content)


def test_a_permission_that_the_token_lacks_is_named(account: Account) -> None:
    account.token(permissions=["Zone Read", "DNS Write", "Zone Settings Write", "API Tokens Read"])
    try:
        refused = account.bootstrap("--generate", check=False)
    finally:
        account.token(permissions=None)
    assert refused.returncode == OPS_FAILED
    lacking = [line for line in refused.stderr.splitlines() if "does not have the permission" in line]
    assert len(lacking) == 9
    assert "Zone WAF Write" in refused.stderr
    assert "DNS Write" not in refused.stderr


def _asking(account: Account, path: str) -> Request:
    return Request(f"{account.cloudflare}/client/v4{path}", headers={"Authorization": f"Bearer {TOKEN}"})


def _pulumi(account: Account, *arguments: str, backend: str = BACKEND) -> str:
    variables = {**account.platform.variables, "PULUMI_BACKEND_URL": backend}
    return run([account.platform.paths.wrapper, *arguments], variables, folder=account.project).stdout
