# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf serve under test: how it is started, asked and read; and a real Prometheus that asks it."""

import base64
import contextlib
import gzip
import http.client
import json
import re
import shutil
import signal
import ssl
import subprocess
import time
import urllib.parse
import urllib.request

import harness
import pytest

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PLAIN = "text/plain; version=0.0.4; charset=utf-8"
# What Prometheus 2.42 sends.
ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1")

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (\S+))?$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
ESCAPES = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


class Exporter:
    """A running vperf serve."""

    def __init__(self, vperf, directory, *arguments, listen="127.0.0.1:0", **how):
        self.err = directory / f"serve-{time.monotonic_ns()}.txt"
        with open(self.err, "wb") as err:
            self.process = vperf.start("serve", "--listen", listen, *arguments, stderr=err, **how)
        try:
            self.url = harness.await_true(self.find_url, "the server", 60)
        except AssertionError:
            self.kill()
            raise

    def find_url(self):
        """The address that it says it listens on."""
        text = self.messages()
        assert self.process.poll() is None, text
        found = re.search(r"^listening on (https?://\S+/)$", text, re.MULTILINE)
        return found and found.group(1)

    def messages(self):
        """What is on stderr so far."""
        return self.err.read_text(encoding="utf-8")

    def connection(self, ca_file=None, seconds=30):
        """A new connection to it."""
        where = urllib.parse.urlsplit(self.url)
        if where.scheme == "http":
            return http.client.HTTPConnection(where.hostname, where.port, timeout=seconds)
        context = ssl.create_default_context(cafile=ca_file)
        return http.client.HTTPSConnection(where.hostname, where.port, timeout=seconds,
                                           context=context)

    def get(self, path="/metrics", method="GET", ca_file=None, user=None, **headers):
        """Ask once; return status, headers, and the body as text."""
        if user:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
        with contextlib.closing(self.connection(ca_file)) as connection:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        if answer.getheader("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return answer.status, answer.headers, body.decode()

    def samples(self, path="/metrics", **headers):
        """All samples: {(name, labels): (value, time)}, the labels as sorted pairs."""
        status, _, body = self.get(path, **headers)
        assert status == 200, body
        return parse(body)

    def await_samples(self, name, labels=(), seconds=60):
        """Wait until it has a sample with a name, and labels that include some; return all."""
        def found():
            samples = self.samples()
            return any(one == name and set(labels) <= set(own) for one, own in samples) and samples
        return harness.await_true(found, f"{name} {labels}", seconds)

    def stop(self, number=signal.SIGTERM):
        """End it as a service manager does; its messages are approved."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        harness.finish(self.process)
        return harness.approved(harness.Done(self.process.returncode, b"",
                                             self.err.read_bytes(), 0))

    def kill(self):
        """End the process, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def exporter(vperf, directory, *arguments, **how):
    """Serve until the end of the block; then it ends by a signal, and well."""
    one = Exporter(vperf, directory, *arguments, **how)
    try:
        yield one
        assert one.stop().status == 130
    finally:
        one.kill()


def unescape(text):
    """The value of a label."""
    return re.sub(r'\\[\\n"]', lambda match: ESCAPES[match.group()], text)


def labels_of(text):
    """The labels of a sample as sorted pairs; none may come twice."""
    pairs, at = [], 0
    while at < len(text):
        match = LABEL.match(text, at)
        assert match, text
        pairs.append((match.group(1), unescape(match.group(2))))
        at = match.end()
    assert len(dict(pairs)) == len(pairs), text
    return tuple(sorted(pairs))


def parse(text):
    """Read a whole page: {(name, labels): (value, time)}. Families stand together, none twice, and
    a page of OpenMetrics has its end."""
    samples, families, current = {}, set(), None
    assert text.endswith("\n"), text[-200:]
    lines = text.splitlines()
    for line in lines:
        if line.startswith("# "):
            word, _, rest = line[2:].partition(" ")
            if word in ("TYPE", "HELP", "UNIT"):
                family = rest.split(" ", 1)[0]
                assert family == current or family not in families, f"{family} is torn"
                families.add(family)
                current = family
            continue
        match = SAMPLE.match(line)
        assert match, line
        name, labels, value, when = match.groups()
        assert name.startswith(current), (current, line)
        key = name, labels_of(labels or "")
        assert key not in samples, f"twice: {line}"
        samples[key] = float(value), float(when) if when else None
    return samples


class Prometheus:
    """A real Prometheus that scrapes an exporter each second."""

    def __init__(self, directory, exporter_url, **scrape):
        program = shutil.which("prometheus")
        if not program:
            pytest.skip("needs prometheus")
        directory.mkdir()
        where = urllib.parse.urlsplit(exporter_url)
        job = {"job_name": "vperf", "scrape_interval": "1s", "scrape_timeout": "1s",
               "scheme": where.scheme, "static_configs": [{"targets": [where.netloc]}], **scrape}
        (directory / "prometheus.yml").write_text(json.dumps({"scrape_configs": [job]}))
        self.port = free_port()
        with open(directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={directory}/prometheus.yml",
                 f"--storage.tsdb.path={directory}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.log = directory / "log"

    def __enter__(self):
        try:
            harness.await_true(self.is_ready, "Prometheus", 60)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End it."""
        self.process.kill()
        self.process.wait()

    def is_ready(self):
        """Tell whether it answers."""
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
            return answer.status == 200
        return False

    def ask(self, path, **parameters):
        """Ask its interface; return the data."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None

    def query(self, expression, **parameters):
        """The result of a query: a list of series."""
        return self.ask("query", query=expression, **parameters)["result"]

    def await_query(self, expression, seconds=60):
        """Wait until a query has a result."""
        return harness.await_true(lambda: self.query(expression), expression, seconds)


def free_port():
    """A port that nobody listens on now."""
    with contextlib.closing(harness.socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
