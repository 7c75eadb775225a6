# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""check: what each target is, what would fail and why, and the exit status."""

import csv
import hashlib
import io
import signal
import ssl

import pytest
from harness import STANDING, await_true, finish, on_terminal

COLUMNS = ["target", "status", "version", "guests", "hosts", "counters", "clock_offset",
           "certificate_end", "trouble"]


def table(done):
    """The rows by target."""
    rows = csv.DictReader(io.StringIO(done.out))
    assert rows.fieldnames == COLUMNS
    return {row["target"]: row for row in rows}


@pytest.fixture(scope="module")
def live(shared_vcsim):
    """An ESXi host whose clock is ours, with a guest that is off."""
    return shared_vcsim("-mode", "real", "-model", "esx", "-vm", "3", "-off", "1")


def test_well(vperf, live):
    """A vSphere server and a libvirt: all of it is told, and nothing on stderr but the sum."""
    done = vperf.run("check", *live.arguments, "test:///default")
    assert (done.status, len(done.messages)) == (0, 1), done
    esx, driver = table(done).values()
    assert esx["status"] == driver["status"] == "ok"
    assert esx["version"].startswith("VMware ESXi") and "libvirt" in driver["version"]
    assert (esx["guests"], esx["hosts"]) == ("3", "1")
    assert int(esx["counters"]) > 100 and int(driver["counters"]) > 10
    assert abs(float(esx["clock_offset"])) < 10 and not driver["clock_offset"]
    assert esx["certificate_end"] == "2049-12-31T00:00:00Z" and not driver["certificate_end"]


def test_each_trouble(vperf, live, shared_vcsim, certs, tmp_path):
    """Targets of a configuration, each with its own trouble, by name and in its order."""
    old = shared_vcsim(*STANDING, "-model", "esx", "-vm", "1", cert="expired")
    path = tmp_path / "vperf.conf"
    path.write_text(f"""
[defaults]
username = collector
ca-file = {live.ca_file}
[target well]
uri = {live.url}
[target user]
uri = {live.url.replace("127.0.0.1", "localhost")}
username = nobody
[target trust]
uri = {live.url.replace("127.0.0.1", "[::ffff:127.0.0.1]")}
thumbprint = {"AB" * 32}
[target old]
uri = {old.url}
thumbprint = {certs["expired"]["sha256"]}
name = none
counter = cpu.usge.average
[target nobody]
uri = https://127.0.0.1:1
[target libvirt]
uri = qemu+unix:///system?socket={tmp_path}/none
""")
    done = vperf.run("check", "--config", path)
    rows = table(done)
    assert done.status == 3 and len(done.messages) == 1, done
    assert list(rows) == ["well", "user", "trust", "old", "nobody", "libvirt"]
    assert {name: row["status"] for name, row in rows.items()} == {
        "well": "ok", "user": "failed", "trust": "failed", "old": "warning", "nobody": "failed",
        "libvirt": "failed"}
    for name, texts in {"user": ["refused", "login"], "trust": ["thumbprint"],
                        "old": ["behind ours", "has ended on 2020-02-01", "'none'",
                                "cpu.usge.average"],
                        "nobody": ["cannot connect"], "libvirt": ["none"]}.items():
        for text in texts:
            assert text in rows[name]["trouble"], (name, rows[name])
    assert not rows["nobody"]["guests"] and not rows["well"]["trouble"]


def test_nothing_to_see(vperf, live):
    """Who sees nothing lacks rights, or has chosen what is not there."""
    done = vperf.run("check", "--type", "cluster", *live.arguments)
    assert done.status == 3 and "shows nothing of the chosen types" in done.out, done


def test_all_failed(vperf):
    """Status 1; the row says why."""
    done = vperf.run("check", "https://user@127.0.0.1:1")
    assert done.status == 1 and len(table(done)) == 1, done


@pytest.mark.parametrize("wrong", [("--thumbprint", "zz"), ("--ca-file", "none.pem"),
                                   ("--password-file", "none")])
def test_all_wrong(vperf, wrong):
    """Status 2 when the command line is what makes all fail; the row says why."""
    done = vperf.run("check", *wrong, "https://user@127.0.0.1:1")
    assert done.status == 2 and len(table(done)) == 1 and wrong[1] in done.out, done


def test_history(vperf, live, tmp_path):
    """Of a history, the span."""
    path = tmp_path / "vperf.db"
    process = vperf.start("record", "--output", path, "--quiet", *live.arguments)
    recorded = ["history", "--format", "csv", path]
    await_true(lambda: "20" in vperf.run(*recorded).out, "a recorded round", 60)
    process.send_signal(signal.SIGINT)
    finish(process)
    header, line = on_terminal(vperf, 80, "history", "--quiet", path)
    assert header.split() == ["source", "begin", "end", "guests", "samples", "gaps"]
    guests, samples, gaps = map(int, line.split()[5:])
    assert guests == 3 and samples > 100 and gaps >= 0 and len(line) <= 80, line
    done = vperf.run("check", path)
    row = table(done)[str(path)]
    assert done.status == 0 and row["version"].startswith("history of 20"), done
    assert (row["hosts"], int(row["counters"]) > 100) == ("1", True), done


def test_terminal(vperf, live):
    """A terminal gets a table, with the trouble below its target."""
    lines = on_terminal(vperf, 100, "check", "--thumbprint", sha256_of(live), "--quiet",
                        live.target())
    assert lines[0].split()[:2] == ["target", "status"] and lines[1].split()[1] == "ok", lines


def sha256_of(peer):
    """The thumbprint of a peer's certificate."""
    pem = ssl.get_server_certificate(("127.0.0.1", peer.server.port))
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_interrupted(vperf, start_badserver, tmp_path):
    """Ctrl-C ends it, with nothing written."""
    bad = start_badserver("silent")
    process = vperf.start("check", "--output", tmp_path / "x.csv", "--ca-file", bad.ca_file,
                          bad.target())
    await_true(lambda: bad.server.events("request"), "the first request")
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.status, done.out, done.messages) == (130, "", ["vperf: interrupted"]), done
    assert not (tmp_path / "x.csv").exists()
