# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Servers that fail in the middle of a run, and go on failing: one line, status 1, no file, and
neither session nor view stays behind."""

import concurrent.futures
import contextlib
import re

import harness
import pytest
from harness import MARGIN_SECONDS, files_in

TIMEOUT = 2

METHODS = ["RetrieveServiceContent", "Login", "RetrievePropertiesEx", "CreateContainerView",
           "QueryAvailablePerfMetric", "QueryPerf"]

ENDINGS = {
    "reset": "closed the connection", "close": "closed the connection",
    "truncate": "closed the connection|is not vSphere's",
    "cut": "ends in the middle, though all of it came: check the server", "401": "HTTP status 401",
    "403": "HTTP status 403", "404": "HTTP status 404", "500": "HTTP status 500",
    "502": "HTTP status 502", "503": "HTTP status 503: .* wait",
    "hang": f"no answer to .* within {TIMEOUT} s: .*--timeout",
}

# Every ending at the main call, and those of a server that goes down at each of the others.
CASES = [("QueryPerf", "*", kind) for kind in ENDINGS] + [
    (method, "*", kind) for method in METHODS[:-1]
    for kind in ("close", "truncate", "cut", "503", "hang")]

# Calls that are made again, or in smaller pieces, when no answer comes: at most so many times.
ATTEMPTS = {"QueryAvailablePerfMetric": 2, "QueryPerf": 5}


@pytest.fixture(scope="module")
def outcomes(vperf, certs, vcsim_binary, tmp_path_factory):
    """Every case, some at a time: {case: future of (server, directory, run)}."""
    logs = tmp_path_factory.mktemp("midrun-servers")

    def run(method, calls, kind, stack):
        peer = harness.vcsim(vcsim_binary, certs, logs, "-mode", "real", "-vm", "1",
                             "-accident", f"{method}:{calls}:{kind}")
        stack.callback(peer.server.stop)
        directory = tmp_path_factory.mktemp("midrun")
        return peer, directory, vperf.run("collect", "--timeout", TIMEOUT, "--output",
                                          directory / "out.csv", *peer.arguments)

    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(6) as pool:
        yield {case: pool.submit(run, *case, stack) for case in CASES}


@pytest.mark.parametrize("method, calls, kind", CASES)
def test_failure_in_mid_run(outcomes, method, calls, kind):
    """The failure is told in one line, and what the run made on the server is gone."""
    server, directory, done = outcomes[method, calls, kind].result()
    assert (done.status, done.out, files_in(directory)) == (1, "", []), done
    assert len(done.messages) == 1 and done.err.startswith(f"vperf: {server.label}: "), done
    assert re.search(ENDINGS[kind], done.err), done
    assert done.own_seconds < TIMEOUT * ATTEMPTS.get(method, 1) + MARGIN_SECONDS, done

    methods = server.methods()
    logged_in = METHODS.index(method) > METHODS.index("Login")
    assert methods.count("Login") <= 1
    assert methods.count("Logout") == logged_in and (methods[-1] == "Logout") == logged_in


@pytest.mark.parametrize("kind", ["reset", "404", "hang"])
def test_failed_logout_is_a_warning(vperf, start_vcsim, kind):
    """The data is complete: it is written, and the line says what stayed behind."""
    server = start_vcsim("-mode", "real", "-vm", "1", "-accident", f"Logout:*:{kind}")
    done = vperf.run("collect", "--timeout", "1", *server.arguments)
    assert done.status == 0 and done.rows, done
    assert len(done.messages) == 2
    assert "warning: not logged out" in done.messages[0] and server.label in done.messages[0]


@pytest.mark.parametrize("command", ["counters", "inventory"])
def test_other_commands(vperf, start_vcsim, tmp_path, command):
    """Lists fail as samples do."""
    server = start_vcsim("-mode", "real", "-accident", "RetrievePropertiesEx:*:404")
    done = vperf.run(command, "--output", tmp_path / "out.csv", *server.arguments)
    assert (done.status, done.out, files_in(tmp_path)) == (1, "", []), done
    assert len(done.messages) == 1 and server.label in done.err
    assert server.methods()[-1] == "Logout"
