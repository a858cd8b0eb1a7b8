"""The prerequisites of an activation, checked before anything is changed: every problem at once, one per line."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

from hosts.roles import APPLICATION_ROLES
from ops.core import aws, facts, hosts
from ops.core.aws import client
from ops.core.facts import side_by_side
from ops.core.interruption import TooLongError
from ops.core.pair import RegionStack
from ops.core.secret_values import current_value
from ops.core.settle import in_use
from ops.core.steps import say
from ops.dr.accounts import has_originals, secret_name
from ops.errors import OpsError, one_line

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
SETTINGS_SHOWN = 6
ACCEPT_SECONDS = 300
"""Our choice: the figure grows while the operator types the proposed option."""
STANDARD_VCPUS = ("ec2", "L-1216C47A")
"""AWS, Service Quotas: Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs."""


Weight = Literal["blocks", "forced", "warns"]
PROMOTION = ("credentials", "replica")
"""The checks that every promotion requires."""


@dataclass(frozen=True)
class Finding:
    """A finding of a check: a sentence that names the resource, and the consequence for an activation.

    The activation is impossible (`blocks`), would leave visitors unserved and needs a reason (`forced`), or is possible
    (`warns`).
    """

    text: str
    weight: Weight = "forced"


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """The standby to be activated, and the other stack, of which only the outputs in the backend are read.

    `accepted_lag`: the seconds of missing writes that the operator accepts.
    `ready_seconds`: how long to wait for a replica that is being backed up or changed.
    `promotes`: whether there is a replica to promote.
    """

    standby: RegionStack
    other: RegionStack
    accepted_lag: int | None = None
    ready_seconds: float = 0.0
    promotes: bool = True

    def run(self) -> list[Finding]:
        """Every finding. If outputs are missing, nothing else can be checked."""
        missing = [name for name in NEEDED_OUTPUTS if not self.standby.outputs.get(name)]
        if missing:
            stack = self.standby.stack
            text = f"stack {stack} has no output {', '.join(missing)}: run `pulumi up --stack {stack}`"
            return [Finding(text, "blocks")]
        found = side_by_side({name: partial(_bounded, check, name) for name, check in self._checks().items()})
        # Everything that cannot be checked without credentials is one problem, in one line.
        return found["credentials"] or [finding for findings in found.values() for finding in findings]

    @cached_property
    def lag(self) -> facts.Lag:
        """The replica's lag, read once."""
        return facts.lag(self.standby)

    def _checks(self) -> dict[str, Callable[[], Iterator[Finding]]]:
        return {
            "credentials": self._account,
            "secrets": self._secrets,
            "keys": self._keys,
            "certificate": self._certificate,
            "image": self._images,
            "quota of vCPUs": self._vcpus,
            **({"replica": self._replica} if self.promotes else {}),
            "program": self._program,
            "engine": self._engine,
        }

    def _engine(self) -> Iterator[Finding]:
        """Otherwise an engine on another machine would be noticed only after the fence."""
        if holder := in_use(self.standby.stack):
            yield Finding(holder, "blocks")

    def _program(self) -> Iterator[Finding]:
        """What else an `up` of the standby would change, and whether it is possible at all."""
        if unlike := self.standby.unlike(self.other):
            yield Finding(differing(self.standby, self.other, unlike), "warns")
        try:
            changes = self.standby.unapplied("activation")
        except OpsError as error:
            yield Finding(error.message, "blocks")
            return
        if changes:
            counted = ", ".join(f"{operation} {count}" for operation, count in sorted(changes.items()))
            what = f"changes of stack {self.standby.stack} that were never applied would be applied too"
            yield Finding(f"{what}: {counted}; see `pulumi preview`", "warns")

    def _account(self) -> Iterator[Finding]:
        want = str(self.standby.output("account_id"))
        found = client("sts", self.standby.region).get_caller_identity()["Account"]
        if found != want:
            yield Finding(f"the credentials are for account {found}; stack {self.standby.stack} is in {want}", "blocks")

    def _secrets(self) -> Iterator[Finding]:
        """The standby's own secrets must equal the replicas of the other region's; no value leaves this method."""
        others = self.other.outputs.get("secret_arns") or {}
        for role, arn in sorted(self.standby.output("secret_arns").items()):
            # An account that is missing or differs is copied before the promotion.
            own, account = _secret(self.standby.region, arn), role in self.standby.accounts
            if own is None and not account:
                yield Finding(f"secret {secret_name(arn)} is missing or empty in {self.standby.region}")
                continue
            # Here are no replicas of the other stack's secrets.
            if has_originals(self.standby):
                continue
            if role not in others:
                yield Finding(f"secret {role}: stack {self.other.stack} has none to compare with", "warns")
                continue
            name = secret_name(others[role])
            replica = _secret(self.standby.region, name)
            if replica is None and not (account and own is None):
                yield Finding(f"the replica of secret {name} is missing in {self.standby.region}")
            elif replica != own:
                remedy = f"set the same value in both stack files, then `pulumi up --stack {self.standby.stack}`"
                yield Finding(
                    f"secret {secret_name(arn)} differs from the replica of {name}: "
                    f"{'it is copied before the promotion' if account else remedy}",
                    "warns" if account else "forced",
                )

    def _keys(self) -> Iterator[Finding]:
        kms = client("kms", self.standby.region)
        for role, arn in sorted(self.standby.output("key_arns").items()):
            state = kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
            if state != "Enabled":
                yield Finding(f"key {role} ({arn}) is {state}: enable it with `aws kms enable-key`")

    def _certificate(self) -> Iterator[Finding]:
        problem, serves = facts.certificate_problem(self.standby.region, str(self.standby.output("certificate_arn")))
        if problem:
            yield Finding(problem, "warns" if serves else "forced")

    def _images(self) -> Iterator[Finding]:
        names = {str(self.standby.file.get(f"{role.name}.image_parameter")) for role in APPLICATION_ROLES}
        for name in sorted(names):
            image = client("ssm", self.standby.region).get_parameter(Name=name)["Parameter"]["Value"]
            found = client("ec2", self.standby.region).describe_images(ImageIds=[image])["Images"]
            if not found or found[0].get("State", "available") != "available":
                yield Finding(f"image {image} of parameter {name} is not available in {self.standby.region}")

    def _vcpus(self) -> Iterator[Finding]:
        """Counts only what this stack needs: the needs of others in the account are unknown."""
        need = hosts.vcpus(self.standby.file, "min_size")
        service, code = STANDARD_VCPUS
        limit = hosts.allowed(self.standby.region, service, code)
        if limit < need:
            yield Finding(
                f"quota {code} allows {limit:.0f} vCPUs in {self.standby.region}, but {need} are needed: "
                "request an increase in Service Quotas"
            )

    def _replica(self) -> Iterator[Finding]:
        found = self._settled(facts.database(self.standby))
        name = str(self.standby.output("database_identifier"))
        if found is None:
            yield Finding(f"database {name} is not in {self.standby.region}", "blocks")
        elif not found.is_replica:
            yield Finding(
                f"database {name} is not a replica: there is nothing to promote; `ops dr abort` asks which region "
                "serves",
                "blocks",
            )
        elif found.status not in facts.USABLE:
            yield Finding(
                f"database {name} is {found.status}, and RDS only promotes an available one: wait, then run the same "
                "command again",
                "blocks",
            )
        else:
            yield from self._lag()

    def _settled(self, found: facts.Database | None) -> facts.Database | None:
        """The database, after waiting if its status is transient; its current status if that takes too long."""
        if found is None or not found.is_replica or found.status not in facts.WRITABLE:
            return found
        if found.status not in facts.USABLE:
            say(f"          {found.identifier} is {found.status}: waiting up to {self.ready_seconds:.0f} s")
        with suppress(TooLongError):
            return facts.wait(
                "the replica",
                lambda: facts.database(self.standby),
                lambda now: now is None or now.status in facts.USABLE,
                seconds=self.ready_seconds,
            )
        return facts.database(self.standby)

    def _lag(self) -> Iterator[Finding]:
        limit = int(self.standby.file.get("recovery.max_replica_lag_seconds"))
        lag, accepted = self.lag, self.accepted_lag or 0
        missing = lag.missing_seconds
        if missing is None:
            missing = facts.LAG_WINDOW.total_seconds()
        allowed = max(limit, accepted) if lag.is_known else accepted
        if missing <= allowed:
            return
        if lag.is_known:
            text = f"the replica is {missing:.0f} s behind, but only {allowed} s are allowed: wait, or"
        else:
            text = f"the newest lag is {lag};" if lag.measured else f"{lag};"
            missing += ACCEPT_SECONDS if lag.measured else 0
        yield Finding(f"{text} accept it with --accept-lag {missing:.0f}", "blocks")


def differing(standby: RegionStack, other: RegionStack, keys: list[str]) -> str:
    """A message about the settings that differ between two stack files."""
    more = f" and {len(keys) - SETTINGS_SHOWN} more" if len(keys) > SETTINGS_SHOWN else ""
    return (
        f"{standby.file.path.name} differs from {other.file.path.name}: {', '.join(keys[:SETTINGS_SHOWN])}"
        f"{more}; set the same in both, then `pulumi up`"
    )


def _bounded(check: Callable[[], Iterator[Finding]], name: str) -> list[Finding]:
    """A check's findings. Missing answers of AWS block if the promotion requires them."""
    try:
        return list(check())
    except (*aws.errors(), KeyError, OpsError) as error:
        text = f"{name} could not be checked: {one_line(error)[:160]}{f': {aws.LOG_IN}' if aws.is_ours(error) else ''}"
        return [Finding(text, "blocks" if name in PROMOTION else "warns")]


def _secret(region: str, name: str) -> Any:
    _, text = current_value(region, name) or ("", "")
    with suppress(ValueError):
        return json.loads(text)
    return text or None
