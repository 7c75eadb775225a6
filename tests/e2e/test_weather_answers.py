# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Where answers end: a connection serves another call only when the last answer is whole."""

import contextlib
import pathlib
import re
import signal
import threading
import time

import harness
import pytest
import weather
from weather import COUNTERS, calm, calm_esx, collect, same  # noqa: F401

PAUSE_SECONDS = 0.02
CHUNK_BYTES = 50000


def late(handler, *parts):
    """Write the parts, each well after the one before it."""
    for number, part in enumerate(parts):
        if number:
            time.sleep(PAUSE_SECONDS)
        handler.wfile.write(part)


def blank_line_in_length(handler, _, content):
    """White space behind the envelope, which the length counts."""
    handler.send_header("Content-Length", str(len(content) + 2))
    handler.end_headers()
    late(handler, content, b"\r", b"\n")


def chunks(content):
    """Return the body in chunks, without the last one."""
    parts = [content[at:at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def cut_last_chunk(where):
    """Return a delivery that breaks off for a moment within the last, empty chunk."""
    last = b"0\r\n\r\n"

    def deliver(handler, _, content):
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        late(handler, chunks(content) + last[:where], last[where:])
    return deliver


def trailer(handler, _, content):
    """A field behind the last chunk."""
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    late(handler, chunks(content) + b"0\r\n", b"X-Checked: yes\r\n\r\n")


DELIVERIES = {"blank line in the length": blank_line_in_length, "trailer": trailer,
              **{f"last chunk cut at {where}": cut_last_chunk(where) for where in range(5)}}


MEBIBYTE = 1 << 20
MAX_ANSWER_MIB = 64


def pad_large(handler, method, content):
    """More than vperf reads of one answer, when it holds more than forty entities."""
    if method == "QueryPerf" and content.count(b"<entity ") > 40:
        blanks = b" " * MEBIBYTE
        handler.send_header("Content-Length", str(len(content) + (MAX_ANSWER_MIB + 1) * MEBIBYTE))
        handler.end_headers()
        at = content.index(b"<returnval")
        parts = [content[:at], *[blanks] * (MAX_ANSWER_MIB + 1), content[at:]]
        with contextlib.suppress(OSError):  # vperf hangs up
            for part in parts:
                handler.wfile.write(part)
        handler.close_connection = True
    else:
        weather.at_once(handler, method, content)


@pytest.fixture
def esx(start_vcsim, certs):
    """Start an ESXi host behind a proxy with this delivery."""
    def start(deliver):
        return weather.Proxy(start_vcsim(*weather.ESX, "-http", cert=None), certs, deliver=deliver)
    return start


@pytest.mark.parametrize("what", DELIVERIES)
def test_end_that_comes_late(vperf, esx, calm_esx, what):  # noqa: F811
    """It belongs to its own answer, and the connection is used again."""
    with esx(DELIVERIES[what]) as server:
        same(collect(vperf, server, *COUNTERS, "--jobs", "1"), calm_esx.run(*COUNTERS)[0])
        assert server.connections == 1


def test_answer_that_is_too_long(vperf, start_vcsim, certs, calm):  # noqa: F811
    """Fewer entities are asked for at a time; nothing is lost, nothing asked for again and again."""
    twin, usual = calm.run(*COUNTERS)
    with weather.Proxy(start_vcsim(*weather.VCENTER, "-http", cert=None), certs,
                       deliver=pad_large) as server:
        same(collect(vperf, server, *COUNTERS, "--jobs", "1"), twin)
        queries = server.counts["QueryPerf"]
    assert queries <= usual["QueryPerf"] + 6


def waits(process):
    """Return how often the threads of a process have gone to sleep."""
    tasks = pathlib.Path("/proc", str(process.pid), "task").glob("*/status")
    return sum(int(line.split()[1]) for task in tasks for line in task.read_text().splitlines()
               if line.startswith("voluntary_ctxt_switches"))


def test_interrupt_before_the_end(vperf, esx):
    """SIGINT between an answer and its last chunk: the logout goes over a new connection."""
    written, interrupted = threading.Event(), threading.Event()

    def hold(handler, method, content):
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(chunks(content))
        if method == "QueryPerf":
            written.set()
            interrupted.wait(60)
        handler.wfile.write(b"0\r\n\r\n")

    with esx(hold) as server:
        process = vperf.start("collect", "--type", "vm", *server.arguments)
        assert written.wait(20)
        before = waits(process)
        harness.await_true(lambda: waits(process) > before + 1, "a wait for the last chunk")
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        done = harness.finish(process, seconds=10, begin=begin)
        interrupted.set()
        assert done.status == 130 and done.out == "", done
        assert done.messages == ["vperf: interrupted"], done
        assert server.counts["Logout"] == 1 and server.connections == 2


def lists(handler, method, content):
    """The guests' UUID and guest system, which are texts, as lists of one and of many objects."""
    one = b'<ManagedObjectReference type="Folder">folder-1</ManagedObjectReference>'
    for name, count in ((b"summary.config.uuid", 1), (b"summary.config.guestFullName", 400)):
        content = re.sub(
            rb'(<name>' + name + rb'</name>\s*<val[^>]*:type=")\w+:string("[^>]*>)[^<]*(</val>)',
            lambda found, count=count: found[1] + b"ArrayOfManagedObjectReference" + found[2]
            + one * count + found[3], content)
    weather.at_once(handler, method, content)


def test_lists_in_place_of_texts(vperf, start_vcsim, certs):
    """Each list is its own; none has what another one, or nobody, left in memory."""
    with weather.Proxy(start_vcsim(*weather.VCENTER, "-http", cert=None), certs,
                       deliver=lists) as proxy:
        done = vperf.run("inventory", "--type", "vm", "--format", "csv", *proxy.arguments)
    assert done.status == 0, done
    assert {row["uuid"] for row in done.rows} == {"folder-1"}
    assert {row["guest_os"] for row in done.rows} == {" ".join(["folder-1"] * 400)}
