# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Checks what the simulator's control channel changes while it runs, and that the ledger tells
what the server had."""

import contextlib
import datetime
import http.client
import threading
import time

import pytest
from pyVmomi import vim, vmodl

import launch
import pyvmomi_reference as reference
from test_weather import post

NOW = "2026-03-01T12:00:00Z"
START = int(datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc).timestamp())
COUNTER = "cpu.usage.average"


@pytest.fixture
def start(vcsim_binary, tmp_path):
    """Start a vCenter with a control channel; its clock stands still unless -speed is given."""
    with contextlib.ExitStack() as stack:
        def starter(*flags):
            return stack.enter_context(launch.vcsim(
                vcsim_binary, "-mode", "real", "-model", "vpx", "-vm", 4, "-host", 2, "-control",
                "-now", NOW, *flags, log=tmp_path / "log"))
        yield starter


@pytest.fixture
def client(start):
    """A server and a session with it."""
    server = start()
    with contextlib.suppress(vim.fault.NotAuthenticated, OSError, http.client.HTTPException), \
            reference.session(server.url, "user", "pass") as content:
        yield server, content


def forward(server, seconds):
    """Put the server's clock forward; return its time."""
    return server.control("clock", forward=f"{seconds}s")["now"]


def guests(content):
    """The entities of all guests by id."""
    return {one.id: one for one in reference.entities(content, ["vm"])}


def first(content):
    """The first guest."""
    return next(iter(guests(content).values()))


def samples(content, guest, counter=COUNTER):
    """What a guest shows of the last hour: {seconds: value}."""
    names = reference.counter_names(content)
    counter = next((key for key, name in names.items() if name == counter), counter)
    answer = reference.query(content, guest, [(counter, "")], samples=None)
    if answer is None:
        return {}
    times = [int(info.timestamp.timestamp()) for info in answer.sampleInfo]
    return dict(zip(times, answer.value[0].value))


def lives(server, entity, **how):
    """The ledger's account of an entity: one {seconds: value} for each life."""
    return [dict(zip(one["times"], one["series"][0]["values"]))
            for one in server.ledger(counter=COUNTER, **how) if one["id"] == entity]


def test_the_clock_has_a_speed(start):
    server = start("-speed", 600)
    begin, before = server.control("clock")["now"], time.monotonic()
    time.sleep(0.1)
    now, after = server.control("clock", speed=0)["now"], time.monotonic()
    assert 60 <= now - begin <= 600 * (after - before) + 5
    assert server.control("clock")["now"] == server.control("clock")["now"] >= now
    with reference.session(server.url, "user", "pass") as content:
        newest = max(samples(content, first(content)))
    assert newest == server.control("clock")["now"] // 20 * 20


def test_guests_come_and_go(client):
    server, content = client
    forward(server, 7)
    one, other = server.control("create", count=2, host=1)
    found = guests(content)
    assert len(found) == 6 and found[one].name == "guest-4"
    assert found[one].object.runtime.host.name == "DC0_C0_H1"
    assert len({each.object.config.uuid for each in found.values()}) == 6
    forward(server, 50)  # the interval of :07 has no whole sample
    assert list(samples(content, found[one])) == [START + 40]
    server.control("destroy", ids=other)
    with pytest.raises(vmodl.fault.ManagedObjectNotFound):
        samples(content, found[other])
    assert other not in guests(content)
    forward(server, 40)
    seen = samples(content, found[one])
    assert list(seen) == [START + 40, START + 60, START + 80]
    assert lives(server, one) == [seen]
    assert lives(server, other) == [{START + 40: lives(server, other)[0][START + 40]}]


def test_guests_are_powered_off_and_on(client):
    server, content = client
    guest, other = list(guests(content).values())[:2]
    forward(server, 40)
    server.control("power", ids=guest.id, on="false")
    assert not samples(content, guest) and len(samples(content, other)) == 180
    assert guest.object.runtime.powerState == "poweredOff"
    forward(server, 40)
    server.control("power", ids=guest.id, on="true")
    forward(server, 40)
    assert list(samples(content, guest)) == [START + 100, START + 120]
    first, second = lives(server, guest.id, after=START)
    assert list(first) == [START + 20, START + 40] and second == samples(content, guest)


def test_samples_come_late(client):
    server, content = client
    guest, other, all_at_once, _ = guests(content).values()
    server.control("delay", ids=guest.id, intervals=2, **{"for": "60s"})
    server.control("delay", ids=all_at_once.id, **{"for": "60s"})
    before = list(samples(content, guest))[-1]
    assert before == START
    shown = []
    for _ in range(5):
        forward(server, 20)
        shown.append([[at - START for at in samples(content, one) if at > START]
                      for one in (guest, all_at_once, other)])
    assert shown[1] == [[], [], [20, 40]]
    assert shown[2] == [[20], [20, 40, 60], [20, 40, 60]]
    assert shown[3] == [[20, 40, 80], [20, 40, 60, 80], [20, 40, 60, 80]]
    assert shown[4][0] == [20, 40, 60, 80, 100]
    one, = [one for one in server.ledger(after=START) if one["id"] == guest.id]
    assert [at - START for at in one["published"]] == [60, 80, 100, 80, 100]


def test_the_ledger_knows_who_was_asked(client):
    server, content = client
    guest = first(content)
    asked = []
    for _ in range(2):
        samples(content, guest)
        asked.append(forward(server, 0))
        forward(server, 20)
    known = {one["id"]: one["asked"] for one in server.ledger(counter=COUNTER)}
    assert known.pop(guest.id) == asked and not any(known.values())
    one, = [one for one in server.ledger(after=START - 20) if one["id"] == guest.id]
    assert one["times"] == [START, START + 20, START + 40]
    assert one["delivered"] == [True, True, False]


def test_counters_are_added(client):
    server, content = client
    guest = first(content)
    server.control("offer", id=20001)
    forward(server, 20)
    assert (20001, "") in reference.available(content, guest)
    assert 20001 not in reference.counter_names(content)
    shown = samples(content, guest, 20001)
    assert [at for at, value in shown.items() if value != -1] == [START + 20]
    created = server.control("create")[0]
    assert (20001, "") in reference.available(content, guests(content)[created])
    server.control("define", id=20001, name="cpu.novel.average")
    assert reference.counter_names(content)[20001] == "cpu.novel.average"
    assert samples(content, guest, 20001) == shown
    line, = [one for one in server.ledger(counter="cpu.novel.average", after=START - 20)
             if one["id"] == guest.id]
    assert line["series"][0]["values"] == [None, shown[START + 20]]


def test_sessions_end(client):
    server, content = client
    assert server.control("end-sessions") == {"ended": 1}
    with pytest.raises(vim.fault.NotAuthenticated):
        content.perfManager.QueryPerfCounter(counterId=[1])
    content.sessionManager.Login("user", "pass")
    forward(server, 1799)
    content.perfManager.QueryPerfCounter(counterId=[1])
    forward(server, 1801)
    with pytest.raises(vim.fault.NotAuthenticated):
        content.perfManager.QueryPerfCounter(counterId=[1])


@pytest.mark.parametrize("command, lost", [("away", False), ("restart", True)])
def test_the_server_is_away(client, command, lost):
    server, content = client
    server.control("clock", speed=1)
    server.control(command, **{"for": "1h"})
    with pytest.raises(ConnectionRefusedError):
        post(server)
    with pytest.raises(ValueError, match="away already"):
        server.control("away")
    server.control("back")
    assert post(server).status == 200
    with pytest.raises(ValueError, match="not away"):
        server.control("back")
    with contextlib.suppress(OSError):  # the old connection is gone
        content.perfManager.QueryPerfCounter(counterId=[1])
    with (pytest.raises(vim.fault.NotAuthenticated) if lost else contextlib.nullcontext()):
        content.perfManager.QueryPerfCounter(counterId=[1])


def test_the_server_comes_back_by_its_clock(start):
    server = start("-speed", 600)
    server.control("restart", **{"for": "2m"})
    with pytest.raises(ConnectionRefusedError):
        post(server)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            assert post(server).status == 200
            return
    pytest.fail("still away")


def test_the_server_hangs(start):
    server = start()
    server.control("away", how="hang")
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(post(server, timeout=20).status))
    waiting.start()
    waiting.join(0.3)
    assert not answers
    server.control("back")
    waiting.join()
    assert answers == [200]


def test_refusals(start, vcsim_binary):
    server = start()
    for command, arguments in (
            ("destroy", {"ids": "vm-1"}), ("create", {"count": "x"}), ("clock", {"speed": "-1"}),
            ("define", {"id": 5, "name": "x"}), ("power", {"ids": "host-23"}), ("delay", {}),
            ("away", {"for": "1h"})):
        with pytest.raises(ValueError):
            server.control(command, **arguments)
    assert post(server).status == 200
    with pytest.raises(RuntimeError):
        launch.vcsim(vcsim_binary, "-control")
