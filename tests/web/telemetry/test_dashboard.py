"""The Grafana dashboard asks for nothing that is not there, and shows everything that is."""

import json
import re
from pathlib import Path

import pytest

from layercalc.web.telemetry import metrics

DASHBOARD = json.loads((Path(__file__).parents[3] / "deploy" / "grafana" / "layercalc.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
VARIABLES = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
SUFFIXES = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"], "info": ["_info"]}


def known():
    """Every series there can be, with the labels that a query may name."""
    found = {}
    for family in [*metrics.REGISTRY.collect(), *metrics.Build().collect()]:
        labels = {label for sample in family.samples for label in sample.labels}
        labels |= set(LABELS.get(family.name, ()))
        for suffix in SUFFIXES[family.type]:
            found[family.name + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


LABELS = {
    one._name: one._labelnames
    for one in vars(metrics).values()
    if isinstance(one, metrics.Counter | metrics.Gauge | metrics.Histogram)
}
KNOWN = known()


@pytest.mark.parametrize("query", [*QUERIES, *(one["definition"] for one in VARIABLES.values() if "definition" in one)])
def test_a_query_names_series_and_labels_that_there_are(query):
    series = re.findall(r"layercalc_\w+", query)
    assert series
    for name in series:
        assert name in KNOWN
    labels = set().union(*(KNOWN[name] for name in series)) | {"job", "instance"}
    for inside in re.findall(r"\{([^}]*)\}", query):
        assert set(re.findall(r"(\w+)=~?\"", inside)) <= labels
    for inside in re.findall(r"by \(([^)]*)\)", query):
        assert {one.strip() for one in inside.split(",")} <= labels
    assert {one for one in re.findall(r"\$(\w+)", query) if not one.startswith("_")} <= set(VARIABLES)
    assert query.count("(") == query.count(")")


def test_every_metric_is_shown():
    shown = " ".join(QUERIES)
    for name in KNOWN:
        assert name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") in shown


def test_panels_do_not_overlap_and_come_from_the_chosen_source():
    cells = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells
        assert max(x for x, _ in own) < 24
        cells |= own
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
