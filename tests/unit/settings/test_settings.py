"""Reading a stack file: all problems at once, hidden secrets, and files that match the model."""

import base64
from collections.abc import Mapping

import pulumi_aws as aws
import pytest
from broken_files import ABSENT, GOOD_SECRETS, Change, changed, configured, refusals, written
from fake_cloud import deploy

from settings import ConfigurationError, Settings, load, load_secrets
from settings.secrets import OPTIONAL

SECRET_NAMES = tuple(GOOD_SECRETS)

ACCEPTED_BY_THE_ENGINE: Mapping[str, tuple[Change, ...]] = {
    "a region that is none": (("region", "eu-centrl-1"),),
    "a subnet outside its VPC": (("network.subnet_prefix_length", 16),),
    "a zone of another region": (("network.availability_zones", ["eu-central-1a", "eu-central-1b", "us-east-1a"]),),
    "a storage of -5": (("database.allocated_storage_gib", -5),),
    "a class without db.": (("database.instance_class", "m6g.large"),),
    "the engine mysqll": (("database.engine", "mysqll"),),
    "windows that overlap": (("database.backup_window", "02:00-02:30"),),
    "a bucket name in capitals": (("environment", "My_Bucket"),),
    "a minimum above the maximum": (("web.blue.min_size", 5), ("web.blue.max_size", 2)),
    "no cache nodes": (("cache.shards", 0),),
}


def test_an_empty_key_of_another_kind_of_stack_is_no_problem() -> None:
    assert refusals(("live", "")) == []


def test_an_empty_value_is_a_missing_one() -> None:
    assert refusals(("region", ""), ("allow_destroy_of", "")) == ["region: is missing; want a string (AWS region)"]


@pytest.mark.parametrize("changes", ACCEPTED_BY_THE_ENGINE.values(), ids=ACCEPTED_BY_THE_ENGINE.keys())
def test_what_the_engine_lets_pass_is_refused(changes: tuple[Change, ...]) -> None:
    assert refusals(*changes)


def test_the_password_that_the_engine_lets_pass_is_refused() -> None:
    assert refusals(secrets={**GOOD_SECRETS, "database_password": "abc"})


def test_a_message_names_the_file_that_it_is_given() -> None:
    with configured(changed(written("prod"), ("role", "primry"))), pytest.raises(ConfigurationError) as caught:
        load("stacks/prod.yaml")

    assert str(caught.value) == (
        "stacks/prod.yaml: askproai:role: 'primry' is not allowed; want primary or standby; did you mean primary?"
    )


def test_several_problems_come_together_one_line_each() -> None:
    lines = refusals(
        ("webb", {"min": 1}),
        ("region", "eu-centrl-1"),
        ("web.blue.min_size", 5),
        ("web.blue.max_size", 2),
        ("web.volume_gib", "big"),
        ("database.engine", "mysqll"),
        ("database.backup_window", "02:30-03:30"),
        ("workers.queues.high.max_receive_count", 0),
        ("workers.queues.default.visibility_timeout_seconds", 30),
        ("cache", ABSENT),
        secrets={},
    )

    assert [line.split(": ")[0] for line in lines] == [
        "webb",
        "database.engine",
        "cache",
        "web.volume_gib",
        "workers.queues.high.max_receive_count",
        "region",
        "database.backup_window",
        "web.blue.min_size",
        "workers.queues.default.visibility_timeout_seconds",
        "database_password",
        "cache_auth_token",
        "app_key",
        "origin_pull_ca",
    ]


def test_a_rule_is_silent_while_one_of_its_settings_is_broken() -> None:
    assert refusals(("web.blue.min_size", 9), ("web.blue.max_size", "many")) == [
        "web.blue.max_size: 'many' is not valid; want a whole number from 0 to 500"
    ]


def test_a_message_stays_on_its_line() -> None:
    assert refusals(("domain", "a\nb")) == [
        "domain: 'a\\nb' is not a plain host name of at most 64 characters; want one such as example.com"
    ]


def test_nothing_is_registered_before_the_settings_are_in_order() -> None:
    reached = []

    def program() -> aws.sqs.Queue:
        reached.append(load())
        return aws.sqs.Queue("first", name="first")

    with configured(changed(written("prod"), ("region", "eu-centrl-1"))), pytest.raises(ConfigurationError):
        deploy(program)

    assert reached == []


def test_a_key_that_is_unknown_is_named_without_its_value() -> None:
    (line,) = refusals(("database_pasword", "hunter2hunter2"))

    assert line.startswith("database_pasword: is unknown; known here: environment, role, follows, ")
    assert line.endswith("; did you mean database_password?")
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("database_password", "openssl rand -hex 20"),
        ("cache_auth_token", "openssl rand -hex 32"),
        ("app_key", 'echo "base64:$(openssl rand -base64 32)"'),
    ],
)
def test_a_secret_that_is_missing_comes_with_the_command_that_sets_it(name: str, make: str) -> None:
    secrets = {key: value for key, value in GOOD_SECRETS.items() if key != name}

    assert refusals(secrets=secrets) == [f"{name}: is missing; want `{make} | pulumi config set --secret {name}`"]


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_in_plain_text_is_refused_unseen(name: str) -> None:
    (line,) = refusals(encrypted=[key for key in SECRET_NAMES if key != name])

    assert line.startswith(f"{name}: is set as plain text (not shown); replace it: `")
    assert GOOD_SECRETS[name] not in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("database_password", "seven77"),
        ("database_password", "x" * 42),
        ("database_password", "with/slash"),
        ("database_password", "with@sign"),
        ("database_password", 'with"quote'),
        ("database_password", "with space"),
        ("database_password", "with-ümlaut"),
        ("cache_auth_token", "fifteen-letters"),
        ("cache_auth_token", "x" * 129),
        ("cache_auth_token", "correct_horse_battery"),
        ("app_key", base64.b64encode(bytes(32)).decode()),
        ("app_key", "base64:" + base64.b64encode(bytes(16)).decode()),
        ("app_key", "base64:not base64"),
        ("app_key", "base64:ümlaut"),
        ("origin_pull_ca", "ümlaut.pem"),
        ("slack_webhook", "https://[hooks"),
        ("slack_webhook", "hooks.slack.com/services/T0"),
        ("slack_webhook", "http://hooks.slack.com/services/T0"),
        ("sentry_dsn", "k@sentry.example.com/1"),
    ],
)
def test_a_secret_of_the_wrong_form_is_refused_unseen(name: str, value: str) -> None:
    (line,) = refusals(secrets={**GOOD_SECRETS, name: value})

    assert line.startswith(f"{name}: has the wrong form (not shown); want ")
    assert value not in line


@pytest.mark.parametrize("url", ["https://hooks.slack.com/services/T0/B0/x", "http://127.0.0.1:8080/"])
def test_an_optional_secret_is_taken_where_it_is_given(url: str) -> None:
    assert refusals(secrets={**GOOD_SECRETS, "slack_webhook": url}) == []


@pytest.mark.parametrize("name", ["region", "database"])
def test_a_setting_that_is_encrypted_is_refused_unseen(name: str) -> None:
    known = ", ".join([*SECRET_NAMES, *OPTIONAL])
    assert refusals(encrypted=[*SECRET_NAMES, name]) == [
        f"{name}: is encrypted (not shown), but is not a secret; secrets are {known}"
    ]


def test_secrets_are_outputs_that_stay_secret() -> None:
    with configured(written("prod")):
        cloud = deploy(lambda: (load_secrets(), aws.ssm.Parameter("key", type="String", value=load_secrets().app_key)))

    assert cloud.value(cloud.built[0].database_password) == GOOD_SECRETS["database_password"]
    assert "value" in cloud.one("aws:ssm/parameter:Parameter").secrets


def test_the_protection_is_lifted_by_naming_the_environment() -> None:
    with configured(changed(written("prod"), ("allow_destroy_of", "prod"))):
        assert not load().protected


def test_a_standby_is_refused_what_its_activation_would_be_refused() -> None:
    assert refusals(("role", "standby"), ("database.multi_az", False)) == [
        "database.multi_az: false leaves the database in one zone; want true, or survives_zone_loss false"
    ]


@pytest.mark.parametrize(
    ("role", "activated", "fenced", "following", "writes"),
    [
        ("primary", False, False, False, True),
        ("primary", False, True, False, False),
        ("standby", False, False, True, False),
        ("standby", False, True, True, False),
        ("standby", True, False, False, True),
        ("standby", True, True, False, False),
    ],
)
def test_a_region_writes_unless_it_follows_or_is_fenced(
    role: str, activated: bool, fenced: bool, following: bool, writes: bool
) -> None:
    with configured(changed(written("prod"), ("role", role), ("activated", activated), ("fenced", fenced))):
        settings = load()
        assert isinstance(settings, Settings)
        assert (settings.following, settings.writes) == (following, writes)


def test_a_lag_that_loses_more_than_is_promised_is_refused() -> None:
    lines = refusals(("recovery.rpo_minutes", 59), ("recovery.max_replica_lag_seconds", 3541))
    assert "recovery.max_replica_lag_seconds: 3541 is above rpo_minutes 59; want 3540 or less" in lines


def test_former_databases_are_kept_below_the_one_in_use() -> None:
    assert refusals(("database.generation", 3), ("database.retained_generations", [1, 2])) == []


def test_a_canary_keeps_both_groups_stable() -> None:
    assert refusals(("web.blue.weight", 90), ("web.green.weight", 10)) == [
        "web.green.min_size: 0 cannot carry required_instances 2 after the loss of one of 3 zones; want 3 or more"
    ]


def test_two_zones_need_twice_the_required_instances() -> None:
    zones = ["eu-central-1a", "eu-central-1b"]

    assert refusals(("network.availability_zones", zones), ("workers.min_size", 4)) == [
        "web.blue.min_size: 3 cannot carry required_instances 2 after the loss of one of 2 zones; want 4 or more"
    ]
