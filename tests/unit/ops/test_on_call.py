"""The on-call pages are correct: their commands exist, and their figures are the declared ones.

botocore's service models define the commands of AWS.
"""

import re
import shlex
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jmespath
import pytest
import typer
from accounts import account
from botocore import xform_name
from edges import edge
from regions import region
from simulation import Call, may
from stack_files import ROOT, account_settings, edge_settings, settings_of

from components.account.rights import Names
from components.network.data_tier_acl import ROWS
from components.security.secrets import ACCOUNTS
from hosts.roles import APPLICATION_ROLES
from naming import spelled
from ops import runbooks
from ops.bootstrap.permissions import PERMISSIONS
from ops.bootstrap.secret_values import MAKERS, ORIGIN_PULL
from ops.cli import app
from ops.core.facts import LAG_WINDOW
from ops.core.session import DECISION_HOLDS
from ops.dr import closing, fence, rebuild
from ops.objectives.expected import LIMIT_MINUTES
from ops.objectives.objectives import RESPONSE_MINUTES
from ops.secrets.rotation import DATABASE, USED_BY
from outputs import EdgeOutputs, RegionOutputs
from settings import EdgeSecrets, EdgeSettings, Settings, StackSecrets

FOLDER = ROOT / "docs" / "on-call"
PAGES = sorted(FOLDER.glob("*.md"))
BY_HAND = (FOLDER / "by-hand.md").read_text()
BREACH = (FOLDER / "breach.md").read_text()
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINES = 120
"""Ours: a page and a half of a terminal that is as high as a screen, and what an engineer reads at night."""

QUOTED = r"'[^']*'|\"(?:[^\"\\]|\\.)*\""
VALUE = rf"(?:{QUOTED}|\$\([^()]*\)|[^'\"|)`;&\n])*"
AWS = re.compile(rf"(?<![\w/.-])aws (?P<service>[a-z][a-z0-9-]+) (?P<operation>[a-z][a-z0-9-]+)(?P<rest>{VALUE})")
PULUMI_OUTPUT = re.compile(r"pulumi stack output (\w+) --stack (\S+?)(?=[)\s`])")
PULUMI_SETTING = re.compile(r"pulumi config (?:set|get|rm) (\w+)(?: [^`\n]*?)? ?--stack (\$?\w+)")
OPS = re.compile(r"(?:python -m |`)ops ([a-z][^`\n]*)")
EVERY_COMMAND = {"cli-connect-timeout", "cli-read-timeout", "output", "query", "region"}
"""Options of the AWS CLI itself (AWS CLI, "Global options")."""
OPPOSITES = {"ingress": "egress"}
"""How the AWS CLI spells a parameter that is false, where that is no `--no-` (AWS CLI, "create-network-acl-entry")."""
CLI_ALONE = {("logs", "tail"), ("ssm", "start-session")}
"""Operations that the AWS CLI adds, or that do more there than the API's."""


@dataclass(frozen=True, kw_only=True)
class AwsCommand:
    """A command of the AWS CLI on a page."""

    page: Path
    service: str
    operation: str
    rest: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: aws {self.service} {self.operation}"

    @property
    def model(self) -> Any:
        """The operation, from AWS's own description of its services."""
        names = {xform_name(name, "-"): name for name in service_model(self.service).operation_names}
        return service_model(self.service).operation_model(names[self.operation])

    @property
    def options(self) -> dict[str, list[str]]:
        """The values by option; a variable with an option counts as that option."""
        found: dict[str, list[str]] = {}
        option = ""
        for word in shlex.split(re.sub(r"\$\([^()]*\)", "$VALUE", self.rest)):
            if word.startswith("--") or word == "$WAY":
                option = "egress" if word == "$WAY" else word.removeprefix("--")
                found[option] = []
            elif option:
                found[option].append(word)
        return found


@cache
def service_model(service: str) -> Any:
    session: Any = botocore.session.get_session()
    return session.get_service_model("s3" if service == "s3api" else service)


def aws_commands(page: Path, text: str | None = None) -> list[AwsCommand]:
    """The commands of a page, or of a part of its text."""
    found = AWS.finditer(page.read_text() if text is None else text)
    parts = ("service", "operation", "rest")
    commands = [AwsCommand(page=page, **{part: match[part] for part in parts}) for match in found]
    return [command for command in commands if (command.service, command.operation) not in CLI_ALONE]


ALL_AWS = [command for page in DOCUMENTS for command in aws_commands(page)]
ON_CALL_AWS = [command for command in ALL_AWS if command.page in PAGES]


def test_the_pages_are_those_that_the_runbooks_lead_to() -> None:
    assert [page.name for page in PAGES] == sorted(runbooks.ON_CALL)
    index = runbooks.rendered()[runbooks.INDEX]
    for name, when in runbooks.ON_CALL.items():
        assert f"(../on-call/{name}) | {when} |" in index
        assert (FOLDER / name).read_text().startswith("# ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= LINES


def test_the_way_by_hand_closes_looks_promotes_and_scales() -> None:
    assert {(command.service, command.operation) for command in ON_CALL_AWS} >= {
        ("ec2", "delete-network-acl-entry"),
        ("autoscaling", "update-auto-scaling-group"),
        ("cloudwatch", "get-metric-statistics"),
        ("rds", "promote-read-replica"),
        ("elasticache", "create-replication-group"),
    }


@pytest.mark.parametrize("command", ALL_AWS, ids=str)
def test_a_command_of_aws_exists_with_its_options(command: AwsCommand) -> None:
    operations = {xform_name(name, "-") for name in service_model(command.service).operation_names}
    assert command.operation in operations
    members = command.model.input_shape.members if command.model.input_shape else {}
    known = {xform_name(name, "-"): shape for name, shape in members.items()}
    for option, values in command.options.items():
        name = OPPOSITES.get(option, option)
        if name in EVERY_COMMAND:
            continue
        shape = known.get(name) or known.get(name.removeprefix("no-"))
        assert shape is not None, f"--{option}"
        allowed = set(getattr(shape.member if shape.type_name == "list" else shape, "enum", None) or values)
        assert {value for value in values if "$" not in value} <= allowed, f"--{option}"


@pytest.mark.parametrize("command", ON_CALL_AWS, ids=str)
def test_a_command_of_aws_is_complete(command: AwsCommand) -> None:
    shape = command.model.input_shape
    given = {OPPOSITES.get(option, option).removeprefix("no-") for option in command.options}
    assert {xform_name(name, "-") for name in shape.required_members} - given == set()
    # A region in a shell variable may be the lost one.
    assert "region" in given


@pytest.mark.parametrize("command", [each for each in ALL_AWS if "query" in each.options], ids=str)
def test_a_query_asks_for_what_the_answer_has(command: AwsCommand) -> None:
    (query,) = command.options["query"]
    jmespath.compile(query)
    # Not what is called, such as sort_by.
    names = set(re.findall(r"(?<![`\w])[A-Za-z]\w*(?![\w(])", re.sub(r"`[^`]*`|'[^']*'", "", query)))
    assert names
    assert names <= members_of(command.model.output_shape)


def members_of(shape: Any, seen: frozenset[str] = frozenset()) -> set[str]:
    """The names of all members of a shape, however deep."""
    if shape.name in seen:
        return set()
    inner = seen | {shape.name}
    if shape.type_name == "list":
        return members_of(shape.member, inner)
    if shape.type_name == "map":
        return members_of(shape.value, inner)
    if shape.type_name != "structure":
        return set()
    return set(shape.members).union(*(members_of(each, inner) for each in shape.members.values()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_ops_exists_with_its_options(page: Path) -> None:
    for typed in OPS.findall(page.read_text()):
        command: Any = typer.main.get_command(app)
        words = shlex.split(typed)
        while words and (word := words[0]) in getattr(command, "commands", {}):
            command = command.commands[word]
            words.pop(0)
        # The name of a group stands for all of its commands.
        assert words == [] or not hasattr(command, "commands"), f"ops {typed}"
        known = {option for parameter in getattr(command, "params", ()) for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known, f"ops {typed}"


def test_every_output_that_is_read_is_one_of_its_stack() -> None:
    found = [output for page in PAGES for output in PULUMI_OUTPUT.findall(page.read_text())]
    assert found
    for name, stack in found:
        record = EdgeOutputs if stack == "edge" else RegionOutputs
        assert name in {field.name for field in fields(record)}, f"{name} of {stack}"


def test_every_setting_that_is_named_exists() -> None:
    for page in PAGES:
        for name, stack in PULUMI_SETTING.findall(page.read_text()):
            model = EdgeSettings if stack == "edge" else Settings
            secrets = EdgeSecrets if stack == "edge" else StackSecrets
            assert name in {*model.model_fields, *(field.name for field in fields(secrets))}, f"{name} of {stack}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_named_in_passing_exists(page: Path) -> None:
    settings = set(re.findall(r"^\| `([\w.]+)` \|", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE))
    last = {name.rpartition(".")[2] for name in settings}
    for code in re.findall(r"`([^`\n]+)`", page.read_text()):
        if re.fullmatch(r"[\w/-]+/[\w./-]+|Pulumi[\w.]*\.yaml", code):
            assert (ROOT / code).exists(), code
        elif re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", code):
            assert code in settings, code
        elif re.fullmatch(r"[a-z]+(_[a-z]+)+", code):
            assert code in last, code


def test_figures_are_those_that_are_declared() -> None:
    settings = settings_of("dr")
    recovery = settings.recovery
    assert recovery
    pages = {page.stem: " ".join(page.read_text().split()) for page in PAGES}
    assert f"RTO, until visitors are served again | {recovery.rto_minutes} minutes" in pages["wait-or-go"]
    assert f"RPO, the data that may be lost | {recovery.rpo_minutes} minutes" in pages["wait-or-go"]
    assert f"refuses | {recovery.max_replica_lag_seconds} seconds" in pages["wait-or-go"]
    assert f"pilot light | {LIMIT_MINUTES['pilot-light']:.0f} minutes" in pages["wait-or-go"]
    assert f"warm | {LIMIT_MINUTES['warm']:.0f} minutes" in pages["wait-or-go"]
    last = recovery.rto_minutes - LIMIT_MINUTES["pilot-light"]
    assert f"is {last:.0f} minutes after" in pages["wait-or-go"]
    assert f"alarm | {RESPONSE_MINUTES} minutes" in pages["wait-or-go"]
    named = [*settings.web.other_instance_types, *settings.workers.other_instance_types]
    assert ("none are named so far" in pages["wait-or-go"]) is (named == [])
    assert f"{settings.database.allocated_storage_gib} GiB as declared" in pages["wait-or-go"]
    assert f"up to {rebuild.REPLICA_SECONDS / 3600:.0f} hours" in pages["wait-or-go"]
    assert f"holds for {DECISION_HOLDS.total_seconds() / 60:.0f} minutes" in pages["wait-or-go"]
    assert f"tried for {fence.CLOSE_SECONDS:.0f} seconds" in pages["grey-failure"]
    assert f"at most {fence.HOSTS_SECONDS / 60:.0f} minutes" in pages["grey-failure"]
    assert f"after {fence.HOSTS_SECONDS / 60:.0f} minutes at most" in pages["by-hand"]
    assert f"status {closing.STATUS}" in pages["grey-failure"]
    assert f"{LAG_WINDOW.total_seconds() / 3600:.0f} hours ago" in pages["by-hand"]


def by_hand(operation: str) -> list[dict[str, list[str]]]:
    return [command.options for command in aws_commands(FOLDER / "by-hand.md") if command.operation == operation]


def test_what_is_made_by_hand_is_as_it_is_declared() -> None:
    settings = settings_of("dr")
    (promoted,) = by_hand("promote-read-replica")
    assert promoted["backup-retention-period"] == [str(settings.database.backup_retention_days)]
    (cache_made,) = by_hand("create-replication-group")
    cache_settings = settings.cache
    assert cache_settings
    assert cache_made["cache-node-type"] == [cache_settings.node_type]
    assert cache_made["engine-version"] == [cache_settings.engine_version]
    assert cache_made["num-node-groups"] == [str(cache_settings.shards)]
    assert cache_made["replicas-per-node-group"] == [str(cache_settings.replicas_per_shard)]
    sizes = [(each["min-size"], each["max-size"]) for each in by_hand("update-auto-scaling-group")]
    blue, workers = settings.web.blue, settings.workers
    assert sizes == [
        (["0"], ["0"]),
        ([str(blue.min_size)], [str(blue.max_size)]),
        ([str(workers.min_size)], [str(workers.max_size)]),
    ]


def test_what_is_named_by_hand_has_these_names() -> None:
    groups = {f"{role.name}-{group}" for role in APPLICATION_ROLES for group in role.groups}
    (asked,) = by_hand("describe-auto-scaling-groups")
    assert {name.rpartition("$FROM-")[2] for name in asked["auto-scaling-group-names"]} == groups
    assert f"for GROUP in {' '.join(sorted(groups))};" in BY_HAND
    assert spelled("$FROM", "network-data-tier-acl") in BY_HAND
    assert edge_settings().domain == "askproai.de"


def test_the_rules_that_are_deleted_by_hand_are_those_that_a_fence_closes() -> None:
    below = {"in": 130, "out": 120}
    assert "(!Egress && RuleNumber < `130`) || (Egress && RuleNumber < `120`)" in BY_HAND
    for row in ROWS:
        assert (row.first_number < below[row.direction]) is (row.peer != "data")


def secrets_of_a_breach() -> dict[str, str]:
    """The command for each secret in the page's table, by the secret's name."""
    _head, *rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", BREACH, re.MULTILINE)
    return {name.strip("`"): command for names, command in rows for name in names.split(", ")}


def test_a_breach_rotates_every_secret_that_there_is() -> None:
    declared = {field.name for record in (StackSecrets, EdgeSecrets) for field in fields(record)}
    assert secrets_of_a_breach().keys() == declared | ACCOUNTS.keys()


def test_a_breach_rotates_each_secret_by_the_command_that_does() -> None:
    for name, command in secrets_of_a_breach().items():
        if name in ACCOUNTS:
            assert f"`ops secrets rotate {DATABASE}`" in command
        elif name in MAKERS:
            assert command == f"`ops secrets rotate {name} --generate`"
        elif name in USED_BY:
            assert command == "`ops secrets rotate NAME` for each", name
        elif name in ORIGIN_PULL:
            assert "`pulumi config rm origin_pull_certificate --stack edge`" in command
        else:
            assert f"`pulumi config set {name} --secret --stack " in command, name


def test_a_breach_ends_the_sessions_of_every_role_that_is_taken_and_its_own_last() -> None:
    roles = account().of("aws:iam/role:Role")
    taken = {each.inputs["name"] for each in roles if "Service" not in each.inputs["assumeRolePolicy"]}
    (named,) = re.findall(r"^for NAME in (.+); do$", BREACH, re.MULTILINE)
    assert {f"askproai-{name}" for name in named.split()} == taken
    assert named.split()[-1] == "account-break-glass"


def test_what_a_breach_names_is_declared() -> None:
    declared = [each.inputs for cloud in (region("prod"), account()) for each in cloud.resources]
    names = {each[key] for each in declared for key in ("name", "bucket") if isinstance(each.get(key), str)}
    (queries,) = re.findall(r"^for QUERY in (.+); do$", BREACH, re.MULTILINE)
    roles = [role.name for role in APPLICATION_ROLES]
    values = {"STACK": ["prod"], "ACCOUNT": [account_settings().account_id], "QUERY": queries.split(), "ROLE": roles}
    found = set(re.findall(r"(?<![\w-])askproai-[\w$/-]+", BREACH)) - {"askproai-$NAME"}
    for variable, of_it in values.items():
        found = {re.sub(rf"\$?{variable}\b", value, name) for name in found for value in of_it}
    assert found <= names | {name.partition("/")[0] for name in names}
    assert f"--region {account_settings().region} --log-group-name askproai-account-record" in BREACH
    assert f"locked for {account_settings().audit.lock_days} days" in BREACH


def test_a_breach_says_for_which_steps_devops_is_enough() -> None:
    names = Names(account_id=account_settings().account_id, environment=account_settings().environment)
    context = {"aws:RequestedRegion": settings_of("prod").region, "iam:PermissionsBoundary": names.boundary}
    values = {"$STACK": "prod", "$ROLE": "web", "$NAME": "account-devops"}
    refused = set()
    for number, step in enumerate(re.split(r"^## ", BREACH, flags=re.MULTILINE)):
        for command in aws_commands(FOLDER / "breach.md", step):
            (role,) = command.options.get("role-name", [""])
            named = re.sub(r"\$[A-Z]+", lambda found: values[found[0]], role)
            hub = names.any_of("securityhub", "hub/default") if command.service == "securityhub" else "*"
            resource = names.iam(f"role/{named}") if named else hub
            call = Call(f"{command.service}:{command.model.name}", resource, context)
            assert may(account(), "access-break-glass", call), str(command)
            if not may(account(), "access-devops", call):
                refused.add(number)
    assert refused == {5}
    assert "Step 5 and the stack `account` need `break-glass`" in BREACH


def test_what_a_breach_changes_at_the_edge_is_not_declared() -> None:
    declared = edge().resources
    assert not [each for each in declared if "accessRule" in each.type]
    assert "security_level" not in {each.inputs.get("settingId") for each in declared}
    # The edge's token can change the one, but not the other.
    groups = {each.group for each in PERMISSIONS}
    assert "Zone Settings Write" in groups
    assert not [group for group in groups if "Firewall" in group]


def test_the_group_of_an_isolated_host_has_no_rules() -> None:
    empty = region("prod").one("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert (empty.get("ingress"), empty.get("egress")) == ([], [])
    assert "Name=group-name,Values=default" in BREACH
