# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""One test guest: its domain, its load, and what it says of itself."""

import contextlib
import os
import pathlib
import secrets
import signal
import socket
import time
import uuid
from xml.sax.saxutils import quoteattr

from . import truth

READY = "guest: ready"
CHANNEL = "channel"
# no_timer_check: on a busy machine the kernel may find that no timer works, and go no further.
KERNEL_ARGUMENTS = ("console=ttyS0 quiet panic=-1 ipv6.disable=1 mitigations=off "
                    "no_timer_check")
DOMAIN = """<domain type={type}>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>{memory}</memory>
  <vcpu placement='static' current='{vcpus}'>{max_vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initramfs}</initrd>
    <cmdline>{arguments}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  {cpu}
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    <controller type='usb' model='none'/>
    <serial type='file'><source path={console} append='off'/><target port='0'/></serial>
    <serial type='unix'><source mode='bind' path={channel}/><target port='1'/></serial>
    {devices}
  </devices>
</domain>
"""
DISK = """<disk type='file' device='disk'>
  <driver name='qemu' type='raw' cache='writeback'/>
  <source file={path}/>
  <target dev='{target}' bus='virtio'/>
</disk>"""
# driver qemu: frames are carried by QEMU's own threads, not by a kernel thread.
INTERFACE = """<interface type='ethernet'>
  <mac address='{mac}'/>
  <target dev='{target}'/>
  <model type='virtio'/>
  <driver name='qemu'/>
</interface>"""
BALLOON = "<memballoon model='virtio'><stats period='{period}'/></memballoon>"


class GuestError(Exception):
    """A guest or virsh did not do what it was told."""


def converse(channel, line, seconds=30):
    """Sends a command to the load program behind a channel; returns the lines of its answer."""
    token = secrets.token_hex(4)
    deadline = time.monotonic() + seconds
    output = []
    pending = b""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(channel))
        # The line break first ends what an earlier, interrupted conversation may have left.
        client.sendall(f"\n{token} {line}\n".encode())
        while True:
            client.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = client.recv(65536)
            except TimeoutError:
                data = b""
            if not data:
                raise GuestError(f"{channel}: no answer to {line!r} within {seconds} s")
            *lines, pending = (pending + data).split(b"\n")
            for answer in (text.decode(errors="replace") for text in lines):
                if answer.startswith(f"{token}|"):
                    output.append(answer.partition("|")[2])
                elif answer == f"{token} ok":
                    return output
                elif answer.startswith(f"{token} error"):
                    raise GuestError(f"{line!r}: {answer[len(token) + 7:]}")


class Guest:
    """A guest below a Libvirtd. Made by Libvirtd.guest(), which has the arguments."""

    def __init__(self, libvirtd, name, **options):
        self.libvirtd = libvirtd
        self.name = name
        self.uuid = str(uuid.uuid4())
        self.directory = pathlib.Path(libvirtd.directory) / "guests" / name
        self.options = options
        self.defined = False
        self.disks = []
        self.interfaces = []
        self.pid = None
        self.directory.mkdir(parents=True)
        devices = [self._new_disk(mib) for mib in options["disks"]]
        devices += [self._new_interface() for _ in range(options["interfaces"])]
        self._devices = devices

    # The domain.

    def xml(self):
        """The domain's definition."""
        options = self.options
        arguments = KERNEL_ARGUMENTS
        if options["load"]:
            arguments += " load=" + ";".join(line.replace(" ", ",") for line in options["load"])
        balloon = BALLOON.format(period=options["balloon_period"] or 0)
        if not options["balloon"]:
            balloon = "<memballoon model='none'/>"
        return DOMAIN.format(
            type=quoteattr(self.libvirtd.accelerator), name=self.name, uuid=self.uuid,
            memory=options["memory"], vcpus=options["vcpus"], max_vcpus=options["max_vcpus"],
            kernel=self.libvirtd.image.kernel, initramfs=self.libvirtd.image.initramfs,
            arguments=arguments, console=quoteattr(str(self.console_path)),
            cpu="<cpu mode='host-passthrough'/>" if self.libvirtd.accelerator == "kvm" else "",
            channel=quoteattr(str(self.directory / CHANNEL)),
            devices="\n".join([*self._devices, balloon, options["extra_devices"]]))

    def _write_xml(self):
        path = self.directory / "domain.xml"
        path.write_text(self.xml(), encoding="utf-8")
        return path

    def define(self):
        """Makes the domain persistent: it stays in libvirt's list when it is shut off."""
        self.libvirtd.virsh("define", self._write_xml())
        self.defined = True
        return self

    def start(self, wait=True):
        """Starts the domain, transient unless defined; returns when its load program answers."""
        if self.defined:
            self.libvirtd.virsh("start", self.name)
        else:
            self.libvirtd.virsh("create", self._write_xml())
        pid_file = self.libvirtd.directory / "run" / "qemu" / f"{self.name}.pid"
        self.pid = int(pid_file.read_text(encoding="ascii"))
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, times=1, seconds=90):
        """Waits until the load program has said that it is ready, so many times since the start."""
        truth.wait_for(lambda: self.console().count(READY) >= times, seconds,
                       f"guest {self.name}: its load program",
                       lambda: f"\n{self.console()[-2000:]}")
        self.command("report")

    def destroy(self):
        """Pulls the plug. A transient domain is gone; a defined one is shut off."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)
        self.libvirtd.virsh("destroy", self.name)
        self.pid = None

    def restart(self):
        """Pulls the plug and starts the domain again: a new QEMU, a new id, counters at zero."""
        self.destroy()
        self.start()

    def reboot(self):
        """Resets the machine in the same QEMU: the id and libvirt's counters stay."""
        times = self.console().count(READY)
        self.libvirtd.virsh("reset", self.name)
        self.wait_ready(times + 1)

    def undefine(self):
        """Forgets a defined domain."""
        self.libvirtd.virsh("undefine", self.name)
        self.defined = False

    def state(self):
        """virsh domstate: running, paused, shut off …"""
        return self.libvirtd.virsh("domstate", self.name).strip()

    def id(self):
        """The domain id, which is new with each start."""
        return int(self.libvirtd.virsh("domid", self.name))

    def domstats(self, *options):
        """virsh domstats --raw of this guest, as truth.Stats."""
        return self.libvirtd.domstats(self.name, *options)[self.name]

    def cpu_times(self):
        """The kernel's CPU times of QEMU, as truth.CpuTimes."""
        return truth.cpu_times(self.pid)

    # Changes from outside.

    @contextlib.contextmanager
    def hung(self):
        """Stops the QEMU process (SIGSTOP) for the length of the block."""
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            truth.wait_for(lambda: truth.is_stopped(pid), 5, "SIGSTOP")
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def set_vcpus(self, count, online=True):
        """Plugs vCPUs in, up to max_vcpus; the guest brings them online unless told not to."""
        self.libvirtd.virsh("setvcpus", self.name, count, "--live")
        if online:
            for cpu in range(1, count):
                path = f"/sys/devices/system/cpu/cpu{cpu}"
                truth.wait_for(lambda path=path: self.shell(f"ls -d {path} || true"), 10, path)
                self.shell(f"[ $(cat {path}/online) = 1 ] || echo 1 >{path}/online")

    def set_balloon(self, mib, seconds=20):
        """Sets the memory that the guest may have and waits until it complied."""
        self.libvirtd.virsh("setmem", self.name, f"{mib}M", "--live")
        truth.wait_for(lambda: self.domstats("--balloon")["balloon.current"] == mib * 1024,
                       seconds, f"guest {self.name}: balloon at {mib} MiB")

    def set_balloon_period(self, period):
        """Sets the period of the guest's memory statistics in seconds; 0 is off."""
        self.libvirtd.virsh("dommemstat", self.name, "--period", period, "--live")

    def _new_disk(self, mib):
        target = f'vd{chr(ord("a") + len(self.disks))}'
        path = self.directory / f"{target}.raw"
        with open(path, "wb") as file:
            file.truncate(mib << 20)
        self.disks.append(target)
        return DISK.format(path=quoteattr(str(path)), target=target)

    def _new_interface(self):
        target = self.libvirtd.new_interface_name()
        self.interfaces.append(target)
        mac = f"52:54:00:{secrets.token_hex(1)}:{secrets.token_hex(1)}:{secrets.token_hex(1)}"
        return INTERFACE.format(mac=mac, target=target)

    def _change_device(self, action, xml):
        path = self.directory / "device.xml"
        path.write_text(xml, encoding="utf-8")
        self.libvirtd.virsh(action, self.name, path, "--live")

    def plug_disk(self, mib=16):
        """Plugs a disk in, waits until the guest has it, and returns the XML for unplug()."""
        xml = self._new_disk(mib)
        self._change_device("attach-device", xml)
        self._wait_path(f"/sys/block/{self.disks[-1]}")
        return xml

    def plug_interface(self):
        """Plugs an interface in, waits until the guest has it up, returns the XML for unplug()."""
        xml = self._new_interface()
        self._change_device("attach-device", xml)
        name = f"eth{len(self.interfaces) - 1}"
        self._wait_path(f"/sys/class/net/{name}")
        self.shell(f"ip link set {name} up")
        return xml

    def _wait_path(self, path):
        truth.wait_for(lambda: self.shell(f"ls -d {path} 2>/dev/null || true"), 10,
                       f"{path} in {self.name}")

    def unplug(self, xml):
        """Unplugs a device; returns when libvirt has forgotten it."""
        target = xml.split("target dev='")[1].split("'")[0]
        self._change_device("detach-device", xml)
        truth.wait_for(lambda: f"'{target}'" not in self.libvirtd.virsh("dumpxml", self.name), 20,
                       f"unplugging {target}")

    # The load and what the guest says.

    @property
    def console_path(self):
        """The file with all that the guest's kernel and init wrote."""
        return self.directory / "console.log"

    def console(self):
        """The text of the console since the start."""
        try:
            return self.console_path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def command(self, line, seconds=30):
        """Sends a command to the load program; returns the lines of its answer."""
        return converse(self.directory / CHANNEL, line, seconds)

    def shell(self, line, seconds=30):
        """Runs a line with busybox's shell in the guest and returns its output."""
        return "\n".join(self.command(f"sh {line}", seconds))

    def cpu(self, share, cpu=0):
        """Keeps a CPU of the guest busy for the percentage of the time."""
        self.command(f"cpu {cpu} {share}")

    def disk(self, read_kib, write_kib, request, disk="vda"):
        """Reads and writes so many KiB a second, in requests of so many bytes."""
        self.command(f"disk {disk} {read_kib} {write_kib} {request}")

    def io(self, reads, writes, request, disk="vda", seconds=60):
        """Does exactly so many requests of so many bytes; returns when they are done."""
        self.command(f"io {disk} {reads} {writes} {request}", seconds)

    def net(self, packets, size, interface="eth0"):
        """Sends so many frames of so many bytes a second."""
        self.command(f"net {interface} {packets} {size}")

    def send(self, packets, size, interface="eth0", seconds=60):
        """Sends exactly so many frames; returns when they are with the host."""
        self.command(f"send {interface} {packets} {size}", seconds)

    def receive(self, packets, size, interface=0, lossy=False):
        """Has the host send exactly so many frames to the guest; lossy: drops what has no room."""
        self.libvirtd.keeper_command(f"frames {self.interfaces[interface]} {packets} {size}"
                                     + " lossy" * lossy)

    def memory(self, mib):
        """Takes so much memory in all."""
        self.command(f"mem {mib}")

    def report(self):
        """The load program's own counts, by names such as 'vda.read.bytes' and 'cpu0.busy_ns'."""
        return truth.parse_key_values("\n".join(self.command("report")))

    def meminfo(self):
        """The guest's /proc/meminfo: {name: KiB}."""
        return truth.parse_key_values(self.shell("cat /proc/meminfo"))

    def diskstats(self):
        """The guest's /proc/diskstats, see truth.parse_diskstats."""
        return truth.parse_diskstats(self.shell("cat /proc/diskstats"))

    def netdev(self):
        """The guest's /proc/net/dev, see truth.parse_netdev."""
        return truth.parse_netdev(self.shell("cat /proc/net/dev"))
