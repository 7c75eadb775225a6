# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Checks that each failing server fails in its own way and logs what arrived, and that the
certificates are good and bad as they should be."""

import http.client
import socket
import ssl
import time

import pytest

import badserver
import launch

LOGIN = ('<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><Login>'
         '<userName>u</userName><password>p</password></Login></e:Body></e:Envelope>')


def post(server, certs, body=LOGIN, timeout=0.6, size=None):
    """Send a request over verified TLS and read the answer, or its first SIZE bytes."""
    context = ssl.create_default_context(cafile=certs["ca"]["cert"])
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=timeout,
                                             context=context)
    try:
        connection.request("POST", "/sdk", body)
        answer = connection.getresponse()
        return answer.status, answer.read(size)
    finally:
        connection.close()


def closed(log):
    """Return the log's summary once a connection has ended."""
    deadline = time.monotonic() + 5
    while '"close"' not in log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    return badserver.summary(log)


@pytest.mark.parametrize("mode, status, text", [
    ("html", 200, b"<html>"), ("http-401", 401, b"Unauthorized"), ("http-404", 404, b"Not Found"),
    ("http-503", 503, b"Unavailable"), ("redirect", 302, b""), ("redirect-http", 307, b""),
    ("junk", 200, b"Surprise"), ("not-xml", 200, b"\xff\x00"), ("bomb", 200, b"<!ENTITY a10"),
    ("deep", 200, b"<a><a>"), ("endless", 200, b"<a>b</a><a>b</a>")])
def test_answers(certs, tmp_path, mode, status, text):
    log = tmp_path / "log"
    with launch.badserver(mode, log=log, cert=certs["good"]) as server:
        got, body = post(server, certs, timeout=5, size=2_000_000)
        total = closed(log)
    assert got == status and text in body
    assert total["requests"] == ["Login"] and total["application"] and total["credential"]
    assert total["handshakes"] == 1 and total["received"] > len(LOGIN)


@pytest.mark.parametrize("mode, error", [
    ("truncated-length", http.client.IncompleteRead), ("reset", ConnectionResetError),
    ("truncated-chunked", http.client.IncompleteRead), ("close", http.client.RemoteDisconnected),
    ("truncated-header", None), ("silent", socket.timeout), ("drip-header", socket.timeout),
    ("endless-header", http.client.HTTPException), ("reset-accept", OSError),
    ("no-handshake", socket.timeout), ("plain-http", ssl.SSLError), ("garbage", ssl.SSLError)])
def test_failures(certs, tmp_path, mode, error):
    log = tmp_path / "log"
    with launch.badserver(mode, log=log, cert=certs["good"]) as server:
        if error is None:  # Python forgives a cut header
            assert post(server, certs) == (200, b"")
        else:
            with pytest.raises(error):
                post(server, certs)
    reached = mode not in ("reset-accept", "no-handshake", "plain-http", "garbage")
    total = badserver.summary(log)
    assert total["application"] == total["credential"] == reached
    assert total["requests"] == ["Login"] * reached


def test_drip(certs):
    with launch.badserver("drip", "--interval", 0.05, cert=certs["good"]) as server:
        raw = socket.create_connection(("127.0.0.1", server.port), timeout=1)
        context = ssl.create_default_context(cafile=certs["ca"]["cert"])
        with context.wrap_socket(raw, server_hostname="localhost") as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            sizes = [len(connection.recv(4096)) for _ in range(12)]
    assert sizes[-8:] == [1] * 8


@pytest.mark.parametrize("name, text", [
    ("expired", "expired"), ("wrong-name", "mismatch"), ("self-signed", "self-signed")])
def test_certificates(certs, tmp_path, name, text):
    log = tmp_path / "log"
    with launch.badserver("html", log=log, cert=certs[name]) as server:
        with pytest.raises(ssl.SSLCertVerificationError) as error:
            post(server, certs)
        total = closed(log)
    assert text in str(error.value)
    assert not total["application"] and not total["credential"] and total["connections"] == 1


def test_thumbprints(certs):
    assert len(certs["good"]["sha256"]) == 32 * 3 - 1
    assert len(certs["good"]["sha1"]) == 20 * 3 - 1
    assert certs["good"]["sha256"] != certs["self-signed"]["sha256"]


def test_replay(certs, tmp_path):
    answers = tmp_path / "answers"
    answers.mkdir()
    for name, text in (("Login.xml", "<ok/>"), ("Next.1.xml", "<one/>"), ("Next.2.xml", "<two/>"),
                       ("Bad.xml", "<e:Fault>"), ("vimServiceVersions.xml", "<namespaces/>")):
        (answers / name).write_text(text)

    def call(server, name):
        return post(server, certs, f"<Envelope><Body><{name}/></Body></Envelope>")

    with launch.badserver("replay", "--answers", answers, cert=certs["good"]) as server:
        assert call(server, "Login") == (200, b"<ok/>")
        assert [call(server, "Next") for _ in range(2)] == [(200, b"<one/>"), (200, b"<two/>")]
        assert call(server, "Next")[0] == 404
        assert call(server, "Bad") == (500, b"<e:Fault>")
    with launch.badserver("http-503", "--only", "Next", "--answers", answers,
                          cert=certs["good"]) as server:
        assert [call(server, name)[0] for name in ("Login", "Next", "Login")] == [200, 503, 200]
