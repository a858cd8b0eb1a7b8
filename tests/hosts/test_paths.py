"""Paths in the real nginx and the real router of Laravel, with and without Cloudflare's normalization."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from debian import Host
from host_values import values_of
from ways import DOMAIN, ENDS, GUARDED, LETTERS, METRICS, ROUTES, SLASHES, got_around, routed, written

from hosts.bundle import rendered
from hosts.roles import WEB
from sandbox.cloudflare.urls import normalized
from sandbox.instances.root import PHP_VERSION, made, unavailable
from sandbox.project.paths import Paths

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())
SCRIPTS = Path(__file__).parent / "paths"
PUBLIC = "/srv/askproai/current/public"


def disguised(path: str) -> set[str]:
    """A path with one kind of slash, one way of writing its letters and one end, for all of them."""
    return {
        "".join(slash if letter == "/" and place else written(letter, how) if letter != "/" else "/"
                for place, letter in enumerate(path)) + end
        for slash in SLASHES for how in LETTERS for end in ENDS
    }  # fmt: skip


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, str]]:
    """A web host's answer for each path: the status, and Laravel's route."""
    texts = rendered(WEB, replace(values_of(WEB), php_version=PHP_VERSION))
    host = Host(made(Paths.of()), tmp_path_factory.mktemp("web"), WEB, texts)
    raw = {disguise for path in GUARDED for disguise in disguised(path)}
    asked = {path for path in raw | {normalized(path) for path in raw} if path.startswith("/")}
    for name in ("ask.py", "serve.sh"):
        host.write(f"/{name}", (SCRIPTS / name).read_text())
    host.write(f"{PUBLIC}/index.php", (SCRIPTS / "index.php").read_text())
    host.write(f"{PUBLIC}/old.php", "<?php echo 'a script of its own';")
    host.write(f"{PUBLIC}/.env", "APP_KEY=secret")
    host.write("/routes.json", json.dumps(ROUTES))
    host.write("/paths.json", json.dumps(sorted(asked)))
    done = host.run("unshare", "--net", "sh", "/serve.sh", PHP_VERSION)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout)
    return {path: (status, json.loads(body)["route"] if status == 200 else "") for path, (status, body) in told.items()}


def test_no_way_of_writing_a_path_leads_around_the_rules_of_the_edge(answers: Mapping[str, tuple[int, str]]) -> None:
    hosts = [f"{label}.{DOMAIN}" for label in ("app", "admin")]
    normal = [path for path in answers if normalized(path) == path]
    assert {
        path: route for host in hosts for path in normal if (route := got_around(path, answers[path][1], host))
    } == {}


def test_laravels_router_takes_a_path_as_the_unit_tests_have_it(answers: Mapping[str, tuple[int, str]]) -> None:
    reached = {path: route for path, (status, route) in answers.items() if status == 200}
    assert set(reached.values()) >= set(ROUTES) - {METRICS}
    assert {path: route for path, route in reached.items() if route != "none" and routed(path) != route} == {}
    assert {path for path, route in reached.items() if route == "none" and routed(path) in ROUTES} == set()


def test_nobody_outside_reads_the_metrics_of_a_host(answers: Mapping[str, tuple[int, str]]) -> None:
    assert {path for path, (_, route) in answers.items() if route == METRICS} == set()


def test_a_host_runs_no_other_script_and_serves_no_hidden_file(answers: Mapping[str, tuple[int, str]]) -> None:
    assert {status for path, (status, _) in answers.items() if path in ("/old.php", "/.env", "/index.php/login")} == {
        403,
        404,
    }
