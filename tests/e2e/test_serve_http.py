# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf serve as an HTTP server: what it answers, whom, and what does not stop it."""

import contextlib
import pathlib
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading

import harness
import pytest
import serving

TARGET = ("--interval", "1", "test:///default")
USERS = {"prometheus": "Sesam", "grafana": "a:b c"}


@pytest.fixture(scope="module")
def server(vperf, tmp_path_factory):
    """One that has something to tell."""
    with serving.exporter(vperf, tmp_path_factory.mktemp("serve"), *TARGET) as one:
        one.await_samples("vperf_cpu_usage_ratio")
        yield one


def raw(server, data, seconds=10):
    """What comes back for some bytes until the end of the connection."""
    where = serving.urllib.parse.urlsplit(server.url)
    answer = b""
    with socket.create_connection((where.hostname, where.port), timeout=seconds) as peer, \
            contextlib.suppress(ConnectionError):
        peer.sendall(data)
        while part := peer.recv(65536):
            answer += part
    return answer.decode(errors="replace")


def test_pages(server):
    """Each path has its page, and says what it is."""
    status, headers, body = server.get("/")
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    for text in ("test:///default", 'href="/metrics"', 'href="/health"',
                 "/metrics?target=test%3A%2F%2F%2Fdefault", ">up<"):
        assert text in body, body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    status, headers, body = server.get("/health")
    assert status == 200 and body.startswith("test:///default: up, last round "), body


@pytest.mark.parametrize("accept, kind", [
    (None, serving.PLAIN), ("*/*", serving.PLAIN), (serving.ACCEPT, serving.OPENMETRICS),
    ("application/json", serving.PLAIN)])
def test_formats(server, accept, kind):
    """The format is the one that was asked for, also compressed, and both have the same samples."""
    headers = {"Accept": accept} if accept else {}
    status, given, body = server.get(**headers)
    assert status == 200 and given["Content-Type"] == kind
    assert body.endswith("# EOF\n") == (kind == serving.OPENMETRICS)
    serving.parse(body)
    _, given, packed = server.get(**headers, **{"Accept-Encoding": "gzip"})
    assert given["Content-Encoding"] == "gzip" and given["Content-Type"] == kind
    assert serving.parse(packed).keys() == serving.parse(body).keys()


def test_parts(server):
    """Of one target, of some counters; what is not there is told."""
    whole = server.samples()
    of_target = server.samples("/metrics?target=test:///default")
    assert of_target.keys() <= whole.keys()
    assert any(name == "vperf_cpu_usage_ratio" for name, _ in of_target)
    some = server.samples("/metrics?counter=mem.*,!mem.u*&counter=net.usage.average")
    names = {name for name, labels in some if dict(labels).get("id")}
    assert names and all(name.startswith(("vperf_mem_", "vperf_net_usage", "vperf_entity_info"))
                         for name in names), names
    assert not any(name.startswith("vperf_mem_usage") for name in names)
    assert server.get("/metrics?target=nobody")[0] == 404
    for path in ("/metrics%00foo", "/metrics?counter=cpu.*%00,mem.*", "/metrics?counter%00=cpu.*",
                 "/metrics?target=test:///default%00x", "/health%0a"):
        assert server.get(path)[0] == 400, path
    for query in ("colour=red", "counter=", "target=a&target=b", "counter=" + "a" * 1025, "target"):
        assert server.get(f"/metrics?{query}")[0] in (400, 404), query


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "//metrics", "/../metrics", "/metrics;x",
                                  "/etc/passwd", "/%2e%2e/health"])
def test_other_paths(server, path):
    """Nothing is there."""
    assert server.get(path)[0] == 404


def test_methods(server):
    """HEAD has the headers of GET; nothing else is done."""
    for path in ("/metrics", "/health", "/"):
        status, headers, body = server.get(path, "HEAD")
        assert status == 200 and body == "" and int(headers["Content-Length"]) > 0
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "get"):
        status, headers, _ = server.get(method=method)
        assert status == 405 and headers["Allow"] == "GET, HEAD", method


@pytest.mark.parametrize("request_text, answer", [
    ("GET /health HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
    ("GET /health HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "),
    ("GET http://x:1/health HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "),
    ("GET HTTPS://x?y HTTP/1.0\r\n\r\n", "HTTP/1.1 200 "),
    ("GET http://x/nothing HTTP/1.0\r\n\r\n", "HTTP/1.1 404 "),
    ("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 413 "),
    ("GET /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "HTTP/1.1 413 "),
    ("GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\nabc", "HTTP/1.1 4"),
    (f"GET /{'a' * 20000} HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414 "),
    (f"GET / HTTP/1.1\r\nHost: x\r\nX: {'a' * 20000}\r\n\r\n", "HTTP/1.1 431 "),
    ("\x16\x03\x01\x00\x01\r\n\r\n", ""), ("rubbish\r\n\r\n", ""),
], ids=range(12))
def test_bad_requests(server, request_text, answer):
    """They are refused, and the next one is answered. What was not read before the end of the
    connection may take the answer away."""
    got = raw(server, request_text.encode())
    assert got.startswith(answer) or (got == "" and len(request_text) > 8192)
    assert server.get("/health")[0] == 200


def test_many_requests_on_one_connection(server):
    """A connection stays for the next scrape."""
    with contextlib.closing(server.connection()) as connection:
        connection.connect()
        own = connection.sock.getsockname()
        for path in ("/metrics", "/nothing", "/metrics?target=nobody", "/health"):
            connection.request("GET", path)
            connection.getresponse().read()
            assert connection.sock and connection.sock.getsockname() == own, path


def test_idle_and_slow_connections(server):
    """A thousand that say nothing, and some that say one byte at a time, do not stop a scrape."""
    where = serving.urllib.parse.urlsplit(server.url)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with contextlib.ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for number in range(1050):
            one = stack.enter_context(socket.create_connection((where.hostname, where.port), 30))
            if number % 2:
                one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: a"[:number // 25 + 1])
        for _ in range(20):
            assert server.get()[0] == 200


def answers(one):
    """Tell whether a new connection is answered now."""
    with contextlib.suppress(OSError, serving.http.client.HTTPException):
        return one.get("/health")[0] in (200, 503)
    return False


def test_few_descriptors(vperf, tmp_path):
    """With few, there are few connections, and those that are too many wait without work; with too
    few it does not begin."""
    def limited(number):
        return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))}

    with pytest.raises(AssertionError, match="ulimit -n 52' is needed"):
        serving.Exporter(vperf, tmp_path, *TARGET, **limited(20))
    with serving.exporter(vperf, tmp_path, *TARGET, **limited(52)) as one:
        where = serving.urllib.parse.urlsplit(one.url)
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                peer = stack.enter_context(
                    socket.create_connection((where.hostname, where.port), 30))
                with contextlib.suppress(ConnectionError):  # of those that are too many
                    peer.sendall(b"GET /me HTTP/1.1\r\nHost: x\r\n\r\n")
            descriptors = len(list(pathlib.Path(f"/proc/{one.process.pid}/fd").iterdir()))
            assert descriptors < 52
        harness.await_true(lambda: answers(one), "an answer")


def test_a_reader_that_stops(server):
    """Who asks and does not read holds up nobody."""
    where = serving.urllib.parse.urlsplit(server.url)
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            one = stack.enter_context(socket.create_connection((where.hostname, where.port), 30))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            one.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        assert server.get()[0] == 200


@pytest.fixture(scope="module")
def user_file(tmp_path_factory):
    """A file of users as htpasswd makes it."""
    if not shutil.which("htpasswd"):
        pytest.skip("needs htpasswd (apache2-utils)")
    path = tmp_path_factory.mktemp("users") / "users"
    path.touch()
    for name, password in USERS.items():
        subprocess.run(["htpasswd", "-B", "-C", "5", "-b", str(path), name, password], check=True,
                       capture_output=True)
    return path


@pytest.fixture(scope="module")
def guarded(vperf, certs, user_file, tmp_path_factory):
    """One with users and TLS."""
    good = certs["good"]
    with serving.exporter(vperf, tmp_path_factory.mktemp("guarded"), "--auth-file", user_file,
                          "--tls-cert", good["cert"], "--tls-key", good["key"], *TARGET) as one:
        yield one


def test_users(guarded, certs):
    """Each user gets in by the own password, and nobody else."""
    ca_file = certs["ca"]["cert"]
    for user in USERS.items():
        for _ in range(2):
            assert guarded.get(ca_file=ca_file, user=user)[0] == 200
    for user in (None, ("prometheus", "sesam"), ("prometheus", ""), ("nobody", "Sesam"),
                 ("", "Sesam"), ("grafana", "a"), ("prometheus", "Sesam\0")):
        status, headers, body = guarded.get(ca_file=ca_file, user=user)
        assert status == 401 and headers["WWW-Authenticate"].startswith("Basic realm="), user
        assert "vperf_" not in body


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/metrics?target=x", "//metrics",
                                  "/health/../metrics", "/nothing", "/%6detrics", "/metrics%00",
                                  "http://127.0.0.1/metrics", "*"])
def test_no_path_around_users(guarded, certs, path):
    """Whatever is asked for, and however, who asks is asked first."""
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert guarded.get(path, method, ca_file=certs["ca"]["cert"])[0] == 401, method


def test_guesses(vperf, user_file, tmp_path):
    """Who guesses is put off after a while, and does not keep out who is known."""
    known = ("prometheus", "Sesam")
    with serving.exporter(vperf, tmp_path, "--auth-file", user_file, *TARGET) as one:
        assert one.get(user=known)[0] == 200
        for guess in range(1000):
            status, headers, _ = one.get(user=("prometheus", str(guess)))
            if status != 401:
                break
        assert status == 429 and headers["Retry-After"] == "1"
        assert one.get(user=known)[0] == 200
        assert one.get(user=("prometheus", "0"))[0] == 401


def test_tls(guarded, certs):
    """TLS 1.2 or newer with the given certificate, and nothing in clear."""
    where = serving.urllib.parse.urlsplit(guarded.url)
    assert where.scheme == "https"
    plain = serving.http.client.HTTPConnection(where.hostname, where.port, timeout=10)
    with pytest.raises((serving.http.client.HTTPException, OSError)):
        plain.request("GET", "/metrics")
        plain.getresponse()
    plain.close()
    old = ssl.create_default_context(cafile=certs["ca"]["cert"])
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    with pytest.deprecated_call():
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with socket.create_connection((where.hostname, where.port), 10) as peer, \
            pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(peer, server_hostname=where.hostname)


@pytest.mark.parametrize("options, text", [
    (["--tls-cert", "CERT"], "--tls-cert and --tls-key belong together"),
    (["--tls-cert", "CERT", "--tls-key", "missing"], "--tls-key 'missing': No such file"),
    (["--tls-cert", "CERT", "--tls-key", "CERT"], "are --tls-cert and --tls-key PEM"),
    (["--tls-cert", "CERT", "--tls-key", "OTHER"], "of each other"),
    (["--auth-file", "missing"], "--auth-file 'missing': No such file"),
    (["--auth-file", "CERT"], "line 1: expected USER:HASH"),
    (["--listen", "9272"], "expected HOST:PORT"),
    (["--counter", ""], "empty pattern"),
    (["--follow"], "unknown option"),
])
def test_wrong_usage(vperf, certs, options, text):
    """One line says what is wrong."""
    files = {"CERT": certs["good"]["cert"], "OTHER": certs["expired"]["key"]}
    done = vperf.run("serve", "--listen", "127.0.0.1:0",
                     *(files.get(word, word) for word in options), "test:///default")
    assert done.status == 2 and len(done.messages) == 1 and text in done.err, done


def test_a_port_that_is_taken(vperf, server):
    """It is said, and that is the end."""
    taken = serving.urllib.parse.urlsplit(server.url).netloc
    done = vperf.run("serve", "--listen", taken, "test:///default")
    assert done.status == 1 and taken in done.err and "in use" in done.err, done


@pytest.mark.parametrize("listen, options, warning", [
    ("[::1]:0", [], None), ("localhost:0", [], None),
    (":0", [], "without a password, without TLS: give --auth-file and --tls-cert and --tls-key"),
])
def test_addresses(vperf, tmp_path, listen, options, warning):
    """IPv6 too; who lets others in unprotected is warned once."""
    if ":" in listen and not socket.has_ipv6:
        pytest.skip("needs IPv6")
    with serving.exporter(vperf, tmp_path, *options, *TARGET, listen=listen) as one:
        if listen.startswith(":"):
            one.url = one.url.replace("[::]", "127.0.0.1")
        assert one.get("/")[0] == 200
        warnings = [line for line in one.messages().splitlines() if "warning" in line]
        assert len(warnings) == (1 if warning else 0)
        assert not warning or warning in warnings[0], warnings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end(vperf, tmp_path, number):
    """A signal ends it soon, also while requests come."""
    one = serving.Exporter(vperf, tmp_path, *TARGET)
    answers, ended = [], threading.Event()

    def ask():
        while not ended.is_set():
            try:
                answers.append(one.get()[0])
            except OSError:
                return
    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    harness.await_true(lambda: len(answers) > 20, "answers")
    assert harness.shown_as(one.process) == (pathlib.Path(vperf.path).name, vperf.path)
    done = one.stop(number)
    ended.set()
    for asker in askers:
        asker.join()
    assert done.status == 130 and set(answers) == {200}, done


@pytest.mark.parametrize("program, command", [
    ("vperf-serve", ["serve", "test:///default"]), ("vperf-full", ["report", "./vperf.db"]),
    ("vperf-full", ["collect", "./vperf.db"]),
], ids=["serve", "report", "history"])
def test_a_program_that_is_missing(vperf, tmp_path, program, command):
    """Without it beside vperf, vperf says what to install."""
    alone = tmp_path / "vperf"
    shutil.copy(vperf.path, alone)
    done = harness.Program(alone, tmp_path).run(*command)
    installed = pathlib.Path("/usr/local/libexec/vperf", program).exists()
    assert installed or (done.status == 1 and "cannot start" in done.err and
                         f"{program}: " in done.err and
                         "install it beside vperf" in done.err), done
