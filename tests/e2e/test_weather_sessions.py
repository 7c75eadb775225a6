# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Sessions that end in mid-run: one login more, nothing lost or doubled; a refused one is final."""

import harness
import pytest
import weather
from weather import COUNTERS, VCENTER, calm, collect, same  # noqa: F401

PAGES = ("-max-objects", "40")


@pytest.mark.parametrize("after, jobs",
                         [*((after, 1) for after in range(1, 12)), (7, 4), (9, 4)])
def test_session_that_ends_once(vperf, start_vcsim, calm, after, jobs):  # noqa: F811
    """After each number of calls: in the catalogue, between pages, before and in the samples."""
    server = start_vcsim(*VCENTER, *PAGES, "-lose-session-after", after)
    twin, usual = calm.run(*COUNTERS)
    done = collect(vperf, server, *COUNTERS, "--jobs", jobs)
    same(done, twin)
    made = weather.calls(server)
    assert made["Login"] == 2 and made["Logout"] == 1
    # Pages begin anew at worst; every worker may meet the lost session once.
    pages = 2 * (weather.GUESTS + weather.HOSTS) // 40 + 6
    assert sum(made.values()) <= sum(usual.values()) + pages + jobs + 4


@pytest.mark.parametrize("jobs", [1, 4, 8])
def test_sessions_that_end_again_and_again(vperf, start_vcsim, calm, jobs):  # noqa: F811
    """Each session lives for a few calls only."""
    server = start_vcsim(*VCENTER, "-lose-session-after", "5", "-lose-sessions", "-1")
    same(collect(vperf, server, *COUNTERS, "--jobs", jobs), calm.run(*COUNTERS)[0])
    made = weather.calls(server)
    assert made["Login"] <= 2 + sum(made.values()) / 4


def test_session_that_ends_at_the_end(vperf, start_vcsim, calm):  # noqa: F811
    """A session that is lost when it is to be ended is no news."""
    usual = sum(calm.run(*COUNTERS)[1].values())
    before_login = 2
    server = start_vcsim(*VCENTER, "-lose-session-after", usual - before_login - 1)
    done = collect(vperf, server, *COUNTERS, "--jobs", "1")
    same(done, calm.run(*COUNTERS)[0])
    assert len(done.messages) == 1 and weather.calls(server)["Login"] == 1
    assert server.methods()[-1] == "Logout"


def test_session_without_life(vperf, start_vcsim):
    """Sessions that end at once: a bounded number of logins, and a message."""
    server = start_vcsim(*VCENTER, "-lose-session-after", "1", "-lose-sessions", "-1")
    done = collect(vperf, server, *COUNTERS)
    assert done.status == 1 and server.label in done.err, done
    assert weather.calls(server)["Login"] <= 8 and done.own_seconds < 10


@pytest.mark.parametrize("command", ["counters", "inventory"])
def test_other_commands(vperf, start_vcsim, calm, command):  # noqa: F811
    """The lists survive the loss of the session as well."""
    twin = vperf.run(command, *calm.server.arguments)
    for after in (1, 3):
        server = start_vcsim(*VCENTER, *PAGES, "-lose-session-after", after)
        done = vperf.run(command, *server.arguments)
        assert done.status == 0, done
        assert done.out.replace(server.label, "") == twin.out.replace(calm.server.label, "")


@pytest.fixture
def proxied(start_vcsim, certs):
    """Start a simulator behind a proxy that spoils every login but the first."""
    def spoil(method, count, body):
        if method == "Login" and count > 1:
            return body.replace(harness.PASSWORD.encode(), b"changed in the meantime")
        return body

    def start(*flags):
        return weather.Proxy(start_vcsim(*VCENTER, *flags, "-http", cert=None), certs, spoil)
    return start


@pytest.mark.parametrize("after, jobs", [(2, 1), (5, 8), (9, 8)])
def test_password_changed_in_mid_run(vperf, proxied, after, jobs):
    """A login again that is refused is made once, however many workers need it."""
    with proxied("-lose-session-after", after) as server:
        done = collect(vperf, server, *COUNTERS, "--jobs", jobs)
        made = server.counts
    assert done.status in (1, 3), done
    assert made["Login"] == 2, made
    errors = [line for line in done.messages if "refused" in line]
    assert len(errors) == 1 and server.label in errors[0], done
