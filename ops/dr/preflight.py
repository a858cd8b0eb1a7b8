"""What an activation needs, asked before anything is changed: every problem at once, one line each."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from hosts.roles import ROLES
from ops.core import aws, facts, hosts
from ops.core.aws import client, if_present
from ops.core.facts import side_by_side
from ops.core.pair import RegionStack
from ops.errors import one_line

NEEDED_OUTPUTS = (
    "account_id",
    "bucket_names",
    "certificate_arn",
    "database_identifier",
    hosts.OUTPUT,
    "key_arns",
    "load_balancer_dns_name",
    "queue_urls",
    "secret_arns",
)
STANDARD_VCPUS = ("ec2", "L-1216C47A")
"""AWS, Service Quotas: Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a check found: a sentence that names the thing, and whether it stands in the way."""

    text: str
    blocks: bool = True


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """The standby to be activated, and the other stack, of which nothing is asked but its outputs in the backend.

    `accepted_lag`: seconds of lag that the operator accepts in place of the limit and of a metric that is missing.
    """

    standby: RegionStack
    other: RegionStack
    accepted_lag: int | None = None

    def run(self) -> list[Finding]:
        """Every finding. Where outputs are missing there is nothing more to be asked."""
        missing = [name for name in NEEDED_OUTPUTS if not self.standby.outputs.get(name)]
        if missing:
            stack = self.standby.stack
            return [Finding(text=f"stack {stack} has no output {', '.join(missing)}: run `pulumi up --stack {stack}`")]
        found = side_by_side({name: partial(_bounded, check, name) for name, check in self._checks().items()})
        return [finding for findings in found.values() for finding in findings]

    @cached_property
    def lag(self) -> facts.Lag:
        """The replica's lag, asked once."""
        return facts.lag(self.standby)

    def _checks(self) -> dict[str, Callable[[], Iterator[Finding]]]:
        return {
            "credentials": self._account,
            "secrets": self._secrets,
            "keys": self._keys,
            "certificate": self._certificate,
            "image": self._images,
            "quota of vCPUs": self._vcpus,
            "replica": self._replica,
        }

    def _account(self) -> Iterator[Finding]:
        want = str(self.standby.output("account_id"))
        found = client("sts", self.standby.region).get_caller_identity()["Account"]
        if found != want:
            yield Finding(text=f"the credentials are for account {found}; stack {self.standby.stack} is in {want}")

    def _secrets(self) -> Iterator[Finding]:
        """The standby's own secrets hold what the replicas of the other's hold; no value leaves this method."""
        manager = client("secretsmanager", self.standby.region)
        has_originals = self.standby.file.get("environment") == self.standby.file.get("offsite.home")
        others = self.other.outputs.get("secret_arns") or {}
        for role, arn in sorted(self.standby.output("secret_arns").items()):
            own = _secret(manager, arn)
            if own is None:
                yield Finding(text=f"secret {_secret_name(arn)} is missing or empty in {self.standby.region}")
                continue
            # The primary has the originals: the other stack's secrets have no replicas here.
            if has_originals:
                continue
            if role not in others:
                yield Finding(text=f"secret {role}: stack {self.other.stack} has none to compare with", blocks=False)
                continue
            name = _secret_name(others[role])
            replica = _secret(manager, name)
            if replica is None:
                yield Finding(text=f"the replica of secret {name} is missing in {self.standby.region}")
            elif replica != own:
                yield Finding(
                    text=f"secret {_secret_name(arn)} differs from the replica of {name}: set the same value in both "
                    f"stack files, then `pulumi up --stack {self.standby.stack}`"
                )

    def _keys(self) -> Iterator[Finding]:
        kms = client("kms", self.standby.region)
        for role, arn in sorted(self.standby.output("key_arns").items()):
            state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
            if state != "Enabled":
                yield Finding(text=f"key {role} ({arn}) is {state}: enable it with `aws kms enable-key`")

    def _certificate(self) -> Iterator[Finding]:
        arn = str(self.standby.output("certificate_arn"))
        yield from (Finding(text=text) for text in facts.certificate_problems(self.standby.region, arn))

    def _images(self) -> Iterator[Finding]:
        names = {str(self.standby.file.get(f"{role.name}.image_parameter")) for role in ROLES}
        for name in sorted(names):
            image = client("ssm", self.standby.region).get_parameter(Name=name)["Parameter"]["Value"]
            found = client("ec2", self.standby.region).describe_images(ImageIds=[image])["Images"]
            if not found or found[0].get("State", "available") != "available":
                yield Finding(text=f"image {image} of parameter {name} is not available in {self.standby.region}")

    def _vcpus(self) -> Iterator[Finding]:
        """Only what this stack needs is counted: what else runs in the account is not known to be needed."""
        need = hosts.vcpus(self.standby.file, "min_size")
        service, code = STANDARD_VCPUS
        answer = client("service-quotas", self.standby.region).get_service_quota(ServiceCode=service, QuotaCode=code)
        limit = float(answer["Quota"]["Value"])
        if limit < need:
            yield Finding(
                text=f"quota {code} allows {limit:.0f} vCPUs in {self.standby.region}, {need} are needed: "
                "ask AWS for more in Service Quotas"
            )

    def _replica(self) -> Iterator[Finding]:
        found = facts.database(self.standby)
        name = str(self.standby.output("database_identifier"))
        if found is None:
            yield Finding(text=f"database {name} is not in {self.standby.region}")
        elif not found.is_replica:
            yield Finding(text=f"database {name} is no replica: there is nothing to promote")
        elif found.status != "available":
            yield Finding(text=f"database {name} is {found.status}; want available")
        else:
            yield from self._lag()

    def _lag(self) -> Iterator[Finding]:
        limit = int(self.standby.file.get("recovery.max_replica_lag_seconds"))
        lag, accepted = self.lag, self.accepted_lag
        if not lag.is_known:
            if accepted is None:
                yield Finding(
                    text=f"{_unknown(lag)}: the data loss is unknown; accept a figure with --accept-lag SECONDS"
                )
            return
        allowed = max(limit, accepted or 0)
        if lag.seconds is not None and lag.seconds > allowed:
            yield Finding(
                text=f"the replica is {lag.seconds:.0f} s behind, {allowed} s are allowed: wait, or accept it with "
                f"--accept-lag {lag.seconds:.0f}"
            )


def _unknown(lag: facts.Lag) -> str:
    if lag.seconds is None:
        return "CloudWatch has no ReplicaLag of the last minutes"
    return f"the newest ReplicaLag is {lag.age_seconds:.0f} s old, {facts.LAG_FRESH_SECONDS} s are allowed"


def _bounded(check: Callable[[], Iterator[Finding]], name: str) -> list[Finding]:
    """A check's findings. A quota that AWS does not tell is a warning; anything else that it does not tell blocks."""
    try:
        return list(check())
    except (*aws.errors(), KeyError) as error:
        text = f"{name} could not be checked: {one_line(error)[:160]}"
        return [Finding(text=text, blocks="quota" not in name)]


def _secret(manager: Any, name: str) -> Any:
    answer = if_present(lambda: manager.get_secret_value(SecretId=name))
    return json.loads(answer["SecretString"]) if answer and answer.get("SecretString") else None


def _secret_name(arn: str) -> str:
    """The name in a secret's ARN, which ends in a hyphen and six characters of AWS's own."""
    name = arn.rpartition(":")[2]
    return name[:-7] if arn.startswith("arn:") else name
