# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Endless runs against a simulated vCenter whose clock runs fast: what the run wrote is held
against the simulator's ledger of all samples that it had.

What is expected, exactly: a sample is in the output, once and with its value, if and only if an
answer of the server had it, and it is not older than the first sample written, which is the newest
one of when the run began. All samples that became visible have to be asked for, but the last ones
of an entity that was deleted or powered off before the next round: check_losses says how many.
"""

import collections
import contextlib
import csv
import datetime
import os
import pathlib
import re
import signal
import time

import harness

INTERVAL = 20
RETENTION = 3600

# Exit status of a run that a signal ended.
INTERRUPTED = 130

# A sample is asked for within so many intervals, however busy the machine is. One of a new entity
# is when the inventory was renewed; one that came late is now and then.
LATE_ROUNDS, RENEWAL_ROUNDS = 4, 12

COUNTERS = ("cpu.usage.average", "mem.usage.average")

# A message about one entity, not about the server.
OF_AN_ENTITY = re.compile(r": (vm|host) '[^']*' \(")

Process = collections.namedtuple("Process", "kib descriptors threads")


class Server:
    """A simulated vCenter, and time spans by its clock."""

    def __init__(self, peer, speed):
        self.peer, self.speed = peer, speed
        self.control = peer.server.control
        self.absences = []

    def now(self):
        """The server's time, in seconds."""
        return self.control("clock")["now"]

    def wait(self, minutes):
        """Let so many minutes pass on the server's clock."""
        self.wait_until(self.now() + 60 * minutes)

    def wait_until(self, moment):
        """Return when the server's clock shows a moment."""
        while (left := moment - self.now()) > 0:
            time.sleep(left / self.speed)

    def away(self, minutes, command="away", **how):
        """Leave for some minutes; return the moment when the server is back."""
        begin = self.control(command, **how)["now"]
        self.absences.append((begin, begin + 60 * minutes))
        return begin + 60 * minutes

    def back(self, moment):
        """Come back at a moment."""
        self.wait_until(moment)
        end = self.control("back")["now"]
        self.absences[-1] = self.absences[-1][0], end

    def present(self, begin, end):
        """The seconds of a time span in which the server was there."""
        return end - begin - sum(max(0, min(end, to) - max(begin, since))
                                 for since, to in self.absences)

    def requests(self, begin=0, end=float("inf")):
        """The requests that arrived in a span of the server's time."""
        return [one for one in self.peer.requests() if begin <= one["at"] < end]

    def specs(self):
        """How many entities were asked for samples so far, each as often as it was."""
        return sum(one["specs"] for one in self.peer.requests() if one["method"] == "QueryPerf")


class Run:
    """An endless run of collect that writes to a file."""

    def __init__(self, vperf, server, directory, *options, counters=COUNTERS, glob=None):
        self.server, self.counters = server, counters
        self.begin = server.now()
        self.out, self.err = directory / "out.csv", directory / "err.txt"
        with open(self.err, "wb") as err:
            self.process = vperf.start(
                "collect", "--follow", "--raw", "--counter", glob or ",".join(counters),
                "--output", self.out, *options, *server.peer.arguments, stderr=err)

    def messages(self):
        """The lines on stderr so far."""
        return self.err.read_text().splitlines()

    def ledger(self):
        """What the server had since the run began, and the hour before."""
        return self.server.peer.server.ledger(counter=",".join(self.counters),
                                              after=int(self.begin) - RETENTION)

    def await_rounds(self, count, seconds=60):
        """Wait until so many sample times more are in the output."""
        seen = self.times()

        def grown():
            assert self.process.poll() is None, self.err.read_text()
            return len(self.times() - seen) >= count
        harness.await_true(grown, f"{count} rounds\n{self.err.read_text()}", seconds)

    def await_steady(self):
        """Wait until the run has found the pace of the server's clock."""
        def steady():
            begin = max(self.begin, self.server.now() - 6 * INTERVAL)
            asked = {one["at"] // INTERVAL for one in self.server.requests(begin)
                     if one["method"] == "QueryPerf"}
            return len(asked) >= 5
        harness.await_true(steady, f"steady rounds\n{self.err.read_text()}", 60)

    def times(self):
        """The sample times in the output so far."""
        if not self.out.exists():
            return set()
        whole = self.out.read_text().rpartition("\n")[0]
        return {line.split(",", 1)[0] for line in whole.split("\n")[1:]}

    def measure(self):
        """The memory of its own that the process keeps in all of some rounds, and the most
        descriptors and threads; freed memory goes back to the system every 16 rounds."""
        seen, end = [], self.server.now() + 18 * INTERVAL
        while self.server.now() < end:
            seen.append(self.measure_now())
        kept, *most = zip(*seen)
        return Process(min(kept), *map(max, most))

    def measure_now(self):
        """What the process has at this moment."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return Process(int(fields["RssAnon"].split()[0]),
                       len(os.listdir(f"/proc/{self.process.pid}/fd")), int(fields["Threads"]))

    def take_all(self):
        """Stop the server's clock, and let the run take what there is."""
        self.server.control("clock", speed=0)
        alive = sum(one["until"] is None for one in self.ledger())
        whole_rounds = self.server.specs() + 2 * alive + 1
        harness.await_true(lambda: self.server.specs() >= whole_rounds,
                           "two rounds while the server's clock stands still", 60)

    def finish(self):
        """Let the run take what there is, and interrupt it."""
        self.take_all()
        return self.interrupt()

    def interrupt(self):
        """End the run as a user does."""
        self.process.send_signal(signal.SIGINT)
        harness.finish(self.process, 30)
        return harness.approved(harness.Done(self.process.returncode, b"",
                                             self.err.read_bytes(), 0))

    def kill(self):
        """End the process, if it has not ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def rows(self):
        """What was written: {(id, counter, instance): [(seconds, value)]} in the file's order."""
        series = collections.defaultdict(list)
        with open(self.out, encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                assert row["interval"] == str(INTERVAL), row
                series[row["id"], row["counter"], row["instance"]].append(
                    (seconds(row["timestamp"]), int(row["value"])))
        return series


@contextlib.contextmanager
def following(vperf, server, directory, *options, **how):
    """Run until the end of the block, at the latest."""
    run = Run(vperf, server, directory, *options, **how)
    try:
        yield run
    finally:
        run.kill()


def seconds(timestamp):
    """Read the output's form of a time."""
    return int(datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp())


class Account:
    """What a run has to have written, by the simulator's ledger."""

    def __init__(self, run, rows):
        self.rows = rows
        self.server, self.samples, self.lost = run.server, {}, []
        ledger = run.ledger()
        self.start = min(samples[0][0] for samples in rows.values())
        asked = min(at for one in ledger for at in one["asked"] if at >= run.begin)
        assert run.begin - INTERVAL < self.start <= asked, (run.begin, self.start, asked)
        for one in ledger:
            self.add(one)

    def add(self, life):
        """Sort the samples of a life: delivered, or lost."""
        for series in life["series"]:
            key = life["id"], series["counter"], series["instance"]
            mine = self.samples.setdefault(key, {})
            for when, value, delivered in zip(life["times"], series["values"], life["delivered"]):
                if delivered and value is not None and when >= self.start:
                    mine[when] = value
        self.lost += [(life, when, published) for when, published, delivered
                      in zip(life["times"], life["published"], life["delivered"])
                      if not delivered and when >= self.start]

    def check(self, until=float("inf")):
        """Demand that the run wrote all that it could have until a moment, no more, and each sample
        once."""
        wrong = []
        for key, expected in self.samples.items():
            mine = self.rows.get(key, [])
            got = dict(mine)
            if len(got) != len(mine):
                wrong.append(f"{key}: twice {self.twice(mine)}")
            missing = {when for when in expected.keys() - got.keys() if when <= until}
            if missing:
                wrong.append(f"{key}: lacks {len(missing)}: {brief(missing)}")
            if got.keys() - expected.keys():
                wrong.append(f"{key}: too many: {brief(got.keys() - expected.keys())}")
            wrong += [f"{key}: {when}: {got[when]}, not {value}" for when, value
                      in expected.items() if got.get(when, value) != value][:3]
        wrong += [f"{key}: the server has no such series" 
                  for key in self.rows.keys() - self.samples.keys()]
        assert not wrong, "\n".join(wrong[:20] + [f"{len(wrong)} in all"])

    @staticmethod
    def twice(samples):
        """The times that come more than once."""
        counts = collections.Counter(when for when, _ in samples)
        return brief(when for when, count in counts.items() if count > 1)

    def check_losses(self, patience=1):
        """Demand that samples were lost only with entities that ended soon after; a round of a fast
        clock is a sixth of a second, and a busy machine needs more of them: patience."""
        for life, when, published in self.lost:
            begin, limit = published, LATE_ROUNDS
            if not life["asked"]:  # it came and went between two renewals of the inventory
                begin, limit = max(life["from"] or 0, self.start), RENEWAL_ROUNDS
            elif published > when:
                limit = RENEWAL_ROUNDS
            assert life["until"], f"{life['id']}: the sample of {when} was never asked for"
            unasked = self.server.present(begin, life["until"])
            assert unasked <= patience * limit * INTERVAL, (
                f"{life['id']}: the sample of {when} was not asked for, from {published} until "
                f"{life['until']}; asked {life['asked'][-3:]}")


def brief(times):
    """Some times, in order."""
    times = sorted(times)
    return ", ".join(map(str, times[:5])) + (" …" if len(times) > 5 else "")


def in_order(rows, late=()):
    """Demand ascending times in every series, but of the entities whose samples came late (*: all).
    """
    for key, samples in rows.items():
        if key[0] not in late and "*" not in late:
            times = [when for when, _ in samples]
            assert times == sorted(times), f"{key}: out of order"


def methods(requests):
    """Count requests by method."""
    return collections.Counter(one["method"] for one in requests)


class Story:
    """What happens to a server, and what the run says about it."""

    def __init__(self, server, run):
        self.server, self.run = server, run
        self.guests, self.changed, self.late = [], 0, set()
        self.troubles = self.lost_sessions = 0

    def churn(self, count=5):
        """Guests come; those that came before go; others are powered off for a while."""
        control = self.server.control
        if self.guests:
            control("destroy", ids=",".join(self.guests))
        self.changed += count + len(self.guests)
        self.guests = control("create", count=count)
        control("power", ids=self.guests[0], on="false")
        self.server.wait(2)
        control("power", ids=self.guests[0], on="true")

    def samples_come_late(self):
        """Of one host's guests for some minutes; they are filled in afterwards."""
        for host, how in ((1, {"intervals": 3}), (2, {})):
            answer = self.server.control("delay", host=host, **{"for": "3m"}, **how)
            self.late |= set(answer["ids"])
        self.server.control("hollow", counter=self.run.counters[0], **{"for": "2m"})
        self.late |= {"*"}
        self.server.wait(5)

    def lose_session(self):
        """All sessions end."""
        self.server.control("end-sessions")
        self.lost_sessions += 1
        self.server.wait(2)

    def restart(self, minutes=2):
        """The server starts anew."""
        self.absence(minutes, "restart")
        self.lost_sessions += 1

    def absence(self, minutes, command="away", meanwhile=lambda: None, **how):
        """The server is away, which is reported once, soon after another one not at all, and so is
        its end."""
        before = len(self.run.messages())
        back = self.server.away(minutes, command, **how)
        meanwhile()
        self.server.wait_until(back - 30)
        since = self.run.messages()[before:]
        troubles = [line for line in since if not OF_AN_ENTITY.search(line)]
        assert len(troubles) <= 1, since
        self.server.back(back)
        self.troubles += 1
        begin = self.server.now()
        harness.await_true(lambda: seconds(max(self.run.times())) > begin, "rows after an absence")
        self.server.wait(4)
        assert self.count(" is back") == self.count("trying again"), self.run.messages()[before:]

    def count(self, words):
        """Count the messages that have some words."""
        return sum(words in line for line in self.run.messages())

    def check_logins(self):
        """Demand one login, and one more for each session that was lost, be it for idleness."""
        lost = True
        for event in self.server.peer.server.events():
            if event["event"] == "request" and event["method"] == "Login":
                assert lost, f"a login without need at {event['at']}"
                lost = False
            lost = lost or event.get("fault") == "NotAuthenticated"
        made = methods(self.server.requests())
        assert made["Login"] > self.lost_sessions and made["Logout"] == 1, made

    def check_messages(self, done):
        """Demand a handful of messages: for guests that came or went, and for each trouble."""
        limit = 10 + 2 * self.changed + 3 * self.troubles
        assert len(done.messages) <= limit, done.err


def check_like(now, before, slack_kib=0):
    """Demand that a process is as it was: its memory within 5 %, or the slack if that is more. The
    answers to late rounds are larger: on a busy machine, some minutes need a slack."""
    assert now.descriptors <= before.descriptors and now.threads <= before.threads, (before, now)
    assert abs(now.kib - before.kib) <= max(0.05 * before.kib, slack_kib), (before, now)
