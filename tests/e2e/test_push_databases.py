# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Real databases hold what the CSV of the same collection has: series, times and values."""

import collections
import datetime
import signal

import pytest

import databases
import harness

# What an instance is called in telegraf's schema.
INSTANCE_TAGS = ("cpu", "disk", "interface", "adapter", "path", "resource", "module", "lun")

# How the values of CSV become base units.
SCALES = {"percent": 0.01, "number": 1, "kiloBytes": 1024, "megaBytes": 1 << 20,
          "gigaBytes": 1 << 30, "teraBytes": 1 << 40, "kiloBytesPerSecond": 1024, "second": 1,
          "millisecond": 1e-3, "microsecond": 1e-6, "megaHertz": 1e6, "watt": 1, "joule": 1,
          "celsius": 1, "bytes": 1, "nanosecond": 1e-9, "megaBytesPerSecond": 1 << 20}


def started(kind, factory):
    """Run a database for a module."""
    database = kind(factory.mktemp(kind.PACKAGE))
    try:
        yield database
    finally:
        database.stop()


@pytest.fixture(scope="module")
def victoria(tmp_path_factory):
    """A VictoriaMetrics."""
    yield from started(databases.Victoria, tmp_path_factory)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus that takes remote write."""
    yield from started(databases.Prometheus, tmp_path_factory)


@pytest.fixture(scope="module")
def influx(tmp_path_factory):
    """An InfluxDB that wants a login."""
    yield from started(databases.Influx, tmp_path_factory)


def milliseconds(text):
    """Return a time of CSV in ms since 1970."""
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    return int(moment.timestamp()) * 1000


def measured(rows):
    """Return {(type, id, counter, instance): {time: (value, unit)}} of CSV."""
    series = collections.defaultdict(dict)
    for row in rows:
        key = row["type"], row["id"], row["counter"], row["instance"]
        series[key][milliseconds(row["timestamp"])] = float(row["value"]), row["unit"]
    return series


def by_telegraf(rows):
    """Return {(measurement, field, moid, instance): {time: value}} of CSV."""
    result = {}
    for (kind, moid, counter, instance), samples in measured(rows).items():
        group, dot, rest = counter.partition(".")
        measurement = f"vsphere_{kind}_{group}" if dot else f"vsphere_{kind}"
        key = measurement, (rest if dot else counter).replace(".", "_"), moid, instance
        result[key] = {at: value for at, (value, _) in samples.items()}
    return result


def instance_of(tags):
    """Return the instance that the tags of telegraf's schema name."""
    named = [tags[name] for name in INSTANCE_TAGS if name in tags]
    assert len(named) <= 1, tags
    return "" if not named or named[0] == "instance-total" else named[0]


def values_by_entity(rows):
    """Return {(type, id, instance): sorted samples of each counter} of CSV, in base units."""
    result = collections.defaultdict(list)
    for (kind, moid, counter, instance), samples in measured(rows).items():
        total, values = 0, []
        for at, (value, unit) in sorted(samples.items()):
            value *= SCALES.get(unit, 1)
            total += value
            values.append((at, total if counter.endswith(".summation") else value))
        result[kind, moid, instance].append(values)
    return result


def check_remote_write(held, rows):
    """Compare what a database holds of the metrics called vperf_… with CSV."""
    found = collections.defaultdict(list)
    names = set()
    for (name, labels), samples in held.items():
        labels = dict(labels)
        key = labels["type"], labels["id"], labels.get("instance", "")
        found[key].append(sorted(samples.items()))
        names.add(name)
    expected = values_by_entity(rows)
    assert {"vperf_cpu_usage_ratio", "vperf_cpu_ready_seconds_total"} <= names
    assert found.keys() == expected.keys()
    for key, series in expected.items():
        for mine, theirs in zip(sorted(series), sorted(found[key]), strict=True):
            assert [at for at, _ in mine] == [at for at, _ in theirs]
            assert [v for _, v in theirs] == pytest.approx([v for _, v in mine], rel=1e-12)


def collect(vperf, server, *outputs):
    """Collect all counters of 5 minutes into outputs; return the rows of CSV."""
    given = [word for output in outputs for word in ("--output", output)]
    done = vperf.run("collect", "--samples", "15", "--output", "-", *given, *server.arguments)
    assert done.status == 0, done
    return harness.read_csv(done.out, own=True)


def test_victoria(vperf, esx, victoria):
    """Both protocols at once."""
    rows = collect(vperf, esx, victoria.url + "/write", victoria.url + "/api/v1/write")
    found = {}
    expected = by_telegraf(rows)
    for (name, labels), samples in victoria.samples('{__name__=~"vsphere_.*"}').items():
        if not name.endswith("_memorySizeMB"):
            found[name, dict(labels)["moid"], instance_of(dict(labels))] = samples
    assert found == {(f"{measurement}_{field}", moid, instance): samples
                     for (measurement, field, moid, instance), samples in expected.items()}
    check_remote_write(victoria.samples('{__name__=~"vperf_.*"}'), rows)


def test_victoria_as_influxdb_2(vperf, esx, victoria):
    """It takes what is meant for InfluxDB 2."""
    victoria.clear()
    rows = collect(vperf, esx, victoria.url + "/api/v2/write?org=o&bucket=b")
    found = {}
    for (name, labels), samples in victoria.samples('{__name__=~"vsphere_.*"}').items():
        if not name.endswith("_memorySizeMB"):
            found[name, dict(labels)["moid"], instance_of(dict(labels))] = samples
    assert found == {(f"{measurement}_{field}", moid, instance): samples
                     for (measurement, field, moid, instance), samples in by_telegraf(rows).items()}


def test_prometheus(vperf, esx, prometheus):
    """Remote write."""
    rows = collect(vperf, esx, prometheus.url + "/api/v1/write")
    times = [milliseconds(row["timestamp"]) // 1000 for row in rows]
    check_remote_write(prometheus.samples(min(times) - 1, max(times)), rows)


def test_influx(vperf, esx, influx):
    """A database behind a login; one that is not there is told in the server's words."""
    influx.create("vperf")
    rows = collect(vperf, esx, influx.write_url("vperf"))
    found = {(measurement, field, dict(tags)["moid"], instance_of(dict(tags))): samples
             for (measurement, field, tags), samples in influx.samples("vperf").items()}
    assert found == by_telegraf(rows)
    done = vperf.run("collect", "--output", influx.write_url("nowhere"), *esx.arguments,
                     secret=influx.PASSWORD)
    assert done.status == 1, done
    assert "404" in done.err and "database not found" in done.err


def test_outage(vperf, victoria, tmp_path, request):
    """A database that stops and comes back has all samples afterwards, each once."""
    path = tmp_path / "a.csv"
    process = vperf.start("collect", "--follow", "--interval", "1", "--counter",
                          "mem.usage.average", "--output", path, "--output",
                          victoria.url + "/api/v1/write", "test:///default")
    request.addfinalizer(process.kill)

    def rows():
        return harness.read_csv(path.read_text()) if path.exists() else []

    def held():
        found = victoria.samples('{hypervisor="test"}')
        return sorted(at for samples in found.values() for at in samples)

    harness.await_true(held, "samples", 60)
    victoria.stop()
    before = len(rows())
    harness.await_true(lambda: len(rows()) >= before + 3, "rows meanwhile")
    victoria.start()
    wanted = [milliseconds(row["timestamp"]) for row in rows()]
    harness.await_true(lambda: set(wanted) <= set(held()), "all samples", 60)
    process.send_signal(signal.SIGTERM)
    done = harness.finish(process)
    assert done.status == 130, done
    assert "trying again" in done.err and "is back after" in done.err
    assert held() == [milliseconds(row["timestamp"]) for row in rows()]
