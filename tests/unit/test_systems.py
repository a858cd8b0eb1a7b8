"""docs/systems.md is correct: systems marked as present are declared in the named files, and absent ones are
nowhere."""

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from stack_files import ROOT

NAMED = (
    *("Prometheus", "Alertmanager", "Grafana", "Node exporter", "MySQL exporter", "Redis exporter"),
    *("Elasticsearch", "Logstash", "Kibana", "New Relic", "DataDog", "Sentry", "Pingdom", "UptimeRobot"),
    *("rsyslog", "logrotate", "Slack", "Fail2ban", "UFW", "Lynis", "Horizon", "Certbot"),
)
"""The systems that the operations manual and the DevOps manual name for watching, logs, hosts and queues."""
WORDS = {"MySQL exporter": "mysqld-exporter"}
"""The name of a system in code, if it is not its lower-case name with hyphens."""
CODE = ("hosts", "components", "monitoring", "settings", "region.py", "edge.py", "Pulumi.yaml", "requirements.txt")
PATH = re.compile(r"`([\w./-]+/[\w./-]*|[\w.]+\.py)`")


@dataclass(frozen=True, kw_only=True)
class System:
    name: str
    here: str
    where: str

    @property
    def word(self) -> str:
        return WORDS.get(self.name, self.name.lower().replace(" ", "-"))

    @property
    def paths(self) -> list[Path]:
        return [ROOT / path for path in PATH.findall(self.where)]


def systems() -> list[System]:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "docs" / "systems.md").read_text().splitlines()
        if line.startswith("| ") and line.endswith(" |") and not line.startswith("| ---")
    ]
    return [System(name=name, here=here, where=where) for name, _, here, where in rows[1:]]


SYSTEMS = systems()


def texts(path: Path) -> str:
    """The content of a file, or of the files of a folder with their names."""
    if path.is_file():
        return path.read_text()
    found = [each for each in path.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    return "\n".join(f"{each}\n{each.read_text()}" for each in found)


def test_each_system_of_the_manuals_has_a_row() -> None:
    assert tuple(system.name for system in SYSTEMS) == NAMED


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_a_row_names_files_that_are_there(system: System) -> None:
    assert system.paths
    assert [path for path in system.paths if not path.exists()] == []


@pytest.mark.parametrize("system", [each for each in SYSTEMS if each.here != "no"], ids=lambda system: system.name)
def test_what_is_here_is_declared_where_its_row_says(system: System) -> None:
    assert system.here in ("yes", "by a setting", "by a secret")
    assert system.word in texts(system.paths[0]).lower()


@pytest.mark.parametrize("system", [each for each in SYSTEMS if each.here == "no"], ids=lambda system: system.name)
def test_what_is_not_here_is_declared_nowhere_and_its_row_says_why(system: System) -> None:
    anchors = re.findall(r"\(#([\w-]+)\)", system.where)
    page = (ROOT / "docs" / "systems.md").read_text()
    headings = [heading.lower().replace(" ", "-") for heading in re.findall(r"^## (.+)$", page, re.MULTILINE)]
    assert [anchor for anchor in anchors if anchor in headings] == anchors != []
    declared = [
        place for place in CODE if re.search(rf"\b{system.word.replace('-', '[ -]?')}\b", texts(ROOT / place).lower())
    ]
    assert declared == []
