# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The password: where it may come from, and that it shows nowhere. Every other test asserts the
latter too: harness.finish() refuses output that holds the password."""

import fcntl
import os
import pathlib
import pty
import signal
import termios
import urllib.parse

import pytest
from harness import PASSWORD, USER, await_true, finish, shows

COMMANDS = ["collect", "counters", "inventory"]

SECRET = "Geheim&<7>\"'x"

SPECIAL = ["&<>\"'", "ünïcödé-漢字", " spaces around ", "100%25", "a:b@c/d?e#f[g]",
           "$HOME$(id)`id`", "back\\slash", "]]>", "-", "--help", "*", "/etc/hostname", "=formula",
           "x" * 200]


def cmdline(process):
    """What ps shows."""
    return pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes().decode()


@pytest.mark.parametrize("form", ["https://{user}:{password}@{label}/sdk",
                                  "{user}:{password}@{label}"])
@pytest.mark.parametrize("command", COMMANDS)
def test_process_list(vperf, start_badserver, command, form):
    """A password in the TARGET is gone from the process list when the server is asked; the rest
    of the command line still tells what runs."""
    bad = start_badserver("silent")
    target = form.format(user=USER, password=PASSWORD, label=bad.label)
    process = vperf.start(command, "--ca-file", bad.ca_file, target, "--verbose")
    await_true(lambda: bad.server.events("request"), "the first request")
    shown = cmdline(process)
    process.send_signal(signal.SIGTERM)
    assert not shows(PASSWORD, shown)
    assert command in shown and bad.label in shown and "--verbose" in shown
    assert finish(process).status == 130


def test_process_list_with_escapes(vperf, start_badserver):
    """The same for a password that the URI has to escape, and for the second of two targets."""
    bad = start_badserver("silent")
    targets = [bad.target(password=SECRET, host=host) for host in ("127.0.0.1", "localhost")]
    process = vperf.start("collect", "--ca-file", bad.ca_file, *targets)
    await_true(lambda: bad.server.events("request"), "the first request")
    shown = cmdline(process)
    process.send_signal(signal.SIGTERM)
    finish(process, secret=SECRET)
    assert "Geheim" not in shown and "x%22" not in shown


def test_verbose(vperf, esx):
    """--verbose shows each request and no secret."""
    done = vperf.run("collect", "--verbose", "--ca-file", esx.ca_file,
                     esx.target(password=PASSWORD))
    assert done.status == 0 and "Login: ok" in done.err, done


def failing(start_vcsim, start_badserver):
    """Targets that fail in different ways, as arguments."""
    simulator = start_vcsim("-mode", "real", "-username", "somebody")
    yield [*simulator.arguments[:2], simulator.target(password=SECRET)]
    yield [simulator.target(password=SECRET)]
    yield ["--thumbprint", "A" * 64, simulator.target(password=SECRET)]
    for mode in ("html", "plain-http", "junk", "close", "redirect", "http-401"):
        bad = start_badserver(mode)
        yield ["--ca-file", bad.ca_file, bad.target(password=SECRET)]
    yield [f"https://user:{urllib.parse.quote(SECRET)}@127.0.0.1:1"]
    yield [f"https://user:{urllib.parse.quote(SECRET)}@no-such-host.invalid"]


def test_failures_show_no_password(vperf, start_vcsim, start_badserver, tmp_path):
    """Whatever goes wrong, with --verbose as well."""
    for arguments in failing(start_vcsim, start_badserver):
        done = vperf.run("collect", "--verbose", "--coverage", tmp_path / "coverage.csv",
                         *arguments, secret=SECRET, env={"VPERF_PASSWORD": None})
        assert done.status == 1 and "Geheim" not in done.err + done.out, done


PLAIN = "Geheim-7-Geheim"

MISTAKES = [
    ["collect", "https://user:{}@host:99999"], ["collect", "https://user:{}@ho st"],
    ["collect", "https://user:{}@"], ["collect", "user:{}"], ["collect", "user:{}/x@host"],
    ["collect", "https://user:{}/x@host"], ["collect", "https://user:{}?@host"],
    ["collect", "https://user:{}#@host"], ["collect", "ftp://user:{}@host"],
    ["collect", "1a://user:{}@host"], ["collect", "user:{}@host;x"],
    ["collect", "http://user:{}@host"], ["collect", "https:/user:{}@host"],
    ["collect", "--nonsense", "https://user:{}@host"],
    ["counters", "https://u:{}@a", "https://u:{}@a"],
    ["collect", "--samples", "x", "https://user:{}@host"], ["collect", "https://user:%ZZ{}@host"],
    ["https://user:{}@host"], ["user:{}@host"], ["collect", "qemu://user:{}@127.0.0.1:1/system"],
    ["collect", "--output", "/missing/x", "https://user:{}@127.0.0.1:1"],
    ["collect", "--timeout=1", "esx://user:{}@127.0.0.1:1/?no_verify=1"],
]


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_mistakes_show_no_password(vperf, arguments):
    """A mistyped command line is quoted without what may be the password."""
    done = vperf.run(*[text.format(PLAIN) for text in arguments], secret=PLAIN,
                     env={"VPERF_PASSWORD": None})
    assert done.status in (1, 2) and len(done.messages) == 1, done


def test_mistakes_in_govc_url_show_no_password(vperf):
    """GOVC_URL is quoted with the same care."""
    for url in ("https://user:{}@host:99999", "user:{}/x@host", "https://user:{}@127.0.0.1:1"):
        done = vperf.run("collect", secret=PLAIN,
                         env={"VPERF_PASSWORD": None, "GOVC_URL": url.format(PLAIN)})
        assert done.status in (1, 2) and len(done.messages) == 1, done


@pytest.mark.parametrize("password", SPECIAL)
def test_special_characters(vperf, start_vcsim, tmp_path, password):
    """Any password works from each place; one that looks like a file name is no file name."""
    server = start_vcsim("-mode", "real", "-vm", "0", "-password", password)
    common = ["inventory", "--ca-file", server.ca_file]
    none = {"VPERF_PASSWORD": None}
    file = tmp_path / "password"
    file.write_text(password + "\n")
    for arguments, env in (([server.target(password=password)], none),
                           (["--password-file", file, server.target()], none),
                           ([server.target()], {"VPERF_PASSWORD": password}),
                           ([server.target()], {**none, "GOVC_PASSWORD": password})):
        done = vperf.run(*common, *arguments, secret=None, env=env)
        assert done.status == 0, (arguments, env, done)


@pytest.mark.parametrize("text", [PASSWORD, PASSWORD + "\n", PASSWORD + "\r\n",
                                  PASSWORD + "\nsecond line\n", "\ufeff" + PASSWORD + "\r\n"])
def test_password_file(vperf, esx, tmp_path, text):
    """The first line counts, with or without line end."""
    (tmp_path / "password").write_bytes(text.encode())
    done = vperf.run("inventory", "--password-file", tmp_path / "password", *esx.arguments,
                     env={"VPERF_PASSWORD": "wrong", "GOVC_PASSWORD": "wrong"})
    assert done.status == 0, done


@pytest.mark.parametrize("text, reason", [(None, "No such file"), ("", "empty"),
                                          ("\n" + PASSWORD, "empty"),
                                          (PASSWORD.encode("utf-16"), "UTF-16"),
                                          ("Grün".encode("latin-1"), "UTF-8")])
def test_unusable_password_file(vperf, esx, tmp_path, text, reason):
    """A password file without password is told; no other password is tried in its place."""
    name = tmp_path / "password"
    if text is not None:
        name.write_bytes(text if isinstance(text, bytes) else text.encode())
    before = len(esx.methods())
    done = vperf.run("inventory", "--password-file", name, *esx.arguments)
    assert (done.status, len(done.messages)) == (2, 1), done
    assert str(name) in done.err and reason in done.err
    assert "Login" not in esx.methods()[before:]


def test_password_of_target_wins(vperf, esx):
    """The password in the TARGET is the one that is meant."""
    done = vperf.run("inventory", "--ca-file", esx.ca_file, esx.target(password=PASSWORD),
                     env={"VPERF_PASSWORD": "wrong"})
    assert done.status == 0, done


def test_no_password(vperf, esx):
    """Without password and terminal, one line tells the ways to give one."""
    done = vperf.run("inventory", *esx.arguments, env={"VPERF_PASSWORD": None})
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert "--password-file" in done.err and "VPERF_PASSWORD" in done.err


class Terminal:
    """A terminal of vperf's own, and what it shows."""

    def __init__(self):
        self.screen = b""
        self.master, self.slave = pty.openpty()

    def start(self, vperf, *arguments):
        """Start vperf with this as its controlling terminal; stdout and stderr are pipes."""
        return vperf.start(*arguments, stdin=self.slave, env={"VPERF_PASSWORD": None},
                           preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def await_text(self, text):
        """Read what is shown until the text is."""
        while text not in self.screen:
            self.screen += os.read(self.master, 1024)

    def echoes(self):
        """Tell whether what is typed is shown."""
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def type(self, text):
        """Type."""
        os.write(self.master, text.encode())

    def rest(self):
        """Everything shown so far."""
        os.set_blocking(self.master, False)
        try:
            self.screen += os.read(self.master, 65536)
        except BlockingIOError:
            pass
        return self.screen.decode()


def sleeps(process):
    """Tell whether a process waits. readpassphrase(3) misses a signal just before its read(2)."""
    text = pathlib.Path(f"/proc/{process.pid}/stat").read_text("ascii", "replace")
    return text.rsplit(")", 1)[1].split()[0] == "S"


@pytest.fixture
def terminal():
    """A terminal, closed at the end."""
    one = Terminal()
    yield one
    os.close(one.master)
    os.close(one.slave)


def test_prompt(vperf, esx, terminal):
    """On a terminal the password is asked for, without echo; data still goes to stdout alone."""
    process = terminal.start(vperf, "inventory", *esx.arguments)
    terminal.await_text(f"Password for {USER}@127.0.0.1".encode())
    assert not terminal.echoes()
    terminal.type(PASSWORD + "\n")
    done = finish(process)
    assert done.status == 0 and len(done.rows) == 4, done
    assert terminal.echoes()
    assert PASSWORD not in terminal.rest()


@pytest.mark.parametrize("key", ["\x03", None])
def test_interrupted_prompt(vperf, esx, terminal, key):
    """Ctrl-C or SIGTERM at the prompt: status 130, the terminal echoes again, nobody was asked."""
    before = len(esx.methods())
    process = terminal.start(vperf, "inventory", *esx.arguments)
    terminal.await_text(b"Password for")
    await_true(lambda: sleeps(process), "vperf to wait for the answer")
    if key:
        terminal.type(key)
    else:
        process.send_signal(signal.SIGTERM)
    assert finish(process, seconds=5).status == 130
    assert terminal.echoes()
    assert "Login" not in esx.methods()[before:]


def test_only_login_carries_the_password(vperf, start_vcsim):
    """The password goes out once, in Login."""
    server = start_vcsim("-mode", "real")
    vperf.run("collect", *server.arguments)
    assert [one["method"] for one in server.requests() if one["credentials"]] == ["Login"]


def test_password_file_without_end(vperf, esx):
    """/dev/zero ends at once, and nobody is asked anything."""
    before = len(esx.methods())
    done = vperf.run("inventory", "--password-file", "/dev/zero", *esx.arguments, seconds=5)
    assert (done.status, len(done.messages)) == (2, 1), done
    assert len(esx.methods()) == before


def copies(process, secret):
    """Where the writable memory of a process holds the secret: the lines of its map."""
    found = []
    with open(f"/proc/{process.pid}/maps", encoding="ascii") as lines, \
            open(f"/proc/{process.pid}/mem", "rb", buffering=0) as memory:
        for line in lines:
            addresses, rights, *_ = line.split()
            if rights.startswith("rw"):
                begin, end = (int(text, 16) for text in addresses.split("-"))
                memory.seek(begin)
                found += [line] * memory.read(end - begin).count(secret.encode())
    return found


@pytest.mark.parametrize("method", ["RetrieveServiceContent", "QueryPerf"])
@pytest.mark.parametrize("place", ["target", "file", "GOVC_URL"])
def test_one_copy(vperf, start_vcsim, tmp_path, place, method):
    """Before and after the login, the password is in one place of the memory."""
    if os.geteuid() != 0:
        pytest.skip("only root may read the memory of a vperf that knows a password")
    if vperf.is_sanitized():
        pytest.skip("AddressSanitizer keeps what is freed")
    server = start_vcsim("-mode", "real", "-accident", f"{method}:1:hang")
    (tmp_path / "password").write_text(PASSWORD + "\n")
    whole = server.target(password=PASSWORD)
    arguments = {"target": [whole], "GOVC_URL": [],
                 "file": ["--password-file", tmp_path / "password", server.target()]}[place]
    env = {"VPERF_PASSWORD": None, "GOVC_URL": whole if place == "GOVC_URL" else None}
    process = vperf.start("collect", "--ca-file", server.ca_file, *arguments, env=env)
    server.await_request(method)
    found = copies(process, PASSWORD)
    process.send_signal(signal.SIGTERM)
    assert finish(process).status == 130
    assert len(found) == 1, found
