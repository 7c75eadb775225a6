# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The dashboard for Grafana: each of its queries gives something of a real Prometheus that has scraped
ESXi and a libvirt host."""

import json
import pathlib
import re

import harness
import pytest
import serving

FILE = (pathlib.Path(__file__).resolve().parents[2] / "src" / "serve" / "dashboards" /
        "vperf.json")
DASHBOARD = json.loads(FILE.read_text(encoding="utf-8"))
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
VARIABLES = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]


@pytest.fixture(scope="module")
def prometheus(vperf, shared_vcsim, tmp_path_factory):
    """It has scraped both for a while; values count as of the scrape, for the clock of the simulated
    ESXi host runs fast."""
    directory = tmp_path_factory.mktemp("dashboard")
    esx = shared_vcsim("-mode", "real", "-model", "esx", "-vm", "3", "-speed", "20")
    # libvirt has the interval of ESXi: at a multiple of 20 s it gives its first values.
    recorded = directory / "vperf.db"
    record = vperf.start("record", "--interval", "1", "--output", recorded, "test:///default")
    try:
        harness.await_true(lambda: "cpu.usage" in vperf.run("collect", recorded).out, "history", 60)
        with serving.exporter(vperf, directory, "--no-timestamps", *esx.arguments,
                              recorded) as exporter:
            exporter.await_samples("vperf_cpu_usage_ratio", [("hypervisor", "esxi")])
            exporter.await_samples("vperf_cpu_usagemhz_hertz", [("hypervisor", "test")])
            with serving.Prometheus(directory / "prometheus", exporter.url) as one:
                one.await_query("rate(vperf_cpu_ready_seconds_total[30s])")
                yield one
    finally:
        record.kill()
        record.wait()


def filled(query):
    """A query as Grafana sends it, with all sources, hosts and guests."""
    return re.sub(r"\$(source|host|guest)\b", ".*", query).replace("$__rate_interval", "30s")


@pytest.mark.parametrize("query", QUERIES)
def test_query(prometheus, query):
    """It gives something."""
    prometheus.await_query(filled(query))


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda one: one["name"])
def test_variable(prometheus, variable):
    """There is something to choose."""
    selector, name = re.fullmatch(r"label_values\((.*), (\w+)\)",
                                  filled(variable["query"]["query"])).groups()
    assert prometheus.ask(f"label/{name}/values", **{"match[]": selector})


def test_both_hypervisors_side_by_side(prometheus):
    """The last row has a line for each."""
    last = max(i for i, panel in enumerate(DASHBOARD["panels"]) if panel["type"] == "row")
    for panel in DASHBOARD["panels"][last + 1:]:
        found = prometheus.query(panel["targets"][0]["expr"])
        assert "esxi" in {one["metric"]["hypervisor"] for one in found}, panel["title"]
    found = prometheus.query('count by (hypervisor) (vperf_entity_info{type="vm"})')
    assert {one["metric"]["hypervisor"] for one in found} == {"esxi", "test"}


def test_every_panel_has_its_place():
    """None lies upon another, and no number comes twice."""
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = set()
    for panel in panels:
        where = panel["gridPos"]
        mine = {(x, y) for x in range(where["x"], where["x"] + where["w"])
                for y in range(where["y"], where["y"] + where["h"])}
        assert not mine & places and where["x"] + where["w"] <= 24, panel["title"]
        places |= mine
