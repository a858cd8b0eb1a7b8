"""Lists on an emulated AWS with two rows per page: every page is read, or the result says that it is not."""

from types import SimpleNamespace
from typing import cast

import pytest
from moto.core.utils import get_pagination_model
from moto.wafv2.models import PAGINATION_MODEL

from ops.core import aws as operators
from ops.core import facts
from ops.core.pair import RegionStack
from ops.core.snapshots import KEPT, MISSING, kept
from tests.emulator.emulated import REGION, Clients
from tests.emulator.operators import operating
from tests.emulator.test_rds import create

A_PAGE = 2


def test_the_newest_snapshot_that_a_rebuild_took_may_be_on_the_last_page(
    aws: Clients, name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rds, stack = aws("rds"), cast("RegionStack", SimpleNamespace(region=REGION))
    create(rds, name)
    for number in range(A_PAGE):
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-{number}")
    monkeypatch.setitem(get_pagination_model("rds")["DescribeDBSnapshots"], "limit_default", A_PAGE)
    with operating(endpoint, monkeypatch):
        assert kept(stack, name) == MISSING
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}{KEPT}1")
        assert kept(stack, name) == "available"


def test_a_list_has_the_rows_of_all_pages_where_botocore_knows_of_none(
    aws: Clients, name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    firewall, names = aws("wafv2"), {f"{name}-{number}" for number in range(2 * A_PAGE + 1)}
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    for each in names:
        firewall.create_web_acl(Name=each, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen)
    monkeypatch.setitem(PAGINATION_MODEL["list_web_acls"], "limit_default", A_PAGE)
    with operating(endpoint, monkeypatch):
        client = operators.client("wafv2", REGION)
        assert not client.can_paginate("list_web_acls")
        assert names <= {row["Name"] for row in operators.rows(client, "list_web_acls", Scope="REGIONAL")}


@pytest.mark.parametrize(("most", "complete"), [(1, False), (2, True)])
def test_who_looks_at_a_part_of_a_bucket_says_so(
    aws: Clients, name: str, endpoint: str, monkeypatch: pytest.MonkeyPatch, most: int, *, complete: bool
) -> None:
    s3, stack = aws("s3"), cast("RegionStack", SimpleNamespace(region=REGION))
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("a", "b"):
        s3.put_object(Bucket=name, Key=key)
    monkeypatch.setattr(facts, "MOST_SCANNED", most)
    with operating(endpoint, monkeypatch):
        found = facts.newest_object(stack, name)
    assert (found.newest is not None, found.complete) == (True, complete)
