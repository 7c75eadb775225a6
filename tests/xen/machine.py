# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A machine with Xen, emulated by QEMU: `with Machine() as machine: machine.run("xl list")`.

Its own domain is reached by ssh, and its libvirtd by xen+ssh:// and xen+tcp://, on ports of the
loopback. Nothing is kept: the disk is as built with each start.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

from . import image as images

MEMORY_MIB, HOST_MIB = 1600, 640
START_SECONDS = 900
# Xen's guests of kind PVH need SVM, which QEMU emulates, and Xen uses of AMD's CPUs alone.
CPU = "Westmere,vendor=AuthenticAMD,family=16,model=2,+svm,+npt"
PV = """<domain type='xen'><name>{name}</name><memory unit='MiB'>{memory}</memory>
<vcpu>{vcpus}</vcpu><os><type arch='x86_64' machine='xen{kind}'>{os}</type>
<kernel>/srv/xen/vmlinuz</kernel><initrd>/srv/xen/guest.cpio</initrd>
<cmdline>console=hvc0 quiet panic=-1 mitigations=off address={address}</cmdline></os>
<clock offset='utc'/><on_reboot>restart</on_reboot><on_crash>destroy</on_crash><devices>
<disk type='block' device='disk'><driver name='phy' type='raw'/><source dev='{disk}'/>
<target dev='xvda' bus='xen'/></disk>
<interface type='bridge'><source bridge='xenbr0'/></interface>
<console type='pty'><target type='xen' port='0'/></console></devices></domain>"""


class XenError(Exception):
    """The machine did not do what it was told."""


def free_ports(count):
    """Ports of the loopback that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Machine:
    """The machine; the image is built first where that is needed."""

    def __init__(self, cpu=CPU):
        self.image = images.build()
        self.cpu = cpu
        self.directory = None
        self.process = None
        self.ssh_port, self.tcp_port = free_ports(2)
        self.start_seconds = None

    def __enter__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="vperf-xen-", dir="/tmp"))
        begin = time.monotonic()
        try:
            self._boot()
            self._await_ready(begin + START_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        self.start_seconds = time.monotonic() - begin
        return self

    def __exit__(self, *_):
        if self.process:
            subprocess.run(self._ssh("-O", "exit"), capture_output=True, check=False)
            self.process.kill()
            self.process.wait()
        if os.environ.get("VPERF_XEN_KEEP"):
            shutil.copy(self.directory / "console", "/tmp/vperf-xen-console")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _boot(self):
        image = self.image
        forward = ",".join(f"hostfwd=tcp:127.0.0.1:{port}-:{inner}"
                           for port, inner in ((self.ssh_port, 22), (self.tcp_port, 16509)))
        command = [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", "q35", "-accel", "tcg,tb-size=256", "-cpu", self.cpu, "-smp", "1",
            "-m", str(MEMORY_MIB), "-no-reboot", "-kernel", image.xen,
            "-append", f"console=com1 com1=115200,8n1 dom0_mem={HOST_MIB}M,max:{HOST_MIB}M "
                       "loglvl=warning guest_loglvl=warning",
            "-initrd", f"{image.kernel} console=hvc0 quiet panic=-1 mitigations=off,"
                       f"{image.initramfs}",
            "-drive", f"file={image.disk},format=raw,if=none,id=disk,cache=unsafe,snapshot=on",
            "-device", "virtio-blk-pci,drive=disk", "-netdev", f"user,id=net,restrict=on,{forward}",
            "-device", "virtio-net-pci,netdev=net,romfile=",
            "-serial", f"file:{self.directory}/console"]
        # It ends with us.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": str(self.directory)})

    def console(self):
        """What the machine has said so far."""
        file = self.directory / "console"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def _await_ready(self, until):
        while "READY" not in self.console():
            if self.process.poll() is not None or time.monotonic() > until:
                raise XenError("the machine does not start:\n" + self.console()[-3000:])
            time.sleep(0.5)

    def _ssh(self, *arguments):
        return ["ssh", "-q", "-i", self.image.key, "-p", str(self.ssh_port),
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "ControlMaster=auto", "-o", f"ControlPath={self.directory}/ssh",
                "-o", "ControlPersist=600", "root@127.0.0.1", *arguments]

    def run(self, command, seconds=300):
        """Runs a command of the shell in the host's own domain; returns its output."""
        done = subprocess.run(self._ssh(command), stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds, check=False)
        if done.returncode:
            raise XenError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def copy(self, *files, to):
        """Copies files into a directory of the host's own domain."""
        for file in files:
            with open(file, "rb") as stream:
                name = f"{to}/{pathlib.Path(file).name}"
                subprocess.run(self._ssh(f"cat >{name} && chmod 755 {name}"), stdin=stream,
                               check=True)

    def install(self, *programs):
        """Copies programs, and the libraries of this machine that they need and miss there."""
        self.copy(*programs, to="/usr/local/bin")
        listed = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True)
        here = dict(re.findall(r"(\S+) => (/\S+)", listed.stdout))
        names = " ".join(f"/usr/local/bin/{pathlib.Path(program).name}" for program in programs)
        while missing := set(self.run(
                f"ldconfig; ldd {names} | awk '/not found/ {{ print $1 }}'").split()):
            self.copy(*(here[name] for name in missing), to="/usr/local/lib")

    @property
    def ssh_uri(self):
        """libvirtd over ssh."""
        return (f"xen+ssh://root@127.0.0.1:{self.ssh_port}/system?keyfile={self.image.key}"
                "&no_verify=1")

    @property
    def tcp_uri(self):
        """libvirtd over TCP."""
        return f"xen+tcp://127.0.0.1:{self.tcp_port}/system"

    def virsh(self, *arguments, seconds=300, stdin=None):
        """Runs this machine's virsh against libvirtd over TCP; returns its output."""
        command = ["virsh", "-q", "-c", self.tcp_uri, *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True,
                              timeout=seconds, check=False)
        if done.returncode:
            raise XenError(f"{' '.join(command[4:])}: {done.stderr.strip()}")
        return done.stdout

    def guest(self, name, kind="pv", vcpus=1, memory=112, address=2):
        """Starts a guest; returns it when it answers."""
        return Guest(self, name, kind, vcpus, memory, f"10.9.0.{address}")


class Guest:
    """A guest with a disk and a NIC that does what it is told."""

    def __init__(self, machine, name, kind, vcpus, memory, address):
        self.machine, self.name, self.address = machine, name, address
        self.disk = machine.run(
            f"truncate -s 64M /srv/xen/{name}.img && losetup -f --show /srv/xen/{name}.img").strip()
        xml = PV.format(name=name, kind=kind, memory=memory, vcpus=vcpus, disk=self.disk,
                        address=address, os="linux" if kind == "pv" else "xenpvh")
        machine.virsh("define", "/dev/stdin", stdin=xml)
        self.start()

    def start(self, wait=True):
        """Starts it, and waits until it answers."""
        self.machine.virsh("start", self.name)
        if wait:
            self.await_answer()

    def await_answer(self, seconds=300):
        """Waits until it does what it is told."""
        until = time.monotonic() + seconds
        while True:
            try:
                return self.run("true", 5)
            except (XenError, subprocess.TimeoutExpired):
                if time.monotonic() > until:
                    raise

    def run(self, line, seconds=120):
        """Runs a line of shell in the guest; returns its output."""
        command = f"echo '{line}' | timeout {seconds} busybox nc {self.address} 99"
        output = self.machine.run(command, seconds + 60)
        text, _, status = output.rpartition("status ")
        if status.strip() != "0":
            raise XenError(f"{self.name}: {line}: {output}")
        return text

    @property
    def uuid(self):
        """libvirt's."""
        return self.machine.virsh("domuuid", self.name).strip()

    def xml(self):
        """libvirt's description."""
        return self.machine.virsh("dumpxml", self.name)

    def destroy(self):
        """Ends it at once."""
        self.machine.virsh("destroy", self.name)
