"""A fake engine that applies a stack file as the program would, without a cloud."""

from contextlib import AbstractContextManager, nullcontext
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any

from fake_regions import ACCOUNT, World, arn

from contract import origin
from ops.core.engine_errors import UnreadableStateError
from ops.core.stack_files import StackFile, value_in
from ops.errors import OpsError

STACKS = ("prod", "dr")
APEX = "askproai.de"
GROUPS = {"blue": "web.blue", "green": "web.green", "workers": "workers"}
SECRETS = ("app", "database-application", "database-migrations")
WAYS_IN = [
    {"RuleNumber": 100, "Egress": egress, "RuleAction": "allow", "CidrBlock": cidr}
    for egress in (False, True)
    for cidr in ("10.0.0.0/20",)
]
"""The entries of an open region's network ACL for traffic from or to outside the data tier."""
HOSTS = (APEX, "app.askproai.de", "api.askproai.de")


class FakeEngine:
    """`ups` are the stacks on which it ran, `failing` those whose run fails, with the error.

    For those in `failing_in_part`, the resources that serve visitors can be deployed alone.

    `unreadable` are the stacks whose state is torn or lost, and `secrets` the ARNs of those that are elsewhere.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.ups: list[str] = []
        self.limits: list[float] = []
        self.refreshed: list[str] = []
        self.failing: dict[str, OpsError] = {}
        self.failing_in_part: set[str] = set()
        self.stale_source: set[str] = set()
        self.unreadable: set[str] = set()
        self.unprotected: list[str] = []
        self.secrets: dict[str, dict[str, str]] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._open: dict[str, bool] = {}

    def missing_plugins(self) -> list[str]:
        return []

    def outputs(self, stack: str) -> dict[str, Any]:
        self._read(stack)
        return self.made(stack)

    def made(self, stack: str) -> dict[str, Any]:
        """The stack's outputs, whether its state can be read or not."""
        return dict(self._outputs.get(stack, {}))

    def restore(self, stack: str, outputs: dict[str, Any]) -> None:
        """A stack whose state is an older one."""
        self._outputs[stack] = outputs

    def forget(self, stack: str) -> None:
        """A stack that was never brought up."""
        self._outputs.pop(stack)

    def secret(self, stack: str, key: str) -> str:
        self._read(stack)
        return "token"

    def set_secret(self, stack: str, key: str, value: str) -> None:
        StackFile.of(stack).set({key: {"secure": f"{len(value)} characters"}})

    def refresh(self, stack: str, say: Any, targets: Any = ()) -> None:
        self.refreshed.append(stack)
        self.stale_source.discard(stack)
        if StackFile.of(stack).get("role") != "edge":
            self._open[stack] = self.is_open(stack)

    def is_open(self, stack: str) -> bool:
        """Whether hosts run and reach the data."""
        region = str(StackFile.of(stack).get("region"))
        ended = any(self.world.fleets[f"{stack}-{group}"].get("ended") for group in GROUPS)
        return len(self.world.ways_in[region]) == len(WAYS_IN) and not ended

    def _open_or_close(self, stack: str, wanted: bool) -> None:
        """An engine changes what differs from its state, and does not refresh."""
        if self._open.get(stack) == wanted:
            return
        self._open[stack] = wanted
        region = str(StackFile.of(stack).get("region"))
        self.world.ways_in[region] = [*WAYS_IN] if wanted else []
        for group in GROUPS:
            self.world.fleets[f"{stack}-{group}"]["ended"] = not wanted

    def unprotect(self, stack: str, urn: str) -> None:
        self.unprotected.append(urn)

    def preview_changes(self, stack: str, config_file: Path | None = None) -> dict[str, int]:
        return {}

    def export(self, stack: str) -> dict[str, Any]:
        self._read(stack)
        there = self.world.databases.get(str(StackFile.of(stack).get("region")), {})
        rows = [
            {
                "type": "aws:rds/instance:Instance",
                "urn": f"urn::{name.replace(f'askproai-{stack}-database', 'database-instance')}",
                "outputs": {"identifier": name, "replicateSourceDb": "source" if stack in self.stale_source else None},
            }
            for name in there
        ]
        return {"deployment": {"resources": rows}}

    def at_most(self, seconds: float, end_seconds: float = 0.0) -> AbstractContextManager[None]:
        self.limits.append(seconds)
        return nullcontext()

    def loading(self, stack: str) -> AbstractContextManager[None]:
        return nullcontext()

    def up(self, stack: str, say: Any, targets: Any = ()) -> dict[str, int]:
        self._read(stack)
        self.ups.append(stack)
        error = self.failing.get(stack)
        if error and not (targets and stack in self.failing_in_part):
            # What goes on from an error adds to its message: each run has one of its own.
            raise copy(error)
        recorded = self.made(stack).get("topology", 0)
        if StackFile.of(stack).get("topology", 1) < recorded:
            raise OpsError(f"stack {stack}: topology is older than {recorded}")
        if StackFile.of(stack).get("role") == "edge":
            self._edge(stack)
        else:
            if self.world.busy_asks:
                raise OpsError(f"stack {stack}: database-instance: operation error RDS: InvalidDBInstanceState")
            self._region(stack)
        return {"same": 1}

    def _read(self, stack: str) -> None:
        if stack in self.unreadable:
            raise UnreadableStateError(f"the state of stack {stack} cannot be read: EOF")

    def _edge(self, stack: str) -> None:
        live = str(StackFile.of(stack).get("live"))
        if self.world.edge_failures:
            self.world.edge_failures -= 1
            raise OpsError("stack edge: dns-app: 500 Internal Server Error")
        origins = {name: f"balancer.{name}" for name in STACKS}
        for host in HOSTS:
            if host not in self.world.ignored_names:
                self.world.records[host] = origins[live] if host == APEX else APEX
        names = [*HOSTS, *(origin(name, "askproai.de") for name in STACKS)]
        self._outputs[stack] = {
            "topology": StackFile.of(stack).get("topology", 1),
            "live": live,
            "zone_id": "zone",
            "origins": origins,
            "records": dict.fromkeys(names, "id"),
            "dnssec": {"ds": "askproai.de. 3600 IN DS 2371 13 2 AB"},
        }

    def _region(self, stack: str) -> None:
        get = partial(value_in, StackFile.of(stack).values())
        region, generation = str(get("region")), int(get("database.generation", 1))
        there = self.world.databases.setdefault(region, {})
        follows = get("role") == "standby" and not get("activated")
        name = numbered(f"askproai-{stack}-database", generation)
        kept = [numbered(f"askproai-{stack}-database", n) for n in get("database.retained_generations", [])]
        source = arn("elsewhere", f"askproai-{get('follows')}-database") if follows else ""
        there[name] = {"status": "available", "source": source}
        for old in [old for old in there if old not in (name, *kept)]:
            del there[old]
        for group, place in GROUPS.items():
            self.world.fleets.setdefault(f"{stack}-{group}", {})
            self.world.fleets[f"{stack}-{group}"] |= {
                name: get(f"{place}.{name}", default)
                for name, default in (("release", ""), ("min_size", 0), ("max_size", 0), ("weight", None))
            }
        self._open_or_close(stack, not get("fenced"))
        outputs = {key: get(key) for key in ("role", "activated", "fenced", "posture", "follows")}
        outputs["topology"] = get("topology", 1)
        outputs["database_generation"] = generation
        outputs["retained_database_generations"] = get("database.retained_generations", [])
        self._outputs[stack] = outputs | {
            "account_id": ACCOUNT,
            "bucket_names": {"releases": "releases", "uploads": "uploads"},
            "backup_vault_name": "vault",
            "certificate_arn": "certificate",
            "data_tier_acl_id": f"acl-{stack}",
            "database_arn": arn(region, name),
            "database_identifier": name,
            "key_arns": {"data": "key"},
            "load_balancer_dns_name": f"balancer.{stack}",
            "queue_urls": {"default": stack},
            "secret_arns": self.secrets.get(stack)
            or {
                name: f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:askproai-{stack}-{name}-abcdef"
                for name in SECRETS
            },
            "host_group_names": {
                "web": {"blue": f"{stack}-blue", "green": f"{stack}-green"},
                "workers": {"fleet": f"{stack}-workers"},
            },
        }


def numbered(name: str, generation: int) -> str:
    """A later generation's name."""
    return name if generation == 1 else f"{name}-{generation}"
