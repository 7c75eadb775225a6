# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""OpenMetrics and the older text format: the CSV's values in base units, and what promtool says."""

import datetime
import gzip
import shutil
import signal
import subprocess
from decimal import Decimal

import harness
import openmetrics
import pytest

KIB = Decimal(1024)
UNITS = {"percent": Decimal("0.01"), "kiloBytes": KIB, "megaBytes": KIB**2, "teraBytes": KIB**4,
         "kiloBytesPerSecond": KIB, "millisecond": Decimal("0.001"), "megaHertz": Decimal(10**6),
         "microsecond": Decimal("0.000001")}
LABELS = ("source", "hypervisor", "type", "name", "id", "instance")
needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="needs prometheus")


def seconds(timestamp):
    """The time of a CSV's row."""
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def expected(rows, metrics):
    """The CSV's rows: {(metric, labels, time): value}, summations added up."""
    values, totals = {}, {}
    for row in rows:
        labels = tuple((name, row[name]) for name in LABELS if row[name])
        metric = metrics.get(row["counter"], "vperf_unknown_" + row["counter"][1:])
        value = Decimal(row["value"]) * UNITS.get(row["unit"], 1)
        if metric.endswith("_total"):
            value = totals[metric, labels] = totals.get((metric, labels), 0) + value
        values[metric, labels, seconds(row["timestamp"])] = float(value)
    return values


def given(families):
    """The samples of an exposition in the same form."""
    return {(name + openmetrics.SUFFIXES[family["type"]],
             tuple((label, labels[label]) for label in LABELS if label in labels), time): value
            for name, family in families.items() for labels, value, time in family["samples"]
            if name != "vperf_entity"}


@pytest.fixture(scope="module")
def text(vperf, vcenter):
    """Three samples of all series."""
    done = vperf.run("collect", "--samples", 3, "--format", "openmetrics", "--with", "title,state",
                     *vcenter.arguments)
    assert done.status == 0, done
    return done.out


@pytest.fixture(scope="module")
def rows(vperf, vcenter):
    """The same as CSV."""
    done = vperf.run("collect", "--samples", 3, *vcenter.arguments)
    return harness.read_csv(done.out, own=True)


@pytest.fixture(scope="module")
def metrics(vperf, vcenter):
    """{counter: metric}; those of our own stand in no catalogue of the server."""
    listed = vperf.run("counters", *vcenter.arguments, "test:///default").rows
    return {row["counter"]: row["metric"] for row in listed}


def test_values_are_the_csvs(text, rows, metrics):
    """Each sample in base units, with its time; what sums up is a counter."""
    own = {"guestDisk": "guest_disk", "snapshot": "snapshot", "space": "space"}
    rows = [row for row in rows if row["counter"].split(".")[0] not in own]
    found = {key: value for key, value in given(openmetrics.read(text)).items()
             if not key[0].startswith(tuple(f"vperf_{group}_" for group in own.values()))}
    wanted = expected(rows, metrics)
    assert found.keys() == wanted.keys()
    for key, value in found.items():
        assert value == pytest.approx(wanted[key], rel=1e-12), key


def test_context_is_an_info_metric(vperf, vcenter, text):
    """One series per entity with what inventory says; --with adds labels."""
    listed = {row["id"]: row for row in
              vperf.run("inventory", "--format", "csv", *vcenter.arguments).rows}
    family = openmetrics.read(text)["vperf_entity"]
    assert family["type"] == "info"
    for labels, value, _ in family["samples"]:
        row = listed[labels["id"]]
        assert value == 1
        for name in ("uuid", "host", "cluster", "datacenter", "cpus", "memory_kib", "state"):
            assert labels.get(name, "") == row[name], (name, labels)
    ids = [labels["id"] for labels, *_ in family["samples"]]
    assert len(set(ids)) == len(ids) > 5


@needs_promtool
def test_promtool_has_nothing_to_say(vperf, vcenter, text, tmp_path):
    """The old format passes its lint; OpenMetrics with times becomes blocks of a database."""
    output = tmp_path / "x.prom"
    done = vperf.run("collect", "--output", output, *vcenter.arguments)
    assert done.status == 0 and openmetrics.lint(output.read_text()) == "", done
    done = vperf.run("collect", "--no-timestamps", "--format", "prometheus", *vcenter.arguments)
    assert openmetrics.lint(done.out) == ""
    assert all(len(line.rpartition("} ")[2].split()) == 1 for line in done.out.splitlines()
               if not line.startswith("#"))
    (tmp_path / "x.om").write_text(text)
    subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", tmp_path / "x.om",
                    tmp_path / "data"], check=True, capture_output=True)
    (tmp_path / "data" / "wal").mkdir()  # promtool's dump wants one
    dump = subprocess.run(["promtool", "tsdb", "dump", tmp_path / "data"], check=True,
                          capture_output=True).stdout.decode()
    assert len(dump.splitlines()) == sum(not line.startswith("#") for line in text.splitlines())


def test_strict_parser(text):
    """Prometheus' own reader for Python takes it, and finds all samples."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    families = list(parser.text_string_to_metric_families(text))
    assert sum(len(family.samples) for family in families) == sum(
        not line.startswith("#") for line in text.splitlines())


def test_names(vperf, named):
    """What a name holds is escaped."""
    done = vperf.run("collect", "--type", "vm", "--counter", "cpu.usage.average", "--instance",
                     "aggregate", "--format", "openmetrics", *named.arguments)
    families = openmetrics.read(done.out)
    for family in ("vperf_entity", "vperf_cpu_usage_ratio"):
        found = [labels["name"] for labels, *_ in families[family]["samples"]]
        assert sorted(found) == sorted(harness.NAMES)


def test_polls(vperf, tmp_path):
    """The samples of a series follow each other, though the series come poll by poll."""
    output = tmp_path / "x.om.gz"
    done = vperf.run("collect", "--interval", 1, "--samples", 3, "--output", output,
                     "test:///default")
    assert done.status == 0, done
    families = openmetrics.read(gzip.decompress(output.read_bytes()).decode())
    assert len({time for _, _, time in families["vperf_cpu_usage_ratio"]["samples"]}) == 3
    assert families["vperf_cpu_run_seconds"]["type"] == "counter"


def test_endless(vperf, tmp_path):
    """A file holds the last round, whole; standard output has one exposition after the other."""
    output = tmp_path / "x.om"
    command = ["collect", "--follow", "--interval", 1, "--counter", "cpu.usage.average",
               "test:///default"]
    times = set()
    with vperf.start(*command, "--output", output) as process:
        def renewed():
            if output.exists():
                samples = openmetrics.read(output.read_text())["vperf_cpu_usage_ratio"]["samples"]
                times.add(max(time for *_, time in samples))
            return len(times) > 2
        harness.await_true(renewed, "three rounds")
        process.send_signal(signal.SIGINT)
        assert harness.finish(process).status == 130
    assert openmetrics.read(output.read_text())["vperf_cpu_usage_ratio"]["samples"]
    assert harness.files_in(tmp_path) == ["x.om"]
    with vperf.start(*command, "--format", "openmetrics") as process:
        lines = []
        while lines.count(b"# EOF\n") < 2:
            lines.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        harness.finish(process)
    first, second, _ = b"".join(lines).decode().split("# EOF\n")
    assert {family for family in openmetrics.read(first + "# EOF\n")} == {
        family for family in openmetrics.read(second + "# EOF\n")}


@pytest.mark.parametrize("arguments", [
    ["--raw", "--format", "openmetrics"], ["--spreadsheet-safe", "--format", "prometheus"],
    ["--no-timestamps"], ["--no-timestamps", "--format", "influx"]])
def test_refused_options(vperf, arguments):
    """What has no meaning for the format is not ignored."""
    done = vperf.run("collect", *arguments, "test:///default")
    assert done.status == 2 and arguments[0] in done.err and len(done.err.splitlines()) == 1
