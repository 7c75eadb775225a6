# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What the tests with real guests share: a relay between vperf and libvirtd that sees each poll
and lets the test measure at the same moment, and vperf's rows by guest, counter and round."""

import contextlib
import csv
import dataclasses
import io
import itertools
import math
import os
import pathlib
import select
import signal
import socket
import struct
import sys
import tempfile
import threading
import time

import harness

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from guests.libvirtd import Libvirtd, truth, unavailable  # noqa: E402

# Of libvirt's remote_protocol.x: the program, and the calls that the tests know by number.
PROGRAM = 0x20008086
CONNECT_OPEN = 1
CONNECT_CLOSE = 2
NODE_GET_CPU_STATS = 227
NODE_GET_MEMORY_STATS = 228
LIST_ALL_SNAPSHOTS = 274
GET_ALL_DOMAIN_STATS = 344
ALL_CPUS = -1
CALL, REPLY = 0, 1
LLONG, ULLONG = 3, 4
FLAG_READ_ONLY = 1
# libvirt's own sizes: a longer message is none of it.
LONGEST_MESSAGE = 1 << 26

# Nothing that a guest here does in one interval comes near it; a wrapped counter exceeds it.
HUGE = 10 ** 12

numbers = itertools.count()


def guest_name(role):
    """A name that no other run on this machine uses."""
    return f"{role}-{os.getpid()}-{next(numbers)}"


@dataclasses.dataclass
class Poll:
    """One call for figures of all guests, or of the host: when it passed, and what was measured
    just before and after it."""

    heard_ns: int      # vperf was told something for the last time before
    asked_ns: int      # its call was here
    before: object
    request_ns: int = 0
    reply_ns: int = 0
    after: object = None
    reply: bytes = b""    # libvirtd's
    answered_ns: int = 0  # the answer goes to vperf
    next_ns: int = 0      # vperf has it: its next call, or the end of the connection


@dataclasses.dataclass
class Talk:
    """One connection of vperf."""

    heard_ns: int  # when it was told something
    waiting: dict = dataclasses.field(default_factory=dict)   # serial: Poll
    answered: list = dataclasses.field(default_factory=list)  # Polls after which it said nothing

    def goes_on(self):
        """Notes that vperf has the answers, for it makes another call, or is gone."""
        for poll in self.answered:
            poll.next_ns = time.monotonic_ns()
        self.answered.clear()


class Relay:
    """A socket of ours in front of libvirtd's. It counts the calls; measure() runs on either side
    of each poll, while vperf waits for it."""

    def __init__(self, libvirtd, measure=lambda: None):
        number = next(numbers)
        self.libvirtd = libvirtd
        self.upstream = f"{libvirtd.directory}/run/libvirt-sock"
        self.path = f"{libvirtd.directory}/relay-{number}"
        self.uri = f"qemu:///system?socket={self.path}"
        self.measure = measure
        self.unanswered = None  # the procedure whose calls never reach libvirtd
        self.shifts = {}  # by how much to falsify numbers that libvirtd sends, by their names
        self.calls = []  # numbers of the procedures in the order of their calls
        self.opens = []  # the flags of each connection
        self.polls = []  # answered ones for all guests
        # And for the host: the first round asks for the number of values before it does for them.
        self.cpu_polls = []
        self.memory_polls = []
        self.watched = {GET_ALL_DOMAIN_STATS: self.polls, NODE_GET_CPU_STATS: self.cpu_polls,
                        NODE_GET_MEMORY_STATS: self.memory_polls}
        self.begin_ns = time.monotonic_ns()  # vperf was started later
        self.interval = None  # of its polls
        self.connections = []
        self.listener = None

    def __enter__(self):
        self.listen()
        return self

    def __exit__(self, *_):
        self.refuse()
        for thread, ends in self.connections:
            for end in ends:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            thread.join(10)

    def listen(self):
        """Accepts connections, again after refuse()."""
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self._accept, args=[self.listener], daemon=True).start()

    def refuse(self):
        """Refuses new connections, as when no daemon listens."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.upstream)
            except OSError:
                client.close()
                server.close()
                continue
            thread = threading.Thread(target=self._carry, args=[client, server], daemon=True)
            self.connections.append((thread, (client, server)))
            thread.start()

    def _carry(self, client, server):
        """Carries messages both ways until one side closes."""
        talk = Talk(time.monotonic_ns())
        with client, server, contextlib.suppress(OSError):
            while all(self._carry_one(end, client, server, talk)
                      for end in select.select([client, server], [], [])[0]):
                pass
        talk.goes_on()

    def _carry_one(self, end, client, server, talk):
        """Carries one message from one end to the other one; tells whether there was one."""
        message = read_message(end)
        if message:
            self._look(message, end is client, talk)
            for name, amount in self.shifts.items():
                message = shifted(message, name, amount)
            if procedure_of(message) != self.unanswered:
                (server if end is client else client).sendall(message)
                self._note(message, end is client, talk)
        return bool(message)

    def _look(self, message, is_request, talk):
        """Measures what is to be measured before a message is carried on."""
        program, _, procedure, kind, serial = struct.unpack_from(">IIIII", message, 4)
        if program == PROGRAM and is_request and kind == CALL:
            talk.goes_on()
        if program != PROGRAM or procedure not in self.watched:
            return
        if is_request and kind == CALL and is_of_all(message):
            poll = Poll(talk.heard_ns, time.monotonic_ns(), self.measure())
            talk.waiting[serial] = poll
            poll.request_ns = time.monotonic_ns()
        elif kind == REPLY and serial in talk.waiting:
            poll = talk.waiting.pop(serial)
            poll.reply_ns = time.monotonic_ns()
            poll.reply = message
            poll.after = self.measure()
            poll.answered_ns = time.monotonic_ns()
            talk.answered.append(poll)
            self.watched[procedure].append(poll)

    def _note(self, message, is_request, talk):
        """Takes down what was carried."""
        program, _, procedure, kind = struct.unpack_from(">IIII", message, 4)
        if program == PROGRAM and not is_request:
            talk.heard_ns = time.monotonic_ns()
        if program == PROGRAM and is_request and kind == CALL:
            self.calls.append(procedure)
            if procedure == CONNECT_OPEN:
                self.opens.append(struct.unpack(">I", message[-4:])[0])

    def elapsed_bounds(self, first=0, last=1):
        """The least and the most nanoseconds between two polls by vperf's clock, which it reads
        before and after each call: it takes the middle."""
        first, last = (self._middle_bounds(self.polls[index]) for index in (first, last))
        return last[0] - first[1], last[1] - first[0]

    def age_bounds(self, guest, index=-1):
        """The least and the most seconds since the guest's report that a poll gave."""
        poll = self.polls[index]
        harness.await_true(lambda: poll.next_ns, "the call after a poll")
        boot = time.time() - time.monotonic()
        update = parameter(poll.reply, guest.name, "balloon.last-update")
        update += self.shifts.get("balloon.last-update", 0)
        return math.floor(boot + poll.asked_ns / 1e9 - update), \
            math.ceil(boot + poll.next_ns / 1e9 - update)

    def _middle_bounds(self, poll):
        """When the middle of a call was. vperf does not call before it was told what it asked for
        last, nor before the poll is due, counted from its start."""
        harness.await_true(lambda: poll.next_ns, "the call after a poll")
        due_ns = poll.asked_ns - (poll.asked_ns - self.begin_ns) % (self.interval * 10 ** 9)
        begin = max(poll.heard_ns, due_ns), poll.asked_ns
        end = poll.answered_ns, poll.next_ns
        return (begin[0] + end[0]) // 2, (begin[1] + end[1]) // 2 + 1

    def await_polls(self, count, seconds=60):
        """Waits until so many polls have been answered."""
        harness.await_true(lambda: len(self.polls) >= count, f"poll {count}", seconds)


def is_of_all(message):
    """Tells whether a call is not for one CPU of several."""
    return procedure_of(message) != NODE_GET_CPU_STATS or \
        struct.unpack_from(">i", message, 28)[0] == ALL_CPUS


def procedure_of(message):
    """The procedure that a message calls, or answers."""
    return struct.unpack_from(">I", message, 12)[0]


def read_exactly(end, size):
    """Reads so many bytes, or returns what there was when the other side closed."""
    data = b""
    while len(data) < size:
        more = end.recv(size - len(data))
        if not more:
            break
        data += more
    return data


def read_message(end):
    """Reads one message, its length included; empty at the end of the connection."""
    head = read_exactly(end, 4)
    if len(head) < 4:
        return b""
    size = struct.unpack(">I", head)[0]
    assert 28 <= size <= LONGEST_MESSAGE, size
    return head + read_exactly(end, size - 4)


def string(text):
    """A text as it stands in messages."""
    return struct.pack(">I", len(text)) + text.encode() + b"\0" * (-len(text) % 4)


def parameter_at(piece):
    """The 64-bit value of a parameter whose name a piece of a message follows; and its kind."""
    kind, value = struct.unpack_from(">Iq", piece)
    assert kind in (LLONG, ULLONG), kind
    return kind, value


def parameter(message, guest, name):
    """A guest's 64-bit parameter of the answer for all guests."""
    return parameter_at(message.split(string(guest))[1].split(string(name))[1])[1]


def shifted(message, name, amount):
    """A message with each 64-bit parameter of this name changed by an amount."""
    pieces = message.split(string(name))
    for index, piece in enumerate(pieces[1:], 1):
        kind, value = parameter_at(piece)
        pieces[index] = struct.pack(">Iq", kind, value + amount) + piece[12:]
    return string(name).join(pieces)


class Rows:
    """The rows of a run with --raw: values by entity, counter and instance, each by round."""

    def __init__(self, done, interval):
        self.done = done
        self.interval = interval
        table = list(csv.DictReader(io.StringIO(done.out, newline=""), strict=True))
        self.rows = [row for row in table if row["interval"] == str(interval)]
        assert len(self.rows) == len(table), "rows of another interval"
        self.stamps = sorted({row["timestamp"] for row in self.rows})
        self.table = {}
        for row in self.rows:
            key = (row["id"] if row["type"] == "vm" else "host", row["counter"], row["instance"])
            rounds = self.table.setdefault(key, {})
            assert row["timestamp"] not in rounds, f"twice: {row}"
            rounds[row["timestamp"]] = int(row["value"])

    def rounds(self, entity, counter, instance=""):
        """The values by round, None where one is absent; entity is a Guest or "host"."""
        key = (getattr(entity, "uuid", entity), counter, instance)
        values = self.table.get(key, {})
        return [values.get(stamp) for stamp in self.stamps]

    def only(self, entity, counter, instance=""):
        """The value of the only round."""
        values = self.rounds(entity, counter, instance)
        assert len(values) == 1 and values[0] is not None, (counter, instance, values)
        return values[0]

    def counters(self, entity):
        """The (counter, instance) pairs of an entity."""
        uuid = getattr(entity, "uuid", entity)
        return {(counter, instance) for one, counter, instance in self.table if one == uuid}

    def check_sane(self, vcpus=2):
        """No value is negative, huge, or more than time and vCPUs allow."""
        limit_ms = self.interval * 1000 * 1.5 * (vcpus + 1)
        for (entity, counter, instance), rounds in self.table.items():
            for stamp, value in rounds.items():
                where = f"{entity} {counter} {instance!r} {stamp}: {value}"
                assert 0 <= value < HUGE, where
                if entity != "host" and counter.startswith("cpu.") and ".summation" in counter:
                    assert value <= limit_ms, where
                if counter in ("cpu.readiness.average", "mem.usage.average"):
                    assert value <= 15000, where
                if entity != "host" and counter == "cpu.usage.average":
                    assert value <= 25000, where


@contextlib.contextmanager
def collecting(vperf, relay, interval, samples, *options):
    """Starts vperf where QEMU's pid files are, and yields a function that waits for its end and
    returns its Rows. They are written as they come: to a file, for a pipe could be full."""
    begin = time.monotonic()
    relay.begin_ns, relay.interval = time.monotonic_ns(), interval
    with tempfile.TemporaryFile() as output:
        process = vperf.start("collect", "--raw", "--interval", interval, "--samples", samples,
                              *options, relay.uri, prefix=relay.libvirtd.inside(), stdout=output)

        def finish():
            done = harness.finish(process, 60 + 2 * interval * samples, begin=begin)
            output.seek(0)
            done.out = output.read().decode()
            return Rows(done, interval)
        try:
            yield finish
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


# What vperf says when a busy machine made its polls late.
LATE = ("makes no rates", "takes too long for this interval", "polls gave nothing",
        "no statistics within", "QEMU does not answer libvirt")


def was_late(result):
    """Tells whether a run, or its Rows, lacks something for no other reason than a busy machine."""
    done = getattr(result, "done", result)
    warnings = [line for line in done.messages if line.startswith("vperf: warning: ")
                and "--balloon-period" not in line]
    return done.status == 3 and bool(warnings) and all(
        any(text in line for text in LATE) for line in warnings)


def in_time(action, attempts=10, again=lambda: None):
    """Runs vperf until it says that no poll was late: only then all of it has to be there. Again
    is called before each further attempt."""
    for _ in range(attempts):
        result = action()
        if not was_late(result):
            return result
        again()
    raise AssertionError(f"the polls of {attempts} runs were late: {getattr(result, 'done', result)}")


def collected(vperf, relay, interval, samples, *options, act=None, again=lambda: None):
    """The Rows of a run; act is called once two polls have been made. As long as the machine makes
    polls late, all of it is done again, when again has undone what act did."""
    def collect():
        before = len(relay.polls)
        with collecting(vperf, relay, interval, samples, *options) as finish:
            if act:
                relay.await_polls(before + 2)
                act()
            return finish()
    return in_time(collect, again=again)


class Following:
    """A run that follows a target, and what it has written so far."""

    def __init__(self, process, output, interval, begin):
        self.process, self.output = process, output
        self.interval, self.begin = interval, begin

    def rows(self, done=None):
        """The Rows so far, of whole lines."""
        text = self.output.read_text(encoding="utf-8")
        done = done or harness.Done(0, b"", b"", 0)
        done.out = text[:text.rfind("\n") + 1]
        return Rows(done, self.interval)

    def await_rows(self, what, check, seconds=120):
        """Waits until check(rows) is true, however many polls the machine loses meanwhile."""
        def is_true():
            assert self.process.poll() is None, "the run has ended"
            return check(self.rows())
        harness.await_true(is_true, what, seconds)

    def finish(self):
        """Ends the run as a user does; its Rows."""
        self.process.send_signal(signal.SIGINT)
        return self.rows(harness.finish(self.process, 20, begin=self.begin))


@contextlib.contextmanager
def following(vperf, relay, interval, directory, *options):
    """Follows a target: what a test waits for comes sooner or later on a busy machine, too."""
    begin = time.monotonic()
    relay.begin_ns, relay.interval = time.monotonic_ns(), interval
    output = pathlib.Path(directory) / "rows.csv"
    with open(output, "wb") as stream:
        process = vperf.start("collect", "--follow", "--raw", "--interval", interval, *options,
                              relay.uri, prefix=relay.libvirtd.inside(), stdout=stream)
        try:
            yield Following(process, output, interval, begin)
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()


def bracket(polls, read, first=0, last=1):
    """The least and the most by which read(measurement) grew between two polls."""
    low = read(polls[last].before) - read(polls[first].after)
    high = read(polls[last].after) - read(polls[first].before)
    return low, high


def check_within(value, low, high, share=0.03, slack=0):
    """The value lies in the bracket, widened by a share and an absolute slack."""
    assert low * (1 - share) - slack <= value <= high * (1 + share) + slack, \
        f"{value} is not within {share:.0%} of {low} to {high}"


def rate_bounds(relay, amount, divisor, first=0, last=1):
    """The least and the most per second that an amount, or the least and the most of it, makes."""
    least, most = amount if isinstance(amount, tuple) else (amount, amount)
    shortest, longest = relay.elapsed_bounds(first, last)
    return math.floor(least * 10 ** 9 / (divisor * longest)), \
        math.floor(most * 10 ** 9 / (divisor * shortest))


__all__ = ["CONNECT_CLOSE", "FLAG_READ_ONLY", "GET_ALL_DOMAIN_STATS", "LIST_ALL_SNAPSHOTS",
           "Libvirtd", "Relay", "Rows", "bracket", "check_within", "collected", "collecting",
           "following", "guest_name", "in_time", "parameter", "rate_bounds", "truth", "unavailable",
           "was_late"]
