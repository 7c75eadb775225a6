# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Connections that break and services that start: retried within bounds; a dead target costs the
living ones nothing but its time limit; an interrupt ends it all at once."""

import signal
import socket
import time

import harness
import pytest
import weather
from weather import COUNTERS, METHODS, VCENTER, calm, collect, same  # noqa: F401

PAGES = ("-max-objects", "30")

# Calls of QueryPerf that find out how all guests may be asked, before they are.
PROBES = 2

# The issue allows two seconds.
PROMPTLY_SECONDS = 2


@pytest.mark.parametrize("method, kind", [
    *((method, kind) for method in METHODS for kind in ("reset", "truncate")),
    *(("QueryPerf", kind) for kind in ("close", "cut", "502", "503", "504"))])
def test_call_that_breaks_once(vperf, start_vcsim, calm, method, kind):  # noqa: F811
    """One call more, or the pages anew; a new connection after it."""
    number = 1 if method in ("CreateContainerView", "RetrievePropertiesEx") else 2
    server = start_vcsim(*VCENTER, *PAGES, "-accident", f"{method}:{number}:{kind}")
    twin, usual = calm.run(*COUNTERS)
    done = collect(vperf, server, *COUNTERS, "--jobs", "1")
    same(done, twin)
    made = weather.calls(server)
    assert made["Login"] == made["Logout"] == 1
    pages = 2 * ((weather.GUESTS + weather.HOSTS) // 30) + 6
    assert sum(made.values()) <= sum(usual.values()) + pages
    if kind in ("reset", "close", "truncate", "cut"):
        broken = [one for one in server.requests() if one["method"] == method][number - 1]
        later = [one for one in server.requests() if one["n"] > broken["n"]]
        assert broken["connection"] not in {one["connection"] for one in later}


def test_service_that_starts(vperf, start_vcsim, calm):  # noqa: F811
    """A service that is away for some calls is waited for, longer each time."""
    server = start_vcsim(*VCENTER, "-accident", "QueryPerf:2-5:503")
    done = collect(vperf, server, *COUNTERS, "--jobs", "1")
    same(done, calm.run(*COUNTERS)[0])
    assert weather.calls(server)["QueryPerf"] == calm.run(*COUNTERS)[1]["QueryPerf"] + 4
    assert done.seconds > 0.2 + 0.4 + 0.8 + 1.6


@pytest.mark.parametrize("kind", ["reset", "503"])
def test_service_that_never_comes_back(vperf, start_vcsim, kind):
    """Bounded calls, bounded time, logged out as far as possible, and what was there is written."""
    server = start_vcsim(*VCENTER, "-accident", f"QueryPerf:{PROBES + 2}-999:{kind}")
    done = collect(vperf, server, *COUNTERS, "--jobs", "1", "--timeout", "2")
    assert done.status == 3 and done.rows and server.label in done.messages[0], done
    assert weather.calls(server)["QueryPerf"] <= PROBES + 1 + 5
    assert done.own_seconds < 2 + harness.MARGIN_SECONDS
    assert server.methods()[-1] == "Logout"


def test_every_third_call_breaks(vperf, start_vcsim, calm):  # noqa: F811
    """A bad line: every worker meets breaks."""
    accidents = ",".join(f"*:{number}:reset" for number in range(6, 40, 3))
    server = start_vcsim(*VCENTER, *PAGES, "-accident", accidents)
    same(collect(vperf, server, *COUNTERS, "--jobs", "4"), calm.run(*COUNTERS)[0])
    assert weather.calls(server)["Login"] == 1


def test_idle_connections(vperf, start_vcsim, calm):  # noqa: F811
    """The server closes connections that are idle while others work."""
    server = start_vcsim(*VCENTER, "-idle-timeout", "50ms", "-accident", "QueryPerf:1:delay=400")
    same(collect(vperf, server, *COUNTERS, "--jobs", "4"), calm.run(*COUNTERS)[0])


@pytest.mark.parametrize("death, dead_first", [("silent", True), ("backlog", True),
                                               ("refused", False), ("hang", False)])
def test_dead_target_beside_a_living_one(vperf, start_badserver, start_vcsim, calm, death,  # noqa
                                         dead_first):
    """The living one is collected at its own pace, the dead one is named."""
    living = calm.server
    seconds = 1
    with harness.full_backlog() as port, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        if death == "silent":
            dead = start_badserver("silent").target()
        elif death == "hang":
            dead = start_vcsim(*weather.ESX, "-accident", "Login:*:hang").target()
        else:
            port = port if death == "backlog" else nobody.getsockname()[1]
            dead = f"https://user@127.0.0.1:{port}"
        targets = [dead, living.target()] if dead_first else [living.target(), dead]
        done = vperf.run("collect", *COUNTERS, "--timeout", seconds, "--ca-file", living.ca_file,
                         *targets)
    assert done.status == 3, done
    assert done.out.replace(living.label, "SERVER") == calm.run(*COUNTERS)[0].out
    assert len([line for line in done.messages if line.startswith("vperf: ")]) == 1
    assert done.own_seconds < seconds + harness.MARGIN_SECONDS


def interrupt(process):
    """Send SIGINT; the run ends promptly, with status 130 and nothing on stdout."""
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    done = harness.finish(process, seconds=10, begin=begin)
    assert done.status == 130 and done.out == "" and len(done.messages) <= 1, done
    assert done.own_seconds < PROMPTLY_SECONDS, done


def check_left(server, directory):
    """Nothing stays behind: no session, no file, no temporary file."""
    made = weather.calls(server)
    assert made["Logout"] == made["Login"] == 1
    assert server.methods()[-1] == "Logout"
    assert harness.files_in(directory) == []


INTERRUPTIONS = {
    "first call hangs, the others wait for their turn": ["-accident", "QueryPerf:3:hang"],
    "all calls hang": ["-accident", "QueryPerf:3-99:hang"],
    "samples are written while a call hangs": ["-accident", "QueryPerf:6:hang"],
    "offers hang": ["-accident", "QueryAvailablePerfMetric:2:hang"],
    "slow calls": ["-slow-metric", "5ms"],
}


@pytest.mark.parametrize("what", INTERRUPTIONS)
def test_interrupt_of_a_large_run(vperf, start_vcsim, tmp_path, what):
    """SIGINT in mid-run with four workers."""
    flags = INTERRUPTIONS[what]
    server = start_vcsim(*VCENTER, "-vm", "200", *flags)
    method = "QueryAvailablePerfMetric" if "offers" in what else "QueryPerf"
    process = vperf.start("collect", *COUNTERS, "--jobs", "4", "--output", tmp_path / "out.csv",
                          *server.arguments)
    server.await_request(method, 4 + (PROBES if method == "QueryPerf" else 0))
    interrupt(process)
    check_left(server, tmp_path)


@pytest.mark.parametrize("jobs", [1, 4])
def test_interrupt_between_two_attempts(vperf, start_vcsim, tmp_path, jobs):
    """SIGINT while a broken connection is about to be made anew."""
    server = start_vcsim(*VCENTER, "-accident", f"QueryPerf:{PROBES + 1}-999:503")
    process = vperf.start("collect", *COUNTERS, "--jobs", jobs, "--output", tmp_path / "out.csv",
                          *server.arguments)
    server.await_request("QueryPerf", PROBES + 4 * min(jobs, 3))
    interrupt(process)
    check_left(server, tmp_path)


def test_interrupt_while_output_waits(vperf, start_vcsim):
    """SIGINT while nobody reads the pipe that a worker writes to."""
    server = start_vcsim(*weather.ESX)
    process = vperf.start("collect", "--jobs", "4", "--samples", "9", *server.arguments)
    first = process.stdout.read(1)
    assert first == b"t"
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        harness.await_true(lambda: server.methods()[-1] == "Logout", "the logout",
                           PROMPTLY_SECONDS)
    finally:
        assert harness.finish(process, seconds=10, begin=begin).status == 130
