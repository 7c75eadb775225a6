# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Databases that vperf writes to, as Debian ships them, and what they hold by their own API."""

import base64
import contextlib
import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

import harness


def free_port():
    """Return a port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Database:
    """A server in a process of its own, with its data in a directory; it can stop and come back."""

    def __init__(self, directory):
        self.program = shutil.which(self.PROGRAM)
        if not self.program:
            pytest.skip(f"{self.PACKAGE} is not installed")
        self.directory, self.port, self.process = directory, free_port(), None
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        """Start, and wait until it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen([self.program, *self.arguments()],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=self.directory)
        harness.await_true(self.is_ready, f"{self.PROGRAM} to be ready", 60)

    def stop(self):
        """End it, and wait for it."""
        if self.process:
            self.process.terminate()
            self.process.wait(60)
        self.process = None

    def is_ready(self):
        """Tell whether it answers."""
        with contextlib.suppress(OSError):
            return bool(self.ask(self.READY) is not None)

    def ask(self, path, **query):
        """Return the answer to a request as text."""
        tail = "?" + urllib.parse.urlencode(query, doseq=True) if query else ""
        with urllib.request.urlopen(f"{self.url}{path}{tail}", timeout=30) as answer:
            return answer.read().decode()


class Victoria(Database):
    """VictoriaMetrics: line protocol and remote write."""

    PROGRAM, PACKAGE, READY = "victoria-metrics", "victoria-metrics", "/health"

    def arguments(self):
        return [f"-httpListenAddr=127.0.0.1:{self.port}", "-storageDataPath=data",
                "-retentionPeriod=10y", "-loggerLevel=WARN"]

    def samples(self, match='{__name__!=""}'):
        """Return {(name, labels): {time in ms: value}}."""
        self.ask("/internal/force_flush")
        held = {}
        for line in self.ask("/api/v1/export", **{"match[]": match}).splitlines():
            series = json.loads(line)
            labels = series["metric"]
            key = labels.pop("__name__"), frozenset(labels.items())
            held[key] = dict(zip(series["timestamps"], series["values"]))
        return held

    def clear(self):
        """Forget all."""
        self.ask("/api/v1/admin/tsdb/delete_series", **{"match[]": '{__name__!=""}'})


class Prometheus(Database):
    """Prometheus as a receiver of remote write."""

    PROGRAM, PACKAGE, READY = "prometheus", "prometheus", "/-/ready"

    def arguments(self):
        (self.directory / "prometheus.yml").write_text("{}")
        return [f"--web.listen-address=127.0.0.1:{self.port}", "--config.file=prometheus.yml",
                "--storage.tsdb.path=data", "--storage.tsdb.retention.time=10y",
                "--web.enable-remote-write-receiver", "--log.level=warn"]

    def samples(self, begin, end):
        """Return {(name, labels): {time in ms: value}} of begin < time <= end in seconds."""
        answer = json.loads(self.ask("/api/v1/query", time=end,
                                     query='{__name__!=""}[%ds]' % (end - begin)))
        held = {}
        for series in answer["data"]["result"]:
            labels = series["metric"]
            key = labels.pop("__name__"), frozenset(labels.items())
            held[key] = {round(at * 1000): float(value) for at, value in series["values"]}
        return held


class Influx(Database):
    """InfluxDB 1, with a user who may write."""

    PROGRAM, PACKAGE, READY = "influxd", "influxdb", "/ping"
    USER, PASSWORD = "writer", "S3cret/with:signs"

    def arguments(self):
        (self.directory / "influxdb.conf").write_text(f"""
reporting-disabled = true
bind-address = "127.0.0.1:{free_port()}"
[meta]
  dir = "{self.directory}/meta"
[data]
  dir = "{self.directory}/data"
  wal-dir = "{self.directory}/wal"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{self.port}"
  log-enabled = false
  auth-enabled = true
""")
        return ["-config", "influxdb.conf"]

    def create(self, database):
        """Make a database, and the user."""
        self.query(f"CREATE USER {self.USER} WITH PASSWORD '{self.PASSWORD}' WITH ALL PRIVILEGES")
        self.query(f"CREATE DATABASE {database}")

    def write_url(self, database):
        """Return the URL to write to, with the user's login."""
        login = f"{self.USER}:{urllib.parse.quote(self.PASSWORD, safe='')}"
        return f"http://{login}@127.0.0.1:{self.port}/write?db={database}"

    def query(self, text, **more):
        """Run a statement; return its series."""
        login = base64.b64encode(f"{self.USER}:{self.PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"{self.url}/query", urllib.parse.urlencode({"q": text, **more}).encode(),
            {"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            result = json.load(answer)["results"][0]
        assert "error" not in result, result
        return result.get("series", [])

    def samples(self, database):
        """Return {(measurement, field, tags): {time in ms: value}} of all numbers."""
        held = {}
        for series in self.query('SELECT * FROM /.*/ GROUP BY *', db=database, epoch="ms"):
            tags = frozenset((k, v) for k, v in series["tags"].items() if v)
            for at, *values in series["values"]:
                for field, value in zip(series["columns"][1:], values):
                    if isinstance(value, (int, float)):
                        held.setdefault((series["name"], field, tags), {})[at] = value
        return held
