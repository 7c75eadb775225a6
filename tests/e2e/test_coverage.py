# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The account at the end of vperf collect: the coverage file names every counter of the catalogue
with what became of it, and the summary line adds it up."""

import collections
import re

import pytest
from harness import PASSWORD, USER, files_in, read_csv, series_of

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")

SUMMARY = re.compile(r"counters: (\d+) defined, (\d+) offered, (\d+) returned"
                     r"(?:, (\d+) unknown to the catalogue)?; (\d+) series, (\d+) samples"
                     r"(?:; (\d+) powered off or disconnected: skipped)?")

# Of our own, beside the server's.
OWN = ["guestDisk.capacity.latest", "guestDisk.free.latest", "snapshot.count.latest",
       "snapshot.size.latest", "snapshot.age.latest", "space.provisioned.latest",
       "space.used.latest", "space.unshared.latest", "space.capacity.latest", "space.free.latest"]

COLUMNS = ["type", "counter", "unit", "entities_offering", "entities_returning", "series",
           "samples", "status", "reason"]


def collect(vperf, server, directory, *options, status=0, own=False):
    """Run collect; return the run, its rows and the coverage rows."""
    done = vperf.run("collect", *options, "--coverage", directory / "coverage.csv",
                     *server.arguments)
    assert done.status == status, done
    text = (directory / "coverage.csv").read_bytes().decode()
    assert text.splitlines()[0] == ",".join(COLUMNS)
    return done, read_csv(done.out, own), read_csv(text, own)


def offers_of_pyvmomi(server):
    """Return the catalogue's names, and {(type, counter): number of entities that offer it}."""
    offers = collections.Counter()
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        names = reference.counter_names(content)
        for entity in reference.entities(content):
            listed = reference.available(content, entity) if entity.on else []
            for counter in {pair[0] for pair in listed}:
                offers[entity.type, reference.counter_name(names, counter)] += 1
    return list(names.values()), offers


@pytest.mark.parametrize("server, size", [("esx", 340), ("vcenter", 560)], indirect=["server"])
def test_every_counter_is_accounted_for(vperf, server, size, tmp_path):
    """One row for each counter of the catalogue and each type, with what pyVmomi finds offered."""
    _, _, coverage = collect(vperf, server, tmp_path, "--samples", "3")
    names, offers = offers_of_pyvmomi(server)
    assert len(names) == size
    for type_name in ("host", "vm"):
        listed = [row["counter"] for row in coverage if row["type"] == type_name]
        assert len(listed) == len(set(listed))
        assert set(listed) - {"#10042"} == set(names)
    for row in coverage:
        assert int(row["entities_offering"]) == offers[row["type"], row["counter"]], row


@pytest.mark.parametrize("server, wanted", [("esx", 4), ("vcenter", 4), ("gaps", 4),
                                            ("plain_esx", 1)], indirect=["server"])
def test_sums_are_those_of_the_csv(vperf, server, wanted, tmp_path):
    """Series and samples of each row are what stands in the CSV, and the status follows."""
    _, rows, coverage = collect(vperf, server, tmp_path, "--samples", wanted)
    series = collections.Counter((key[0], key[2]) for key in series_of(rows))
    samples = collections.Counter((row["type"], row["counter"]) for row in rows)
    for row in coverage:
        key = row["type"], row["counter"]
        offered = int(row["entities_offering"]) > 0
        assert (int(row["series"]), int(row["samples"])) == (series.pop(key, 0), samples[key]), row
        assert row["status"] == ("collected" if samples[key] else
                                 "offered, no data" if offered else "not offered")
    assert not series, "the CSV has series that the coverage file lacks"


def test_offered_without_data(vperf, start_vcsim, tmp_path):
    """A server that knows no value of guests: all that they offer is 'offered, no data'."""
    server = start_vcsim("-mode", "real", "-valueless", "0,1")
    done, rows, coverage = collect(vperf, server, tmp_path, status=3)
    assert "2 of 2 guests returned no samples" in done.err, done
    assert {row["type"] for row in rows} == {"host"}
    assert {row["status"] for row in coverage if row["type"] == "vm"} == {
        "offered, no data", "not offered"}


def test_only_what_was_asked_for(vperf, esx, tmp_path):
    """A selection of counters and types is the whole of the account."""
    done, _, coverage = collect(vperf, esx, tmp_path, "--type", "host", "--counter", "net.*")
    assert {row["type"] for row in coverage} == {"host"}
    assert all(row["counter"].startswith("net.") for row in coverage)
    assert int(SUMMARY.search(done.err)[1]) == len(coverage)


@pytest.mark.parametrize("server, size", [("esx", 340), ("vcenter", 560)], indirect=["server"])
def test_summary_adds_up(vperf, server, size, tmp_path):
    """The one line on stderr agrees with the coverage file and the CSV."""
    done, rows, coverage = collect(vperf, server, tmp_path, own=True)
    assert len(done.messages) == 1
    defined, offered, returned, unknown, series, samples, skipped = map(
        int, SUMMARY.fullmatch(done.messages[0]).groups())
    known = [row for row in coverage if not row["counter"].startswith("#")]
    assert defined == size + len(OWN)
    assert offered == len({row["counter"] for row in known if row["entities_offering"] != "0"})
    assert returned == len({row["counter"] for row in known if row["status"] == "collected"})
    listed = vperf.run("inventory", *server.arguments).rows
    assert (unknown, skipped) == (1, len([row for row in listed if row["state"] != "on"]))
    assert (series, samples) == (len(series_of(rows)), len(rows))


def test_the_recorded_esxi_catalogue(vperf, esx, tmp_path):
    """Of ESXi's 340 counters 199 are offered, and all of these are collected."""
    done, _, _ = collect(vperf, esx, tmp_path, "--counter", "!" + ",!".join(OWN))
    assert done.messages[0].startswith("counters: 340 defined, 199 offered, 199 returned"), done


def test_quiet(vperf, esx):
    """--quiet leaves stderr empty when nothing is wrong."""
    assert vperf.run("collect", "--quiet", *esx.arguments).err == ""


def test_no_account_of_a_failure(vperf, start_badserver, tmp_path):
    """No coverage file appears when nothing could be collected."""
    done = vperf.run("collect", "--coverage", tmp_path / "coverage.csv",
                     *start_badserver("html").arguments)
    assert done.status == 1, done
    assert files_in(tmp_path) == []


def test_unwritable_coverage_file(vperf, esx, tmp_path):
    """A coverage file that cannot be written is an error that names it, and not found out about
    only after an hour of collecting: no CSV appears beside it."""
    done = vperf.run("collect", "--output", tmp_path / "all.csv", "--coverage",
                     tmp_path / "missing" / "coverage.csv", *esx.arguments)
    assert done.status == 1, done
    assert str(tmp_path / "missing" / "coverage.csv") in done.messages[0]
    assert len(done.messages) == 1 and files_in(tmp_path) == []


def test_coverage_on_a_full_disk(vperf, esx, tmp_path):
    """What fails at the very end does not take the samples away: a part is missing."""
    done = vperf.run("collect", "--output", tmp_path / "all.csv", "--coverage", "/dev/full",
                     *esx.arguments)
    assert (done.status, len(done.messages)) == (3, 1), done
    assert "/dev/full" in done.err and files_in(tmp_path) == ["all.csv"]


def test_coverage_beside_csv_on_stdout(vperf, esx):
    """Two tables on one stream would be unreadable: '--coverage -' needs --output."""
    done = vperf.run("collect", "--coverage", "-", *esx.arguments)
    assert (done.status, done.out) == (2, ""), done
    assert len(done.messages) == 1


def test_coverage_and_output_are_two_files(vperf, esx, tmp_path):
    """One name for both would lose one of them."""
    name = tmp_path / "all.csv"
    done = vperf.run("collect", "--output", name, "--coverage", name, *esx.arguments)
    assert (done.status, files_in(tmp_path)) == (2, []), done
