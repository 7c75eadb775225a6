# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""SIGHUP: the targets become those of the configuration as it is now, and what did not change goes on."""

import signal
import threading

import harness
import pytest
import serving
from test_config import HOSTS, config, hosts, password_of  # noqa: F401
from test_jobs import TSAN_ENVIRONMENT, tsan  # noqa: F401

KEPT = "the configuration stays as it was"
READ = "the configuration has been read again"


def by_target(exporter, name):
    """The values of a family of ours: {target: value}."""
    return {dict(labels)["target"]: value for (one, labels), (value, _) in exporter.samples().items()
            if one == name}


class Readers:
    """Ask without pause until the end of the block: each page has to be whole, and alpha up."""

    def __init__(self, exporter, count=4):
        self.exporter, self.pages, self.wrong, self.ended = exporter, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.read) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert self.pages and not self.wrong, self.wrong[:1]

    def read(self):
        """One of them."""
        while not self.ended.wait(0.02):
            try:
                assert by_target(self.exporter, "vperf_up")["alpha"] == 1
                self.pages += 1
            except Exception as error:  # pylint: disable=broad-except
                self.wrong.append(repr(error))
                return


def reload_three_hosts(program, hosts, config, directory, **how):
    """Three hosts with three users and certificates: a change of one, another name for the second,
    and the third as it was; meanwhile some read."""
    text = config.read_text()

    def methods():
        return {name: peer.methods() for name, peer in hosts.items()}

    def made(method):
        now = methods()
        return [now[name].count(method) - before[name].count(method) for name in HOSTS]
    before = methods()
    with serving.exporter(program, directory, "--config", config,
                          env={"VPERF_PASSWORD": None, **how}) as exporter:
        def up():
            return sorted(name for name, value in by_target(exporter, "vperf_up").items() if value)

        def signalled(message):
            count = exporter.messages().count(message)
            exporter.process.send_signal(signal.SIGHUP)
            harness.await_true(lambda: exporter.messages().count(message) > count, message, 60)
        harness.await_true(lambda: up() == sorted(HOSTS), "three targets", 60)
        series = by_target(exporter, "vperf_target_samples_total")["alpha"]
        with Readers(exporter):
            config.write_text(text.replace("username = user-beta", "usernam = user-beta"))
            signalled(KEPT)
            assert up() == sorted(HOSTS) and made("Login") == [1, 1, 1]
            signalled(KEPT)
            config.write_text(text.replace("[target beta]", "[target beta]\nlabel = site=B")
                              .replace("[target gamma]", "[target delta]"))
            signalled(READ)
            harness.await_true(lambda: up() == ["alpha", "beta", "delta"], "the new targets", 60)
            exporter.await_samples("vperf_entity_info", [("site", "B")])
            assert made("Login") == [1, 2, 2] and made("Logout") == [0, 1, 1]
            assert "gamma" not in exporter.get("/")[2] + exporter.get("/health")[2]
            config.write_text(text.split("[target beta]", maxsplit=1)[0])
            signalled(READ)
            assert up() == ["alpha"] and made("Logout") == [0, 2, 2]
            signalled(READ)
        assert made("Login") == [1, 2, 2]
        assert by_target(exporter, "vperf_target_samples_total")["alpha"] >= series > 0
        sources = {dict(labels).get("source") for name, labels in exporter.samples()
                   if name == "vperf_cpu_usage_ratio"}
        assert sources == {hosts["alpha"].label}
    assert made("Logout") == [1, 2, 2]
    lines = exporter.messages().splitlines()
    wrong = [line for line in lines if KEPT in line]
    assert len(wrong) == 2 and all("usernam" in line and str(config) in line for line in wrong)
    assert not any(harness.shows(password_of(name), exporter.messages()) for name in HOSTS)
    return lines


def test_reload_under_load(vperf, hosts, config, tmp_path):
    """Who did not change logged in once."""
    lines = reload_three_hosts(vperf, hosts, config, tmp_path)
    said = [line for line in lines if READ in line]
    assert [line.rpartition("; ")[2] for line in said] == [
        "of the targets 1 go on, 2 begin, 2 end", "of the targets 1 go on, 0 begin, 2 end",
        "of the targets 1 go on, 0 begin, 0 end"]


def test_reload_does_not_race(tsan, hosts, config, tmp_path):
    """ThreadSanitizer finds nothing meanwhile."""
    lines = reload_three_hosts(tsan, hosts, config, tmp_path, **TSAN_ENVIRONMENT)
    assert not any("ThreadSanitizer" in line for line in lines), lines


def test_record(vperf, tmp_path):
    """A history gets the targets of the new configuration; without one, SIGHUP is an end."""
    file, history, err = tmp_path / "vperf.conf", tmp_path / "vperf.db", tmp_path / "err"
    one = "[defaults]\ninterval = 1\n[target one]\nuri = test:///default\n"
    file.write_text(one)
    node = tmp_path / "node.xml"
    node.write_text("<node><cpu><mhz>2000</mhz><model>x86_64</model><active>4</active><nodes>1</nodes>"
                    "<sockets>1</sockets><cores>4</cores><threads>1</threads></cpu>"
                    "<memory>8000000</memory></node>")

    def memory():
        """Of the host, whose name each target of the test driver has; "" before there is one."""
        done = vperf.run("inventory", "--type", "host", "--format", "csv", history)
        return done.rows[0]["memory_kib"] if done.status == 0 and done.rows else ""
    with open(err, "wb") as stream:
        process = vperf.start("record", "--config", file, "--output", history, stderr=stream)
    try:
        before = harness.await_true(memory, "a history", 60)
        file.write_text(f"{one}[target two]\nuri = test://{node}\n")
        process.send_signal(signal.SIGHUP)
        harness.await_true(lambda: READ in err.read_text(), "the new configuration", 60)
        harness.await_true(lambda: memory() == "8000000" != before, "the new target", 60)
        file.write_text(one.replace("[target one]", "[target three]"))
        process.send_signal(signal.SIGHUP)
        harness.await_true(lambda: "0 go on, 1 begin, 2 end" in err.read_text(), "a third one", 60)
        process.send_signal(signal.SIGTERM)
        done = harness.finish(process)
        assert done.status == 130, err.read_text()
    finally:
        process.kill()
    assert "of the targets 1 go on, 1 begin, 0 end" in err.read_text()


def test_another_chance(vperf, hosts, config, tmp_path):
    """A target that gave up, as its password was refused, is tried again; the others go on."""
    secret = tmp_path / "alpha.password"
    secret.write_text("wrong\n")
    text = config.read_text().split("[target beta]", maxsplit=1)[0]
    config.write_text(f"{text}\n[target other]\nuri = test:///default\n")
    with serving.exporter(vperf, tmp_path, "--config", config,
                          env={"VPERF_PASSWORD": None}) as exporter:
        harness.await_true(lambda: "refused" in exporter.messages(), "a refusal", 60)
        harness.await_true(lambda: by_target(exporter, "vperf_up") == {"alpha": 0, "other": 1},
                           "the other target", 60)
        secret.write_text(password_of("alpha") + "\n")
        exporter.process.send_signal(signal.SIGHUP)
        harness.await_true(lambda: by_target(exporter, "vperf_up") == {"alpha": 1, "other": 1},
                           "both targets", 60)
        assert "of the targets 1 go on, 1 begin, 1 end" in exporter.messages()
