# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf counters: every column of every counter is what pyVmomi reads from the same server."""

import fnmatch

import pytest
from harness import PASSWORD, USER, files_in, is_own, on_terminal, read_csv

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")

COLUMNS = ["counter", "id", "unit", "rollup", "stats", "level", "device_level", "label", "summary",
           "fidelity", "formula", "metric", "target"]


def catalogue(server):
    """The rows that vperf should print, from pyVmomi."""
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        return [{"counter": f"{info.groupInfo.key}.{info.nameInfo.key}.{info.rollupType}",
                 "id": str(info.key), "unit": info.unitInfo.key, "rollup": info.rollupType,
                 "stats": info.statsType, "level": str(info.level or ""),
                 "device_level": str(info.perDeviceLevel or ""), "label": info.nameInfo.label,
                 "summary": info.nameInfo.summary, "fidelity": "", "formula": "",
                 "target": server.target()}
                for info in content.perfManager.perfCounter]


def listed(rows):
    """What vperf printed, without the names of metrics, which are its own."""
    return [{name: text for name, text in row.items() if name != "metric"} for row in rows]


@pytest.mark.parametrize("server, size", [("esx", 340), ("vcenter", 560), ("plain_esx", 340)],
                         indirect=["server"])
def test_the_catalogue_is_pyvmomis(vperf, server, size):
    """All counters with all columns, in the server's order."""
    done = vperf.run("counters", *server.arguments)
    assert (done.status, done.err) == (0, ""), done
    assert done.out.splitlines()[0] == ",".join(COLUMNS)
    assert len(done.rows) == size
    assert listed(done.rows) == catalogue(server)
    metrics = {row["counter"]: row["metric"] for row in done.rows}
    assert len(set(metrics.values())) == size
    assert metrics["cpu.usage.average"] == "vperf_cpu_usage_ratio"
    assert metrics["cpu.ready.summation"] == "vperf_cpu_ready_seconds_total"


@pytest.mark.parametrize("globs", [["cpu.usage.*"], ["cpu.*,mem.*"], ["*", "!cpu.*"],
                                   ["cpu.*,!*.summation", "net.*"], ["mem.vmfs.pbc.size.latest"],
                                   ["[a-d]*.?sage.average"]])
def test_globs(vperf, esx, globs):
    """--counter chooses; '!' excludes; lists and repetition add up."""
    options = [part for glob in globs for part in ("--counter", glob)]
    parts = [part for glob in globs for part in glob.split(",")]
    wanted = [row for row in catalogue(esx)
              if any(fnmatch.fnmatchcase(row["counter"], part) for part in parts)
              and not any(fnmatch.fnmatchcase(row["counter"], part[1:]) for part in parts
                          if part.startswith("!"))]
    assert wanted
    assert listed(vperf.run("counters", *options, *esx.arguments).rows) == wanted


@pytest.mark.parametrize("command", ["counters", "collect"])
@pytest.mark.parametrize("wrong, right", [("cpu.usge.average", "cpu.usage.average"),
                                          ("CPU.USAGE.AVERAGE", "cpu.usage.average"),
                                          ("mem.consumed", "mem.consumed.average"),
                                          ("usagemhz", "cpu.usagemhz.average"),
                                          ("net.recieved.average", "net.received.average")])
def test_misspelt_counter(vperf, esx, tmp_path, command, wrong, right):
    """A name that matches nothing is an error that suggests the one that was meant."""
    done = vperf.run(command, "--output", tmp_path / "out.csv", "--counter", wrong, *esx.arguments)
    assert (done.status, done.out, files_in(tmp_path)) == (2, "", []), done
    assert len(done.messages) == 1, done
    assert wrong in done.err and right in done.err, done


@pytest.mark.parametrize("wrong, first", [("cpu.usge", "cpu.usage.average"),
                                          ("mem.consumd", "mem.consumed.average"),
                                          ("mem.consumed.minimun", "mem.consumed.minimum")])
def test_usual_rollups_are_suggested_first(vperf, esx, wrong, first):
    """Of counters that are about as near, those that real time has; a rollup that was all but
    named is what was meant."""
    done = vperf.run("counters", "--counter", wrong, *esx.arguments)
    assert done.err.split("nearest: ")[1].startswith(first + ","), done


def test_misspelt_among_right_ones(vperf, esx):
    """One name of a list matches nothing: an error, though the others match."""
    done = vperf.run("counters", "--counter", "cpu.usage.average,mem.uasge.average", *esx.arguments)
    assert (done.status, done.out) == (2, ""), done
    assert "mem.uasge.average" in done.err and "mem.usage.average" in done.err


def test_table(vperf, esx):
    """--format table: what matters first, aligned; below, what each counter is. Nothing is cut."""
    done = vperf.run("counters", "--format", "table", *esx.arguments)
    lines = done.out.splitlines()
    assert lines[0].split() == ["counter", "unit", "stats", "level"]
    rows = catalogue(esx)
    listed = [line.split()[0] for line in lines[1:] if not line.startswith("    ")]
    assert len([counter for counter in listed if not is_own(counter)]) == len(rows)
    starts = [lines[0].index(name) for name in ("counter", "unit", "stats")]
    for row in rows:
        at, = [i for i, line in enumerate(lines) if line.startswith(row["counter"] + " ")]
        for start, name in zip(starts, ("counter", "unit", "stats")):
            assert lines[at][start:].startswith(row[name]), lines[at]
        assert lines[at].split()[3:] == ([row["level"]] if row["level"] else [])
        assert lines[at + 1].split() == row["summary"].split()


def test_terminal(vperf, esx):
    """At 80 columns everything is there, in as many lines as it takes."""
    lines = on_terminal(vperf, 80, "counters", "--counter", "cpu.*", *esx.arguments)
    whole = vperf.run("counters", "--counter", "cpu.*", "--format", "table", *esx.arguments).out
    assert max(map(len, lines)) <= 80 < max(map(len, whole.splitlines()))
    assert " ".join(lines).split() == whole.split()


def test_several_targets(vperf, esx):
    """Each row tells whose it is; a counter that one of the targets lacks is no mistake."""
    done = vperf.run("counters", "--counter", "cpu.usage.average,kvm.*", *esx.arguments,
                     "test:///default")
    assert done.status == 0, done
    assert [row["target"] for row in done.rows if row["counter"] == "cpu.usage.average"] == [
        esx.target(), "test:///default"]
    assert any(row["counter"].startswith("kvm.") for row in done.rows)
    wrong = vperf.run("counters", "--counter", "cpu.usge.average", *esx.arguments,
                      "test:///default")
    assert (wrong.status, wrong.out, len(wrong.messages)) == (2, "", 1), wrong


def offers(coverage):
    """How many guests and hosts offer each counter, by collect's account."""
    found = {}
    for row in read_csv(coverage.read_text()):
        if row["entities_offering"] != "0":
            counts = found.setdefault(row["counter"], {"vm": "0", "host": "0"})
            counts[row["type"]] = row["entities_offering"]
    return {counter: (counts["vm"], counts["host"]) for counter, counts in found.items()}


@pytest.mark.parametrize("libvirt", [False, True], ids=["esx", "libvirt"])
def test_offered(vperf, esx, tmp_path, libvirt):
    """--offered: those that collect's account has, with the number of guests and hosts."""
    what = ["--counter", "cpu.*,mem.*", *(["test:///default"] if libvirt else esx.arguments)]
    done = vperf.run("counters", "--offered", *what)
    assert done.status == 0, done
    ours = {row["counter"]: (row["guests"], row["hosts"]) for row in done.rows}
    vperf.run("collect", *(["--interval", "1"] if libvirt else []), "--coverage",
              tmp_path / "coverage.csv", *what)
    assert ours == offers(tmp_path / "coverage.csv")
    assert 0 < len(ours) < len(vperf.run("counters", *what).rows)


def test_output_file(vperf, esx, tmp_path):
    """--output holds what stdout would."""
    done = vperf.run("counters", "--output", tmp_path / "c.csv", *esx.arguments)
    assert (done.status, done.out, files_in(tmp_path)) == (0, "", ["c.csv"]), done
    assert listed(read_csv((tmp_path / "c.csv").read_text())) == catalogue(esx)


def test_logs_out(vperf, start_vcsim):
    """The catalogue takes one property call between login and logout."""
    server = start_vcsim("-mode", "real")
    vperf.run("counters", *server.arguments)
    assert server.methods() == ["RetrieveServiceContent", "Login", "RetrievePropertiesEx", "Logout"]
