# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What the whole-program tests share: running vperf in a clean environment, servers with their
logs, and both sides of a comparison with pyVmomi in one form."""

import contextlib
import csv
import fcntl
import io
import os
import pathlib
import pty
import select
import signal
import socket
import struct
import subprocess
import termios
import threading
import time
import urllib.parse

import launch

USER = "collector"
PASSWORD = "Sesam-0effne-Dich"

# A simulator that stands still in time.
STANDING = ("-mode", "real", "-now", "2026-11-21T19:17:25Z")

# Beyond --timeout: starting a sanitized program on a busy machine takes this long at most.
MARGIN_SECONDS = 1.5

SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer",
                   "runtime error:")


class Done:
    """A finished run: what a user sees of it."""

    def __init__(self, status, out, err, seconds, late_seconds=0):
        self.status, self.seconds, self.late_seconds = status, seconds, late_seconds
        self.out, self.err = out.decode(), err.decode()

    @property
    def own_seconds(self):
        """How long it took, less by how much the machine was late meanwhile: for upper limits."""
        return self.seconds - self.late_seconds

    @property
    def messages(self):
        """The lines on stderr."""
        return self.err.splitlines()

    @property
    def rows(self):
        """The CSV on stdout as one dict a row."""
        return read_csv(self.out)

    def __repr__(self):
        return f"exit {self.status} after {self.seconds:.1f} s, {self.late_seconds:.1f} s of them " \
            f"late\n{self.err}{self.out[:2000]}"


class Program:
    """The vperf under test."""

    def __init__(self, path, home):
        self.path, self.home = str(path), str(home)

    def is_sanitized(self):
        """Tell whether it is built with AddressSanitizer."""
        return b"__asan_init" in pathlib.Path(self.path).read_bytes()

    def environment(self, extra):
        """Nothing of the caller's but the path and the sanitizers' options; None unsets."""
        names = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        merged = {**kept, "HOME": self.home, "LANG": "C.UTF-8", "VPERF_PASSWORD": PASSWORD,
                  **(extra or {})}
        return {name: value for name, value in merged.items() if value is not None}

    def start(self, *arguments, env=None, **how):
        """Start without a terminal and with stdin closed; the caller ends the process."""
        how = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "start_new_session": True, "cwd": self.home, **how}
        prefix = how.pop("prefix", [])
        return subprocess.Popen([*prefix, self.path, *map(str, arguments)],
                                env=self.environment(env), **how)

    def run(self, *arguments, seconds=60, secret=PASSWORD, **how):
        """Run to the end."""
        begin = time.monotonic()
        return finish(self.start(*arguments, **how), seconds, secret, begin)


def shown_as(process):
    """What ps, pidof and pgrep find a process by: the name of it and of its command."""
    folder = pathlib.Path(f"/proc/{process.pid}")
    return ((folder / "comm").read_text().rstrip("\n"),
            (folder / "cmdline").read_bytes().split(b"\0")[0].decode())


def finish(process, seconds=60, secret=PASSWORD, begin=None):
    """Wait for a started vperf."""
    begin = begin or time.monotonic()
    try:
        with Witness() as witness:
            out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"vperf did not end within {seconds} s\n{err}") from None
    return approved(Done(process.returncode, out or b"", err or b"", time.monotonic() - begin,
                         witness.lost_seconds), secret)


def approved(done, secret=PASSWORD):
    """Return a run. None may crash, show the password or displease a sanitizer."""
    assert done.status >= 0, f"vperf ended by {signal.Signals(-done.status).name}\n{done}"
    for mark in SANITIZER_MARKS:
        assert mark not in done.err, done
    assert not shows(secret, done.out + done.err), f"the password is shown\n{done}"
    return done


def check_output_error(done, name, reason):
    """One line with the name and the reason, status 1."""
    assert done.status == 1, done
    assert len(done.messages) == 1, done
    assert name in done.err and reason in done.err, done


def on_terminal(vperf, columns, *arguments, env=None, status=0):
    """Run on a terminal so many columns wide; return the lines that it shows, if all went well."""
    child, terminal = pty.fork()
    if child == 0:
        os.read(0, 1)  # until the terminal has its size
        os.execve(vperf.path, [vperf.path, *map(str, arguments)], vperf.environment(env))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    attributes = termios.tcgetattr(terminal)
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    os.write(terminal, b"\n")
    out = b""
    with contextlib.suppress(OSError):
        while select.select([terminal], [], [], 60)[0] and (data := os.read(terminal, 65536)):
            out += data
        os.kill(child, signal.SIGKILL)  # it hangs, or has just ended
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status, out
    return out.decode().replace("\r\n", "\n").replace("\r\x1b[K", "").splitlines()


def shows(secret, text):
    """Tell whether the text holds the secret, as it is or as URIs and XML write it."""
    if not secret:
        return False
    xml = secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    forms = {secret, urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), xml,
             xml.replace('"', "&quot;")}
    return any(form in text for form in forms)


def await_true(condition, what, seconds=20):
    """Poll until the condition holds; return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        time.sleep(0.01)


class Witness(threading.Thread):
    """Sees by how much this machine is late, as a program that waits for its time would."""

    PAUSE_SECONDS = 0.01

    def __init__(self):
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.late_seconds = 0  # the most at once
        self.lost_seconds = 0  # in all

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()

    def run(self):
        """Measures pauses until the end."""
        before = time.monotonic()
        while not self.ended.wait(self.PAUSE_SECONDS):
            now = time.monotonic()
            late_seconds = now - before - self.PAUSE_SECONDS
            self.late_seconds = max(self.late_seconds, late_seconds)
            self.lost_seconds += late_seconds
            before = now


def undisturbed(action, late_seconds, attempts=4):
    """The result of an action at whose time the machine was not later than that; of the last one of
    some, if it always was."""
    for _ in range(attempts):
        with Witness() as witness:
            result = action()
        if witness.late_seconds < late_seconds:
            break
    return result


class Peer:
    """A server as vperf's target: its URI, and the options that make vperf trust it."""

    def __init__(self, server, ca_file):
        self.server, self.ca_file = server, ca_file
        self.label = f"127.0.0.1:{server.port}"
        self.url = f"https://{self.label}/sdk"

    @property
    def arguments(self):
        """What to append to a command: trust and TARGET."""
        return ["--ca-file", self.ca_file, self.target()]

    def target(self, user=USER, password=None, host="127.0.0.1"):
        """Return a TARGET, with user and password when given."""
        login = urllib.parse.quote(user, safe="@") if user else ""
        if password is not None:
            login += ":" + urllib.parse.quote(password, safe="")
        return f"https://{login}{'@' if login else ''}{host}:{self.server.port}/sdk"

    def requests(self):
        """All requests so far: the lines of the log as dicts."""
        return self.server.events("request")

    def methods(self):
        """The methods of all requests so far."""
        return [request["method"] for request in self.requests()]

    def await_request(self, method, count=1):
        """Wait until the server has received a method for the count-th time."""
        await_true(lambda: self.methods().count(method) >= count, f"{method} at {self.label}")


def vcsim(binary, certificates, directory, *flags, cert="good"):
    """Start a simulator that logs its requests; cert None with "-http": without TLS."""
    log = directory / f"requests-{time.monotonic_ns()}.jsonl"
    flags = ("-username", USER, "-password", PASSWORD, *flags)
    server = launch.vcsim(binary, *flags, log=log, cert=certificates.get(cert))
    return Peer(server, certificates["ca"]["cert"])


def badserver(mode, certificates, directory, *flags, cert="good"):
    """Start a failing server that logs what it receives; cert None: without TLS."""
    log = directory / f"bad-{time.monotonic_ns()}.jsonl"
    chosen = certificates[cert] if cert else None
    return Peer(launch.badserver(mode, *flags, log=log, cert=chosen), certificates["ca"]["cert"])


@contextlib.contextmanager
def full_backlog():
    """Give a port whose connections are never completed: packets seem to be dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


# What guests may be called.
NAMES = ["a,b", 'say "hi"', '"', "two\nlines", "carriage\rreturn", "crlf\r\nname", "Grün-Straße",
         "漢字のゲスト", "=cmd|' /C calc'!A1", "+1+1", "-1-1", "@SUM(A1)", "\ttab first",
         " space first", "space last ", "'apostrophe", "emoji 🖥️", "a;b", "#10042", "NULL", "NA",
         "x" * 80, "ünï\u200bcode", "<&>", "100% sure", "50%2foff", "a/b\\c", "a\\, b\\",
         "''", "=",
         "a,\"b\"\n=c"]


def as_servers_write(name):
    """vSphere escapes three characters in the names of its objects."""
    return name.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")


# Groups of counters that vperf makes of properties: no samples of the server. See test_space.py.
OWN_GROUPS = ("guestDisk", "snapshot", "space")


def is_own(counter):
    """Tell whether vperf makes the counter of properties."""
    return counter.split(".")[0] in OWN_GROUPS


def read_csv(text, own=False):
    """Read CSV text as one dict a row; every row has the header's width. Rows of counters that
    come with the inventory are left out unless own is set."""
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert table, "no header"
    header = table[0]
    for row in table[1:]:
        assert len(row) == len(header), f"{len(row)} cells under {len(header)} columns: {row}"
    rows = [dict(zip(header, row)) for row in table[1:]]
    return [row for row in rows if own or not is_own(row.get("counter", ""))]


def series_of(rows):
    """Turn rows of collect into {(type, id, counter, instance): [(timestamp, value)]}."""
    series = {}
    for row in rows:
        key = (row["type"], row["id"], row["counter"], row["instance"])
        series.setdefault(key, []).append((row["timestamp"], row["value"]))
    return series


def without_gaps(reference):
    """Turn pyVmomi's Series into the form of series_of, values as text, missing ones left out."""
    series = {}
    for one in reference:
        samples = [(timestamp, str(value)) for timestamp, value
                   in zip(one.timestamps, one.values) if value != -1]
        if samples:
            series[one.type, one.id, one.counter, one.instance] = samples
    return series


def difference(ours, theirs):
    """Describe where two dicts differ, briefly; empty when they are equal."""
    lines = [f"only vperf has {key}" for key in ours.keys() - theirs.keys()]
    lines += [f"vperf lacks {key}" for key in theirs.keys() - ours.keys()]
    lines += [f"{key}: vperf {ours[key]}, pyVmomi {theirs[key]}"
              for key in ours.keys() & theirs.keys() if ours[key] != theirs[key]]
    return "\n".join(lines[:10] + ["…"] * (len(lines) > 10))


def files_in(directory):
    """The names in a directory, hidden ones as well."""
    return sorted(path.name for path in pathlib.Path(directory).iterdir())
