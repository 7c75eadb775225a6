# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf as a process: descriptors that are closed, signals, limits, readers that go away."""

import os

import pytest
from harness import check_output_error, finish, read_csv

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
