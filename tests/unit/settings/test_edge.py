"""Reading the edge's stack file: all problems at once, secrets unseen, and a file that says what the model says."""

from collections.abc import Collection, Mapping
from typing import Any

import pulumi_aws as aws
import pytest
from broken_files import ABSENT, GOOD_SECRETS, Change, changed, committed, configured
from fake_cloud import deploy

from sandbox.project.origin_pull import origin_pull
from settings import ConfigurationError, EdgeSettings, Settings, load, load_edge_secrets
from settings.edge_secrets import EDGE_CHECKS

FILE = "Pulumi.edge.yaml"
PAIR = origin_pull()
EDGE_SECRETS = {
    "cloudflare_api_token": "token-of-forty-characters-as-cloudflare-",
    "origin_pull_certificate": PAIR.certificate,
    "origin_pull_key": PAIR.key,
}


def refusals(
    *changes: Change,
    secrets: Mapping[str, str] = EDGE_SECRETS,
    encrypted: Collection[str] = tuple(EDGE_SECRETS),
) -> list[str]:
    """The lines that refuse `Pulumi.edge.yaml` after the changes, each without the file and the namespace."""
    with configured(changed(committed("edge"), *changes), secrets, encrypted):
        try:
            load(FILE)
        except ConfigurationError as error:
            return [line.removeprefix(f"{FILE}: askproai:") for line in str(error).splitlines()]
    return []


def paths(values: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Every key of a stack file, those of blocks included."""
    inner = (paths(value, f"{prefix}{key}.") for key, value in values.items() if isinstance(value, dict))
    return {f"{prefix}{key}" for key in values}.union(*inner)


def test_the_committed_file_loads_as_the_edge() -> None:
    with configured(committed("edge"), EDGE_SECRETS, tuple(EDGE_SECRETS)):
        settings = load(FILE)

    assert isinstance(settings, EdgeSettings)
    assert settings.protected
    assert settings.regions == ["prod", "dr"]


def test_the_role_says_what_a_stack_is_whatever_its_name() -> None:
    with configured(committed("prod")):
        assert isinstance(load(), Settings)


def test_every_key_of_the_file_is_read_by_the_model() -> None:
    values = committed("edge")

    assert paths(EdgeSettings.model_validate(values).model_dump(exclude_none=True)) == paths(values)


def test_the_edge_stands_for_the_domain_of_the_regions() -> None:
    assert {committed(stack)["domain"] for stack in ("prod", "dr", "edge")} == {"askproai.de"}
    assert {committed(stack)["environment"] for stack in committed("edge")["regions"]} == {"prod", "dr"}


def test_no_secret_is_in_the_file() -> None:
    assert not EDGE_CHECKS.keys() & committed("edge").keys()


BAD: list[tuple[str, Any, str]] = [
    ("live", "secondary", "live: 'secondary' is not one of regions; want prod or dr"),
    ("live", "prd", "live: 'prd' is not one of regions; want prod or dr; did you mean prod?"),
    ("live", ABSENT, "live: is missing; want text (The stack that visitors reach)"),
    ("regions", ["prod", "prod"], "regions: names prod twice; want each once"),
    ("regions", ["prod"], "regions: a list of 1 does not fit; want a list of 2"),
    (
        "regions",
        ["prod", "edge"],
        "regions[1]: 'edge' is this stack itself; want the stacks of the two regions",
    ),
    ("role", "edgy", "role: 'edgy' is not allowed; want edge; did you mean edge?"),
    (
        "zone_id",
        "askproai.de",
        "zone_id: 'askproai.de' is no id of Cloudflare; want 32 hexadecimal digits in quotes, "
        "as the zone's overview shows them",
    ),
    (
        "cloudflare_account_id",
        "123456789012",
        "cloudflare_account_id: '123456789012' is no id of Cloudflare; want 32 hexadecimal digits in quotes, "
        "as the zone's overview shows them",
    ),
    (
        "cloudflare_account_id",
        "023e105f4ecef8ad9ca31a8372d0c353",
        "cloudflare_account_id: is the same as zone_id; want the account's own 32 digits",
    ),
    ("plan", "free", "plan: 'free' is not allowed; want one of pro, business, enterprise"),
    (
        "domain",
        "https://askproai.de",
        "domain: 'https://askproai.de' is not a plain host name of at most 64 characters; want one such as askproai.de",
    ),
    (
        "admin_emails",
        ["oncall"],
        "admin_emails[0]: 'oncall' is no mail address; want one such as oncall@example.com",
    ),
    ("notification_emails", [], "notification_emails: a list of 0 does not fit; want a list of 1 or more"),
    (
        "allow_destroy_of",
        "prod",
        "allow_destroy_of: 'prod' is not this stack's environment; want edge, or no such key to keep the protection",
    ),
    (
        "tls.hsts_max_age_days",
        30,
        "tls.hsts_max_age_days: 30 is out of range; want a whole number from 180 to 365",
    ),
    ("access.session_hours", 25, "access.session_hours: 25 is out of range; want a whole number from 1 to 24"),
    (
        "firewall.login_paths",
        ['/login" or true'],
        "firewall.login_paths[0]: '/login\" or true' is no path; want a slash and letters, digits or . _ ~ / -, "
        "such as /login",
    ),
    (
        "firewall.owasp_score_threshold",
        50,
        "firewall.owasp_score_threshold: 50 is not allowed; want one of 25, 40, 60",
    ),
    (
        "firewall.owasp_paranoia_level",
        0,
        "firewall.owasp_paranoia_level: 0 is out of range; want a whole number from 1 to 4",
    ),
    (
        "firewall.login.requests",
        0,
        "firewall.login.requests: 0 is out of range; want a whole number from 1 to 100000",
    ),
    (
        "firewall.login.requests",
        301,
        "firewall.login.requests: 301 in 60 seconds is more than the API's 300 in 60; want less",
    ),
    (
        "firewall.api.period_seconds",
        55,
        "firewall.api.period_seconds: 55 is no period that Cloudflare supports; the nearest is 60",
    ),
    (
        "firewall.login.period_seconds",
        600,
        "firewall.login.period_seconds: 600 is more than plan pro allows; want 60 or less",
    ),
    (
        "firewall.login.block_seconds",
        86400,
        "firewall.login.block_seconds: 86400 is more than plan pro allows; want 3600 or less",
    ),
    ("assets.edge_seconds", 60, "assets.edge_seconds: 60 is less than plan pro allows; want 3600 or more"),
    (
        "health_checks.interval_seconds",
        30,
        "health_checks.interval_seconds: 30 is less than plan pro allows; want 60 or more",
    ),
    (
        "health_checks.check_region",
        "weu",
        "health_checks.check_region: 'weu' is not allowed; want one of WNAM, ENAM, WEU, EEU, NSAM, SSAM, OC, ME, NAF, "
        "SAF, IN, SEAS, NEAS",
    ),
]


@pytest.mark.parametrize(("key", "value", "line"), BAD)
def test_a_bad_setting_is_refused_in_one_line(key: str, value: Any, line: str) -> None:
    assert refusals((key, value)) == [line]


def test_a_larger_plan_allows_what_a_smaller_refuses() -> None:
    asked = (
        ("firewall.login.period_seconds", 600),
        ("health_checks.interval_seconds", 15),
        ("assets.edge_seconds", 60),
    )

    assert len(refusals(*asked)) == 3
    assert refusals(*asked, ("plan", "business")) == []


def test_several_problems_come_together_one_line_each() -> None:
    lines = refusals(
        ("live", "secondary"),
        ("zone_id", "zone"),
        ("zone", "askproai.de"),
        ("firewall.login.requests", "many"),
        ("health_checks.timeout_seconds", 11),
        secrets={},
    )

    assert [line.split(": ")[0] for line in lines] == [
        "zone",
        "zone_id",
        "firewall.login.requests",
        "health_checks.timeout_seconds",
        "live",
        "cloudflare_api_token",
        "origin_pull_certificate",
        "origin_pull_key",
    ]


def test_a_key_of_a_region_is_unknown_at_the_edge() -> None:
    (line,) = refusals(("region", "eu-central-1"))

    assert line.startswith("region: is unknown; known here: environment, role, domain, live, regions, zone_id, ")


def test_the_secrets_of_a_region_are_unknown_at_the_edge() -> None:
    secrets = {**EDGE_SECRETS, "app_key": GOOD_SECRETS["app_key"]}
    (line,) = refusals(secrets=secrets, encrypted=tuple(secrets))

    assert line.startswith("app_key: is unknown; ")
    assert GOOD_SECRETS["app_key"] not in line


@pytest.mark.parametrize("name", EDGE_SECRETS)
def test_a_secret_that_is_missing_comes_with_the_command_that_sets_it(name: str) -> None:
    secrets = {key: value for key, value in EDGE_SECRETS.items() if key != name}

    assert refusals(secrets=secrets) == [f"{name}: is missing; want `python -m ops bootstrap`"]


@pytest.mark.parametrize("name", EDGE_SECRETS)
def test_a_secret_in_plain_text_is_refused_unseen(name: str) -> None:
    (line,) = refusals(encrypted=[key for key in EDGE_SECRETS if key != name])

    assert line == f"{name}: is set as plain text (not shown); replace it: `python -m ops bootstrap`"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cloudflare_api_token", "too-short"),
        ("cloudflare_api_token", f"Bearer {EDGE_SECRETS['cloudflare_api_token']}"),
        ("origin_pull_certificate", PAIR.authority),
        ("origin_pull_certificate", PAIR.certificate + PAIR.authority),
        ("origin_pull_certificate", PAIR.certificate + PAIR.key),
        ("origin_pull_certificate", "origin-pull.pem"),
        ("origin_pull_key", PAIR.certificate),
        ("origin_pull_key", PAIR.key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        ("origin_pull_key", "origin-pull.key"),
    ],
)
def test_a_secret_of_the_wrong_form_is_refused_unseen(name: str, value: str) -> None:
    (line,) = refusals(secrets={**EDGE_SECRETS, name: value})

    assert line.startswith(f"{name}: has the wrong form (not shown); want ")
    assert value not in line


def test_secrets_are_outputs_that_stay_secret() -> None:
    with configured(committed("edge"), EDGE_SECRETS, tuple(EDGE_SECRETS)):
        cloud = deploy(lambda: aws.ssm.Parameter("key", type="String", value=load_edge_secrets().origin_pull_key))

    parameter = cloud.one("aws:ssm/parameter:Parameter")
    assert (parameter.inputs["value"], "value" in parameter.secrets) == (PAIR.key, True)
