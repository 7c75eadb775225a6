# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Wide CSV, and tables for reading: the values of the long CSV, arranged otherwise."""

import csv
import io
import signal

import harness
import pytest

HEAD = ["timestamp", "source", "hypervisor", "type", "name", "id"]


def column(row):
    """The wide column of a row of the long CSV."""
    return row["counter"] + (f"[{row['instance']}]" if row["instance"] else "")


def arranged(rows):
    """Rows of the long CSV: {(timestamp, id, column): value}."""
    return {(row["timestamp"], row["id"], column(row)): row["value"] for row in rows}


def read(text):
    """The header, and the rows of wide CSV as dicts."""
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len(set(table[0])) == len(table[0])
    assert all(len(row) == len(table[0]) for row in table)
    return table[0], [dict(zip(table[0], row)) for row in table[1:]]


def values(rows):
    """Rows of wide CSV in the form of arranged()."""
    return {(row["timestamp"], row["id"], name): text for row in rows
            for name, text in row.items() if name not in HEAD and text}


@pytest.fixture(scope="module")
def long(vperf, vcenter):
    """Two samples of everything, as long CSV."""
    done = vperf.run("collect", "--samples", 2, *vcenter.arguments)
    return harness.read_csv(done.out, own=True)


def test_wide_is_the_long_csv(vperf, vcenter, long, tmp_path):
    """The same values; one row per time and entity; the columns are sorted."""
    done = vperf.run("collect", "--samples", 2, "--output", tmp_path / "x.wide.csv",
                     "--output", f"wide:{tmp_path}/y", *vcenter.arguments)
    assert done.status == 0, done
    text = (tmp_path / "x.wide.csv").read_text()
    assert (tmp_path / "y").read_text() == text
    header, rows = read(text)
    assert text.startswith('timestamp,source,hypervisor,type,"name",id,')
    assert header[:6] == HEAD and header[6:] == sorted(set(map(column, long)))
    assert values(rows) == arranged(long)
    keys = [(row["timestamp"], row["type"], row["id"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_units_raw_and_context(vperf, vcenter):
    """--units puts units into the header, --raw counts percent in hundredths, --with adds columns
    before those of counters."""
    options = ["--format", "wide", "--counter", "cpu.usage.average,cpu.ready.summation",
               "--instance", "aggregate", "--with", "host,cpus", *vcenter.arguments]
    header, rows = read(vperf.run("collect", "--units", "--raw", *options).out)
    assert header == [*HEAD, "host", "cpus", "cpu.ready.summation [millisecond]",
                      "cpu.usage.average [percent]"]
    _, usual = read(vperf.run("collect", *options).out)
    for row, other in zip(rows, usual, strict=True):
        percent = float(other["cpu.usage.average"])
        assert int(row["cpu.usage.average [percent]"]) == round(percent * 100)
        assert row["host"] == other["host"] and (row["host"] or row["type"] == "host")


def test_names(vperf, named):
    """Quoted as in the long CSV; --spreadsheet-safe disarms."""
    options = ["--format", "wide", "--type", "vm", "--counter", "cpu.usage.average", "--instance",
               "aggregate", *named.arguments]
    _, rows = read(vperf.run("collect", *options).out)
    assert sorted(row["name"] for row in rows) == sorted(harness.NAMES)
    _, rows = read(vperf.run("collect", "--spreadsheet-safe", *options).out)
    assert "'=cmd|' /C calc'!A1" in {row["name"] for row in rows}


def test_polls(vperf):
    """Each poll of each entity is a row."""
    done = vperf.run("collect", "--interval", 1, "--samples", 2, "--format", "wide",
                     "test:///default")
    _, rows = read(done.out)
    assert len(rows) == 4 and len({row["timestamp"] for row in rows}) == 2


def test_late_columns_are_told(vperf, start_vcsim, tmp_path):
    """The columns of an endless run are those of its first round: what comes later is named."""
    server = start_vcsim("-mode", "real", "-model", "esx", "-vm", "1", "-control", "-speed", "20")
    output = tmp_path / "x.csv"
    command = ["collect", "--follow", "--type", "vm", "--format", "wide", "--output", output]
    with vperf.start(*command, *server.arguments) as process:
        harness.await_true(lambda: output.exists() and output.read_text().count("\n") > 1, "rows")
        server.server.control("offer", id=20001)
        server.server.control("define", id=20001, name="cpu.late.average")
        server.server.control("create", count=1)
        line = process.stderr.readline()
        while b"has no column" not in line:
            assert line, "it ended"
            line = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        done = harness.finish(process)
    assert done.status == 130 and "their series came late and have no column" in done.err, done
    header, rows = read(output.read_text())
    assert "cpu.late.average" not in header
    assert len({row["timestamp"] for row in rows}) > 1
    again = vperf.run(*command, *server.arguments)
    assert again.status == 1 and "give another FILE" in again.err, again


def test_table_fits(vperf, esx):
    """Columns side by side, as wide as the terminal; on a narrow one the time goes first."""
    options = ["collect", "--quiet", "--format", "table", "--counter", "cpu.usage.average",
               "--instance", "aggregate", *esx.arguments]
    rows = harness.read_csv(vperf.run("collect", *options[4:]).out)
    text = vperf.run(*options).out.splitlines()
    assert text[0].split() == ["name", "counter", "instance", "value", "unit", "timestamp"]
    assert [line.split() for line in text[1:]] == [
        [row["name"], row["counter"], row["value"], row["unit"], row["timestamp"]] for row in rows]
    narrow = harness.on_terminal(vperf, 60, *options)
    assert all(len(line) <= 60 for line in narrow)
    assert [line.split()[2] for line in narrow[1:]] == [row["value"] for row in rows]


@pytest.mark.parametrize("arguments", [["--units"], ["--units", "--format", "jsonl"],
                                       ["--spreadsheet-safe", "--format", "table"]])
def test_refused_options(vperf, arguments):
    """What has no meaning for the format is not ignored."""
    done = vperf.run("collect", *arguments, "test:///default")
    assert done.status == 2 and arguments[0] in done.err and len(done.err.splitlines()) == 1
