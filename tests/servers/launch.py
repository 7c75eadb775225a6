# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Starts and stops the test servers for pytest: `with launch.vcsim(…) as server:`."""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent


def build_vcsim(build):
    """Build the simulator in this folder; return the program."""
    return build_go("vcsim", build)


def build_go(name, build):
    """Build a program in Go of this folder; return it."""
    subprocess.run([str(HERE.parent / "gobuild.sh"), str(HERE / name), str(build)],
                   stdin=subprocess.DEVNULL, check=True)
    return f"{build}/{name}"


def scratch():
    """A directory for a server's files; in memory where that can be: the simulator makes so many
    for each guest that a disk costs more than all else."""
    shared = "/dev/shm"
    return tempfile.TemporaryDirectory(
        prefix="vperf-", dir=shared if os.access(shared, os.W_OK | os.X_OK) else None,
        ignore_cleanup_errors=True)


class Server:
    """A running server: its URL, its log, and its end."""

    def __init__(self, command, log=None):
        self.log_file = log
        self.scratch = scratch()
        # Less collecting of garbage: they live for seconds.
        environment = {"GOGC": "400", **os.environ, "TMPDIR": self.scratch.name}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else ""
        if not line.startswith("listening "):
            self.stop()
            raise RuntimeError(f"{command[0]} did not start")
        _, self.url, *control = line.split()
        self.control_url = control[1] if control else None
        self.port = int(self.url.removesuffix("/sdk").rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """End the process and wait for it."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.scratch.cleanup()

    def events(self, kind=None):
        """Return the log's lines, all or those of one kind; the last one may be half written."""
        whole, _, _ = pathlib.Path(self.log_file).read_bytes().rpartition(b"\n")
        lines = [json.loads(line) for line in whole.splitlines()]
        return [line for line in lines if kind in (None, line["event"])]

    def control(self, command, **arguments):
        """Let a simulator with -control do something; return its answer. ValueError: refused."""
        try:
            with urllib.request.urlopen(self.ask(command, arguments), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode().strip()) from None

    def ask(self, command, arguments):
        """Return the URL of a command."""
        return f"{self.control_url}/{command}?{urllib.parse.urlencode(arguments)}"

    def ledger(self, **arguments):
        """Return what a simulator with -control had: one dict for each life of an entity."""
        with urllib.request.urlopen(self.ask("ledger", arguments), timeout=60) as answer:
            return [json.loads(line) for line in answer]

    def methods(self):
        """Return the method names of all requests in their order."""
        return [line["method"] for line in self.events("request")]


def vcsim(binary, *flags, log=None, cert=None):
    """Start the simulator; cert is an entry of what certs.make() returns."""
    command = [str(binary), "-die-with-parent", *map(str, flags)]
    if log:
        command += ["-request-log", str(log)]
    if cert:
        command += ["-cert", cert["cert"], "-key", cert["key"]]
    return Server(command, log)


def badserver(mode, *flags, log=None, cert=None):
    """Start a failing server; without cert it speaks no TLS."""
    command = [sys.executable, str(HERE / "badserver.py"), mode, *map(str, flags)]
    if log:
        command += ["--log", str(log)]
    if cert:
        command += ["--cert", cert["cert"], "--key", cert["key"]]
    return Server(command, log)
