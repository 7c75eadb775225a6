# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Self test of the guests: the load is as asked for, and kernel, libvirt and guest agree on it."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from .libvirtd import GuestError, truth

HERE = pathlib.Path(__file__).resolve().parent
TICK_NS = 10_000_000
# A guest's tests change its load and its devices, and leave it as they found it; those that
# give it a new life come last.


def shares(before, after):
    """Run and delay of the first vCPU, and run of the whole process, in percent of one CPU."""
    elapsed_ns = after.time_ns - before.time_ns
    first, last = before.vcpus[0], after.vcpus[0]
    return (100 * (last.run_ns - first.run_ns) / elapsed_ns,
            100 * (last.delay_ns - first.delay_ns) / elapsed_ns,
            100 * (after.run_ns - before.run_ns) / elapsed_ns)


@pytest.mark.parametrize("share", [0, 30, 100])
def test_cpu_share(guest, share):
    """The vCPU thread is busy for the share, as far as the host lets it run."""
    def measure():
        return guest.cpu_times(), guest.domstats("--cpu-total", "--vcpu"), guest.cpu_times()

    guest.cpu(share)
    first, stats_before, before = measure()
    time.sleep(5)  # the interval measured
    after, stats_after, last = measure()
    guest.cpu(0)
    run, delay, process = shares(before, after)
    print(f"asked {share} %: ran {run:.2f} %, waited {delay:.2f} %, process {process:.2f} %")
    # The kernel counts a wait when it is over: of many, one is missing.
    assert share - 2 - 1.05 * delay <= run <= share + 4
    assert run <= process <= run + 5
    # libvirt read its figures between the kernel's of before and after, in ticks of 10 ms.
    for name, read in (("vcpu.0.time", lambda times: times.vcpus[0].run_ns),
                       ("cpu.time", lambda times: times.run_ns)):
        low, high = read(after) - read(before), read(last) - read(first)
        assert low - TICK_NS <= stats_after.delta(stats_before, name) <= high + TICK_NS, name


@pytest.mark.parametrize("reads, writes, request_bytes",
                         [(1, 0, 512), (160, 100, 65536), (50, 80, 262144)])
def test_disk_exact(guest, reads, writes, request_bytes):
    """libvirt, the guest's kernel and the load program count the same requests and bytes."""
    stats, kernel, own = guest.domstats("--block"), guest.diskstats()["vda"], guest.report()
    guest.io(reads, writes, request_bytes)
    after = guest.domstats("--block")
    assert [after.delta(stats, f"block.0.{name}")
            for name in ("rd.reqs", "rd.bytes", "wr.reqs", "wr.bytes")] == [
                reads, reads * request_bytes, writes, writes * request_bytes]
    kernel_after, own_after = guest.diskstats()["vda"], guest.report()
    assert {name: kernel_after[name] - kernel[name] for name in kernel} == {
        "reads": reads, "read_bytes": reads * request_bytes, "writes": writes,
        "write_bytes": writes * request_bytes, "flushes": 0}
    assert own_after["vda.read.bytes"] - own.get("vda.read.bytes", 0) == reads * request_bytes
    assert own_after["vda.write.operations"] - own.get("vda.write.operations", 0) == writes


def test_disk_rate(guest):
    """A steady load keeps its rate, and all counts agree once it has ended."""
    stats, own = guest.domstats("--block"), guest.report()
    guest.disk(read_kib=2048, write_kib=1024, request=32768)
    first = guest.report()
    time.sleep(4)  # the interval measured
    last = guest.report()
    guest.disk(0, 0, 32768)
    seconds = (last["uptime_ns"] - first["uptime_ns"]) / 1e9
    for kind, rate in (("read", 64), ("write", 32)):
        done = last[f"vda.{kind}.operations"] - first[f"vda.{kind}.operations"]
        print(f"asked {rate} {kind}s a second: {done / seconds:.2f}")
        assert done == pytest.approx(rate * seconds, rel=0.03, abs=2)
    after, own_after = guest.domstats("--block"), guest.report()
    for kind, name in (("read", "rd"), ("write", "wr")):
        count = own_after[f"vda.{kind}.operations"] - own[f"vda.{kind}.operations"]
        assert after.delta(stats, f"block.0.{name}.reqs") == count
        assert after.delta(stats, f"block.0.{name}.bytes") == count * 32768


def test_net_exact(guest):
    """Frames in both directions are counted one by one, and nothing else is on the wire."""
    stats, kernel = guest.domstats("--interface"), guest.netdev()["eth0"]
    guest.send(500, 1000)
    guest.receive(300, 700)
    truth.wait_for(lambda: guest.netdev()["eth0"]["rx_packets"] == kernel["rx_packets"] + 300, 5,
                   "the last frame")
    after, kernel_after = guest.domstats("--interface"), guest.netdev()["eth0"]
    expected = {"tx.pkts": 500, "tx.bytes": 500000, "rx.pkts": 300, "rx.bytes": 210000,
                "rx.drop": 0, "tx.drop": 0, "rx.errs": 0, "tx.errs": 0}
    assert {name: after.delta(stats, f"net.0.{name}") for name in expected} == expected
    assert kernel_after["tx_bytes"] - kernel["tx_bytes"] == 500000
    assert kernel_after["rx_bytes"] - kernel["rx_bytes"] == 210000


def test_net_rate(guest):
    """A steady load keeps its rate, and libvirt counts the same frames."""
    stats, own = guest.domstats("--interface"), guest.report()
    guest.net(200, 100)
    time.sleep(3)  # the interval measured
    guest.net(0, 100)
    after, own_after = guest.domstats("--interface"), guest.report()
    sent = own_after["eth0.send.operations"] - own["eth0.send.operations"]
    assert after.delta(stats, "net.0.tx.pkts") == sent
    seconds = (own_after["uptime_ns"] - own["uptime_ns"]) / 1e9
    assert 0.8 * 200 * 3 <= sent <= 200 * seconds + 1


def test_drops(guest):
    """Frames for a guest that hangs are dropped once its queue is full."""
    stats = guest.domstats("--interface")
    with guest.hung():
        guest.receive(3000, 100, lossy=True)
    truth.wait_for(lambda: guest.domstats("--interface").delta(stats, "net.0.rx.drop") > 0, 5,
                   "a dropped frame")
    after = guest.domstats("--interface")
    assert after.delta(stats, "net.0.rx.pkts") + after.delta(stats, "net.0.rx.drop") == 3000


def test_memory(guest):
    """The balloon's statistics are the guest's /proc/meminfo, and follow the memory taken."""
    def fresh():
        seen = guest.domstats("--balloon")["balloon.last-update"]
        return truth.wait_for(lambda: newer(seen), 10, "new memory statistics")

    def newer(seen):
        stats = guest.domstats("--balloon")
        return stats if stats["balloon.last-update"] > seen + 1 else None

    before = fresh()
    guest.memory(40)
    earlier, after, later = guest.meminfo(), fresh(), guest.meminfo()
    guest.memory(0)
    for libvirt_name, name in (("available", "MemTotal"), ("unused", "MemFree"),
                               ("usable", "MemAvailable")):
        low, high = sorted((earlier[name], later[name]))
        assert 0.99 * low <= after[f"balloon.{libvirt_name}"] <= 1.01 * high, name
    taken = before["balloon.usable"] - after["balloon.usable"]
    print(f"40960 KiB taken: usable fell by {taken} KiB")
    assert taken == pytest.approx(40 * 1024, rel=0.02)


def test_balloon(guest):
    """The memory that the guest may have goes down and up again."""
    guest.set_balloon(160)
    assert guest.domstats("--balloon")["balloon.maximum"] == 192 * 1024
    guest.set_balloon(192)


def test_balloon_period(guest):
    """Without a period the statistics stay as they are; with one they go on."""
    guest.set_balloon_period(0)
    time.sleep(1.5)  # an answer may be under way
    old = guest.domstats("--balloon")
    guest.memory(20)
    time.sleep(2.5)  # over two periods
    now = guest.domstats("--balloon")
    guest.memory(0)
    for name in ("balloon.last-update", "balloon.unused"):
        assert now[name] == old[name]
    guest.set_balloon_period(1)
    truth.wait_for(lambda: guest.domstats("--balloon").delta(old, "balloon.last-update") > 3, 10,
                   "new memory statistics")


def test_hung(guest):
    """A stopped QEMU answers nothing, runs nothing, and goes on afterwards."""
    guest.cpu(50)
    with guest.hung():
        before = guest.cpu_times()
        with pytest.raises(GuestError, match="no answer"):
            guest.command("report", seconds=1)
        assert guest.cpu_times().run_ns == before.run_ns
    guest.cpu(0)


def test_devices(guest):
    """A disk and an interface are plugged in, used, counted and unplugged."""
    disk = guest.plug_disk()
    guest.io(10, 5, 4096, "vdb")
    interface = guest.plug_interface()
    guest.send(7, 100, "eth1")
    stats = guest.domstats("--block", "--interface")
    assert (stats["block.1.name"], stats["block.1.wr.bytes"]) == ("vdb", 20480)
    assert (stats["net.1.name"], stats["net.1.tx.bytes"]) == (guest.interfaces[1], 700)
    guest.unplug(disk)
    guest.unplug(interface)
    stats = guest.domstats("--block", "--interface")
    assert (stats["block.count"], stats["net.count"]) == (1, 1)


def test_wrong_commands(guest):
    """The load program refuses what it cannot do, and does not end."""
    for line in ("dance", "cpu", "cpu 0 101", "cpu 7 10", "io vdx 1 1 512", "io vda 1 1 100",
                 "send eth9 1 100", "send eth0 1 10", "sh false"):
        with pytest.raises(GuestError):
            guest.command(line)
    assert guest.shell('echo "a  b"') == "a  b"


def test_vcpu_hotplug(guest):
    """A second vCPU is plugged in, brought online and loaded."""
    guest.set_vcpus(2)
    guest.cpu(40, cpu=1)
    before = guest.cpu_times()
    time.sleep(2)  # the interval measured
    after = guest.cpu_times()
    guest.cpu(0, cpu=1)
    assert guest.domstats("--vcpu")["vcpu.current"] == 2
    wanted = sum(getattr(after.vcpus[1], name) - getattr(before.vcpus[1], name)
                 for name in ("run_ns", "delay_ns"))
    assert wanted > 0.2 * (after.time_ns - before.time_ns)


def test_daemon_restart(libvirtd, guest):
    """libvirtd is gone and comes back; the guest does not notice."""
    number = guest.id()
    libvirtd.stop_daemon()
    with pytest.raises(GuestError, match="failed to connect"):
        guest.state()
    assert "uptime_ns" in guest.report()
    libvirtd.start_daemon()
    assert (guest.state(), guest.id()) == ("running", number)


def test_reboot(guest):
    """A reset keeps the process, the id and the counters."""
    guest.io(0, 10, 4096)
    number, pid, stats = guest.id(), guest.pid, guest.domstats("--block")
    guest.reboot()
    assert (guest.id(), guest.pid) == (number, pid)
    assert guest.domstats("--block").delta(stats, "block.0.wr.bytes") == 0
    assert "vda.write.bytes" not in guest.report()


def test_restart(guest):
    """A new start is a new process with a new id and counters at zero."""
    number, pid = guest.id(), guest.pid
    guest.restart()
    assert guest.id() != number and guest.pid != pid
    assert guest.domstats("--block")["block.0.wr.bytes"] == 0


def test_second_guest(libvirtd, guest):
    """Two guests at once; one is defined, has no balloon, and starts with its load."""
    other = libvirtd.guest(f"other-{os.getpid()}", vcpus=2, balloon=False, disks=(16, 16),
                           load=["cpu 0 20", "mem 30", "io vdb 0 4 4096"]).define()
    assert other.state() == "shut off"
    other.start()
    assert {guest.name, other.name} <= set(libvirtd.domstats())
    stats, report = other.domstats(), other.report()
    assert stats["vcpu.current"] == 2 and stats["block.1.wr.reqs"] == 4
    assert "balloon.last-update" not in stats or stats["balloon.last-update"] == 0
    assert report["mem.bytes"] == 30 << 20 and report["cpu0.busy_ns"] > 0
    other.destroy()
    assert other.state() == "shut off"
    other.undefine()


def test_inside(libvirtd, guest):
    """Within the namespaces plain qemu:///system is the private libvirtd."""
    done = subprocess.run(libvirtd.inside("virsh", "-c", "qemu:///system", "list", "--name"),
                          capture_output=True, text=True, check=True)
    assert guest.name in done.stdout.split()


@pytest.mark.usefixtures("libvirtd")
def test_nothing_is_left():
    """Daemons, guests and files go even when the process that started them is killed."""
    script = ("import sys; sys.path.insert(0, sys.argv[1])\n"
              "from guests.libvirtd import Libvirtd\n"
              "libvirtd = Libvirtd().start()\n"
              "guest = libvirtd.guest(sys.argv[2]).start(wait=False)\n"
              "print(libvirtd.directory, libvirtd.keeper.pid, guest.pid, flush=True)\n"
              "sys.stdin.read()\n")
    command = [sys.executable, "-c", script, HERE.parent, f"killed-{os.getpid()}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as process:
        directory, keeper, qemu = process.stdout.readline().split()
        assert truth.process_state(qemu)
        process.send_signal(signal.SIGKILL)
    truth.wait_for(lambda: not pathlib.Path(directory).exists(), 60, "removal of the files")
    truth.wait_for(lambda: truth.process_state(keeper) in (None, "Z"), 10, "the end of the keeper")
    assert truth.process_state(qemu) is None


@pytest.mark.usefixtures("libvirtd")
def test_by_hand():
    """The commands of README.md."""
    def run(*arguments):
        return subprocess.run([sys.executable, HERE, *arguments], capture_output=True, text=True,
                              check=False)

    name = f"by-hand-{os.getpid()}"
    if run("status").returncode == 0:
        pytest.skip("guests started by hand are running")
    started = run("start", name, "--load", "mem 10")
    try:
        assert started.returncode == 0 and "qemu:///system?socket=" in started.stdout
        assert "mem.bytes=10485760" in run("send", name, "report").stdout
        assert run("start").stderr.startswith("guests are running already")
    finally:
        assert run("stop").returncode == 0
    assert run("status").stderr.startswith("no guests are running")
