# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""InfluxDB's line protocol: telegraf's schema, and the values of the CSV."""

import csv
import datetime
import gzip
import os
import pathlib
import signal

import harness
import lineprotocol
import pytest

# What an independent program wrote of a simulated vCenter; not part of the project.
SCHEMA = pathlib.Path(os.environ.get("VPERF_RECORDED", "../shared/data/recorded")
                      ).parent / "telegraf-schema.tsv"
INSTANCES = {"cpu": "cpu", "disk": "disk", "virtualDisk": "disk", "net": "interface",
             "storageAdapter": "adapter", "storagePath": "path", "sys": "resource",
             "vflashModule": "module", "datastore": "lun"}
WITHOUT_TOTAL = ("sys", "vflashModule")


def nanoseconds(timestamp):
    """The time of a CSV's row."""
    moment = datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    return int(moment.timestamp()) * 10**9


def expected(rows):
    """The CSV's rows: {(measurement, id, instance, field, time): value}."""
    values = {}
    for row in rows:
        group, _, name = row["counter"].rpartition(".")[0].partition(".")
        rollup = row["counter"].rpartition(".")[2]
        total = group in INSTANCES and group not in WITHOUT_TOTAL
        instance = row["instance"] or ("instance-total" if total else "")
        field = f"{name.replace('.', '_')}_{rollup}"
        kind = f"vsphere_{row['type']}_{group}"
        if row["counter"].startswith("#"):
            kind, field = f"vsphere_{row['type']}", row["counter"]
        key = (kind, row["id"], instance, field, nanoseconds(row["timestamp"]))
        assert key not in values
        values[key] = float(row["value"])
    return values


def given(points):
    """What the lines say, in the same form."""
    values = {}
    for measurement, tags, fields, time in points:
        tag = INSTANCES.get(measurement.rpartition("_")[2], "instance")
        for field, value in fields.items():
            key = (measurement, tags["moid"], tags.get(tag, ""), field, time)
            assert key not in values, key
            values[key] = value
    return values


def without_memory(points):
    """The points without memorySizeMB, which is no sample; of guests, all have it."""
    for measurement, _, fields, _ in points:
        assert ("memorySizeMB" in fields) == measurement.startswith("vsphere_vm")
        fields.pop("memorySizeMB", None)
    return points


@pytest.fixture(scope="module")
def points(vperf, vcenter):
    """Two samples of all series of a vCenter."""
    done = vperf.run("collect", "--samples", 2, "--format", "influx", *vcenter.arguments)
    assert done.status == 0, done
    return lineprotocol.read(done.out)


def test_values_are_the_csvs(vperf, vcenter, points):
    """The same series, times and values; the fields of a measurement and time share a line."""
    done = vperf.run("collect", "--samples", 2, *vcenter.arguments)
    rows = harness.read_csv(done.out, own=True)
    assert given(without_memory(list(points))) == expected(rows)
    heads = [(measurement, *sorted(tags.items()), time) for measurement, tags, _, time in points]
    assert len(set(heads)) == len(heads)


def observed():
    """telegraf's schema: {measurement: (tags of all lines, all tags, tags of totals, fields)}."""
    schema = {}
    with SCHEMA.open(newline="") as file:
        for name, tags, totals, fields in list(csv.reader(file, delimiter="\t"))[1:]:
            tags = dict(tag.split(":") for tag in tags.split())
            schema[name] = ({tag for tag, count in tags.items() if count == "all"}, set(tags),
                            {tag for tag in totals.replace("=instance-total", "").split()} - {"-"},
                            {field.split(":")[0] for field in fields.split()})
    return schema


def test_schema_is_telegrafs(vperf, vcenter):
    """Measurements, tags and fields are those that telegraf wrote, all of them."""
    if not SCHEMA.exists():
        pytest.skip(f"there is no {SCHEMA}")
    done = vperf.run("collect", "--format", "influx", *vcenter.arguments)
    found = {}
    for measurement, tags, fields, _ in lineprotocol.read(done.out):
        found.setdefault(measurement, []).append((set(tags), set(fields), {
            tag for tag, value in tags.items() if value == "instance-total"}))
    for measurement, (always, tags, totals, fields) in observed().items():
        lines = found[measurement]
        assert always <= set.intersection(*(line[0] for line in lines)), measurement
        assert set.union(*(line[0] for line in lines)) <= tags, measurement
        assert set.union(*(line[2] for line in lines)) == totals, measurement
        assert fields <= set.union(*(line[1] for line in lines)), measurement


def test_tags_tell_where_guests_are(vperf, vcenter, points):
    """Names instead of ids: host, cluster, datacenter, pool, datastore, guest system."""
    rows = {row["id"]: row for row in
            vperf.run("inventory", "--format", "csv", *vcenter.arguments).rows}
    named = {"vmname": "name", "esxhostname": "host", "clustername": "cluster",
             "dcname": "datacenter", "uuid": "uuid", "source": "name", "vcenter": "source"}
    for measurement, tags, fields, _ in points:
        if measurement.startswith("vsphere_vm"):
            row = rows[tags["moid"]]
            assert {tag: tags.get(tag, "") for tag in named} == {
                tag: row[column] for tag, column in named.items()}
            assert tags["rpname"] == row["pool"].rpartition("/")[2]
            assert tags["guest"] and not tags["guest"].endswith("Guest")
            assert int(fields.get("memorySizeMB", 0)) * 1024 in (0, int(row["memory_kib"]))
    stores = {row["name"] for row in vperf.run("inventory", "--type", "datastore", "--format",
                                               "csv", *vcenter.arguments).rows}
    volumes = {tags["dsname"] for _, tags, _, _ in points if "dsname" in tags}
    assert stores <= volumes


def test_datastores_of_a_history(vperf, vcenter, points, tmp_path):
    """They have their names there too."""
    history = tmp_path / "vperf.db"
    record = vperf.start("record", "--output", history, *vcenter.arguments)
    try:
        harness.await_true(lambda: "cpu.usage.average" in vperf.run("collect", history).out,
                           "a history", 60)
        record.send_signal(signal.SIGTERM)
        harness.finish(record)
    finally:
        record.kill()
    done = vperf.run("collect", "--format", "influx", history)
    volumes = {tags["dsname"] for _, tags, _, _ in lineprotocol.read(done.out) if "dsname" in tags}
    assert volumes == {tags["dsname"] for _, tags, _, _ in points if "dsname" in tags}


def test_names(vperf, named):
    """What a name holds is escaped; a line break is two characters, as telegraf writes it."""
    done = vperf.run("collect", "--type", "vm", "--counter", "cpu.usage.average", "--instance",
                     "aggregate", "--format", "influx", "--with", "path,uuid,folder",
                     *named.arguments)
    points = lineprotocol.read(done.out)
    names = [name.replace("a\\, b\\", "a, b").replace("\n", "\\n").replace("\r", "\\r")
             for name in harness.NAMES]
    assert sorted(tags["vmname"] for _, tags, _, _ in points) == sorted(names)
    assert all(tags["inventory_path"].startswith("ha-datacenter/vm/") for _, tags, _, _ in points)


def test_libvirt_guests(vperf, tmp_path):
    """The same measurements for other hypervisors, with one tag more; the file's name tells."""
    output = tmp_path / "x.lp.gz"
    done = vperf.run("collect", "--interval", 1, "--output", output, "test:///default")
    assert done.status == 0, done
    points = lineprotocol.read(gzip.decompress(output.read_bytes()).decode())
    assert {tags["hypervisor"] for _, tags, _, _ in points} == {"test"}
    cpus = {tags["cpu"]: fields for measurement, tags, fields, _ in points
            if measurement == "vsphere_vm_cpu" and tags["vmname"] == "test"}
    assert set(cpus) == {"instance-total", "0", "1"}
    assert {"usage_average", "run_summation", "memorySizeMB"} <= set(cpus["instance-total"])


def test_endless(vperf, tmp_path):
    """Each round is complete; a later run goes on in the file, in no other one."""
    output = tmp_path / "x.influx"
    command = ["collect", "--follow", "--interval", 1, "--output", output, "test:///default"]
    for times in (2, 3):
        with vperf.start(*command) as process:
            harness.await_true(lambda: output.exists() and times <= len(
                {time for *_, time in lineprotocol.read(output.read_text())}), "a round")
            process.send_signal(signal.SIGINT)
            assert harness.finish(process).status == 130
    output.write_text("timestamp,source\n")
    done = vperf.run(*command)
    assert done.status == 1 and "does not begin with a row of this format" in done.err


@pytest.mark.parametrize("option", ["--raw", "--spreadsheet-safe"])
def test_refused_options(vperf, option):
    """What has no meaning for the format is not ignored."""
    done = vperf.run("collect", option, "--format", "influx", "test:///default")
    assert done.status == 2 and option in done.err and len(done.err.splitlines()) == 1
