# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Servers that fail from the start: each failure is one line that names the target and tells what
to do, status 1, nothing on stdout, no file, and an end within --timeout."""

import concurrent.futures
import contextlib
import os
import re
import socket
import ssl

import badserver
import harness
import pytest
from harness import MARGIN_SECONDS, PASSWORD, USER, files_in, finish

TIMEOUT = 2


def check(done, label, directory):
    """One line about the target, status 1, no output, in time; return the line."""
    assert (done.status, done.out, files_in(directory)) == (1, "", []), done
    assert len(done.messages) == 1, done
    message = done.messages[0]
    assert message.startswith(f"vperf: {label}: "), message
    assert len(message) < 300 and message.isprintable() and "SSL_ERROR" not in message, message
    assert done.own_seconds < TIMEOUT + MARGIN_SECONDS, done
    return message


@pytest.fixture
def check_failure(vperf, tmp_path):
    """Run a command that has to fail; return the one line that it says."""
    def run(label, *arguments, command="collect"):
        done = vperf.run(command, "--timeout", TIMEOUT, "--output", tmp_path / "out.csv",
                         *arguments)
        return check(done, label, tmp_path)
    return run


CHECK_ADDRESS = "check host, port and path"

# Each mode of badserver.py: what the line says that is true, and what to do.
MODES = {
    "html": ("is not vSphere's", CHECK_ADDRESS),
    "redirect": ("302", CHECK_ADDRESS),
    "redirect-http": ("307", CHECK_ADDRESS),
    "http-401": ("401", "proxy"),
    "http-404": ("404", CHECK_ADDRESS),
    "http-503": ("503", "wait until"),
    "proxmox": ("this is Proxmox VE", "no vSphere API and no libvirt API"),
    "xapi": ("this is XenServer or XCP-ng", "no vSphere API and no libvirt API"),
    "truncated-length": ("closed the connection", "try again"),
    "truncated-chunked": ("closed the connection", "try again"),
    "cut-length": ("RetrieveServiceContent ends in the middle, though all", "check the server"),
    "cut-chunked": ("RetrieveServiceContent ends in the middle, though all", "check the server"),
    "cut-gzip": ("RetrieveServiceContent ends in the middle, though all", "check the server"),
    "empty": ("is not vSphere's", CHECK_ADDRESS),
    "truncated-header": ("RetrieveServiceContent", "check"),
    "close": ("closed the connection", "try again"),
    "silent": (f"no answer to .* within {TIMEOUT} s", "--timeout"),
    "drip": (f"no answer to .* within {TIMEOUT} s", "--timeout"),
    "drip-header": (f"no answer to .* within {TIMEOUT} s", "--timeout"),
    "endless": (f"within {TIMEOUT} s|larger than 64 MiB", "check"),
    "endless-header": (f"within {TIMEOUT} s|larger than 64 MiB|is not vSphere's", "check"),
    "reset": ("closed the connection", "try again"),
    "junk": ("is not vSphere's", CHECK_ADDRESS),
    "not-xml": ("is not vSphere's", CHECK_ADDRESS),
    "bomb": ("no performance data|is not vSphere's", "is it ESXi or vCenter|check"),
    "deep": ("is not vSphere's", CHECK_ADDRESS),
    "damaged-gzip": ("compressed answer to RetrieveServiceContent is damaged", "check the server"),
    "plain-http": ("TLS handshake failed", "check that this port speaks https"),
    "no-handshake": (f"no connection within {TIMEOUT} s", "check host, port"),
    "reset-accept": ("Connection reset by peer", "check"),
    "garbage": ("TLS handshake failed", "check that this port speaks https"),
}

SLOW = ["silent", "drip", "drip-header", "endless", "endless-header", "no-handshake"]


def test_every_mode_is_tested():
    """A new mode of the failing server needs its line above."""
    known = {*badserver.MODES, *badserver.CONNECTION_MODES} - {"replay"}
    assert known == MODES.keys()


def check_mode(mode, message, bad):
    """The line says what it should, and the server saw no credential."""
    for pattern in MODES[mode]:
        assert re.search(pattern, message), message
    assert not badserver.summary(bad.server.log_file)["credential"]


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode not in SLOW])
def test_hostile_server(check_failure, start_badserver, mode):
    """A server that fails on every request."""
    bad = start_badserver(mode)
    check_mode(mode, check_failure(bad.label, *bad.arguments), bad)


# What is asked for, and who answers: what the line says.
PRODUCTS = [
    ("pve://root@pam!t@", "xapi", "this is XenServer or XCP-ng, not Proxmox VE", "xapi://"),
    ("pve://root@pam@", "xapi", "this is XenServer or XCP-ng, not Proxmox VE", "xapi://"),
    ("xapi://root@", "proxmox", "this is Proxmox VE, not XenServer or XCP-ng", "pve://USER@REALM"),
    ("pve://root@pam!t@", "plain_esx", "this is ESXi or vCenter, not Proxmox VE", "[USER@]HOST"),
    ("xapi://root@", "vcenter", "this is ESXi or vCenter, not XenServer", "[USER@]HOST"),
    ("xapi://root@", "http-503", "session.login_with_password: HTTP status 503", "XAPI"),
    ("pve://root@pam!t@", "http-503", "/version: status 503", "Service Unavailable"),
]


@pytest.mark.parametrize(("scheme", "product", "said", "advice"), PRODUCTS)
def test_other_products(request, vperf, start_badserver, scheme, product, said, advice):
    """Asked by the wrong scheme, each is named, with its own."""
    if scheme[:scheme.index(":") + 3] not in vperf.run("--help").out:
        pytest.skip("built without it")
    peer = request.getfixturevalue(product) if product in ("plain_esx", "vcenter") else \
        start_badserver(product)
    target = f"{scheme}{peer.label}"
    done = vperf.run("inventory", "-k", target)
    assert (done.status, len(done.messages)) == (1, 1), done
    assert done.messages[0].startswith(f"vperf: {target}: {said}") and advice in done.err, done


def test_old_tls(check_failure, start_badserver):
    """A server of TLS 1.1 is told as that."""
    bad = start_badserver("html", "--old-tls")
    message = check_failure(bad.label, *bad.arguments)
    assert "TLS handshake failed" in message and "no TLS 1.2 or newer" in message


@pytest.fixture(scope="module")
def slow_runs(vperf, certs, tmp_path_factory):
    """The runs that take the whole timeout, side by side: {mode: (server, directory, future)}."""
    logs = tmp_path_factory.mktemp("slow-servers")
    with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
        runs = {}
        for mode in SLOW:
            peer = harness.badserver(mode, certs, logs)
            stack.callback(peer.server.stop)
            directory = tmp_path_factory.mktemp("slow")
            runs[mode] = peer, directory, pool.submit(
                vperf.run, "collect", "--timeout", TIMEOUT, "--output", directory / "out.csv",
                *peer.arguments)
        yield runs


@pytest.mark.parametrize("mode", SLOW)
def test_slow_server(slow_runs, mode):
    """A server that never comes to an end."""
    bad, directory, future = slow_runs[mode]
    check_mode(mode, check(future.result(), bad.label, directory), bad)


@pytest.mark.parametrize("command", ["counters", "inventory"])
@pytest.mark.parametrize("mode", ["html", "http-503", "plain-http", "close"])
def test_other_commands(check_failure, start_badserver, command, mode):
    """Every command says the same."""
    bad = start_badserver(mode)
    message = check_failure(bad.label, *bad.arguments, command=command)
    assert re.search(MODES[mode][0], message), message


def test_plain_http_server(check_failure, start_vcsim):
    """A real vSphere API without TLS, asked by https."""
    server = start_vcsim("-mode", "real", "-http", cert=None)
    assert "check that this port speaks https" in check_failure(server.label, server.target())
    assert server.methods() == []


@pytest.mark.parametrize("command", ["collect", "counters", "inventory"])
@pytest.mark.parametrize("user, password", [("collector", "wrong"), ("nobody", PASSWORD),
                                            ("collector", "")])
def test_wrong_password(check_failure, start_vcsim, command, user, password):
    """One attempt, never more: a second one may lock the account."""
    server = start_vcsim("-mode", "real")
    message = check_failure(server.label, "--ca-file", server.ca_file,
                            server.target(user, password), command=command)
    assert f"login as '{user}' refused" in message
    assert "wrong user name or password" in message
    assert server.methods().count("Login") == 1


@pytest.mark.parametrize("host", ["no-such-host.invalid", "no-such-host.invalid:8443"])
def test_unknown_host(check_failure, host):
    """A name that does not resolve."""
    message = check_failure(host, f"https://user@{host}")
    assert "not known" in message and "check host name" in message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_refused_port(check_failure, host):
    """A port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        label = f"{host}:{free.getsockname()[1]}"
        message = check_failure(label, f"https://user@{label}")
    assert "Connection refused" in message and "check host name and port" in message


def test_connection_that_never_completes(check_failure):
    """A firewall that drops packets."""
    with harness.full_backlog() as port:
        message = check_failure(f"127.0.0.1:{port}", f"https://user@127.0.0.1:{port}")
    assert f"no connection within {TIMEOUT} s" in message and "firewall" in message


def test_slow_but_within_the_timeout(vperf, start_vcsim):
    """--timeout limits a call, not the run."""
    server = start_vcsim("-mode", "real", "-vm", "1", "-accident", "*:*:delay=150")
    done = vperf.run("collect", "--timeout", "1", *server.arguments)
    assert done.status == 0, done
    assert done.seconds > 1.2


def test_existing_file_survives_a_failure(vperf, start_badserver, tmp_path):
    """Yesterday's file stays when today's run fails."""
    (tmp_path / "out.csv").write_text("old\n")
    done = vperf.run("collect", "--output", tmp_path / "out.csv",
                     *start_badserver("html").arguments)
    assert done.status == 1, done
    assert (tmp_path / "out.csv").read_text() == "old\n" and files_in(tmp_path) == ["out.csv"]


def test_redirect_gets_no_credential(vperf, start_badserver):
    """A server that redirects to plain http gets nothing there."""
    bad = start_badserver("redirect-http")
    assert vperf.run("collect", *bad.arguments).status == 1
    seen = badserver.summary(bad.server.log_file)
    assert seen["connections"] == seen["handshakes"], "a connection without TLS"
    assert not seen["credential"] and "/clear" not in seen["requests"], seen


def test_server_without_performance_manager(vperf, start_badserver, tmp_path):
    """An answer that lacks what vperf needs."""
    (tmp_path / "RetrieveServiceContent.xml").write_text(
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval><rootFolder type="Folder">'
        'x</rootFolder></returnval></RetrieveServiceContentResponse></e:Body></e:Envelope>')
    bad = start_badserver("replay", "--answers", tmp_path)
    done = vperf.run("collect", *bad.arguments)
    assert (done.status, len(done.messages)) == (1, 1), done
    assert "is it ESXi or vCenter?" in done.err


def test_the_port_of_proxmox(vperf, certs):
    """Its certificate is refused first: then the port tells what is probably there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs["self-signed"]["cert"], certs["self-signed"]["key"])
    host = f"127.{os.getpid() % 250 + 1}.8.6"  # of this test's own
    with socket.create_server((host, 8006)) as listener:
        process = vperf.start("inventory", f"https://{USER}@{host}:8006")
        peer = listener.accept()[0]
        with contextlib.suppress(ssl.SSLError, OSError), context.wrap_socket(peer, True) as tls:
            tls.read()
        done = finish(process)
    assert done.status == 1 and len(done.messages) == 1, done
    assert "not trusted" in done.err and "port of Proxmox VE" in done.err, done
