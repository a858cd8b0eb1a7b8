"""The sandbox application for visitors: what the load balancer forwards, and what is behind it."""

import pytest

import contract
from sandbox.application.checks import CHECKS
from sandbox.application.rows import Rows
from sandbox.application.site import Answer, DeadOriginError, Site, Visit
from tests.emulator.declared import Declared, NeverStale, body, declare
from tests.emulator.emulated import OTHER_REGION, REGION, Clients, Control

HEALTH = contract.HEALTH_PATH
CANARY = contract.CANARY_PATH


@pytest.fixture
def site(endpoint: str) -> Site:
    return Site(NeverStale(endpoint, [REGION, OTHER_REGION]), Rows())


@pytest.fixture
def shop(aws: Clients, name: str) -> Declared:
    return declare(aws, name)


def test_every_health_check_of_the_contract_is_answered() -> None:
    assert [f"/{name}" for name in CHECKS] == [check for check in contract.HEALTH_CHECKS if check]


def visit(
    site: Site, shop: Declared, path: str, *, host: str = "app.shop.example", body: bytes | None = None, query: str = ""
) -> Answer:
    method = "GET" if body is None else "POST"
    return site.visit(Visit(origin=shop.dns_name, host=host, method=method, path=path, query=query, body=body or b""))


def test_health_tells_region_and_instances(site: Site, shop: Declared) -> None:
    answer = visit(site, shop, HEALTH)
    assert answer.status == 200
    assert answer.content == {"status": "ok", "region": REGION, "checks": {"web": "2 instances in service"}}


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("app.shop.example", "/", 200),
        ("APP.shop.example", "/", 200),
        ("monitoring.shop.example", HEALTH, 503),
        ("origin-x.shop.example", HEALTH, 200),
        ("origin-x.shop.example", CANARY, 404),
        ("other.example", HEALTH, 404),
        ("app.shop.example", "/nowhere", 404),
    ],
)
def test_the_load_balancers_rules_decide_by_host_and_path(
    site: Site, shop: Declared, host: str, path: str, status: int
) -> None:
    assert visit(site, shop, path, host=host).status == status


def test_without_an_instance_in_service_nothing_is_answered(site: Site, shop: Declared) -> None:
    shop.database()
    shop.scale(0)
    for path in (HEALTH, f"{HEALTH}/queue", CANARY):
        assert visit(site, shop, path).status == 503
        assert visit(site, shop, path).content["checks"] == {"web": "no instance in service"}


def test_a_region_that_is_lost_or_its_load_balancers_does_not_answer(
    site: Site, shop: Declared, control: Control
) -> None:
    for place in (REGION, f"{REGION}/elasticloadbalancing"):
        control("PUT", f"blackout/{place}?mode=error")
        with pytest.raises(DeadOriginError):
            visit(site, shop, HEALTH)
        control("DELETE", f"blackout/{place}")
        assert visit(site, shop, HEALTH).status == 200, place


@pytest.mark.parametrize("origin", ["gone-1.{region}.elb.amazonaws.com", "gone.example"])
def test_a_name_without_a_load_balancer_does_not_answer(site: Site, origin: str) -> None:
    with pytest.raises(DeadOriginError):
        site.visit(Visit(origin=origin.format(region=REGION), host="app.shop.example", method="GET", path="/"))


def test_no_look_at_the_platform_is_counted_as_a_call_of_it(site: Site, shop: Declared, control: Control) -> None:
    shop.database()
    control("DELETE", "calls")
    for path in (HEALTH, f"{HEALTH}/database", f"{HEALTH}/redis", f"{HEALTH}/queue"):
        visit(site, shop, path)
    assert control("GET", "calls") == {}


def test_the_database_is_healthy_when_hosts_can_write_into_it(site: Site, shop: Declared) -> None:
    assert visit(site, shop, f"{HEALTH}/database").content["checks"] == {"database": "no database"}
    shop.database()
    assert visit(site, shop, f"{HEALTH}/database").status == 200
    shop.close_the_database()
    refused = visit(site, shop, f"{HEALTH}/database")
    assert refused.status == 503
    assert "let no host in" in str(refused.content)


def test_a_network_acl_that_lets_no_host_in_cuts_them_off(site: Site, shop: Declared) -> None:
    shop.database()
    assert visit(site, shop, f"{HEALTH}/database").status == 200
    shop.close_the_network_acl()
    assert visit(site, shop, f"{HEALTH}/database").status == 503


def test_a_replica_is_no_database_to_write_into_until_it_is_promoted(
    aws: Clients, site: Site, shop: Declared, name: str
) -> None:
    source = shop.database()
    other = declare(aws, f"{name}-2", OTHER_REGION)
    other.database(source=source["DBInstanceArn"])
    refused = visit(site, other, f"{HEALTH}/database")
    assert refused.status == 503
    assert "is a replica of" in str(refused.content)
    assert visit(site, other, CANARY, body=body(1)).status == 503
    assert visit(site, other, CANARY).status == 200
    other.client("rds").promote_read_replica(DBInstanceIdentifier=f"shop-{name}-2-database")
    assert visit(site, other, f"{HEALTH}/database").status == 200


def test_the_database_of_the_highest_generation_is_the_one_in_use(site: Site, shop: Declared) -> None:
    shop.database("database-10")
    shop.database("database-9")
    shop.database()
    assert visit(site, shop, CANARY).content["database"] == f"shop-{shop.name}-database-10"


def test_the_cache_is_healthy_when_it_is_there(site: Site, shop: Declared) -> None:
    assert visit(site, shop, f"{HEALTH}/redis").status == 503
    shop.client("elasticache").create_replication_group(
        ReplicationGroupId=f"shop-{shop.name}-cache", ReplicationGroupDescription="cache", Engine="redis"
    )
    assert visit(site, shop, f"{HEALTH}/redis").status == 200


def test_queues_are_healthy_when_they_are_there(site: Site, shop: Declared) -> None:
    assert visit(site, shop, f"{HEALTH}/queue").status == 503
    shop.client("sqs").create_queue(QueueName=f"shop-{shop.name}-queue-default")
    assert visit(site, shop, f"{HEALTH}/queue").content["checks"] == {"queue": "1 queues"}


def test_a_canary_row_is_written_and_read(site: Site, shop: Declared) -> None:
    shop.database()
    database = f"shop-{shop.name}-database"
    empty = {"rows": 0, "last_id": None, "last_written_at": None, "region": REGION, "database": database}
    assert visit(site, shop, CANARY).content == empty
    written = visit(site, shop, CANARY, body=body(7))
    assert (written.status, written.content["id"], written.content["region"]) == (201, 7, REGION)
    read = visit(site, shop, CANARY).content
    assert read == {**empty, "rows": 1, "last_id": 7, "last_written_at": written.content["written_at"]}


def test_rows_are_counted_to_a_number_while_others_write(site: Site, shop: Declared) -> None:
    shop.database()
    for number in (7, 9, 8):
        visit(site, shop, CANARY, body=body(number))
    assert visit(site, shop, CANARY).content["last_id"] == 9
    assert [visit(site, shop, CANARY, query=f"up_to={number}").content["rows"] for number in (6, 8, 9)] == [0, 2, 3]
    assert visit(site, shop, CANARY, query="up_to=all").status == 400


def test_a_row_sent_again_is_the_one_that_is_there(site: Site, shop: Declared) -> None:
    shop.database()
    first, again = (visit(site, shop, CANARY, body=body(7)) for _ in range(2))
    assert first == again
    assert visit(site, shop, CANARY).content["rows"] == 1


def test_a_fenced_database_is_neither_written_nor_read(site: Site, shop: Declared) -> None:
    shop.database()
    shop.close_the_database()
    assert visit(site, shop, CANARY, body=body(1)).status == 503
    assert visit(site, shop, CANARY).status == 503


@pytest.mark.parametrize("sent", [b"", b"[]", b"{}", body("7"), body(None), body(1.5)])
def test_a_row_without_a_number_is_refused(site: Site, shop: Declared, sent: bytes) -> None:
    shop.database()
    assert visit(site, shop, CANARY, body=sent).status == 400
