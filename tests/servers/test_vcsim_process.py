# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Checks the simulator as a process: how it starts and ends, and what its request log tells."""

import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import pytest

import launch
import pyvmomi_reference as reference


def test_the_request_log(vcsim_binary, certs, tmp_path):
    log = tmp_path / "log"
    with launch.vcsim(vcsim_binary, "-mode", "real", "-password", "s3cret", log=log,
                      cert=certs["good"]) as server:
        context = ssl.create_default_context()  # trusts no CA of ours
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)),
                                server_hostname="localhost")
        socket.create_connection(("127.0.0.1", server.port)).close()
        with reference.session(server.url, "user", "s3cret", certs["ca"]["cert"]) as content:
            rows = list(reference.collect(content, ["vm"]))
        deadline = time.time() + 5
        while len(server.events("connection")) < 2 and time.time() < deadline:
            time.sleep(0.05)
        early = server.events("connection")
        assert [line["handshake"] for line in early] == [False, False]
        assert sorted(line["bytes"] > 0 for line in early) == [False, True]
        requests = server.events("request")
    assert rows
    assert [line["method"] for line in requests if line["credentials"]] == ["Login"]
    queries = [line for line in requests if line["method"] == "QueryPerf"]
    assert [line["specs"] for line in queries] == [1, 1]
    assert all(line["metrics"] > 90 and line["maxSample"] == "1" for line in queries)
    assert all("urn:vim25" in line["soap_action"] for line in queries)
    assert all(line["user_agent"] for line in queries)
    assert all(line["status"] == 200 for line in server.events("answer"))
    assert "s3cret" not in log.read_text()


def test_start_and_end(vcsim_binary):
    server = launch.vcsim(vcsim_binary, "-username", "root", "-password", "x")
    with reference.session(server.url, "root", "x") as content:
        assert content.about.apiType == "HostAgent"
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(5) == 0
    server.stop()


def test_plain_http(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-http") as server:
        assert server.url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(server.url + "/vimServiceVersions.xml") as answer:
            assert b"urn:vim25" in answer.read()


def test_it_ends_with_its_parent(vcsim_binary):
    script = f'{vcsim_binary} -die-with-parent & echo $!; sleep 1'
    done = subprocess.run(["sh", "-c", script], stdout=subprocess.PIPE, text=True, timeout=20)
    pid = next(line for line in done.stdout.split("\n") if line.isdigit())
    deadline = time.time() + 5
    while time.time() < deadline:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                if stat.read().split()[2] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.05)
    pytest.fail("still running")


def test_help_shows_no_password(vcsim_binary):
    done = subprocess.run([vcsim_binary, "-help"], stderr=subprocess.PIPE, text=True, timeout=20,
                          env={"VCSIM_PASSWORD": "s3cret"})
    text = done.stderr.split("-password ")[1].split("\n  -")[0]
    assert "s3cret" not in done.stderr and "default \"" not in text, text


def test_bad_usage(vcsim_binary):
    for flags in (["-mode", "x"], ["-model", "x"], ["-cert", "x"], ["-host", "2"], ["word"]):
        done = subprocess.run([vcsim_binary, *flags], stderr=subprocess.PIPE, text=True, timeout=20)
        assert done.returncode == 1 and done.stderr.startswith("vcsim: ")
