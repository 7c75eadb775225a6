# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Fixtures of the whole-program tests.

Environment: VPERF names the program under test; VPERF_SERVERS (or VPERF_BUILD) a directory with
the simulator that tests/gobuild.sh built; without it the simulator is built first.
Run: VPERF=build/release/vperf /usr/bin/python3 -m pytest tests/e2e
"""

import contextlib
import json
import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = HERE.parent / "servers"
# Files that take longest begin first: side by side, all end sooner.
LONGEST = ("test_follow.py", "test_readme.py", "test_history.py", "test_pve.py", "test_xapi.py",
           "test_compare.py", "test_jobs.py", "test_push.py", "test_weather_connections.py")
sys.path[:0] = [str(HERE), str(SERVERS)]

import certs as certificates  # noqa: E402
import harness  # noqa: E402
import kvm  # noqa: E402
import launch  # noqa: E402
import recording  # noqa: E402


def pytest_configure(config):
    """Tell pytest our marks: tests that need no second run with another build under test."""
    config.addinivalue_line("markers", "guests: needs a real libvirtd")
    config.addinivalue_line("markers", "tsan: runs a vperf of its own, for ThreadSanitizer")
    # A shell starts what it runs in the background with these ignored, as nohup does: vperf would
    # ignore them too. With a handler, we ignore them all the same, and programs we start do not.
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def pytest_collection_modifyitems(items):
    """Mark tests by what they need, and put the longest files first."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST
               else len(LONGEST))
    for item in items:
        for mark, fixture in (("guests", "daemon"), ("tsan", "tsan")):
            if fixture in item.fixturenames:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def vperf(tmp_path_factory):
    """The program under test."""
    path = os.environ.get("VPERF")
    if not path or not os.access(path, os.X_OK):
        pytest.exit(f"VPERF={path or ''}: set it to the path of the program under test", 4)
    return harness.Program(pathlib.Path(path).resolve(), tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def vcsim_binary(tmp_path_factory):
    """The simulator, built unless the environment names one."""
    build = os.environ.get("VPERF_SERVERS") or os.environ.get("VPERF_BUILD")
    if build and os.access(f"{build}/vcsim", os.X_OK):
        return f"{build}/vcsim"
    build = build or tmp_path_factory.mktemp("servers")
    return launch.build_vcsim(build)


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """A CA and certificates: {name: {cert, key, sha256, sha1}}."""
    return certificates.make(tmp_path_factory.mktemp("certs"))


def starter(start, *fixed):
    """Yield a function that starts servers; all of them are stopped at the end."""
    with contextlib.ExitStack() as stack:
        def started(*flags, **how):
            peer = start(*fixed, *flags, **how)
            stack.callback(peer.server.stop)
            return peer
        yield started


@pytest.fixture(scope="session")
def shared_vcsim(vcsim_binary, certs, tmp_path_factory):
    """Start simulators that live as long as the session."""
    yield from starter(harness.vcsim, vcsim_binary, certs, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def start_vcsim(vcsim_binary, certs, tmp_path_factory):
    """Start simulators for one test: start_vcsim("-mode", "real", …, cert="good")."""
    yield from starter(harness.vcsim, vcsim_binary, certs, tmp_path_factory.mktemp("vcsim"))


@pytest.fixture
def start_badserver(certs, tmp_path_factory):
    """Start failing servers for one test: start_badserver(mode, …, cert="good")."""
    def start(directory, mode, *flags, **how):
        return harness.badserver(mode, certs, directory, *flags, **how)
    yield from starter(start, tmp_path_factory.mktemp("bad"))


# The servers below serve many tests: they stand still in time, and nobody changes them.
STANDING = harness.STANDING


@pytest.fixture(scope="session")
def esx(shared_vcsim):
    """An ESXi host with three guests, the last one powered off."""
    return shared_vcsim(*STANDING, "-model", "esx", "-vm", "3", "-off", "1")


@pytest.fixture(scope="session")
def vcenter(shared_vcsim):
    """A vCenter with three hosts and six guests; one host is disconnected, one guest is off."""
    return shared_vcsim(*STANDING, "-model", "vpx", "-host", "3", "-vm", "6", "-off", "1",
                        "-disconnected", "1")


@pytest.fixture(scope="session")
def story(vperf, shared_vcsim, tmp_path_factory):
    """A history whose writer was killed at random moments."""
    yield from recording.often_killed(vperf, shared_vcsim, tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="session")
def named(shared_vcsim, tmp_path_factory):
    """An ESXi host whose guests have names that formats trip over."""
    names = tmp_path_factory.mktemp("names") / "names.json"
    names.write_text(json.dumps([harness.as_servers_write(name) for name in harness.NAMES]))
    return shared_vcsim("-mode", "real", "-now", "2026-11-21T19:17:25Z", "-vm",
                        len(harness.NAMES), "-names", names)


@pytest.fixture(scope="session")
def twins(shared_vcsim):
    """A vCenter with two datacenters in which names come again, vApps, and pools in real time."""
    return shared_vcsim(*STANDING, "-model", "vpx", "-dc", "2", "-host", "1", "-vm", "2", "-app",
                        "2", "-pools-live")


@pytest.fixture(scope="session")
def gaps(shared_vcsim):
    """An ESXi host of which every third sample is missing."""
    return shared_vcsim(*STANDING, "-model", "esx", "-missing", "33")


@pytest.fixture(scope="session")
def plain_esx(shared_vcsim):
    """govmomi's own ESXi host, as it is."""
    return shared_vcsim("-mode", "plain", "-model", "esx")


@pytest.fixture(scope="session")
def plain_vcenter(shared_vcsim):
    """govmomi's own vCenter, as it is."""
    return shared_vcsim("-mode", "plain", "-model", "vpx", "-host", "3", "-vm", "5")


@pytest.fixture
def server(request):
    """The server fixture that a test's parameter names."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def daemon():
    """A private libvirtd; skips where a machine cannot run QEMU."""
    if reason := kvm.unavailable():
        pytest.skip(reason)
    with kvm.Libvirtd() as one:
        yield one


@pytest.fixture(scope="module")
def libvirtd(daemon):
    """The session's libvirtd, which runs and has no guests when a module begins."""
    daemon.clear()
    return daemon


@pytest.fixture
def relay(libvirtd):
    """A relay of this test's own."""
    with kvm.Relay(libvirtd) as one:
        yield one
