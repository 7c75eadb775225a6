# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf collect against simulated ESXi hosts and vCenters: the series and values that an
independent client, pyVmomi, gets from the same server."""

import fnmatch

import pytest
from harness import (PASSWORD, USER, difference, files_in, read_csv, series_of, without_gaps)

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")

REAL = ["esx", "vcenter", "gaps"]


def from_pyvmomi(server, **how):
    """All Series of a server."""
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        return list(reference.collect(content, **how))


@pytest.fixture(scope="module")
def esx_series(esx):
    """What pyVmomi gets from the ESXi host, one sample a series."""
    return without_gaps(from_pyvmomi(esx))


def test_reads_what_pyvmomi_reads(vperf, esx, esx_series):
    """The simulator answers at all: the comparisons below do not compare nothing."""
    assert len(esx_series) > 1000
    assert {key[0] for key in esx_series} == {"host", "vm"}


@pytest.mark.parametrize("server", REAL, indirect=True)
@pytest.mark.parametrize("samples", [1, 15])
def test_series_and_values_are_pyvmomis(vperf, server, samples):
    """Every series and value that pyVmomi gets is in the CSV, and nothing else."""
    done = vperf.run("collect", "--raw", "--samples", samples, *server.arguments)
    theirs = without_gaps(from_pyvmomi(server, samples=samples))
    assert done.status == 0, done
    assert not difference(series_of(done.rows), theirs)


def test_each_instance_is_one_that_a_star_gives(vperf, vcenter):
    """Asking for '*' and asking for each listed instance give the same."""
    done = vperf.run("collect", "--raw", *vcenter.arguments)
    assert not difference(series_of(done.rows),
                          without_gaps(from_pyvmomi(vcenter, instances="star")))


def test_real_clock(vperf, start_vcsim):
    """A server whose clock runs, and runs an hour ahead, gives its newest samples all the same."""
    server = start_vcsim("-mode", "real", "-clock-offset", "1h", "-vm", "1")
    done = vperf.run("collect", "--raw", *server.arguments)
    assert done.status == 0, done
    assert series_of(done.rows).keys() == without_gaps(from_pyvmomi(server)).keys()


@pytest.mark.parametrize("server", ["plain_esx", "plain_vcenter"], indirect=True)
def test_plain_mode(vperf, server):
    """Stock vcsim neither expands '*' nor knows csv format; its data moves every 20 seconds, so
    that what pyVmomi gets before and after holds what vperf gets in between."""
    before = without_gaps(from_pyvmomi(server))
    done = vperf.run("collect", *server.arguments)
    after = without_gaps(from_pyvmomi(server))
    ours = series_of(done.rows).keys()
    assert done.status == 0, done
    assert before.keys() & after.keys() <= ours <= before.keys() | after.keys()
    assert len(ours) > 200


def whole(series):
    """The keys of those Series that have a value for each sample time."""
    return {(one.type, one.id, one.counter, one.instance) for one in series
            if len(one.values) == len(one.timestamps)}


def test_series_with_fewer_values_than_times(vperf, plain_esx):
    """Stock vcsim loses zeros: nobody can tell which sample a value belongs to. Such series are
    left out and reported, never guessed."""
    before = whole(from_pyvmomi(plain_esx, samples=5))
    done = vperf.run("collect", "--samples", "5", *plain_esx.arguments)
    after = whole(from_pyvmomi(plain_esx, samples=5))
    assert before & after <= series_of(done.rows).keys() <= before | after
    assert done.status == 3
    assert "left out" in done.messages[0], done
    assert "incomplete" in done.messages[-1], done


@pytest.mark.parametrize("flag", ["-no-csv", "-newest-first", "-gzip"])
def test_answers_in_other_forms(vperf, start_vcsim, flag):
    """Normal format, newest sample first, a server that compresses: the CSV is the same."""
    common = ("-mode", "real", "-now", "2026-11-21T19:17:25Z", "-missing", "10")
    usual, other = start_vcsim(*common), start_vcsim(*common, flag)
    ours = [series_of(vperf.run("collect", "--samples", "9", *one.arguments).rows)
            for one in (usual, other)]
    assert ours[0] and ours[0] == ours[1]


def test_newest_samples_ascending(vperf, esx):
    """--samples 7: the newest seven of the 20-second grid, oldest first."""
    rows = vperf.run("collect", "--samples", "7", "--counter", "cpu.usage.average",
                     *esx.arguments).rows
    expected = [f"2026-11-21T19:{time}Z" for time in
                ("15:20", "15:40", "16:00", "16:20", "16:40", "17:00", "17:20")]
    for key, samples in series_of(rows).items():
        assert [timestamp for timestamp, _ in samples] == expected, key


def test_samples_are_bounded_by_what_the_server_keeps(vperf, esx):
    """--samples beyond the hour that a server keeps gives that hour."""
    rows = vperf.run("collect", "--samples", "1000", "--type", "host", "--counter",
                     "mem.usage.average", *esx.arguments).rows
    assert len(rows) == 180


def test_no_value_is_absent(vperf, gaps):
    """A sample without value is no row: not -1, not -0.01, not 0."""
    rows = vperf.run("collect", "--samples", "15", *gaps.arguments).rows
    assert not [row for row in rows if float(row["value"]) < 0]
    assert min(map(len, series_of(rows).values())) < 15


def test_percent_is_scaled_unless_raw(vperf, esx):
    """Percent has two decimals and is a hundredth of the raw value; nothing else changes."""
    scaled = vperf.run("collect", *esx.arguments).rows
    raw = vperf.run("collect", "--raw", *esx.arguments).rows
    assert len(scaled) == len(raw)
    assert "percent" in {row["unit"] for row in raw}
    for one, other in zip(scaled, raw):
        number = int(other["value"])
        percent = other["unit"] == "percent"
        text = f"{number // 100}.{number % 100:02}" if percent else other["value"]
        assert one == {**other, "value": text}


def test_identity_columns(vperf, vcenter):
    """Source, hypervisor, name, unit and interval are those of the server's own objects."""
    with reference.session(vcenter.url, USER, PASSWORD, vcenter.ca_file) as content:
        names = {(one.type, one.id): one.name for one in reference.entities(content)}
        counters = reference.counter_names(content)
        units = {counters[info.key]: info.unitInfo.key for info in content.perfManager.perfCounter}
    for row in vperf.run("collect", *vcenter.arguments).rows:
        assert row["source"] == vcenter.label
        assert row["hypervisor"] == "esxi"
        assert row["name"] == names[row["type"], row["id"]]
        assert row["unit"] == units.get(row["counter"], "unknown")
        assert row["interval"] == "20"


SELECTIONS = [
    (["--type", "host"], lambda type, name, counter, instance: type == "host"),
    (["--type", "vm"], lambda type, name, counter, instance: type == "vm"),
    (["--type", "vm,host"], lambda type, name, counter, instance: True),
    (["--name", "*_VM0"], lambda type, name, counter, instance: name.endswith("_VM0")),
    (["--name", "!*_VM0"], lambda type, name, counter, instance: not name.endswith("_VM0")),
    (["--name", "ha-host_VM[01],!*1"],
     lambda type, name, counter, instance: name == "ha-host_VM0"),
    (["--counter", "cpu.*.summation"],
     lambda type, name, counter, instance: fnmatch.fnmatch(counter, "cpu.*.summation")),
    (["--counter", "mem.*,net.*", "--counter", "!*.average"],
     lambda type, name, counter, instance:
     counter.startswith(("mem.", "net.")) and not counter.endswith(".average")),
    (["--instance", "all"], lambda type, name, counter, instance: True),
    (["--instance", "aggregate"], lambda type, name, counter, instance: instance == ""),
    (["--type", "vm", "--counter", "#10042"],
     lambda type, name, counter, instance: counter == "#10042"),
]


@pytest.mark.parametrize("options, wanted", SELECTIONS,
                         ids=[" ".join(row[0]) for row in SELECTIONS])
def test_selection(vperf, esx, esx_series, options, wanted):
    """The options choose among the series, and change none of them."""
    done = vperf.run("collect", "--raw", *options, *esx.arguments)
    names = {row["id"]: row["name"] for row in vperf.run("inventory", *esx.arguments).rows}
    theirs = {key: samples for key, samples in esx_series.items()
              if wanted(key[0], names[key[1]], key[2], key[3])}
    assert done.status == 0, done
    assert theirs
    assert not difference(series_of(done.rows), theirs)


def test_unknown_counter_is_kept(vperf, esx):
    """An id that the catalogue lacks is counter #ID of unknown unit, and is counted."""
    done = vperf.run("collect", *esx.arguments)
    unknown = [row for row in done.rows if row["counter"].startswith("#")]
    assert {(row["counter"], row["unit"], row["type"]) for row in unknown} == {
        ("#10042", "unknown", "vm")}
    assert "1 unknown to the catalogue" in done.err


def test_powered_off_guests_and_disconnected_hosts(vperf, vcenter):
    """What has no data is skipped by its state, and counted."""
    listed = vperf.run("inventory", *vcenter.arguments).rows
    off = {row["id"] for row in listed if row["state"] != "on"}
    done = vperf.run("collect", *vcenter.arguments)
    assert done.status == 0, done
    assert {row["id"] for row in done.rows} == {row["id"] for row in listed} - off
    assert f"{len(off)} powered off or disconnected: skipped" in done.messages[-1]
    assert {row["state"] for row in listed} == {"on", "off", "disconnected"}


def test_many_guests(vperf, start_vcsim):
    """More guests than fit into one call are all there."""
    server = start_vcsim("-mode", "real", "-now", "2026-11-21T19:17:25Z", "-vm", "120",
                         "-model", "vpx", "-host", "4")
    done = vperf.run("collect", "--raw", "--counter", "cpu.usage.average", "--instance",
                     "aggregate", *server.arguments)
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        names = reference.counter_names(content)
        wanted = [(next(key for key in names if names[key] == "cpu.usage.average"), "")]
        theirs = [one for entity in reference.entities(content) for one in
                  reference.series_of(entity, reference.query(content, entity, wanted), names)]
    assert len(theirs) == 124
    assert not difference(series_of(done.rows), without_gaps(theirs))


def test_several_targets(vperf, esx, vcenter):
    """Two targets in one run: the rows of each are those of a run of its own, in their order."""
    alone = [vperf.run("collect", *one.arguments).rows for one in (esx, vcenter)]
    both = vperf.run("collect", *esx.arguments, vcenter.target())
    assert both.status == 0, both
    assert both.rows == alone[0] + alone[1]


def test_one_target_fails(vperf, esx, start_badserver, tmp_path):
    """The other target's data is written; status 3 and one line tell what is missing."""
    bad = start_badserver("html")
    alone = vperf.run("collect", *esx.arguments).rows
    done = vperf.run("collect", "--output", tmp_path / "all.csv", bad.target(), *esx.arguments)
    assert done.status == 3, done
    assert read_csv((tmp_path / "all.csv").read_text()) == alone
    assert [line for line in done.messages if bad.label in line] == done.messages[:1]


def test_all_targets_fail(vperf, start_badserver, tmp_path):
    """A line for each target, status 1, no file."""
    bad = [start_badserver("html"), start_badserver("close")]
    done = vperf.run("collect", "--output", tmp_path / "all.csv", bad[0].target(),
                     *bad[1].arguments)
    assert done.status == 1, done
    assert [[one.label in line for line in done.messages].count(True) for one in bad] == [1, 1]
    assert len(done.messages) == 2 and files_in(tmp_path) == []


@pytest.mark.parametrize("accident", [["-delete", "1", "-delete-at", "QueryPerf"],
                                      ["-delete", "1", "-delete-at", "QueryAvailablePerfMetric"],
                                      ["-no-permission", "1"]], ids=" ".join)
def test_one_guest_is_lost(vperf, start_vcsim, accident):
    """A guest that is deleted in mid-run, or that may not be read, costs its own data alone."""
    server = start_vcsim("-mode", "real", "-vm", "4", *accident)
    done = vperf.run("collect", *server.arguments)
    assert done.status == 3, done
    assert {row["name"] for row in done.rows} == {
        "localhost.localdomain", "ha-host_VM0", "ha-host_VM2", "ha-host_VM3"}
    assert len([line for line in done.messages if "ha-host_VM1" in line]) == 1, done
    assert "1 incomplete" in done.messages[-1], done


def test_nothing_is_on(vperf, start_vcsim):
    """A selection whose entities are all powered off: a header, a count, status 0."""
    server = start_vcsim("-mode", "real", "-vm", "2", "-off", "2")
    done = vperf.run("collect", "--type", "vm", *server.arguments)
    assert done.status == 0, done
    assert done.rows == [] and "2 powered off" in done.err


@pytest.mark.parametrize("command", ["collect", "compare"])
def test_host_without_guests(vperf, start_vcsim, command):
    """Nothing to measure is no mistake, and said."""
    empty = start_vcsim("-mode", "real", "-vm", "0")
    done = vperf.run(command, "--type", "vm", *empty.arguments)
    assert done.status == 0 and done.rows == [] and done.out.count("\n") == 1, done
    assert "nothing of the chosen types" in done.err
    assert vperf.run("collect", *empty.arguments).status == 0


def test_name_that_nobody_has_beside_one_that_is_off(vperf, start_vcsim):
    """What there is of the answer is written, though it has no samples."""
    server = start_vcsim("-mode", "real", "-vm", "2", "-off", "1")
    off = next(row["name"] for row in vperf.run("inventory", *server.arguments).rows
               if row["state"] == "off")
    alone = vperf.run("collect", "--name", off, *server.arguments)
    assert alone.status == 0 and alone.rows == [], alone
    both = vperf.run("collect", "--name", f"{off},nobody", *server.arguments)
    assert (both.status, both.rows) == (3, []) and "'nobody'" in both.err, both
