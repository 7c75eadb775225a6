# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Bad weather for the whole-program tests: what is collected from a server in bad weather is held
against what its undisturbed twin gives."""

import collections
import http.client
import http.server
import re
import ssl
import threading

import harness
import pytest

NOW = "2026-11-21T19:17:25Z"

# Several batches of entities; one of a handful of counters has instances.
GUESTS, HOSTS = 80, 4
VCENTER = ("-mode", "real", "-model", "vpx", "-host", HOSTS, "-vm", GUESTS, "-now", NOW)
COUNTERS = ("--counter", "cpu.usage.average,cpu.ready.summation,mem.active.average,net.*,hbr.*")

# Those of them that are archived.
ARCHIVED = ("--counter", "cpu.usage.average,cpu.ready.summation,net.*")

# A small ESXi host with everything that it offers.
ESX = ("-mode", "real", "-model", "esx", "-vm", "4", "-now", NOW)

# All counters of the server, and none that are made of properties.
SAMPLES = ("--counter", "!guestDisk.*,!snapshot.*,!space.*")

METHODS = ("QueryPerf", "QueryAvailablePerfMetric", "ContinueRetrievePropertiesEx",
           "RetrievePropertiesEx", "CreateContainerView")


class Twin:
    """What an undisturbed server gives, run once for each set of options."""

    def __init__(self, vperf, start, flags):
        self.vperf, self.server, self.known = vperf, start(*flags), {}

    def run(self, *options):
        """Return the run of collect with these options, and the calls it took."""
        if options not in self.known:
            before = len(self.server.methods())
            done = collect(self.vperf, self.server, *options)
            assert done.status == 0 and len(done.rows) > 100, done
            self.known[options] = done, calls(self.server, before)
        return self.known[options]


@pytest.fixture(scope="module")
def calm(vperf, shared_vcsim):
    """An undisturbed vCenter."""
    return Twin(vperf, shared_vcsim, VCENTER)


@pytest.fixture(scope="module")
def calm_esx(vperf, shared_vcsim):
    """An undisturbed ESXi host."""
    return Twin(vperf, shared_vcsim, ESX)


def collect(vperf, server, *options, **how):
    """Run collect; the output is as if every server had the same name, and without the counters of
    our own, whose time is that of their reading."""
    done = vperf.run("collect", *options, *server.arguments, **how)
    done.out = "".join(line for line in done.out.replace(server.label, "SERVER").splitlines(True)
                       if not harness.is_own(line.split(",")[6]))
    return done


def calls(server, before=0):
    """Count the calls that a server has received, by method."""
    return collections.Counter(server.methods()[before:])


def ids(done):
    """The ids of the entities in the output, in their order."""
    return list(dict.fromkeys(row["id"] for row in done.rows))


def named(done):
    """The ids of the entities that the messages name."""
    return re.findall(r"warning: \S+ \w+ '[^']*' \(([\w-]+)\): ", done.err)


def without(text, gone):
    """The CSV without the rows of the entities that are gone."""
    return "".join(line for line in text.splitlines(keepends=True)
                   if line.split(",")[5] not in gone)


def same(done, twin):
    """Demand that a run gave what the undisturbed one gave."""
    assert done.status == 0 and named(done) == [], done
    assert done.out == twin.out, harness.difference(harness.series_of(done.rows),
                                                    harness.series_of(twin.rows)) or "order"


def at_once(handler, _, content):
    """Deliver an answer as most servers do: its length first, then all of it."""
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


class Proxy:
    """A TLS server that passes SOAP calls on to a simulator without TLS.

    ALTER(method, count, body) may change the requests; DELIVER(handler, method, content) ends the
    headers of an answer and writes its body. CONNECTIONS counts what vperf opened.
    """

    def __init__(self, upstream, certificates, alter=lambda _, __, body: body, deliver=at_once):
        self.counts, self.lock = collections.Counter(), threading.Lock()
        self.connections = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """One connection from vperf, and one to the simulator."""

            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                """Say nothing."""

            def setup(self):
                """Count the connection."""
                super().setup()
                with proxy.lock:
                    proxy.connections += 1

            def pass_on(self):
                """Change the request, and bring the answer back."""
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                method = re.search(rb":Body>\s*<(?:\w+:)?(\w+)", body)
                name = method[1].decode() if method else ""
                with proxy.lock:
                    proxy.counts[name] += 1
                    body = alter(name, proxy.counts[name], body)
                kept = {key: value for key, value in self.headers.items()
                        if key not in ("Host", "Content-Length")}
                onward = http.client.HTTPConnection("127.0.0.1", upstream.server.port)
                onward.request(self.command, self.path, body, kept)
                answer = onward.getresponse()
                content = answer.read()
                self.send_response(answer.status)
                for key in ("Content-Type", "Set-Cookie"):
                    if answer.headers[key]:
                        self.send_header(key, answer.headers[key])
                deliver(self, name, content)
                onward.close()

            do_GET = do_POST = pass_on

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates["good"]["cert"], certificates["good"]["key"])
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.label = f"127.0.0.1:{self.port}"
        self.arguments = ["--ca-file", certificates["ca"]["cert"],
                          f"https://{harness.USER}@{self.label}/sdk"]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
