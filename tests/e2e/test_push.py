# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Outputs over HTTP to databases that misbehave: what is delivered, told and lost."""

import base64
import contextlib
import os
import pathlib
import signal
import urllib.parse

import pytest

import harness
import lineprotocol
from receiver import Receiver, raw, status

GOOD = status(204)


def collect(vperf, server, *arguments, **how):
    """Collect two counters of all guests and hosts."""
    return vperf.run("collect", "--counter", "cpu.usage.average,mem.usage.average", "--timeout",
                     "5", *arguments, *server.arguments, **how)


@pytest.fixture(scope="module")
def expected(vperf, esx):
    """The lines that a database should get."""
    done = collect(vperf, esx, "--format", "influx")
    assert done.status == 0, done
    return sorted(done.out.splitlines())


@pytest.mark.parametrize("answers, told", [
    ([status(503, "busy\nmore")], "503: busy: trying again"),
    ([status(429)], "429: trying again"),
    ([status(200, '{"error":"timeout"}')], '200: {"error":"timeout"}: trying again'),
    ([raw(b"")], "Empty reply from server: trying again"),
    ([raw(b"what?\n")], "trying again"),
    ([raw(b"HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nba")], "trying again"),
    ([raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000)], "trying again"),
    ([raw(b"HTTP/1.1 200 OK\r\nX: y\r\n")], "trying again"),
])
def test_again(vperf, esx, expected, answers, told):
    """What may be different next time is tried again, and told once."""
    with Receiver(answers) as database:
        done = collect(vperf, esx, "--output", database.url)
    assert done.status == 0, done
    assert len([line for line in done.messages if "trying again" in line]) == 1
    assert told in done.err and "is back after" in done.err
    assert sorted(database.lines) == expected
    assert {request.body for request in database.requests} == {database.requests[0].body}


def test_retry_after(vperf, esx, expected):
    """The server says when."""
    with Receiver([status(429, Retry_After="2")]) as database:
        done = collect(vperf, esx, "--output", database.url)
    first, second = database.requests
    assert done.status == 0, done
    assert second.at - first.at >= 2
    assert sorted(database.lines) == expected


def test_refused_line(vperf, esx, expected):
    """One line that is refused is named, and all others are taken."""
    def judge(handler, request):
        bad = [line for line in request.lines if "vsphere_host_mem" in line]
        (status(400, '{"error":"bad field"}') if bad else GOOD)(handler, request)
    with Receiver(otherwise=judge) as database:
        done = collect(vperf, esx, "--output", database.url)
    assert done.status == 3, done
    refused = [line for line in expected if "vsphere_host_mem" in line]
    assert len(refused) == 1
    assert f'400: {{"error":"bad field"}}; refused is {refused[0]}' in done.err
    assert "samples were not delivered: 400" in done.err
    assert sorted(set(database.lines)) == [line for line in expected if line not in refused]


@pytest.mark.parametrize("answer", [
    status(400, "no"), status(200, '{"error":"no"}', Content_Type="application/json")])
def test_everything_refused(vperf, esx, answer):
    """Halves are made only so often, the reason is told once, and nothing is left."""
    with Receiver(otherwise=answer) as database:
        done = collect(vperf, esx, "--output", database.url)
    assert done.status == 1, done
    assert done.err.count("refused is") == 1
    assert len(database.requests) < 100


def test_too_large(vperf, esx, expected):
    """A server that takes less at once gets less."""
    def judge(handler, request):
        (status(413) if len(request.lines) > 2 else GOOD)(handler, request)
    with Receiver(otherwise=judge) as database:
        done = collect(vperf, esx, "--output", database.url)
    assert done.status == 0, done
    assert sorted(database.lines) == expected


@pytest.mark.parametrize("answer, told", [
    (status(401, "who are you?"), "401: who are you?"),
    (status(404, "no such database"), "404: no such database"),
    (status(302, Location="http://127.0.0.1:1/write"), "302, which sends elsewhere"),
    (status(200, "<html>", Content_Type="text/html; charset=utf-8"), "200 with a web page"),
])
def test_refused(vperf, esx, answer, told, tmp_path):
    """What will not change is asked for once; the other output is whole."""
    with Receiver(otherwise=answer) as database:
        done = collect(vperf, esx, "--output", database.url)
        assert done.status == 1, done
        assert told in done.err
        assert len(database.requests) == 1
        done = collect(vperf, esx, "--output", database.url, "--output", tmp_path / "a.csv")
    assert done.status == 3, done
    assert (tmp_path / "a.csv").read_text() == collect(vperf, esx).out


def endless(code):
    """Return an answer with this status, whose body ends when nobody reads it."""
    def answer(handler, _):
        handler.send_response(code)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"no\n" * 10_000)
        handler.close_connection = True
    return answer


def test_endless_answer(vperf, esx, expected):
    """Its status counts, and what follows is not waited for."""
    with Receiver(otherwise=endless(401)) as database:
        done = collect(vperf, esx, "--output", database.url, "--timeout", "60")
        assert done.status == 1, done
        assert "401: no" in done.err and "trying again" not in done.err
        assert len(database.requests) == 1
    with Receiver(otherwise=endless(200)) as database:
        done = collect(vperf, esx, "--output", database.url, "--timeout", "60")
    assert done.status == 0, done
    assert sorted(line for request in database.requests for line in request.lines) == expected


def test_slow(vperf, esx, tmp_path):
    """One byte a second is given up in time, and holds up nobody."""
    with Receiver() as database:
        database.otherwise = database.slow(b"HTTP/1.1 204 No Content\r\n\r\n")
        done = collect(vperf, esx, "--output", database.url, "--output", tmp_path / "a.csv",
                       "--timeout", "2")
    assert done.status == 3, done
    assert "samples were not delivered" in done.err
    assert done.own_seconds < 20
    assert (tmp_path / "a.csv").read_text() == collect(vperf, esx).out


def test_down(vperf, esx, tmp_path):
    """Nobody is there: this is told, and costs the samples of this output alone."""
    done = collect(vperf, esx, "--output", "http://127.0.0.1:1/api/v1/write", "--output",
                   tmp_path / "a.csv", "--timeout", "1")
    assert done.status == 3, done
    assert "http://127.0.0.1:1/api/v1/write: Failed to connect" in done.err
    assert (tmp_path / "a.csv").read_text() == collect(vperf, esx).out


def processes(name):
    """Return the ids of processes with this name that are no zombies."""
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (entry / "stat").read_text()
            if f"({name[:15]})" in stat and stat.rpartition(")")[2].split()[0] != "Z":
                found.add(int(entry.name))
    return found


def children(process, name):
    """Return the processes of this name that a process has started."""
    listed = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return {int(pid) for pid in listed} & processes(name)


@pytest.mark.parametrize("how", ["token file", "variable", "login"])
def test_secrets(vperf, esx, tmp_path, how):
    """The server gets them, and nobody else: no argument, environment or message has them."""
    secret, seen = "Ge:heim/1@x", []
    (tmp_path / "token").write_text(secret + "\n")

    def look(handler, request):
        for name in ("vperf", "vperf-push"):
            for pid in processes(name):
                with contextlib.suppress(OSError):
                    base = pathlib.Path(f"/proc/{pid}")
                    seen.append((base / "cmdline").read_bytes())
                    if name == "vperf-push":
                        seen.append((base / "environ").read_bytes())
        status(401, "no")(handler, request)

    with Receiver(otherwise=look) as database:
        url, options, env = database.url, [], {}
        if how == "token file":
            options = ["--token-file", tmp_path / "token"]
        elif how == "variable":
            env = {"VPERF_TOKEN": secret}
        else:
            url = url.replace("//", "//me:Ge%3Aheim%2F1%40x@")
        if how == "login":
            options += ["--output=" + url]
        else:
            options += ["--output", url.replace("/write", "/api/v2/write?bucket=b&org=o")]
        done = collect(vperf, esx, *options, "-v", env=env, secret=secret)
    assert done.status == 1, done
    got = database.requests[0].headers["Authorization"]
    basic = base64.b64encode(f"me:{secret}".encode()).decode()
    assert got == (f"Basic {basic}" if how == "login" else f"Token {secret}")
    assert seen and not any(secret.encode() in text or b"Ge%3Aheim" in text for text in seen)
    assert "Ge%3A" not in done.err


def test_influxdb_2(vperf, esx, expected, tmp_path):
    """What its documentation asks of a request to /api/v2/write, and its own words for a refusal."""
    (tmp_path / "token").write_text("dG9rZW4=\n")
    wrong = []

    def judge(handler, request):
        where = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(where.query, strict_parsing=True)
        demands = {
            "path": where.path == "/api/v2/write",
            "organisation and bucket": (query.pop("org", 0), query.pop("bucket", 0)) == (
                ["my org"], ["a/b"]),
            "precision": query.pop("precision", ["ns"]) == ["ns"] and not query,
            "token": request.headers.get_all("Authorization") == ["Token dG9rZW4="],
            "type": request.headers["Content-Type"].partition(";")[0] == "text/plain",
            "encoding": request.headers["Content-Encoding"] == "gzip",
            "lines": lineprotocol.read(request.body.decode()),
        }
        wrong.extend(name for name, good in demands.items() if not good)
        GOOD(handler, request)

    def send():
        url = database.url.replace("/write", "/api/v2/write?org=my%20org&bucket=a%2Fb")
        return collect(vperf, esx, "--output", url, "--token-file", tmp_path / "token",
                       secret="dG9rZW4=")
    with Receiver(otherwise=judge) as database:
        done = send()
    assert done.status == 0 and not wrong, (wrong, done)
    assert sorted(database.lines) == expected
    refusal = '{"code":"not found","message":"bucket \\"a/b\\" not found"}'
    with Receiver(otherwise=status(404, refusal)) as database:
        done = send()
    assert done.status == 1 and f"404: {refusal}" in done.err, done


def test_trust(vperf, esx, certs, expected):
    """Certificates are verified, by authorities of one's own if they are named."""
    with Receiver(certificate=certs["good"]) as database:
        done = collect(vperf, esx, "--output", database.url)
        assert done.status == 1, done
        assert "certificate" in done.err and not database.requests
        done = collect(vperf, esx, "--output", database.url, "--output-ca-file",
                       certs["ca"]["cert"])
    assert done.status == 0, done
    assert sorted(database.lines) == expected


@pytest.mark.parametrize("arguments, message", [
    (["--output", "http://127.0.0.1/there"], "the path does not tell the protocol"),
    (["--output", "http:///write"], "the URL has no host"),
    (["--output", "http://127.0.0.1:99999/write"], "the port is no number from 1 to 65535"),
    (["--output", "http://127.0.0.1/write?db=a b"], "a blank or a control character"),
    (["--output", "http://h/write?precision=h"], "times are sent in ns"),
    (["--output", "xhttp://me:secret@h/write"], "'xhttp://...': a URL begins with http://"),
    (["--output=csv:http://me:secret@h/write"], "'csv:http://...': a URL begins with http://"),
    (["-ofile:///x"], "'file://...': a URL begins with http://"),
    (["--output", ""], "--output has no name of a file"),
    (["--output", "csv:"], "--output 'csv:' has no name of a file"),
    (["--output", "http://h/write?u=me&p=secret"], "has no place in the query"),
    (["--output", "http://h/write", "--output", "http://x:y@h/write"], "is given twice"),
    (["--output", "http://h/write", "--raw"], "--raw"),
    (["--output", "x.csv", "--token-file", "t"], "--token-file is for URLs: no --output is one"),
    (["--output", "x.csv", "--output-ca-file", "t"], "--output-ca-file is for URLs"),
    (["--output", "http://h/write", "--format", "influx"], "--format is for files"),
    (["--output", "http://h/api/v1/write", "--with", "host"], "--with: remote write has no place"),
    (["--output", "http://h/write", "--token-file", "/nowhere"], "cannot read the token file"),
])
def test_usage(vperf, esx, arguments, message, tmp_path):
    """What cannot be meant is refused before anything is asked for."""
    done = collect(vperf, esx, *arguments, cwd=tmp_path, secret="secret")
    assert done.status == 2, done
    assert message in done.err


def test_token_of_several_hosts(vperf, esx):
    """One token is not given to two hosts; one that goes in clear is warned of."""
    env = {"VPERF_TOKEN": "secret"}
    done = collect(vperf, esx, "--output", "http://a.invalid/write", "--output",
                   "https://b.invalid/write", env=env, secret="secret")
    assert done.status == 2, done
    assert "one token would go to http://a.invalid/write and to https://b.invalid/write" in done.err
    assert "http://a.invalid/write: the token is not encrypted on its way" in done.err
    done = collect(vperf, esx, "--output", "http://me:pa/secret@b.invalid/write", secret="secret")
    assert done.status == 2, done
    assert "encode / as %2F" in done.err
    with Receiver() as one, Receiver() as other:
        done = collect(vperf, esx, "--output", one.url, "--output", other.url, env=env)
    assert done.status == 0 and "encrypted" not in done.err, done


@pytest.fixture
def follow(vperf):
    """Follow libvirt's test driver, a sample each second: follow(output, …)."""
    processes = []

    def start(*outputs, seconds=5):
        given = [word for output in outputs for word in ("--output", output)]
        processes.append(vperf.start(
            "collect", "--follow", "--interval", "1", "--counter", "mem.usage.average",
            "--timeout", seconds, *given, "test:///default"))
        return processes[-1]
    yield start
    for process in processes:
        process.kill()


def test_follow_over_an_outage(follow, tmp_path):
    """An answer that fails keeps samples waiting, and no one else; then all of them come."""
    path = tmp_path / "a.lp"
    with Receiver(otherwise=status(503)) as database:
        process = follow(database.url, path)
        harness.await_true(lambda: path.exists() and path.read_text().count("\n") >= 3, "rows")
        database.otherwise = GOOD
        wanted = path.read_text().splitlines()
        harness.await_true(lambda: set(wanted) <= set(database.lines), "all samples")
        process.send_signal(signal.SIGTERM)
        done = harness.finish(process)
    assert done.status == 130, done
    assert done.err.count("503: trying again") == 1 and done.err.count("is back after") == 1
    assert database.lines == path.read_text().splitlines()


def test_interrupt(follow):
    """A database that hangs does not hold up the end for long."""
    with Receiver([GOOD]) as database:
        database.otherwise = database.slow(b"HTTP/1.1 204 No Content\r\n\r\n")
        process = follow(database.url, seconds=2)
        database.await_requests(2)
        process.send_signal(signal.SIGINT)
        done = harness.finish(process)
    assert done.status == 130, done
    assert "samples were not delivered" in done.err


def test_vperf_is_killed(follow):
    """Then vperf-push ends too, though its database does not answer."""
    with Receiver() as database:
        database.otherwise = database.slow(b"HTTP/1.1 204 No Content\r\n\r\n")
        process = follow(database.url)
        database.await_requests(1)
        (helper,) = children(process, "vperf-push")
        process.kill()
        process.communicate()
        harness.await_true(lambda: helper not in processes("vperf-push"), "the end of vperf-push")


def test_vperf_push_is_killed(follow, tmp_path):
    """This is told, and the other outputs go on."""
    path = tmp_path / "a.lp"
    with Receiver() as database:
        process = follow(database.url, path)
        database.await_requests(1)
        (helper,) = children(process, "vperf-push")
        os.kill(helper, signal.SIGKILL)
        assert "the other outputs go on" in process.stderr.readline().decode()
        rows = path.read_text().count("\n")
        harness.await_true(lambda: path.read_text().count("\n") > rows, "more rows")
        process.send_signal(signal.SIGTERM)
        assert harness.finish(process).status == 130
