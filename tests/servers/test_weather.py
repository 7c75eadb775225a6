# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Checks that each kind of bad weather of the simulator happens as its flag says."""

import contextlib
import gzip
import http.client
import socket
import ssl
import time
import urllib.request

import pytest
from pyVmomi import vim, vmodl

import launch
import pyvmomi_reference as reference

NOW = "2026-03-01T12:00:07Z"
CALL = ('<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>'
        '<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance'
        '</_this></RetrieveServiceContent></Body></Envelope>')


@pytest.fixture
def start(vcsim_binary, tmp_path):
    """Start a vCenter in real mode with the given flags."""
    with contextlib.ExitStack() as stack:
        def starter(*flags):
            return stack.enter_context(launch.vcsim(
                vcsim_binary, "-mode", "real", "-model", "vpx", "-vm", 4, "-host", 2, "-now", NOW,
                *flags, log=tmp_path / "log"))
        yield starter


def session(server):
    return reference.session(server.url, "user", "pass")


def query_all(content, interval=20, **how):
    """Ask for the first metric of all guests in one call."""
    guests = reference.entities(content, ["vm"])
    manager = vim.PerformanceManager
    counter = reference.available(content, guests[-1], interval)[0][0]
    return content.perfManager.QueryStats(querySpec=[
        manager.QuerySpec(entity=guest.object, intervalId=interval, maxSample=1,
                          metricId=[manager.MetricId(counterId=counter, instance="")], **how)
        for guest in guests])


def post(server, timeout=5, headers=None):
    """Send one SOAP request without a session."""
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=timeout,
                                             context=ssl._create_unverified_context())
    connection.request("POST", "/sdk", CALL, headers or {})
    return connection.getresponse()


def test_query_limit(start):
    server = start("-max-query-metrics", 3)
    with session(server) as content:
        options = content.setting.QueryOptions("config.vpxd.stats.maxQueryMetrics")
        assert [option.value for option in options] == [3]
        assert len(query_all(content)) == 4  # real-time data has no limit
        with pytest.raises(vim.fault.RestrictedByAdministrator) as fault:
            query_all(content, 300)
        assert "restricted by the administrator - 'vpxd.stats.maxQuery" in fault.value.msg
        guest = reference.entities(content, ["vm"])[0]
        listed = reference.available(content, guest, 300)
        assert len(reference.query(content, guest, listed[:3], 300).value) == 3


def test_the_query_limit_may_be_hidden(start):
    with session(start("-max-query-metrics", 3, "-hide-options")) as content:
        with pytest.raises(vim.fault.InvalidName):
            content.setting.QueryOptions("config.vpxd.stats.maxQueryMetrics")
        with pytest.raises(vim.fault.RestrictedByAdministrator):
            query_all(content, 300)


def test_element_limit(start):
    with session(start("-max-elements", 30)) as content:
        with pytest.raises(vmodl.fault.InvalidRequest) as fault:
            query_all(content)
        assert "XML document element count exceeds configured maximum 30" in fault.value.msg


def test_one_session_is_lost(start):
    server = start("-lose-session-after", 5)
    with contextlib.suppress(vim.fault.NotAuthenticated), session(server) as content:
        with pytest.raises(vim.fault.NotAuthenticated):
            for _ in range(6):
                content.perfManager.QueryPerfCounter(counterId=[1])
        with pytest.raises(vim.fault.NotAuthenticated):
            content.perfManager.QueryPerfCounter(counterId=[1])
        content.sessionManager.Login("user", "pass")
        for _ in range(10):
            content.perfManager.QueryPerfCounter(counterId=[1])


def test_sessions_may_all_be_lost(start):
    with contextlib.suppress(vim.fault.NotAuthenticated), \
            session(start("-lose-session-after", 3, "-lose-sessions", -1)) as content:
        for _ in range(3):
            with pytest.raises(vim.fault.NotAuthenticated):
                for _ in range(4):
                    content.perfManager.QueryPerfCounter(counterId=[1])
            content.sessionManager.Login("user", "pass")


def test_a_guest_is_deleted_after_the_inventory(start):
    with session(start("-delete", "2")) as content:
        guests = reference.entities(content, ["vm"])
        assert len(guests) == 4
        with pytest.raises(vmodl.fault.ManagedObjectNotFound) as fault:
            query_all(content)
        assert fault.value.obj._moId == guests[2].id
        assert len(reference.entities(content, ["vm"])) == 3
        assert len(query_all(content)) == 3


def test_statistics_may_be_denied(start):
    with session(start("-no-permission", "1,host0")) as content:
        with pytest.raises(vim.fault.NoPermission) as fault:
            query_all(content)
        assert fault.value.object._moId == reference.entities(content, ["vm"])[1].id
        with pytest.raises(vim.fault.NoPermission):
            reference.available(content, reference.entities(content, ["host"])[0])


@pytest.mark.parametrize("kind, error", [
    ("reset", ConnectionResetError), ("close", http.client.RemoteDisconnected),
    ("hang", socket.timeout)])
def test_a_call_without_an_answer(start, kind, error):
    server = start("-accident", f"RetrieveServiceContent:2:{kind}")
    assert post(server).status == 200
    with pytest.raises(error):
        post(server, timeout=0.5)
    assert post(server).status == 200
    time.sleep(0.1)
    assert [line["status"] for line in server.events("answer")] == [200, 0, 200]


def test_error_statuses(start):
    server = start("-accident", "*:2-3:503,RetrieveServiceContent:5:429")
    assert [post(server).status for _ in range(6)] == [200, 503, 503, 200, 429, 200]


def test_a_truncated_answer(start):
    server = start("-accident", "RetrieveServiceContent:*:truncate")
    with pytest.raises(http.client.IncompleteRead) as error:
        post(server).read()
    assert len(error.value.partial) > 500


def test_delays(start):
    server = start("-accident", "RetrieveServiceContent:*:delay=400")
    begin = time.monotonic()
    assert post(server).status == 200
    assert 0.4 < time.monotonic() - begin < 2


def test_large_queries_may_be_slow(start):
    with session(start("-slow-metric", "100ms")) as content:
        begin = time.monotonic()
        query_all(content)
        assert 0.4 < time.monotonic() - begin < 2


def test_idle_connections_are_closed(start):
    server = start("-idle-timeout", "200ms")
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=3)
    with ssl._create_unverified_context().wrap_socket(raw) as connection:
        connection.sendall(b"GET /sdk/vimServiceVersions.xml HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while piece := connection.recv(4096):
            data += piece
    assert data.startswith(b"HTTP/1.1 200") and b"Connection: close" not in data


def test_gzip(start):
    server = start("-gzip")
    answer = post(server, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"RetrieveServiceContentResponse" in gzip.decompress(answer.read())
    assert post(server).headers["Content-Encoding"] is None
    with session(server) as content:
        assert len(query_all(content)) == 4


def test_other_forms_of_the_answer(start):
    with session(start("-no-csv", "-newest-first")) as content:
        answer = query_all(content, format="csv")[0]
        assert isinstance(answer, vim.PerformanceManager.EntityMetric)
        guest = reference.entities(content, ["vm"])[0]
        pairs = reference.available(content, guest)[:1]
        times = [info.timestamp for info in
                 reference.query(content, guest, pairs, samples=3).sampleInfo]
        assert times == sorted(times, reverse=True)


def test_the_clock_may_be_off(start):
    with session(start("-clock-offset", "1h")) as content:
        answer = query_all(content)[0]
        assert reference.utc(answer.sampleInfo[0].timestamp) == "2026-03-01T13:00:00Z"


@pytest.mark.parametrize("flags", [
    ["-accident", "QueryPerf:2"], ["-accident", "QueryPerf:x:reset"], ["-delete", "9"],
    ["-accident", "QueryPerf:1:nonsense"], ["-no-permission", "host7"]])
def test_bad_flags(start, flags):
    with pytest.raises(RuntimeError):
        start(*flags)


def test_plain_mode_refuses_flags_of_real_mode(vcsim_binary):
    with pytest.raises(RuntimeError):
        launch.vcsim(vcsim_binary, "-missing", 5)
