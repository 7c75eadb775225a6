# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A proxy between vperf and the server: HTTPS_PROXY and NO_PROXY as govc users know them."""

import contextlib
import selectors
import socket
import threading

import harness
import pytest
from harness import PASSWORD, USER

# Only the proxy knows the address of this host.
HOST = "esx01.example.com"


class Proxy:
    """Opens tunnels to ports of this machine, whatever the host's name; keeps what it is asked."""

    def __init__(self, answer=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.answer, self.requests, self.tunnels = answer, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        """Serve each connection in a thread until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                peer = self.listener.accept()[0]
                threading.Thread(target=self.speak, args=(peer,), daemon=True).start()

    def speak(self, peer):
        """Answer one request; when the answer says 200, be its tunnel."""
        with peer, contextlib.suppress(OSError):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += peer.recv(4096) or b"\r\n\r\n"
            self.requests.append(head.decode())
            if self.answer is None:
                peer.recv(1)  # until vperf has enough
                return
            peer.sendall(self.answer[:9])
            peer.sendall(self.answer[9:])
            if b" 200 " in self.answer:
                port = int(head.split()[1].rsplit(b":", 1)[1])
                with socket.create_connection(("127.0.0.1", port)) as server:
                    self.tunnels += 1
                    self.relay(peer, server)

    @staticmethod
    def relay(peer, server):
        """Carry bytes both ways until one side ends."""
        other = {peer: server, server: peer}
        with selectors.DefaultSelector() as ready:
            for one in other:
                ready.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in ready.select():
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    other[key.fileobj].sendall(data)


@pytest.fixture
def start_proxy():
    """Start proxies; all of them end with the test."""
    with contextlib.ExitStack() as stack:
        def start(*arguments):
            proxy = Proxy(*arguments)
            stack.callback(proxy.listener.close)
            # A thread in accept(2) does not see that the descriptor is closed.
            stack.callback(proxy.listener.shutdown, socket.SHUT_RDWR)
            return proxy
        yield start


def run(vperf, esx, variables, *arguments, host=HOST):
    """Take the inventory of the simulator under a name that only the proxy knows."""
    return vperf.run("inventory", "--insecure", *arguments, esx.target(host=host), env=variables)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("form", ["http://{}", "{}", "http://{}/"])
def test_tunnel(vperf, esx, start_proxy, name, form):
    """All goes through one tunnel, and the proxy learns nothing but host and port."""
    proxy = start_proxy()
    done = run(vperf, esx, {name: form.format(proxy.name)})
    assert done.status == 0 and len(done.rows) == 4, done
    place = f"{HOST}:{esx.server.port}"
    assert proxy.requests == [f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\n"]
    assert {row["source"] for row in done.rows} == {place}


def test_login_at_the_proxy(vperf, esx, start_proxy):
    """User name and password of the proxy go to the proxy."""
    proxy = start_proxy()
    done = run(vperf, esx, {"HTTPS_PROXY": f"http://me:p%40ss@{proxy.name}"}, "--verbose")
    assert done.status == 0, done
    assert "Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in proxy.requests[0]
    assert "p%40ss" not in done.err and "bWU6" not in done.err


def test_no_proxy(vperf, esx, start_proxy):
    """NO_PROXY excepts hosts, and this machine is never reached through a proxy."""
    proxy = start_proxy()
    variables = {"HTTPS_PROXY": proxy.name, "NO_PROXY": "example.com"}
    done = run(vperf, esx, variables)
    assert done.status == 1 and "proxy" not in done.err, done
    assert run(vperf, esx, {"HTTPS_PROXY": proxy.name}, host="127.0.0.1").status == 0
    assert proxy.requests == []


def check_failure(done, proxy, reason):
    """One line with the target, the proxy and the reason."""
    assert (done.status, len(done.messages)) == (1, 1), done
    assert HOST in done.err and f"through the proxy {proxy}" in done.err, done
    assert reason in done.err, done


REFUSALS = [(b"HTTP/1.1 407 Login\r\n\r\n", "asks for a login"),
            (b"HTTP/1.1 403 Forbidden by policy\r\n\r\n", "403 Forbidden by policy"),
            (b"HTTP/1.1 503 \x1b[2Jx\r\n\r\n", "503 ?[2Jx"),
            (b"220 mail.example.com ESMTP\r\n\r\n", "not that of a proxy"),
            (b"x" * 20000, "not that of a proxy"), (b"HTTP/1.1 ", "Connection reset")]


@pytest.mark.parametrize("answer, reason", REFUSALS, ids=[reason for _, reason in REFUSALS])
def test_refusal(vperf, esx, start_proxy, answer, reason):
    """What the proxy says is told, and nothing is sent after it."""
    proxy = start_proxy(answer)
    check_failure(run(vperf, esx, {"HTTPS_PROXY": proxy.name}), proxy.name, reason)
    assert len(proxy.requests) >= 1 and proxy.tunnels == 0


def test_silent_proxy(vperf, esx, start_proxy):
    """A proxy that says nothing costs the time limit of a connection."""
    proxy = start_proxy(None)
    check_failure(run(vperf, esx, {"HTTPS_PROXY": proxy.name}, "--timeout", 1), proxy.name,
                  "within 1 s")


def test_absent_proxy(vperf, esx):
    """Nobody listens where the variable says."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{free.getsockname()[1]}"
        done = run(vperf, esx, {"HTTPS_PROXY": name})
    check_failure(done, name, "Connection refused")


def test_certificate_through_a_proxy(vperf, esx, start_proxy):
    """A proxy that shows a certificate of its own is named with the refusal."""
    proxy = start_proxy()
    done = vperf.run("inventory", esx.target(host=HOST), env={"HTTPS_PROXY": proxy.name})
    check_failure(done, proxy.name, "certificate")


def test_other_kinds(vperf, esx):
    """A kind of proxy that is not known is wrong usage; its password is not shown."""
    variables = {"HTTPS_PROXY": f"socks5://{USER}:{PASSWORD}@127.0.0.1:1"}
    done = run(vperf, esx, variables)
    assert done.status == 2 and "socks5" in done.err, done
    assert not harness.shows(PASSWORD, done.err)
