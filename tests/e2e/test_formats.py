# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Formats and compression: what other programs read from them is what the CSV says."""

import csv
import json
import signal
import subprocess

import harness
import pytest

NUMBERS = {"value", "interval", "cpus", "memory_kib"}
FIELDS = ["host", "cluster", "datacenter", "folder", "path", "uuid", "state", "cpus", "memory_kib"]


@pytest.fixture(scope="module")
def rows(vperf, vcenter):
    """The CSV, with what is known of the entities."""
    done = vperf.run("collect", "--samples", 2, "--with", ",".join(FIELDS), *vcenter.arguments)
    assert done.status == 0, done
    return harness.read_csv(done.out, own=True)


def as_objects(rows):
    """The CSV's rows as JSON has them: without empty cells, numbers as numbers."""
    return [{name: float(text) if name in NUMBERS else text for name, text in row.items() if text}
            for row in rows]


def read_json(text):
    """All lines, each of which is one object."""
    assert text.endswith("\n")
    return [json.loads(line, parse_int=float) for line in text.splitlines()]


def test_jsonl_is_the_csv(vperf, vcenter, rows):
    """The same keys in the same order, the same values; percent without noise."""
    done = vperf.run("collect", "--samples", 2, "--with", ",".join(FIELDS), "--format", "jsonl",
                     *vcenter.arguments)
    objects = read_json(done.out)
    assert objects == as_objects(rows)
    assert [list(one) for one in objects[:50]] == [list(one) for one in as_objects(rows[:50])]
    assert f'"value":{rows[0]["value"]},' in done.out.splitlines()[0]


def test_context_is_the_inventorys(vperf, vcenter, rows):
    """--with adds columns behind the others, and they say what inventory says."""
    assert list(rows[0])[-len(FIELDS):] == FIELDS
    listed = {row["id"]: row for row in
              vperf.run("inventory", "--format", "csv", *vcenter.arguments).rows}
    for row in rows:
        for name in set(FIELDS) - {"folder"}:
            assert row[name] == listed[row["id"]][name], (name, row)
    assert {row["datacenter"] for row in rows} == {"DC0"}


@pytest.mark.parametrize("name", ["x.csv.gz", "x.csv.zst", "x.jsonl", "x.jsonl.gz"])
def test_compressed(vperf, vcenter, rows, tmp_path, name):
    """The end of the name tells format and compression; other programs read it."""
    output = tmp_path / name
    done = vperf.run("collect", "--samples", 2, "--with", ",".join(FIELDS), "--output", output,
                     *vcenter.arguments)
    assert done.status == 0 and harness.files_in(tmp_path) == [name], done
    readers = {"gz": ["zcat"], "zst": ["zstdcat"]}
    reader = readers.get(name.rpartition(".")[2], ["cat"])
    text = subprocess.run([*reader, output], check=True, capture_output=True).stdout.decode()
    if ".jsonl" in name:
        assert read_json(text) == as_objects(rows)
    else:
        assert harness.read_csv(text, own=True) == rows


ENDINGS = ["csv", "wide.csv", "jsonl", "lp", "om", "prom", "table"]


def test_all_at_once(vperf, named, tmp_path):
    """One collection in every format, and each compressed: the same bytes, whatever names hold."""
    names = [f"x.{ending}{end}" for ending in ENDINGS for end in ("", ".gz", ".zst")]
    outputs = [part for name in names for part in ("--output", tmp_path / name)]
    done = vperf.run("collect", "--type", "vm", "--samples", 3, *outputs, *named.arguments)
    assert done.status == 0 and harness.files_in(tmp_path) == sorted(names), done
    for ending in ENDINGS:
        plain = (tmp_path / f"x.{ending}").read_bytes()
        assert len(plain) > 10000
        for reader, end in (("zcat", ".gz"), ("zstdcat", ".zst")):
            text = subprocess.run([reader, tmp_path / f"x.{ending}{end}"], check=True,
                                  capture_output=True).stdout
            assert text == plain
    rows = harness.read_csv((tmp_path / "x.csv").read_bytes().decode(), own=True)
    assert read_json((tmp_path / "x.jsonl").read_bytes().decode()) == as_objects(rows)
    wide = list(csv.DictReader((tmp_path / "x.wide.csv").open(newline=""), strict=True))
    cells = {(row["timestamp"], row["name"], row["counter"] + (
        f"[{row['instance']}]" if row["instance"] else "")): row["value"] for row in rows}
    assert cells == {(row["timestamp"], row["name"], name): text for row in wide
                     for name, text in list(row.items())[6:] if text}


@pytest.mark.parametrize("name", ["csv.gz", "jsonl.gz", "lp.gz", "csv.zst"])
def test_killed_writer(vperf, tmp_path, name):
    """What was flushed can be read, though the file has no end."""
    output, ending = tmp_path / f"x.{name}", name.partition(".")[0]
    with vperf.start("collect", "--follow", "--interval", 1, "--output", output,
                     "test:///default") as process:
        harness.await_true(lambda: output.exists() and readable(output), "a round")
        process.send_signal(signal.SIGKILL)
        process.wait()
    begins = {"csv": ("timestamp,", "2"), "jsonl": ('{"timestamp":',), "lp": ("vsphere_",)}
    assert all(line.startswith(begins[ending]) for line in readable(output))
    again = vperf.run("collect", "--follow", "--output", output, "test:///default")
    assert again.status == 1 and "it holds compressed data already" in again.err


def readable(path):
    """The lines that can be had of a file that has no end."""
    reader = "zcat" if path.suffix == ".gz" else "zstdcat"
    return subprocess.run([reader, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False).stdout.decode().splitlines()


@pytest.mark.parametrize("arguments, message", [
    (["--with", "hosts"], "--with 'hosts': nothing of an entity is called 'hosts'; there is host,"),
    (["--with", ""], "--with ''"),
    (["--format", "json"], "no format 'json'; the formats are csv, wide, jsonl, influx,"),
])
def test_wrong_usage(vperf, arguments, message):
    """The known names are listed."""
    done = vperf.run("collect", *arguments, "test:///default")
    assert done.status == 2 and message in done.err and len(done.err.splitlines()) == 1
