# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Long work tells a terminal how far it is, and nobody else."""

import re

import harness
import pytest
import weather

FLAGS = ("-mode", "real", "-model", "vpx", "-vm", "300", "-host", "4", "-now", weather.NOW,
         "-slow-metric", "2ms")
LINE = re.compile(r"(\d+) of (\d+) done, (\d+) series, (\d+)/s, (\d+) s left")
WHAT = ("collect", "--counter", "cpu.usage.average,mem.usage.average", "--instance", "aggregate",
        "--jobs", "1")


@pytest.fixture(scope="module")
def slow(shared_vcsim):
    """A vCenter that takes its time."""
    return shared_vcsim(*FLAGS)


def test_on_a_terminal(vperf, slow, tmp_path):
    """Entities done of all, series, their rate and the time left, ever further."""
    lines = harness.on_terminal(vperf, 120, *WHAT, "--output", tmp_path / "out.csv",
                                *slow.arguments)
    shown = [tuple(map(int, found)) for line in lines for found in LINE.findall(line)]
    assert shown, lines
    for done, total, series, rate, _ in shown:
        assert total == 304 and 0 < done <= total and 0 < series <= 2 * done and rate > 0, lines
    assert [done for done, *_ in shown] == sorted({done for done, *_ in shown})
    assert lines[-1].startswith("counters: "), lines


def test_quiet_on_a_terminal(vperf, slow, tmp_path):
    """--quiet shows nothing at all."""
    assert harness.on_terminal(vperf, 120, *WHAT, "--quiet", "--output", tmp_path / "out.csv",
                               *slow.arguments) == []


def test_elsewhere(vperf, slow):
    """A log file gets the summary alone."""
    done = vperf.run(*WHAT, *slow.arguments)
    assert done.status == 0 and len(done.messages) == 1, done
    assert not LINE.search(done.err)


def test_a_run_that_waits_says_for_what(vperf):
    """Two polls: until when the second one is waited for; no figures of what is not there yet."""
    lines = "\n".join(harness.on_terminal(vperf, 120, "collect", "--interval", "3", "--type",
                                          "host", "test:///default"))
    assert re.search(r"waiting until \d\d:\d\d:\d\d for the next poll of test:///default", lines)
    assert "0 of 1 done" not in lines and "0 series" not in lines, lines
