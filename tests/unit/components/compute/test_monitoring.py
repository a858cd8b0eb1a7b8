"""The monitoring host: a single one, in the zone of its volume, with the permissions to watch, but not the
application's."""

import base64
import gzip
import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import yaml
from fake_cloud import Cloud, deploy
from host_values import WATCH
from parts import HEARTBEAT_URL, PROD, region

from components.compute.monitoring import Monitoring, MonitoringArgs
from components.monitoring.metrics_volume import MetricsVolume, MetricsVolumeArgs
from components.monitoring.watch import watch
from monitoring.host.files import files
from monitoring.host.watch import Archive
from settings import MonitoringSettings, Settings
from settings.monitoring import GrafanaSettings

GROUP = "aws:autoscaling/group:Group"
VOLUME = "aws:ebs/volume:Volume"
assert PROD.monitoring is not None
SETTINGS: MonitoringSettings = PROD.monitoring


@cache
def monitoring(*, remote: str | None = None, grafana: bool = True) -> Cloud[Monitoring]:
    laid = region().built
    settings = SETTINGS.model_copy(update={"remote_write_url": remote})

    def build() -> Monitoring:
        args = MetricsVolumeArgs(site=laid.site, network=laid.network, keys=laid.keys, settings=settings)
        assert laid.load_balancer.monitoring is not None
        assert laid.context.secrets.receivers is not None
        return Monitoring(
            "monitoring",
            MonitoringArgs(
                context=laid.context,
                settings=settings,
                volume=MetricsVolume("metrics", args),
                target_group=laid.load_balancer.monitoring,
                receivers=laid.context.secrets.receivers,
                watch=WATCH if grafana else replace(WATCH, grafana=None),
            ),
        )

    return deploy(build)


def rights(cloud: Cloud[Monitoring]) -> list[dict[str, Any]]:
    document = json.loads(cloud.one("aws:iam/rolePolicy:RolePolicy").inputs["policy"])
    return list(document["Statement"])


def allowed(cloud: Cloud[Monitoring], action: str) -> list[dict[str, Any]]:
    return [each for each in rights(cloud) if action in each["Action"]]


def user_data(cloud: Cloud[Monitoring]) -> str:
    encoded = cloud.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["userData"]
    return base64.b64decode(encoded).decode()


def test_it_is_one_host_in_the_zone_of_its_volume() -> None:
    cloud = monitoring()
    group = cloud.one(GROUP).inputs
    subnet = cloud.value(region().built.network.app_subnet_of[SETTINGS.zone])
    assert (group["minSize"], group["maxSize"], group["vpcZoneIdentifiers"]) == (1, 1, [subnet])
    assert cloud.one(VOLUME).inputs["availabilityZone"] == PROD.network.zones[SETTINGS.zone]


def test_its_successor_starts_when_the_volume_is_free() -> None:
    bounds = {"minHealthyPercentage": 0, "maxHealthyPercentage": 100}
    group = monitoring().one(GROUP).inputs
    assert group["instanceMaintenancePolicy"] == bounds
    assert group["instanceRefresh"]["preferences"] == {**bounds, "skipMatching": True}


def test_the_volume_is_encrypted_with_the_data_key_and_outlives_the_host() -> None:
    cloud = monitoring()
    volume = cloud.one(VOLUME)
    key = cloud.value(region().built.keys["data"].arn)
    assert (volume.inputs["encrypted"], volume.inputs["kmsKeyId"], volume.protect) == (True, key, True)
    assert volume.inputs["size"] == SETTINGS.data_volume_gib


def test_a_host_that_does_not_answer_is_replaced() -> None:
    cloud = monitoring()
    balancer = region().built.load_balancer.monitoring
    assert balancer is not None
    group = cloud.one(GROUP).inputs
    assert (group["healthCheckType"], group["targetGroupArns"]) == ("ELB", [cloud.value(balancer.arn)])


def test_it_attaches_its_own_volume_to_itself_alone() -> None:
    cloud = monitoring()
    volume, instances = allowed(cloud, "ec2:AttachVolume")
    assert volume["Resource"].endswith("volume/metrics-volume")
    assert instances["Condition"]["StringEquals"] == {
        "aws:ResourceTag/Component": "monitoring-host",
        "aws:ResourceTag/Environment": "prod",
        "aws:ResourceTag/Project": "askproai",
    }
    [specification] = [
        each
        for each in cloud.one("aws:ec2/launchTemplate:LaunchTemplate").inputs["tagSpecifications"]
        if each["resourceType"] == "instance"
    ]
    wanted = {f"aws:ResourceTag/{key}": value for key, value in specification["tags"].items()}
    assert instances["Condition"]["StringEquals"].items() <= wanted.items()


def test_it_reads_no_secret_of_the_application() -> None:
    cloud = monitoring()
    secrets = region().built.context.secrets
    [statement] = allowed(cloud, "secretsmanager:GetSecretValue")
    assert cloud.value(secrets["app"].arn) not in statement["Resource"]
    assert secrets.receivers is not None
    assert cloud.value(secrets.receivers.arn) in statement["Resource"]
    assert "APP_" not in user_data(cloud)


@pytest.mark.parametrize("action", ["s3:PutObject", "sqs:SendMessage", "sqs:ReceiveMessage"])
def test_it_changes_nothing_of_what_it_watches(action: str) -> None:
    assert allowed(monitoring(), action) == []


def test_metrics_are_copied_where_the_settings_say_so_alone() -> None:
    assert allowed(monitoring(), "aps:RemoteWrite") == []
    assert len(allowed(monitoring(remote="https://aps-workspaces.example.com/api"), "aps:RemoteWrite")) == 1


def test_grafana_reads_metrics_and_without_it_nobody_does() -> None:
    assert len(allowed(monitoring(), "cloudwatch:GetMetricData")) == 1
    assert allowed(monitoring(grafana=False), "cloudwatch:GetMetricData") == []


def test_the_host_knows_its_volume_and_no_secret() -> None:
    text = user_data(monitoring())
    assert "ASKPROAI_VOLUME=volume-metrics-volume\n" in text
    assert "ASKPROAI_SECRET_RECEIVERS=arn:" in text
    assert "ASKPROAI_RELEASE=\n" in text


def test_the_bundle_has_what_is_to_be_watched() -> None:
    stored = monitoring().one("aws:s3/bucketObjectv2:BucketObjectv2").inputs["contentBase64"]
    assert WATCH.dependencies["calendar"].encode() in gzip.decompress(base64.b64decode(stored))


def test_the_secret_of_the_receivers_has_those_that_are_set() -> None:
    stored = region().one("aws:secretsmanager/secretVersion:SecretVersion", "secrets-receivers-value")
    assert json.loads(stored.inputs["secretString"]) == {"heartbeat_url": HEARTBEAT_URL}
    assert "secretString" in stored.secrets


def standing(**changes: Any) -> Settings:
    return PROD.model_copy(update={"role": "standby", **changes})


@pytest.mark.parametrize(
    ("settings", "database", "cache", "serves"),
    [
        (PROD, True, True, False),
        (standing(posture="pilot-light"), True, False, True),
        (standing(posture="warm"), True, True, True),
        (standing(activated=True), True, True, False),
        (PROD.model_copy(update={"fenced": True}), False, True, True),
    ],
    ids=["serves", "pilot light", "warm", "activated", "fenced"],
)
def test_nothing_is_watched_that_is_not_expected_to_answer(
    settings: Settings, database: bool, cache: bool, serves: bool
) -> None:
    found = watch(settings, SETTINGS, frozenset())
    assert (found.database, found.cache, found.other_region_serves) == (database, cache, serves)


def test_the_other_region_and_every_public_name_are_asked_for_their_health() -> None:
    found = watch(PROD, SETTINGS, frozenset())
    assert found.other_region == f"https://origin-{PROD.follows}.{PROD.domain}/api/health"
    assert set(found.public_urls) == {
        f"https://{name}{PROD.domain}/api/health" for name in ("", "www.", "api.", "app.")
    }


def test_mail_goes_through_the_region_itself_unless_a_server_is_named() -> None:
    assert watch(PROD, SETTINGS, frozenset()).mail_server == f"email-smtp.{PROD.region}.amazonaws.com:587"
    named = SETTINGS.model_copy(update={"mail_server": "mail.example.com:587"})
    assert watch(PROD, named, frozenset()).mail_server == "mail.example.com:587"


def test_grafana_is_there_where_the_settings_name_its_archive() -> None:
    assert watch(PROD, SETTINGS.model_copy(update={"grafana": None}), frozenset()).grafana is None
    chosen = GrafanaSettings(archive_url="https://example.com/grafana.tar.gz", archive_sha256="a" * 64)
    found = watch(PROD, SETTINGS.model_copy(update={"grafana": chosen}), frozenset())
    assert found.grafana == Archive(url="https://example.com/grafana.tar.gz", sha256="a" * 64)


def test_a_region_of_its_own_has_no_other_to_ask() -> None:
    alone = PROD.model_copy(update={"follows": None})
    jobs = yaml.safe_load(_prometheus(alone))["scrape_configs"]
    assert "other-region" not in {job["job_name"] for job in jobs}


def _prometheus(settings: Settings) -> str:
    return files(watch(settings, SETTINGS, frozenset()))["/etc/prometheus/prometheus.yml"]
