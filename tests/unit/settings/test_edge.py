"""Reading the edge's stack file: all problems at once, hidden secrets, and a file that matches the model."""

from typing import Any

import pulumi_aws as aws
import pytest
from broken_files import EDGE_SECRETS, GOOD_SECRETS, PAIR, Change, configured, refusals, written
from fake_cloud import deploy

from settings import Settings, load, load_edge_secrets


def edge_refusals(*changes: Change, **secrets: Any) -> list[str]:
    return refusals(*changes, stack="edge", **secrets)


def test_the_role_says_what_a_stack_is_whatever_its_name() -> None:
    with configured(written("prod")):
        assert isinstance(load(), Settings)


def test_a_larger_plan_allows_what_a_smaller_refuses() -> None:
    asked = (
        ("firewall.login.period_seconds", 600),
        ("health_checks.interval_seconds", 15),
    )

    assert len(edge_refusals(*asked)) == 2
    assert edge_refusals(*asked, ("plan", "business")) == []


def test_several_problems_come_together_one_line_each() -> None:
    lines = edge_refusals(
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
    (line,) = edge_refusals(("region", "eu-central-1"))

    assert line.startswith(
        "region: is unknown; known here: environment, role, domain, live, regions, topology, zone_id, "
    )


def test_the_secrets_of_a_region_are_unknown_at_the_edge() -> None:
    secrets = {**EDGE_SECRETS, "app_key": GOOD_SECRETS["app_key"]}
    (line,) = edge_refusals(secrets=secrets, encrypted=tuple(secrets))

    assert line.startswith("app_key: is unknown; ")
    assert GOOD_SECRETS["app_key"] not in line


@pytest.mark.parametrize("name", EDGE_SECRETS)
def test_a_secret_that_is_missing_comes_with_the_command_that_sets_it(name: str) -> None:
    secrets = {key: value for key, value in EDGE_SECRETS.items() if key != name}

    assert edge_refusals(secrets=secrets) == [f"{name}: is missing; want `python -m ops bootstrap`"]


@pytest.mark.parametrize("name", EDGE_SECRETS)
def test_a_secret_in_plain_text_is_refused_unseen(name: str) -> None:
    (line,) = edge_refusals(encrypted=[key for key in EDGE_SECRETS if key != name])

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
        ("origin_pull_certificate", "ümlaut.pem"),
        ("origin_pull_key", PAIR.certificate),
        ("origin_pull_key", PAIR.key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
        ("origin_pull_key", "origin-pull.key"),
    ],
)
def test_a_secret_of_the_wrong_form_is_refused_unseen(name: str, value: str) -> None:
    (line,) = edge_refusals(secrets={**EDGE_SECRETS, name: value})

    assert line.startswith(f"{name}: has the wrong form (not shown); want ")
    assert value not in line


def test_secrets_are_outputs_that_stay_secret() -> None:
    with configured(written("edge"), EDGE_SECRETS, stack="edge"):
        cloud = deploy(lambda: aws.ssm.Parameter("key", type="String", value=load_edge_secrets().origin_pull_key))

    parameter = cloud.one("aws:ssm/parameter:Parameter")
    assert (parameter.inputs["value"], "value" in parameter.secrets) == (PAIR.key, True)
