# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""record and serve as services: the units, what the service manager is told, and a target that keeps nothing."""

import csv
import io
import pathlib
import shutil
import signal
import socket
import subprocess

import follow
import harness
import pytest
from recording import BEGIN, END

# systemd's measure of exposure, in tenths.
MOST_EXPOSED = 20


@pytest.fixture(scope="module", params=["vperf-record", "vperf-record@", "vperf-serve"])
def unit(request, vperf, tmp_path_factory):
    """A unit of the build, for the program under test."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze")
    built = pathlib.Path(vperf.path).parent / "systemd" / f"{request.param}.service"
    if not built.exists():
        pytest.skip(f"needs {built}, which the build makes beside the program")
    path = tmp_path_factory.mktemp("units") / built.name
    words = [vperf.path if word.endswith("/bin/vperf") else word
             for word in built.read_text().replace("ExecStart=", "ExecStart= ").split(" ")]
    path.write_text(" ".join(words).replace("ExecStart= ", "ExecStart="))
    return path


def analyze(*arguments):
    """Run systemd-analyze; it has nothing to say about what is good."""
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stderr


def test_units(unit):
    """They are valid, and allow little."""
    assert analyze("verify", "--man=no", str(unit)) == (0, "")
    assert analyze("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(unit))[0] == 0


def told(manager, word):
    """Wait for a message to the service manager."""
    manager.settimeout(60)
    while (text := manager.recv(256).decode()) != word:
        assert text in ("READY=1", "WATCHDOG=1"), text


def test_a_target_that_keeps_nothing(vperf, tmp_path):
    """The service manager is told of start, life and end; what is not polled is a gap. ps shows
    the program by the name that it was called by."""
    history, address = tmp_path / "vperf.db", tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        for _ in range(2):
            process = vperf.start("record", "--interval", "1", "--output", history,
                                  "test:///default", env={"NOTIFY_SOCKET": str(address)})
            try:
                told(manager, "READY=1")
                assert harness.shown_as(process) == (pathlib.Path(vperf.path).name, vperf.path)
                before = newest(vperf, history)
                harness.await_true(lambda: newest(vperf, history) > before, "a sample")
                told(manager, "WATCHDOG=1")
                process.send_signal(signal.SIGTERM)
                assert harness.finish(process).status == follow.INTERRUPTED
                told(manager, "STOPPING=1")
            finally:
                process.kill()
    done = vperf.run("history", "--gaps", "--format", "csv", history)
    gaps = list(csv.DictReader(io.StringIO(done.out)))
    assert {gap["type"] for gap in gaps} == {"host", "vm"}
    assert {gap["reason"] for gap in gaps} == {"vperf did not record"}
    rows = harness.series_of(rows_of(vperf, history))
    for samples in rows.values():
        assert len(dict(samples)) == len(samples)
    assert vperf.run("history", "--check", history).status == 0


def rows_of(vperf, history):
    """All that was recorded."""
    return harness.read_csv(vperf.run("collect", "--start", BEGIN, "--end", END, history).out)


def newest(vperf, history):
    """The newest sample time, "" when there is none."""
    if not history.exists():
        return ""
    out = vperf.run("collect", "--start", BEGIN, "--end", END, history).out
    return max((line.split(",", 1)[0] for line in out.splitlines()[1:]), default="")
