# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The output does not depend on the number of connections, whatever the weather; with a vperf built
for ThreadSanitizer (VPERF_TSAN) neither of them races."""

import os

import harness
import pytest
import weather
from weather import COUNTERS, calm_esx, collect  # noqa: F401

# Four batches, so that workers wait for each other.
FLAGS = ("-mode", "real", "-model", "vpx", "-host", "8", "-vm", "200", "-now", weather.NOW)
DAY = (*weather.ARCHIVED, "--interval", "day", "--samples", "3")

# Flags of the simulator, options of vperf, exit status.
WEATHERS = {
    "calm": ([], [], 0),
    "archived": ([], DAY, 0),
    "query limit": (["-max-query-metrics", "30"], DAY, 0),
    "hidden limit": (["-max-query-metrics", "30", "-hide-options"], DAY, 0),
    "elements": (["-max-elements", "300"], [], 0),
    "session": (["-lose-session-after", "12"], [], 0),
    "sessions": (["-lose-session-after", "7", "-lose-sessions", "-1"], [], 0),
    "deleted": (["-delete", "3,64,65,190,host3"], [], 3),
    "denied": (["-no-permission", "0,1,2,128,199,host0"], [], 3),
    "resets": (["-accident", "QueryPerf:2:reset,QueryPerf:5:truncate"], [], 0),
    "starting": (["-accident", "QueryPerf:3-4:503"], [], 0),
    "first one slow": (["-accident", "QueryPerf:1:delay=500"], [], 0),
    "hanging": (["-accident", "QueryPerf:2:hang"], ["--timeout", "1"], 0),
    "idle": (["-idle-timeout", "30ms", "-accident", "QueryPerf:2:delay=300"], [], 0),
    "gaps": (["-missing", "40", "-newest-first", "-no-csv"], ["--samples", "3"], 0),
    # One guest of the second batch, of which none is probed.
    "unlisted counters refused": (
        ["-own-counter", "gpu.utilization.average", "-refuse-unoffered", "-refuse-counter-of",
         "101"], ["--counter", "cpu.*,gpu.*"], 3),
    "skew": (["-clock-offset", "3h"], ["--last", "2m"], 0),
}


def run(vperf, start, name, jobs, tmp_path, **how):
    """Run under one weather; return output, coverage and the messages about entities."""
    flags, options, status = WEATHERS[name]
    server = start(*FLAGS, *flags)
    coverage = tmp_path / f"coverage-{jobs}"
    counters = () if "--counter" in options else COUNTERS
    done = collect(vperf, server, *counters, *options, "--jobs", jobs, "--coverage", coverage,
                   **how)
    assert done.status == status, done
    return done.out, coverage.read_text().replace(server.label, ""), \
        [line.replace(server.label, "") for line in done.messages]


@pytest.mark.parametrize("name", WEATHERS)
def test_jobs_make_no_difference(vperf, start_vcsim, tmp_path, name):
    """One connection or eight: the same bytes, coverage and messages."""
    one, eight = (run(vperf, start_vcsim, name, jobs, tmp_path) for jobs in (1, 8))
    assert one[0].count("\n") > 1000
    assert one[0] == eight[0]
    assert one[1:] == eight[1:]


def test_side_by_side(vperf, start_vcsim):
    """Eight jobs are eight connections; one is one; a vCenter gets four by itself."""
    for options, connections in ((["--jobs", "1"], 1), (["--jobs", "8"], 4), ([], 4)):
        server = start_vcsim(*FLAGS, "-accident", "QueryPerf:*:delay=150")
        assert collect(vperf, server, *COUNTERS, *options).status == 0
        used = {one["connection"] for one in server.requests() if one["method"] == "QueryPerf"}
        assert min(connections, 3) <= len(used) <= connections
        assert weather.calls(server)["Login"] == 1


def test_more_jobs_than_work(vperf, start_vcsim, calm_esx):  # noqa: F811
    """Workers without a task do no harm."""
    server = start_vcsim(*weather.ESX)
    weather.same(collect(vperf, server, "--jobs", "64"), calm_esx.run()[0])


# ThreadSanitizer does not see the locks of GLib's slice allocator.
TSAN_ENVIRONMENT = {"TSAN_OPTIONS": "exitcode=66 second_deadlock_stack=1",
                    "G_SLICE": "always-malloc"}


@pytest.fixture(scope="session")
def tsan(tmp_path_factory):
    """A vperf that ThreadSanitizer watches."""
    path = os.environ.get("VPERF_TSAN")
    if not path:
        pytest.skip("VPERF_TSAN names no vperf built with -fsanitize=thread")
    return harness.Program(path, tmp_path_factory.mktemp("tsan"))


@pytest.mark.parametrize("name", ["hidden limit", "sessions", "denied"])
def test_no_data_races(tsan, start_vcsim, tmp_path, name):
    """ThreadSanitizer finds nothing in eight workers."""
    out, _, messages = run(tsan, start_vcsim, name, 8, tmp_path, env=TSAN_ENVIRONMENT)
    assert out and not any("ThreadSanitizer" in line for line in messages)


def test_no_data_races_between_targets(tsan, start_vcsim):
    """Two targets with workers of their own, one of them in trouble."""
    servers = [start_vcsim(*weather.VCENTER),
               start_vcsim(*weather.VCENTER, "-accident", "QueryPerf:2-99:reset")]
    done = tsan.run("collect", *COUNTERS, "--jobs", "4", "--timeout", "3", *servers[0].arguments,
                    servers[1].target(), env=TSAN_ENVIRONMENT)
    assert done.status == 3 and "ThreadSanitizer" not in done.err, done


NODE = """<node><cpu><mhz>2000</mhz><model>x86_64</model><active>4</active><nodes>1</nodes>
<sockets>1</sockets><cores>4</cores><threads>1</threads></cpu><memory>8000000</memory></node>"""


def test_no_data_races_between_libvirt_targets(tsan, tmp_path):
    """Connections that are opened side by side."""
    nodes = [tmp_path / f"{number}.xml" for number in range(6)]
    for node in nodes:
        node.write_text(NODE)
    done = tsan.run("collect", "--interval", "1", *(f"test://{node}" for node in nodes),
                    # GLib's own pool of memory hides from ThreadSanitizer what happens before what.
                    env={"TSAN_OPTIONS": "exitcode=66", "G_SLICE": "always-malloc"})
    assert done.status == 0 and "ThreadSanitizer" not in done.err, done
    assert len(done.rows) >= len(nodes)
