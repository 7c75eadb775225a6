# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The CSV itself, re-read by Python's csv module: columns, types, names that need quotes; and
where it goes: never half a file, never a silent loss."""

import os
import re
import resource
import shutil
import signal
import stat

import pytest
from harness import (NAMES, await_true, check_output_error, files_in, finish, on_terminal,
                     read_csv)

COLUMNS = ["timestamp", "source", "hypervisor", "type", "name", "id", "counter", "instance",
           "value", "unit", "interval"]

# Of the same sample time whenever they are asked for.
CPU = ("--counter", "cpu.*")

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


@pytest.fixture
def two_batches(start_vcsim):
    """More guests than one call takes; two calls probe one guest, and the second batch is never
    answered."""
    return start_vcsim("-mode", "real", "-vm", "150", "-accident", "QueryPerf:4-99:hang")


def test_header_and_types(vperf, esx):
    """The header is the documented one; every cell has the type of its column."""
    done = vperf.run("collect", *esx.arguments)
    assert done.out.splitlines()[0] == ",".join(COLUMNS).replace("name", '"name"', 1)
    assert done.out.endswith("\n") and not done.out.endswith("\n\n")
    assert "\r" not in done.out
    patterns = {
        "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "source": r"127\.0\.0\.1:\d+",
        "hypervisor": "esxi", "type": "host|vm", "name": ".+", "id": r"vm-\d+|ha-host",
        "counter": r"\w+(\.\w+)+|#\d+", "instance": ".*", "value": r"-?\d+(\.\d\d)?",
        "unit": "[A-Za-z]+", "interval": "20"}
    for column, pattern in patterns.items():
        wrong = [row for row in done.rows if not re.fullmatch(pattern, row[column])]
        assert not wrong, (column, wrong[0])


def test_rows_of_a_series_stand_together(vperf, esx):
    """Series follow each other; within one, time goes up."""
    rows = vperf.run("collect", "--samples", "5", *esx.arguments).rows
    seen, last, time = set(), None, ""
    for row in rows:
        key = (row["id"], row["counter"], row["instance"])
        if last == key:
            assert row["timestamp"] > time, row
        else:
            assert key not in seen, f"{key} begins twice"
            seen.add(key)
        last, time = key, row["timestamp"]


@pytest.mark.parametrize("command", ["collect", "inventory"])
def test_names_survive(vperf, named, command):
    """Each guest is called in the CSV what its owner calls it."""
    done = vperf.run(command, "--type", "vm", *named.arguments)
    assert done.status == 0, done
    assert {row["name"] for row in done.rows} == set(NAMES)


def test_terminal_is_not_steered(vperf, named):
    """A terminal gets '?' in place of control characters; files and pipes are exact."""
    text = "\n".join(on_terminal(vperf, 80, "collect", "--quiet", "--counter",
                                 "cpu.usage.average", *named.arguments))
    assert "carriage?return" in text and "crlf?\nname" in text and "\ttab" in text
    assert "\r" not in text and "漢字のゲスト" in text


@pytest.mark.parametrize("command", ["collect", "inventory"])
def test_spreadsheet_safe(vperf, named, command):
    """--spreadsheet-safe puts an apostrophe before what would run as a formula, and nothing else
    changes; numbers stay numbers."""
    usual = vperf.run(command, *named.arguments).rows
    safe = vperf.run(command, "--spreadsheet-safe", *named.arguments).rows
    numbers = {"value", "interval", "cpus", "cpu_mhz", "memory_kib"}
    for one, other in zip(usual, safe, strict=True):
        for column in one:
            formula = column not in numbers and one[column].startswith(DANGEROUS)
            assert other[column] == ("'" if formula else "") + one[column]
    assert {"'=cmd|' /C calc'!A1", "'+1+1", "'-1-1", "'@SUM(A1)"} <= {row["name"] for row in safe}


def test_file_is_what_stdout_would_be(vperf, esx, tmp_path):
    """--output FILE and '-' and stdout hold the same bytes."""
    to_file = vperf.run("collect", "--output", tmp_path / "all.csv", *CPU, *esx.arguments)
    to_stdout = vperf.run("collect", *CPU, *esx.arguments)
    dash = vperf.run("collect", "--output", "-", *CPU, *esx.arguments)
    assert (to_file.status, to_file.out) == (0, ""), to_file
    assert (tmp_path / "all.csv").read_bytes().decode() == to_stdout.out == dash.out
    assert files_in(tmp_path) == ["all.csv"]


def test_no_reader_sees_half_a_file(vperf, start_vcsim, tmp_path):
    """While the new file is written, the old one stands; then the new one, whole."""
    server = start_vcsim("-mode", "real", "-vm", "110", "-accident", "QueryPerf:*:delay=150")
    target = tmp_path / "all.csv"
    target.write_text("old\n")
    process = vperf.start("collect", "--output", target, *server.arguments)
    seen = set()
    while process.poll() is None:
        seen.add(target.read_bytes())
    seen.add(target.read_bytes())
    assert finish(process).status == 0
    assert len(seen) == 2 and b"old\n" in seen
    assert len({row["id"] for row in read_csv(target.read_bytes().decode())}) == 111


def start_and_stop_in_mid_run(vperf, server, directory, number):
    """Send a signal when part of the data is on its way to the file."""
    process = vperf.start("collect", "--output", directory / "all.csv", *server.arguments)
    server.await_request("QueryPerf", 2)
    await_true(lambda: any((directory / name).stat().st_size for name in files_in(directory)
                           if name != "all.csv"), "the first data in a temporary file")
    process.send_signal(number)
    process.communicate(timeout=20)
    return process.returncode


def test_kill_leaves_the_old_file(vperf, two_batches, tmp_path):
    """kill -9 in mid-run: the file of the last run is untouched."""
    (tmp_path / "all.csv").write_text("old\n")
    start_and_stop_in_mid_run(vperf, two_batches, tmp_path, signal.SIGKILL)
    assert (tmp_path / "all.csv").read_text() == "old\n"


def test_kill_leaves_no_file(vperf, two_batches, tmp_path):
    """kill -9 in a first run: no file of that name."""
    start_and_stop_in_mid_run(vperf, two_batches, tmp_path, signal.SIGKILL)
    assert not (tmp_path / "all.csv").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_cleans_up(vperf, two_batches, tmp_path, number):
    """SIGINT and SIGTERM leave the old file and nothing else."""
    (tmp_path / "all.csv").write_text("old\n")
    assert start_and_stop_in_mid_run(vperf, two_batches, tmp_path, number) == 130
    assert files_in(tmp_path) == ["all.csv"]
    assert (tmp_path / "all.csv").read_text() == "old\n"


def test_failure_in_mid_run_cleans_up(vperf, start_vcsim, tmp_path):
    """A server that fails in mid-run: what it gave is written and status 3 says that the rest is
    missing; no temporary file stays."""
    server = start_vcsim("-mode", "real", "-vm", "150", "-accident", "QueryPerf:4-99:503")
    done = vperf.run("collect", "--timeout", "4", "--output", tmp_path / "all.csv",
                     *server.arguments)
    assert done.status == 3, done
    assert "503" in done.err
    assert files_in(tmp_path) == ["all.csv"]
    names = {row["id"] for row in read_csv((tmp_path / "all.csv").read_bytes().decode())}
    assert 10 < len(names) < 151


def test_mode_of_existing_file_is_kept(vperf, esx, tmp_path):
    """A file that others may not read stays so when it is replaced."""
    target = tmp_path / "all.csv"
    target.write_text("old\n")
    target.chmod(0o640)
    assert vperf.run("collect", "--output", target, *esx.arguments).status == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_text().startswith("timestamp,")


def test_mode_of_new_file_follows_umask(vperf, esx, tmp_path):
    """A new file is readable as the umask says."""
    vperf.run("collect", "--output", tmp_path / "all.csv", *esx.arguments, umask=0o027)
    assert stat.S_IMODE((tmp_path / "all.csv").stat().st_mode) == 0o640


def test_link_is_followed(vperf, esx, tmp_path):
    """A link stays a link; the file that it names gets the data."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data.csv").write_text("old\n")
    (tmp_path / "all.csv").symlink_to("real/data.csv")
    vperf.run("collect", "--output", tmp_path / "all.csv", *esx.arguments)
    assert (tmp_path / "all.csv").is_symlink()
    assert (tmp_path / "real" / "data.csv").read_text().startswith("timestamp,")
    assert files_in(tmp_path / "real") == ["data.csv"]


COMMANDS = ["collect", "counters", "inventory"]


@pytest.mark.parametrize("command", COMMANDS)
def test_full_disk(vperf, esx, command):
    """A full disk is an error, whether by name or by redirection."""
    check_output_error(vperf.run(command, "--output", "/dev/full", *esx.arguments),
                       "/dev/full", "No space left on device")
    with open("/dev/full", "wb") as full:
        check_output_error(vperf.run(command, *esx.arguments, stdout=full),
                           "standard output", "No space left on device")


@pytest.mark.parametrize("command", COMMANDS)
def test_file_size_limit(vperf, esx, tmp_path, command):
    """A file that may not grow is an error, and no shorter file appears."""
    done = vperf.run(command, "--output", tmp_path / "all.csv", *esx.arguments,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (99, 99)))
    check_output_error(done, "all.csv", "File too large")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("name, reason", [
    ("missing/all.csv", "No such file or directory"), ("", "Is a directory"),
    ("file/all.csv", "Not a directory"), ("x" * 300, "File name too long")])
def test_impossible_names(vperf, esx, tmp_path, name, reason):
    """A name that cannot be written is told before the server is asked for anything."""
    (tmp_path / "file").write_text("")
    before = len(esx.methods())
    done = vperf.run("collect", "--output", tmp_path / name, *esx.arguments)
    check_output_error(done, name, reason)
    assert len(esx.methods()) == before
    assert files_in(tmp_path) == ["file"]


def test_folder_without_permission(vperf, esx, tmp_path):
    """A folder that may not be written is an error; nothing is asked, nothing is left."""
    prefix = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root, and no setpriv to give up root's right to write everywhere")
        prefix = ["setpriv", "--bounding-set", "-dac_override"]
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o555)
    done = vperf.run("collect", "--output", folder / "all.csv", *esx.arguments, prefix=prefix)
    check_output_error(done, str(folder / "all.csv"), "Permission denied")
