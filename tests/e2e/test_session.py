# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The session on the server: as few calls as the job takes, and nothing left behind, whether the
run succeeds, fails, or is interrupted."""

import collections
import re
import signal
import ssl
import time
import urllib.request

import harness
import pytest
from harness import await_true, files_in, finish

OPENING = ["RetrieveServiceContent", "Login"]

# The issue allows two seconds.
PROMPTLY_SECONDS = 2


def test_the_calls_of_a_run(vperf, start_vcsim):
    """Catalogue, inventory, offers, samples, logout: nothing is asked for twice."""
    server = start_vcsim("-mode", "real", "-vm", "3")
    assert vperf.run("collect", *server.arguments).status == 0
    methods = server.methods()
    assert methods[:2] == OPENING and methods[-1] == "Logout"
    calls = collections.Counter(methods)
    assert calls.pop("QueryAvailablePerfMetric") <= 4
    assert calls == {**dict.fromkeys(OPENING, 1), "RetrievePropertiesEx": 1,
                     "CreateContainerView": 1, "CurrentTime": 1, "QueryPerf": 1, "Logout": 1}


def test_one_counter_of_one_guest(vperf, start_vcsim):
    """The least that can be asked for takes seven requests."""
    server = start_vcsim("-mode", "real", "-vm", "1")
    done = vperf.run("collect", "--type", "vm", "--counter", "cpu.usage.average",
                     *server.arguments)
    assert done.status == 0 and done.rows
    assert len(server.requests()) <= 7, server.methods()


def test_calls_do_not_grow_with_guests(vperf, start_vcsim):
    """Forty guests take no more calls than one, but for the questions what they offer."""
    counts = []
    for guests in (1, 40):
        server = start_vcsim("-mode", "real", "-vm", guests)
        vperf.run("collect", *server.arguments)
        counts.append(collections.Counter(server.methods()))
        assert counts[-1].pop("QueryAvailablePerfMetric") <= 5
    # Two tell whether all may be asked for what only some of many list.
    counts[1]["QueryPerf"] -= 2
    assert counts[0] == counts[1]


def test_one_connection(vperf, start_vcsim):
    """The connection is kept: one TLS handshake a run."""
    server = start_vcsim("-mode", "real", "-vm", "3")
    vperf.run("collect", *server.arguments)
    assert len({request["connection"] for request in server.requests()}) == 1


def test_headers(vperf, start_vcsim):
    """Who asks, in which version of the API that the server speaks, and in which session."""
    server = start_vcsim("-mode", "real")
    vperf.run("collect", *server.arguments)
    context = ssl.create_default_context(cafile=server.ca_file)
    with urllib.request.urlopen(server.url + "/vimServiceVersions.xml", context=context) as answer:
        text = answer.read().decode()
    version = re.search(r"<name>urn:vim25</name>\s*<version>([\d.]+)</version>", text)[1]
    program = vperf.run("--version").out.strip().replace(" ", "/")
    requests = [one for one in server.requests() if one["user_agent"].startswith("vperf")]
    assert {one["user_agent"] for one in requests} == {program}
    actions = [one["soap_action"].strip('"') for one in requests]
    assert actions[0] == "urn:vim25/6.0" and set(actions[1:]) == {f"urn:vim25/{version}"}
    login = [one["method"] for one in requests].index("Login")
    assert all(one["cookie"] for one in requests[login + 1:])


ENVELOPE = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>{}</e:Body>'
            '</e:Envelope>')
FAULT = ENVELOPE.format("<e:Fault><faultcode>ServerFaultCode</faultcode>"
                        "<faultstring>Unsupported version URI</faultstring></e:Fault>")
VERSIONS_PATH = "/sdk/vimServiceVersions.xml"
VERSIONS = ("<namespaces version='1.0'><namespace><name>urn:vim25</name><version>5.5</version>"
            "</namespace></namespaces>")


def service_content(version):
    """What a server says of itself, with this version."""
    managers = "".join(f'<{name} type="X">x</{name}>' for name in (
        "rootFolder", "propertyCollector", "viewManager"))
    about = f"<about><name>x</name><fullName>x</fullName><apiVersion>{version}</apiVersion></about>"
    return ENVELOPE.format(
        '<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval>'
        f'{managers}{about}<sessionManager type="X">x</sessionManager>'
        '<perfManager type="X">x</perfManager></returnval></RetrieveServiceContentResponse>')


@pytest.mark.parametrize("answers, methods", [
    ([service_content("8.0.3.0")], ["RetrieveServiceContent", "Login"]),
    ([service_content("")], ["RetrieveServiceContent", VERSIONS_PATH, "Login"]),
    ([service_content("6.5\nX: y")], ["RetrieveServiceContent", VERSIONS_PATH, "Login"]),
    ([FAULT, service_content("5.5")],
     ["RetrieveServiceContent", VERSIONS_PATH, "RetrieveServiceContent", "Login"]),
    ([FAULT, FAULT], ["RetrieveServiceContent", VERSIONS_PATH, "RetrieveServiceContent"])])
def test_versions_are_asked_in_doubt_only(vperf, start_badserver, tmp_path, answers, methods):
    """An old server that refuses the first question, or one that names no version of its own."""
    for number, answer in enumerate(answers, 1):
        (tmp_path / f"RetrieveServiceContent.{number}.xml").write_text(answer)
    (tmp_path / "vimServiceVersions.xml").write_text(VERSIONS)
    bad = start_badserver("replay", "--answers", tmp_path)
    assert vperf.run("collect", *bad.arguments).status == 1
    asked = [event["method"] for event in bad.server.events("request")]
    assert asked == methods


def test_two_runs_are_alike(vperf, esx, tmp_path):
    """The same answers give the same bytes, coverage file included."""
    outputs = []
    for run in ("first", "second"):
        vperf.run("collect", "--samples", "5", "--output", tmp_path / run, "--coverage",
                  tmp_path / f"{run}-coverage", *esx.arguments)
        outputs.append(((tmp_path / run).read_bytes(), (tmp_path / f"{run}-coverage").read_bytes()))
    assert outputs[0] == outputs[1]
    assert outputs[0][0].count(b"\n") > 5000


@pytest.mark.parametrize("command", ["collect", "counters", "inventory"])
def test_logged_out(vperf, start_vcsim, command):
    """The last call of each command is Logout: views end with their session."""
    server = start_vcsim("-mode", "real")
    assert vperf.run(command, *server.arguments).status == 0
    calls = collections.Counter(server.methods())
    assert server.methods()[-1] == "Logout" and calls["Logout"] == calls["Login"] == 1


def test_wrong_login_is_not_logged_out(vperf, start_vcsim):
    """Without a session there is nothing to end."""
    server = start_vcsim("-mode", "real", "-username", "somebody")
    assert vperf.run("collect", *server.arguments).status == 1
    assert server.methods() == OPENING


def test_each_target_is_logged_out(vperf, start_vcsim):
    """Two targets, two sessions, two logouts."""
    servers = [start_vcsim("-mode", "real"), start_vcsim("-mode", "real", "-model", "vpx")]
    assert vperf.run("collect", *servers[0].arguments, servers[1].target()).status == 0
    assert [server.methods()[-1] for server in servers] == ["Logout", "Logout"]


def test_idle_connection_is_renewed(vperf, start_vcsim):
    """A server that closes idle connections while vperf waits for its reader."""
    server = start_vcsim("-mode", "real", "-vm", "60", "-idle-timeout", "100ms")
    process = vperf.start("collect", "--samples", "30", *server.arguments)
    server.await_request("QueryPerf")
    first = process.stdout.read(1)
    time.sleep(0.5)  # the pipe is full, and the server's patience ends
    done = finish(process)
    assert done.status == 0, done
    assert len({line.split(",")[5] for line in (first.decode() + done.out).splitlines()[1:]}) == 61


def interrupt(process, number, seconds=PROMPTLY_SECONDS):
    """Send a signal; the run has to end promptly, with status 130 and nothing on stdout."""
    begin = time.monotonic()
    process.send_signal(number)
    done = finish(process, seconds=5)
    assert done.status == 130, done
    assert done.out == "" and len(done.messages) <= 1, done
    assert time.monotonic() - begin < seconds, done


PHASES = [("RetrieveServiceContent", 1), ("Login", 1),
          ("CreateContainerView", 1), ("RetrievePropertiesEx", 1),
          ("QueryAvailablePerfMetric", 1), ("QueryPerf", 1)]


@pytest.mark.parametrize("number, method, count", [
    *((number, *phase) for number in (signal.SIGINT, signal.SIGTERM) for phase in PHASES),
    (signal.SIGHUP, "QueryPerf", 1), (signal.SIGQUIT, "QueryPerf", 1)])
def test_interrupt(vperf, start_vcsim, tmp_path, number, method, count):
    """A signal while a call waits: logged out, no file, no temporary file, promptly."""
    server = start_vcsim("-mode", "real", "-accident", f"{method}:{count}:hang")
    process = vperf.start("collect", "--output", tmp_path / "out.csv", "--coverage",
                          tmp_path / "coverage.csv", *server.arguments)
    server.await_request(method, count)
    interrupt(process, number)
    assert files_in(tmp_path) == []
    if PHASES.index((method, count)) > PHASES.index(("Login", 1)):
        assert server.methods().count("Logout") == 1


@pytest.mark.parametrize("command", ["counters", "inventory"])
def test_interrupt_of_lists(vperf, start_vcsim, tmp_path, command):
    """The same for the other commands."""
    server = start_vcsim("-mode", "real", "-accident", "RetrievePropertiesEx:1:hang")
    process = vperf.start(command, "--output", tmp_path / "out.csv", *server.arguments)
    server.await_request("RetrievePropertiesEx")
    interrupt(process, signal.SIGINT)
    assert files_in(tmp_path) == []
    assert server.methods()[-1] == "Logout"


def test_interrupt_with_a_dead_server(vperf, start_vcsim, tmp_path):
    """The server answers neither the call nor the logout: the run ends all the same."""
    server = start_vcsim("-mode", "real", "-accident", "QueryPerf:*:hang,Logout:*:hang")
    process = vperf.start("collect", "--output", tmp_path / "out.csv", *server.arguments)
    server.await_request("QueryPerf")
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert finish(process).status == 130
    assert time.monotonic() - begin < PROMPTLY_SECONDS
    assert files_in(tmp_path) == []


def test_interrupt_of_several_targets(vperf, start_vcsim):
    """Ctrl-C ends the run on every target, and no session stays on any."""
    servers = [start_vcsim("-mode", "real", "-accident", "QueryPerf:1:hang"),
               start_vcsim("-mode", "real")]
    process = vperf.start("collect", *servers[0].arguments, servers[1].target())
    servers[0].await_request("QueryPerf")
    interrupt(process, signal.SIGINT)
    for server in servers:
        assert server.methods().count("Logout") == server.methods().count("Login")


@pytest.mark.parametrize("mode", ["silent", "drip", "drip-header", "endless", "no-handshake"])
def test_interrupt_of_a_hostile_server(vperf, start_badserver, mode):
    """Ctrl-C works whatever the server does."""
    bad = start_badserver(mode)
    process = vperf.start("collect", *bad.arguments)
    event = "bytes" if mode == "no-handshake" else "request"
    await_true(lambda: bad.server.events(event), f"{event} at the server")
    interrupt(process, signal.SIGINT)


def test_interrupt_while_connecting(vperf):
    """Ctrl-C while packets to the server are dropped."""
    with harness.full_backlog() as port:
        before = connecting(port)
        process = vperf.start("collect", f"https://user@127.0.0.1:{port}")
        await_true(lambda: connecting(port) > before, "vperf to connect")
        interrupt(process, signal.SIGINT)


def connecting(port):
    """Count sockets in SYN-SENT to a port of the loopback address."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        return sum(f"0100007F:{port:04X} 02" in line for line in table)
