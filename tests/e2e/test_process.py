# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf as a process: descriptors that are closed, signals, limits, readers that go away."""

import os
import re
import resource
import select
import signal
import time

import pytest
from harness import await_true, check_output_error, files_in, finish, read_csv

COMMANDS = ["collect", "counters", "inventory"]


def close(*descriptors):
    """What to do before the program starts: close these."""
    return lambda: [os.close(one) for one in descriptors]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("closed", [(1,), (0, 1), (0, 1, 2)], ids=str)
def test_closed_stdout(vperf, start_vcsim, command, closed):
    """Started with stdout closed, vperf fails before it asks the server for anything."""
    server = start_vcsim("-mode", "real", "-vm", "0")
    process = vperf.start(command, *server.arguments, stdout=None, preexec_fn=close(*closed))
    done = finish(process)
    if 2 in closed:
        assert (done.status, done.err) == (1, "")
    else:
        check_output_error(done, "standard output", "it is closed")
    assert server.methods() == []


@pytest.mark.parametrize("closed", [(2,), (0,), (0, 2)], ids=str)
def test_closed_stderr(vperf, esx, tmp_path, closed):
    """Messages do not go into the file that is opened next, nor into the connection."""
    name = tmp_path / "out.csv"
    arguments = ["collect", "--verbose", "--output", name, "--coverage", tmp_path / "coverage.csv"]
    done = vperf.run(*arguments, *esx.arguments, preexec_fn=close(*closed))
    assert done.status == 0
    assert len(read_csv(name.read_text())) > 100
    assert "vperf" not in name.read_text() + (tmp_path / "coverage.csv").read_text()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["collect", "--help"]], ids=str)
def test_help_to_a_closed_stdout(vperf, arguments):
    """Nor is help a success that nobody saw."""
    done = vperf.run(*arguments, stdout=None, preexec_fn=close(1))
    check_output_error(done, "standard output", "it is closed")


def test_file_with_a_closed_stdout(vperf, esx, tmp_path):
    """Who names a file needs no stdout."""
    done = vperf.run("collect", "--output", tmp_path / "out.csv", *esx.arguments, stdout=None,
                     preexec_fn=close(0, 1))
    assert done.status == 0, done


def test_the_second_signal(vperf, start_vcsim, tmp_path):
    """Who asks twice does not wait for the server; no file is left all the same."""
    server = start_vcsim("-mode", "real", "-accident", "QueryPerf:*:hang,Logout:*:hang")
    process = vperf.start("collect", "--output", tmp_path / "out.csv", "--coverage",
                          tmp_path / "coverage.csv", *server.arguments)
    server.await_request("QueryPerf")
    assert len(files_in(tmp_path)) == 2
    process.send_signal(signal.SIGINT)
    server.await_request("Logout")
    time.sleep(0.4)  # two signals at once are one wish
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=5)
    assert process.returncode == -signal.SIGINT
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_nohup(vperf, start_vcsim, number):
    """A signal that vperf was started to ignore is ignored."""
    server = start_vcsim("-mode", "real", "-accident", "QueryPerf:1:hang")
    process = vperf.start("collect", *server.arguments,
                          preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    server.await_request("QueryPerf")
    process.send_signal(number)
    process.send_signal(signal.SIGTERM)
    assert finish(process, seconds=10).status == 130


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, signal.SIGTERM])
def test_signals_of_a_terminal_to_the_helper(vperf, number, tmp_path):
    """A terminal sends its signals to all processes: the helper of libvirt leaves the end to
    vperf, which writes what is complete."""
    process = vperf.start("collect", "--follow", "--interval", "1", "--output",
                          tmp_path / "out.csv", "test:///default")
    await_true(lambda: (tmp_path / "out.csv").exists() and
               (tmp_path / "out.csv").read_text().count("\n") > 1, "rows")
    os.killpg(process.pid, number)
    done = finish(process, seconds=10)
    assert done.status == 130, done
    assert [line for line in done.messages if "lost" in line or "again" in line] == [], done
    assert read_csv((tmp_path / "out.csv").read_text())


READER_GONE = 141


@pytest.mark.parametrize("arguments", [["collect"], ["compare"], ["counters"], ["inventory"],
                                       ["collect", "--follow"]], ids=" ".join)
def test_closed_pipe(vperf, esx, arguments):
    """A reader that is gone is no success; it is no news either, so nothing is said."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        done = vperf.run(*arguments, *esx.arguments, stdout=pipe)
    assert (done.status, done.err) == (READER_GONE, "")


def test_help_to_a_closed_pipe(vperf):
    """vperf --help | true"""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "wb") as pipe:
        done = vperf.run("collect", "--help", stdout=pipe)
    assert (done.status, done.err) == (READER_GONE, "")


def test_reader_that_stops_early(vperf, start_vcsim):
    """vperf collect | head -1: the header arrives, and vperf ends in silence, logged out."""
    server = start_vcsim("-mode", "real", "-vm", "60")
    process = vperf.start("collect", "--samples", "5", *server.arguments)
    assert process.stdout.readline().startswith(b"timestamp,")
    process.stdout.close()
    process.stdout = None
    done = finish(process)
    assert (done.status, done.err) == (READER_GONE, "")
    assert server.methods()[-1] == "Logout"


def test_reader_of_a_named_pipe_stops_early(vperf, esx, tmp_path):
    """What --output names is to be written: a reader that leaves it is told."""
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    process = vperf.start("collect", "--output", tmp_path / "fifo", "--samples", "15",
                          *esx.arguments)
    await_true(lambda: select.select([reader], [], [], 0)[0], "data")
    os.read(reader, 10)
    os.close(reader)
    check_output_error(finish(process), "fifo", "Broken pipe")


MIB = 1 << 20


def limit(kind, number):
    """What to do before the program starts: give it no more than this."""
    return lambda: resource.setrlimit(kind, (number, number))


def test_little_memory(vperf, start_vcsim, tmp_path):
    """Whatever finds no memory, that is what is said, and no file is left."""
    if vperf.is_sanitized():
        pytest.skip("AddressSanitizer needs terabytes of addresses")
    server = start_vcsim("-mode", "real", "-vm", "20")
    endings = set()
    for half_mib in range(40, 180):
        process = vperf.start("collect", "--samples", "50", "--output", tmp_path / "out.csv",
                              *server.arguments,
                              preexec_fn=limit(resource.RLIMIT_AS, half_mib * MIB // 2))
        err = process.communicate(timeout=60)[1].decode()
        endings.add(process.returncode)
        if process.returncode == 0:
            break
        assert re.search("memory|failed to allocate|cannot create shared", err), err
        assert files_in(tmp_path) == []
    assert endings >= {0, -signal.SIGABRT}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_few_descriptors(vperf, start_vcsim, host):
    """Neither the name of a host nor a file of certificates is to blame."""
    server = start_vcsim("-mode", "real", "-vm", "0", cert="good")
    for trust in (["--ca-file", server.ca_file], ["--insecure"]):
        done = vperf.run("inventory", *trust, server.target(host=host),
                         preexec_fn=limit(resource.RLIMIT_NOFILE, 4))
        assert done.status in (1, 2) and len(done.messages) == 1, done
        assert "Too many open files" in done.err, done
