# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A private real libvirtd: `with Libvirtd() as libvirtd: guest = libvirtd.guest('web-1').start()`.

It has files, sockets and a network of its own: it neither needs nor disturbs a libvirtd of the
machine. With the end of the block, or of this process however it ends, daemons, guests, interfaces
and files are gone.
"""

import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time

from . import image as images
from . import probe
from . import truth
from .guest import Guest, GuestError
from .probe import unavailable

__all__ = ["Guest", "GuestError", "Libvirtd", "truth", "unavailable"]

HERE = pathlib.Path(__file__).resolve().parent


class Libvirtd:
    """The daemon and its guests; the image is built in directory (image.default_directory()). With
    a hostname it is another host than the machine, to which guests can be migrated."""

    def __init__(self, directory=None, hostname=None):
        self.hostname = hostname
        self.image = images.build(directory)
        self.accelerator = probe.accelerator(self.image)
        self.directory = None
        self.keeper = None
        self._interfaces = 0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self, detached=False):
        """Starts virtlogd and libvirtd. Detached, they live until the keeper gets SIGTERM."""
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vperf-guests-", dir="/tmp"))
        command = ["unshare", "--mount", "--net", "--propagation", "private", "--uts",
                   sys.executable, HERE / "keeper.py", self.directory,
                   self.image.kernel.parent / "cache", self.hostname or ""]
        with open(self.directory / "keeper.log", "wb") as log:
            self.keeper = subprocess.Popen(
                command + ["detached"] * detached, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, start_new_session=True)
        self._read_answer("start", 60)
        return self

    def stop(self):
        """Ends guests and daemons and removes their files."""
        if self.keeper:
            self.keeper.stdin.close()
            self.keeper.wait(90)
            self.keeper.stdout.close()
            self.keeper = None

    @property
    def uri(self):
        """What reaches this libvirtd from anywhere on the machine."""
        return f"qemu:///system?socket={self.directory}/run/libvirt-sock"

    def inside(self, *command):
        """The command as it runs where plain qemu:///system, and 127.0.0.1, are this libvirtd's."""
        return ["nsenter", "--mount", "--net", f"--target={self.keeper.pid}", *command]

    def keeper_command(self, line, seconds=60):
        """Has the keeper do something, see keeper.py."""
        self.keeper.stdin.write(f"{line}\n".encode())
        self.keeper.stdin.flush()
        self._read_answer(line, seconds)

    def _read_answer(self, line, seconds):
        output = self.keeper.stdout.fileno()
        answer = b""
        deadline = time.monotonic() + seconds
        while not answer.endswith(b"\n"):
            if not select.select([output], [], [], max(deadline - time.monotonic(), 0))[0]:
                break
            data = os.read(output, 4096)
            if not data:
                break
            answer += data
        if answer != b"ok\n":
            log = self.directory / "keeper.log"
            text = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
            raise GuestError(f'keeper: {line}: {answer.decode().strip() or "no answer"}\n{text}')

    def stop_daemon(self):
        """Ends libvirtd; guests run on."""
        self.keeper_command("stop libvirtd")

    def start_daemon(self):
        """Starts libvirtd again, which finds its guests."""
        self.keeper_command("start libvirtd")

    def clear(self):
        """Starts libvirtd where it does not run, and removes all guests: what a test left over."""
        try:
            running = self.virsh("list", "--name").split()
        except GuestError:
            self.start_daemon()
            running = self.virsh("list", "--name").split()
        for name in running:
            self.virsh("destroy", name)
        for name in self.virsh("list", "--all", "--name").split():
            self.virsh("undefine", name)

    def virsh(self, *arguments, seconds=60):
        """Runs virsh and returns its output; GuestError has its message."""
        command = ["virsh", "-q", "-c", self.uri, *(str(argument) for argument in arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise GuestError(f'virsh {" ".join(command[4:])}: {done.stderr.strip()}')
        return done.stdout

    def domstats(self, *arguments):
        """virsh domstats --raw: {domain name: truth.Stats}."""
        before_ns = time.monotonic_ns()
        text = self.virsh("domstats", "--raw", *arguments)
        after_ns = time.monotonic_ns()
        return {name: truth.Stats(before_ns, after_ns, values)
                for name, values in truth.parse_domstats(text).items()}

    def new_interface_name(self):
        """A name for the host's side of a guest's interface."""
        self._interfaces += 1
        return f"guest{self._interfaces - 1}"

    def guest(self, name, *, memory=192, vcpus=1, max_vcpus=2, load=(), disks=(64,), interfaces=1,
              balloon=True, balloon_period=None, extra_devices=""):
        """A Guest, not started yet. memory and disks in MiB; load: commands run before it is ready.

        Names must be new on the machine: libvirt names control groups after them.
        """
        return Guest(self, name, memory=memory, vcpus=vcpus, max_vcpus=max_vcpus, load=load,
                     disks=disks, interfaces=interfaces, balloon=balloon,
                     balloon_period=balloon_period, extra_devices=extra_devices)
