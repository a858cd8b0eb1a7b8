"""The dashboards' files equal the output of Grafana's SDK, and its models read them."""

import json

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.cloudwatch import MetricsQuery
from grafana_foundation_sdk.models.prometheus import Dataquery

from monitoring.dashboards.catalogue import RENDERED, texts
from monitoring.dashboards.dashboard import Unit
from tools.dashboards.grafana import files

IDS = {value for name, value in vars(units).items() if name.isidentifier() and isinstance(value, str)}


def test_the_files_are_what_the_sdk_makes_of_the_data() -> None:
    assert {path.name: path.read_text() for path in RENDERED.iterdir()} == files(), "run `make dashboards`"


@pytest.mark.parametrize("name", texts())
def test_the_models_of_the_sdk_read_a_file_and_write_the_same(name: str) -> None:
    register_default_plugins()
    content = json.loads(texts()[name])
    read = models.Dashboard.from_json(content)
    assert json.loads(json.dumps(read, cls=JSONEncoder)) == content
    queries = [target for panel in read.panels or [] for target in getattr(panel, "targets", None) or []]
    assert queries
    assert {type(query) for query in queries} <= {Dataquery, MetricsQuery}
    assert all(query.expr for query in queries if isinstance(query, Dataquery))


@pytest.mark.parametrize("unit", Unit)
def test_each_unit_is_one_of_grafana(unit: Unit) -> None:
    assert unit in IDS
