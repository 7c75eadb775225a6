# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Counters that properties give: file systems of guests, snapshots, space on datastores."""

import collections
import datetime

import pytest
from harness import PASSWORD, STANDING, USER, read_csv

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")

OWN = "guestDisk.*,snapshot.*,space.*"
NOW = datetime.datetime(2026, 11, 21, 19, 17, 25, tzinfo=datetime.timezone.utc)


@pytest.fixture(scope="module")
def furnished(shared_vcsim):
    """A vCenter whose guests have file systems, and every second one snapshots; one is off."""
    return shared_vcsim(*STANDING, "-model", "vpx", "-host", "1", "-vm", "4", "-off", "1", "-space")


def trees(snapshots):
    """All of them, children as well."""
    for one in snapshots:
        yield one
        yield from trees(one.childSnapshotList)


def snapshot_bytes(layout):
    """The files that are there for snapshots alone."""
    sizes = {file.key: file.size for file in layout.file}
    keys = {key for each in layout.snapshot for key in (each.dataKey, each.memoryKey) if key >= 0}
    for disk in [*layout.disk, *(disk for each in layout.snapshot for disk in each.disk)]:
        keys |= {key for unit in disk.chain[1:] for key in unit.fileKey}
    return sum(sizes[key] for key in keys)


def of_guest(vm):
    """{(counter, instance): value} as vperf should say it, in KiB."""
    values = {}
    for disk in vm.guest.disk:
        values["guestDisk.capacity", disk.diskPath] = disk.capacity // 1024
        values["guestDisk.free", disk.diskPath] = disk.freeSpace // 1024
    values["guestDisk.capacity", ""] = sum(disk.capacity for disk in vm.guest.disk) // 1024
    values["guestDisk.free", ""] = sum(disk.freeSpace for disk in vm.guest.disk) // 1024
    snapshots = list(trees(vm.snapshot.rootSnapshotList)) if vm.snapshot else []
    values["snapshot.count", ""] = len(snapshots)
    values["snapshot.size", ""] = snapshot_bytes(vm.layoutEx) // 1024 if snapshots else 0
    if snapshots:
        oldest = min(each.createTime for each in snapshots)
        values["snapshot.age", ""] = int((NOW - oldest).total_seconds())
    storage = vm.summary.storage
    values["space.provisioned", ""] = (storage.committed + storage.uncommitted) // 1024
    values["space.used", ""] = storage.committed // 1024
    values["space.unshared", ""] = storage.unshared // 1024
    return values


def from_pyvmomi(server):
    """{(id, counter, instance): value} of all guests and datastores."""
    values = {}
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        for entity in reference.entities(content, ["vm", "datastore"]):
            summary = entity.object.summary
            mine = of_guest(entity.object) if entity.type == "vm" else {
                ("space.capacity", ""): summary.capacity // 1024,
                ("space.free", ""): summary.freeSpace // 1024,
                ("space.provisioned", ""): (summary.capacity - summary.freeSpace +
                                            (summary.uncommitted or 0)) // 1024}
            values.update({(entity.id, *key): value for key, value in mine.items()})
    return values


def table(rows):
    """The same of vperf's rows, each of which comes once."""
    values = {(row["id"], row["counter"].removesuffix(".latest"), row["instance"]):
              int(row["value"]) for row in rows}
    assert len(values) == len(rows)
    return values


def test_values_are_pyvmomis(vperf, furnished):
    """All of them, of a guest that is off as well, with the time at which they were read."""
    done = vperf.run("collect", "--type", "vm,datastore", "--counter", OWN, *furnished.arguments)
    assert (done.status, len(done.messages)) == (0, 1), done
    rows = read_csv(done.out, own=True)
    expected = from_pyvmomi(furnished)
    ours = table(rows)
    for key, value in expected.items():  # free space of the machine's own disk moves
        if key[1] == "space.free" or key[0].startswith("datastore"):
            assert ours.pop(key) == pytest.approx(value, rel=0.2)
    assert ours == {key: value for key, value in expected.items()
                    if not key[0].startswith("datastore")}
    assert {row["timestamp"] for row in rows} == {"2026-11-21T19:17:25Z"}
    assert {row["interval"] for row in rows} == {"20"}


def test_beside_samples(vperf, furnished):
    """Every counter means these too, once; an exclusion leaves them out."""
    done = vperf.run("collect", "--type", "vm", "--samples", "3", *furnished.arguments)
    counts = collections.Counter(row["counter"] for row in read_csv(done.out, own=True))
    assert counts["space.used.latest"] == 4 and counts["cpu.usage.average"] == 3 * 3
    done = vperf.run("collect", "--type", "vm", "--counter", "!space.*", *furnished.arguments)
    assert not any(row["counter"].startswith("space") for row in read_csv(done.out, own=True))


def test_aggregate(vperf, furnished):
    """--instance aggregate: no file system of its own."""
    done = vperf.run("collect", "--type", "vm", "--counter", OWN, "--instance", "aggregate",
                     *furnished.arguments)
    rows = read_csv(done.out, own=True)
    assert {row["instance"] for row in rows} == {""} and rows


def test_a_window_of_the_past(vperf, furnished):
    """What is read now is no sample of an hour ago."""
    done = vperf.run("collect", "--type", "vm", "--start=-40m", "--end=-30m", *furnished.arguments)
    assert done.status == 0 and read_csv(done.out, own=True) == done.rows != [], done


@pytest.mark.parametrize("counter, calls", [("cpu.usage.average", 1), ("space.used.latest", 1),
                                            ("snapshot.count.latest", 1),
                                            ("snapshot.size.latest", 2)])
def test_what_is_asked(vperf, start_vcsim, counter, calls):
    """Files are asked for when sizes of snapshots are, of all guests at once; and no samples when
    none are wanted."""
    server = start_vcsim("-mode", "real", "-vm", "6", "-space")
    done = vperf.run("collect", "--type", "vm", "--counter", counter, *server.arguments)
    assert done.status == 0, done
    methods = collections.Counter(server.methods())
    assert methods["RetrievePropertiesEx"] == calls
    assert bool(methods["QueryPerf"]) == (counter == "cpu.usage.average")


def test_sizes_that_cannot_be_had(vperf, start_vcsim):
    """They are missing, as the only ones: samples and the other readings come."""
    server = start_vcsim("-mode", "real", "-vm", "6", "-space",
                         "-accident", "RetrievePropertiesEx:2:hang")
    done = vperf.run("collect", "--type", "vm", "--counter", "cpu.usage.average,snapshot.*",
                     "--timeout", "2", *server.arguments)
    assert done.status == 3 and "snapshot.size.latest cannot be read: " in done.err, done
    counts = collections.Counter(row["counter"] for row in read_csv(done.out, own=True))
    assert counts.pop("cpu.usage.average") >= 6
    assert counts == {"snapshot.count.latest": 6, "snapshot.age.latest": 3,
                      "snapshot.size.latest": 3}  # of those without snapshots


def test_counters_lists_them(vperf, furnished):
    """With how each is made; --offered with the number of guests."""
    rows = read_csv(vperf.run("counters", "--counter", OWN, *furnished.arguments).out, own=True)
    assert len(rows) == 10
    assert all(row["fidelity"] == "native" and row["formula"] and not row["id"] for row in rows)
    rows = read_csv(vperf.run("counters", "--offered", "--counter", "snapshot.*",
                              *furnished.arguments).out, own=True)
    assert {row["counter"]: row["guests"] for row in rows} == {
        "snapshot.count.latest": "4", "snapshot.size.latest": "4", "snapshot.age.latest": "2"}


def test_datastores_have_no_real_time(vperf, furnished, tmp_path):
    """Beside guests and alone they give what their properties say; one line tells that the server's
    counters of them have no samples in real time."""
    for types in ("vm,host,datastore", "datastore"):
        coverage = tmp_path / "coverage.csv"
        done = vperf.run("collect", "--type", types, "--samples", "3", "--coverage", coverage,
                         *furnished.arguments)
        assert done.status == 0 and done.err.count("no real-time samples") == 1, done
        assert "--type datastore: " in done.err
        rows = read_csv(done.out, own=True)
        assert {row["counter"] for row in rows if row["type"] == "datastore"} == {
            "space.capacity.latest", "space.free.latest", "space.provisioned.latest"}
        assert {row["type"] for row in rows} == set(types.split(","))
        account = {row["counter"]: row for row in read_csv(coverage.read_text(), own=True)
                   if row["type"] == "datastore"}
        assert account["datastore.numberReadAveraged.average"]["reason"] == "not asked"
