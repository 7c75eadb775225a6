# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Runs a private libvirtd and virtlogd in mount and network namespaces of their own, and ends them.

Started by libvirtd.py. Takes commands on standard input, one a line, and answers each with a line.
At the end of its input or on SIGTERM it ends every process below it: so they go, however the
process that started it ended.
"""

import ctypes
import errno
import os
import pathlib
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid

PR_SET_CHILD_SUBREAPER = 36
ETHERTYPE_ARP = 0x0806
# libvirt's fixed places, each replaced by a private directory.
PLACES = {"run": "/run/libvirt", "state": "/var/lib/libvirt", "log": "/var/log/libvirt",
          "cache": "/var/cache/libvirt", "etc": "/etc/libvirt"}
CONFIGURATION = {
    "libvirtd.conf": 'auth_unix_ro = "none"\nauth_unix_rw = "none"\nunix_sock_ro_perms = "0777"\n',
    "virtlogd.conf": "",
    "qemu.conf": 'security_driver = "none"\nuser = "root"\ngroup = "root"\nnamespaces = []\n'
                 "remember_owner = 0\n",
}
SOCKETS = {"libvirtd": "libvirt-sock", "virtlogd": "virtlogd-sock"}
SOL_PACKET = 263
PACKET_QDISC_BYPASS = 20
CGROUPS = pathlib.Path("/sys/fs/cgroup")


class Keeper:
    """The daemons below one directory."""

    def __init__(self, directory, cache, hostname):
        self.hostname = hostname
        self.directory = pathlib.Path(directory)
        self.cache = pathlib.Path(cache)
        self.daemons = {}

    def prepare(self):
        """Makes the namespaces, which unshare started us in, private in content as well."""
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        for name, place in PLACES.items():
            source = self.cache if name == "cache" else self.directory / name
            source.mkdir(parents=True, exist_ok=True)
            os.makedirs(place, exist_ok=True)
            run("mount", "--bind", source, place)
        # /sys of this network; the control groups stay those of the machine.
        groups = self.directory / "cgroup"
        groups.mkdir()
        run("mount", "--rbind", CGROUPS, groups)
        run("mount", "-t", "sysfs", "sysfs", "/sys")
        run("mount", "--move", groups, CGROUPS)
        groups.rmdir()
        for name, content in CONFIGURATION.items():
            if name == "libvirtd.conf" and self.hostname:
                socket.sethostname(self.hostname)
                content += f'host_uuid = "{uuid.uuid4()}"\n'
            if name == "qemu.conf" and groups_are_occupied():
                content += "cgroup_controllers = []\n"
            (self.directory / "etc" / name).write_text(content, encoding="ascii")
        # Without IPv6 an interface carries the frames of the tests and no others.
        for interface in ("all", "default"):
            setting = pathlib.Path(f"/proc/sys/net/ipv6/conf/{interface}/disable_ipv6")
            if setting.exists():
                setting.write_text("1", encoding="ascii")
        run("ip", "link", "set", "lo", "up")

    def start(self, name):
        """Starts a daemon and waits for its socket."""
        path = self.directory / "run" / SOCKETS[name]
        path.unlink(missing_ok=True)
        # No bus: systemd-machined, polkit and logind of the machine are not concerned.
        environment = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent")
        executable = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
        with open(self.directory / f"{name}.log", "ab") as log:
            self.daemons[name] = subprocess.Popen(
                [executable, "-f", self.directory / "etc" / f"{name}.conf",
                 "-p", self.directory / "run" / f"{name}.pid"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: answers(path) or self.daemons[name].poll() is not None, 30)
        if self.daemons[name].poll() is not None:
            raise RuntimeError(f"{name} ended at its start, see {self.directory}/{name}.log")

    def stop(self, name):
        """Ends a daemon; QEMU lives on."""
        daemon = self.daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(20)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def frames(self, interface, count, size, lossy=""):
        """Sends frames to a guest, through the host's side of its interface.

        A full queue is waited for; lossy: the interface drops and counts what finds it full.
        """
        # ARP without contents: the guest's card takes it, and its kernel has no answer to it.
        frame = b"\xff" * 6 + b"\x02vperf" + ETHERTYPE_ARP.to_bytes(2, "big")
        frame += b"\0" * (int(size) - len(frame))
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as packets:
            packets.bind((interface, 0))
            if lossy:
                packets.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
            for _ in range(int(count)):
                wait_until(lambda: sent(packets, frame) or lossy, 20)

    def answer(self, line):
        """Runs one command: start|stop DAEMON, or frames INTERFACE COUNT SIZE."""
        command, *arguments = shlex.split(line)
        try:
            {"start": self.start, "stop": self.stop, "frames": self.frames}[command](*arguments)
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            return f"error {error!r}"
        return "ok"

    def finish(self):
        """Ends what runs below us: guests through libvirtd, so that it tidies up; all by pid."""
        if "libvirtd" in self.daemons:
            self._destroy_guests()
        for name in ("libvirtd", "virtlogd"):
            if name in self.daemons:
                self.stop(name)
        while end_children():
            pass
        for place in [CGROUPS / "machine", *CGROUPS.glob("*/machine")]:
            try:
                place.rmdir()
            except OSError:  # another libvirtd uses it, or there is none
                pass
        if not os.environ.get("VPERF_GUEST_KEEP"):
            shutil.rmtree(self.directory, ignore_errors=True)

    def _destroy_guests(self):
        for pid in children():
            os.kill(pid, signal.SIGCONT)
        virsh = ["virsh", "-q", "-c", f"qemu:///system?socket={self.directory}/run/libvirt-sock"]
        for name in self._output(*virsh, "list", "--name").split():
            self._output(*virsh, "destroy", name)

    def _output(self, *command):
        """Runs a command; reaps meanwhile, for libvirtd waits until QEMU is gone altogether."""
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True) as process:
            if not wait_until(lambda: self.reap(process.pid) or process.poll() is not None, 15):
                process.kill()
            return process.stdout.read()

    def reap(self, *spared):
        """Collects inherited processes that ended; those that a Popen collects are spared."""
        spared = {*spared, *(daemon.pid for daemon in self.daemons.values())}
        for pid in set(children()) - spared:
            os.waitpid(pid, os.WNOHANG)


def run(*command):
    """Runs a command that must succeed."""
    subprocess.run(command, check=True)


def groups_are_occupied():
    """Tells whether a container's own control group holds processes, so that it has none below."""
    # The root of all control groups has no cgroup.type.
    if not (CGROUPS / "cgroup.type").exists():
        return False
    return bool((CGROUPS / "cgroup.procs").read_text(encoding="ascii").strip())


def wait_until(condition, seconds):
    """Waits for the condition, and tells whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def sent(packets, frame):
    """Tells whether a frame found room in the queue."""
    try:
        packets.send(frame)
    except OSError as error:
        if error.errno == errno.ENOBUFS:
            return False
        raise
    return True


def answers(path):
    """Tells whether a daemon accepts connections at its socket."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def children():
    """The processes whose parent we are: daemons, and QEMU, which we inherit."""
    text = pathlib.Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return [int(pid) for pid in text.split()]


def end_children():
    """Kills and reaps the present children; tells whether there were any."""
    pids = children()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass
    return bool(pids)


def main():
    """keeper.py DIRECTORY CACHE HOSTNAME [detached]: serves until SIGTERM or, if attached, end of
    input."""
    keeper = Keeper(*sys.argv[1:4])
    detached = len(sys.argv) > 4
    wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda number, frame: None)
    try:
        keeper.prepare()
        keeper.start("virtlogd")
        keeper.start("libvirtd")
        print("ok", flush=True)
        serve(keeper, wake_read, detached)
    finally:
        keeper.finish()


def serve(keeper, wake, detached):
    """The main loop."""
    inputs = [wake] if detached else [wake, sys.stdin.fileno()]
    pending = b""
    while True:
        ready = select.select(inputs, [], [])[0]
        if wake in ready:
            signals = os.read(wake, 512)
            keeper.reap()
            if set(signals) - {signal.SIGCHLD}:
                return
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), 4096)
            if not data:
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                print(keeper.answer(line.decode()), flush=True)


if __name__ == "__main__":
    main()
