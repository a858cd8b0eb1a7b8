"""Hosts that terminate slowly, what they write meanwhile, and the fence that waits for them."""

import subprocess
import sys
from typing import Any

import pytest

from ops.core.aws import rows
from sandbox.application.rows import Rows
from sandbox.application.workers import Workers
from sandbox.project.paths import CHECKOUT
from tests.emulator.declared import Declared, NeverStale, declare
from tests.emulator.emulated import REGION, Clients, Control, calls, until
from tests.emulator.timers import Timers

SECONDS = 30
FENCE = """
import sys
from types import SimpleNamespace
from ops.core import hosts
from ops.dr import fence
settings = SimpleNamespace(network=SimpleNamespace(subnet_cidrs=lambda tier: {}))
stack = SimpleNamespace(stack="prod", region=sys.argv[1], output=lambda name: sys.argv[3], settings=settings)
hosts.groups = lambda stack, role: {"web": sys.argv[2]}
print(fence._close(stack))
"""


@pytest.fixture
def shop(aws: Clients, name: str) -> Declared:
    return declare(aws, name)


def hosts(shop: Declared) -> list[str]:
    """The lifecycle states of the web group's hosts."""
    (group,) = shop.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[web(shop)])[
        "AutoScalingGroups"
    ]
    return [host["LifecycleState"] for host in group["Instances"]]


def web(shop: Declared) -> str:
    return f"shop-{shop.name}-web"


def shown(shop: Declared) -> set[str]:
    """The states of the stack's instances, as EC2 shows them."""
    of_stack = [{"Name": "tag:aws:autoscaling:groupName", "Values": [web(shop)]}]
    found: list[dict[str, Any]] = list(rows(shop.client("ec2"), "describe_instances", Filters=of_stack))
    return {instance["State"]["Name"] for reservation in found for instance in reservation["Instances"]}


def test_hosts_end_at_once_unless_they_are_told_to_take_their_time(shop: Declared) -> None:
    shop.scale(0)
    assert (hosts(shop), shown(shop)) == ([], {"terminated"})


@pytest.mark.fix("autoscaling_ending.py:removed_instances_end_after_a_while")
def test_hosts_that_are_scaled_in_are_listed_until_they_have_ended(
    shop: Declared, control: Control, timers: Timers
) -> None:
    assert control("PUT", f"ending/{SECONDS}") == {"ending_seconds": SECONDS}
    shop.scale(1)
    assert sorted(hosts(shop)) == ["InService", "Terminating"]
    shop.scale(0)
    assert hosts(shop) == ["Terminating", "Terminating"]
    assert shown(shop) == {"shutting-down"}
    shop.scale(1)
    assert sorted(hosts(shop)) == ["InService", "Terminating", "Terminating"]
    shop.scale(0)
    timers.pass_time(SECONDS)
    assert (hosts(shop), shown(shop)) == ([], {"terminated"})


def test_hosts_that_end_write_over_the_connection_they_have(shop: Declared, control: Control, endpoint: str) -> None:
    workers, made = Workers(NeverStale(endpoint, [REGION]), Rows()), shop.database()

    def written() -> int:
        workers.round(set())
        return workers.rows.count(made["DbiResourceId"])

    assert written() == 0
    control("PUT", f"ending/{SECONDS}")
    shop.scale(0)
    assert (written(), workers.connected(REGION, {**made, "TagList": shop.tags})) == (1, True)
    shop.close_the_database()
    assert written() == 2, "a security group cuts no connection"
    workers.round({REGION})
    # Earlier tests' hosts may still be terminating, and write to their own databases.
    mine = [row for row in workers.written if row.database == made["DBInstanceIdentifier"]]
    assert [row.id < 0 for row in mine] == [True, True]
    assert workers.rows.count(made["DbiResourceId"]) == 2, "a region that is lost writes nothing"
    shop.close_the_network_acl()
    assert (written(), workers.connected(REGION, {**made, "TagList": shop.tags})) == (2, False)


def test_hosts_that_have_ended_write_no_more(shop: Declared, control: Control, endpoint: str, timers: Timers) -> None:
    workers, made = Workers(NeverStale(endpoint, [REGION]), Rows()), shop.database()
    control("PUT", f"ending/{SECONDS}")
    shop.scale(0)
    timers.pass_time(SECONDS)
    workers.round(set())
    assert workers.rows.count(made["DbiResourceId"]) == 0


def test_the_fence_waits_until_the_last_host_has_ended(
    shop: Declared, control: Control, endpoint: str, monkeypatch: pytest.MonkeyPatch, timers: Timers
) -> None:
    """The network ACL has no entry here, so that only the hosts are waited for."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "test")
    ec2 = shop.client("ec2")
    acl = ec2.create_network_acl(VpcId=next(rows(ec2, "describe_vpcs"))["VpcId"])["NetworkAcl"]["NetworkAclId"]
    control("PUT", f"ending/{SECONDS}")
    command = [sys.executable, "-c", FENCE, REGION, web(shop), acl]
    with subprocess.Popen(command, cwd=CHECKOUT, text=True, stdout=subprocess.PIPE) as fence:
        until(lambda: set(hosts(shop)) == {"Terminating"})
        control("DELETE", "calls")
        until(lambda: calls(control, "autoscaling") > 1)
        assert fence.poll() is None
        timers.pass_time(SECONDS)
        told, _ = fence.communicate()
    assert (fence.returncode, "no host is running" in told) == (0, True)
    assert (hosts(shop), shown(shop)) == ([], {"terminated"})
