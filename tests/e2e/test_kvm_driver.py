# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""libvirt without guests of our own: its test driver against values computed by hand, what
inventory and counters list, and every way in which a target can be wrong or out of reach."""

import contextlib
import csv
import re
import socket
import subprocess
import time

import harness
import kvm
import pytest
from harness import PASSWORD, USER, files_in
from kvm import truth

TEST = "test:///default"
TEST_UUID = "6695eb01-f6a4-8304-79aa-97f2502e193f"
INTERVAL = 2

# The driver makes all its numbers of the clock: nanoseconds of CPU time, and of the microseconds
# a tenth for bytes received, and so on.
RATES = {
    "net.received.average": 1e6 / 10 / 1024, "net.bytesRx.average": 1e6 / 10 / 1024,
    "net.transmitted.average": 1e6 / 20 / 1024, "net.bytesTx.average": 1e6 / 20 / 1024,
    "net.usage.average": 1e6 * (1 / 10 + 1 / 20) / 1024,
    "virtualDisk.read.average": 1e6 / 20 / 1024, "virtualDisk.write.average": 1e6 / 40 / 1024,
    "disk.read.average": 1e6 / 20 / 1024, "disk.write.average": 1e6 / 40 / 1024,
    "disk.usage.average": 1e6 * (1 / 20 + 1 / 40) / 1024,
    "virtualDisk.numberReadAveraged.average": 1e6 / 10,
    "virtualDisk.numberWriteAveraged.average": 1e6 / 30,
}
# What the clock's microseconds are divided by in a total, and in the change of an interval.
TOTALS = {"kvm.netRxBytes.latest": 10, "kvm.netRxPackets.latest": 100, "kvm.netTxBytes.latest": 20,
          "kvm.netTxPackets.latest": 110, "kvm.netRxErrors.latest": 10 ** 6,
          "kvm.netRxDrops.latest": 2 * 10 ** 6, "kvm.netTxErrors.latest": 3 * 10 ** 6,
          "kvm.netTxDrops.latest": 4 * 10 ** 6, "kvm.diskReadRequests.latest": 10,
          "kvm.diskReadBytes.latest": 20, "kvm.diskWriteRequests.latest": 30,
          "kvm.diskWriteBytes.latest": 40, "kvm.diskErrors.latest": 2 * 10 ** 6}
CHANGES = {"net.packetsRx.summation": "kvm.netRxPackets.latest",
           "net.packetsTx.summation": "kvm.netTxPackets.latest",
           "net.errorsRx.summation": "kvm.netRxErrors.latest",
           "net.errorsTx.summation": "kvm.netTxErrors.latest",
           "net.droppedRx.summation": "kvm.netRxDrops.latest",
           "net.droppedTx.summation": "kvm.netTxDrops.latest"}
FIXED = {
    "cpu.corecount.provisioned.average": 2, "kvm.state.latest": 1, "mem.usage.average": 5000,
    "mem.consumed.average": 1 << 20, "mem.granted.average": 1 << 20,
    "mem.vmmemctl.average": 6 << 20,
    "kvm.memCurrent.average": 2 << 20, "kvm.memMaximum.average": 8 << 20,
    "kvm.memRss.average": 1 << 20, "kvm.memAvailable.average": 2 << 20,
    "kvm.memUnused.average": 1 << 20, "kvm.memUsable.average": 1 << 20,
    "kvm.memUsed.average": 1 << 20, "disk.provisioned.latest": 1099506450432 >> 10,
    "disk.used.latest": 1 << 30, "disk.unshared.latest": 1 << 30,
    "kvm.diskPhysical.latest": 1 << 30, "kvm.diskAllocation.latest": 1 << 30,
    "virtualDisk.readIOSize.latest": 0, "virtualDisk.writeIOSize.latest": 0,
    "kvm.guestSwapInRate.average": 0,
    "kvm.guestSwapOutRate.average": 0, "kvm.guestSwapIn.latest": 0,
    "kvm.guestSwapOut.latest": 0,
    "kvm.guestMajorFaults.summation": 0, "kvm.guestMajorFaults.latest": 0,
    "kvm.guestMinorFaults.summation": 0, "kvm.guestMinorFaults.latest": 0,
    "kvm.memDiskCaches.average": 1 << 18, "kvm.balloonLastUpdate.latest": 627319920,
    "kvm.guestHugePageAllocations.latest": 0, "kvm.guestHugePageFailures.latest": 0,
    "snapshot.count.latest": 0, "snapshot.size.latest": 0,
    # The vCPUs' own clocks go ten thousand times slower than that of the guest.
    "cpu.run.summation": 0,
}
CPU = {"cpu.usage.average", "cpu.usagemhz.average", "cpu.used.summation", "kvm.cpuTime.latest"}

# When snapshots were taken, in Unix seconds.
OLDER, NEWER = 1272917631, 1272919631

# As it was then: libvirt warns of snapshots that do not tell.
THEN = """<domain type='test'><name>paused</name>
      <uuid>0d2217b2-0f2d-4f40-9f1e-6d3a1f3f6c01</uuid><memory>1024</memory>
      <os><type>hvm</type></os></domain>"""
# Three guests, two of them not running, with names that need care, one with two snapshots; and who
# may look at them.
NODE = f"""<node>
  <auth><user password='{PASSWORD}'>{USER}</user></auth>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <test:runstate>5</test:runstate><name>off</name>
    <uuid>0d2217b2-0f2d-4f40-9f1e-6d3a1f3f6c00</uuid><memory unit='MiB'>512</memory>
    <vcpu>4</vcpu><os><type>hvm</type></os></domain>
  <domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <test:runstate>3</test:runstate><name>paused</name><title>Web shop</title>
    <uuid>0d2217b2-0f2d-4f40-9f1e-6d3a1f3f6c01</uuid><memory unit='GiB'>1</memory>
    <vcpu current='1'>3</vcpu><os><type>hvm</type></os>
    <test:domainsnapshot><name>new</name><state>running</state><active>0</active>
      <creationTime>{NEWER}</creationTime><memory snapshot='internal'/>{THEN}
      </test:domainsnapshot>
    <test:domainsnapshot><name>old</name><state>shutoff</state><active>1</active>
      <creationTime>{OLDER}</creationTime>{THEN}</test:domainsnapshot></domain>
  <domain type='test'><name>=cmd, "x" é</name>
    <uuid>0d2217b2-0f2d-4f40-9f1e-6d3a1f3f6c02</uuid><memory>2048</memory>
    <vcpu>1</vcpu><os><type>hvm</type></os></domain>
</node>"""


@pytest.fixture(scope="module")
def rows(vperf):
    """Three polls of the driver's own guest, in time to a hundredth of the interval."""
    done = harness.undisturbed(
        lambda: vperf.run("collect", "--raw", "--interval", INTERVAL, "--samples", 2, TEST),
        INTERVAL / 100)
    assert done.status == 0, done
    return kvm.Rows(done, INTERVAL)


@pytest.fixture
def node(tmp_path):
    """The URI of a test host with guests of ours."""
    path = tmp_path / "node.xml"
    path.write_text(NODE, encoding="utf-8")
    return f"test://{USER}@{path}"


def test_fixed_values(rows):
    """What does not move, in every round, aggregate and device alike."""
    for counter, value in FIXED.items():
        assert rows.rounds(TEST_UUID, counter) == [value] * 2, counter
    for counter, instance in rows.counters(TEST_UUID):
        if counter in FIXED and instance:
            assert rows.rounds(TEST_UUID, counter, instance) == [FIXED[counter]] * 2, counter


def test_moving_values(rows):
    """What moves with the clock."""
    used = rows.rounds(TEST_UUID, "cpu.used.summation")
    assert sum(used) == pytest.approx(2000 * INTERVAL, rel=0.25)
    # All of one CPU, which is half of two.
    assert rows.rounds(TEST_UUID, "cpu.usage.average") == pytest.approx([5000] * 2, rel=0.02)
    assert rows.rounds(TEST_UUID, "cpu.usagemhz.average") == pytest.approx([1400] * 2, rel=0.02)
    for counter, rate in RATES.items():
        for value in rows.rounds(TEST_UUID, counter):
            assert rate * 0.98 - 1 <= value <= rate * 1.02, (counter, value)
    clock = [10 * total for total in rows.rounds(TEST_UUID, "kvm.netRxBytes.latest")]
    # A poll may be late by half an interval; both counters are of the same two polls.
    assert used[1] == pytest.approx((clock[1] - clock[0]) / 1e3, rel=0.02)
    assert (clock[1] - clock[0]) / 1e6 == pytest.approx(INTERVAL, rel=0.5)
    for counter, divisor in TOTALS.items():
        for total, moment in zip(rows.rounds(TEST_UUID, counter), clock):
            assert total * divisor == pytest.approx(moment, abs=divisor + 10 ** 6), counter
    for counter, total in CHANGES.items():
        first, last = rows.rounds(TEST_UUID, total)
        assert rows.rounds(TEST_UUID, counter)[1] == last - first, counter


def test_nothing_else(rows):
    """No counter that the driver cannot give, and no instance but its devices."""
    found = rows.counters(TEST_UUID)
    assert {counter for counter, _ in found} == (
        set(FIXED) | set(RATES) | set(TOTALS) | set(CHANGES) | CPU)
    for counter, instance in found:
        group = counter.split(".")[0].replace("kvm", counter[4:8])
        allowed = {"net": {"testnet0"}, "netR": {"testnet0"}, "netT": {"testnet0"},
                   "virtualDisk": {"vda"}, "disk": {"vda"}, "cpu": {"0", "1"}}.get(group, set())
        assert instance in allowed | {""}, (counter, instance)
    assert min(int(row["value"]) for row in rows.rows) >= 0


def test_host(rows):
    """The driver's host stands still: no usage can be told; sums are those of its one guest."""
    for counter in ("disk.read.average", "disk.write.average", "disk.usage.average",
                    "mem.vmmemctl.average"):
        assert rows.rounds("host", counter) == rows.rounds(TEST_UUID, counter), counter
    assert rows.rounds("host", "mem.consumed.vms.average") == [1 << 20] * 2
    assert rows.rounds("host", "cpu.corecount.usage.average") == [2, 2]
    assert rows.rounds("host", "cpu.used.summation") == [0, 0]
    assert not {"cpu.usage.average", "mem.usage.average", "mem.consumed.average"} & {
        counter for counter, _ in rows.counters("host")}


def test_stamps(rows):
    """Rounds are an interval apart, to the second; values are those of a test hypervisor."""
    seconds = [int(stamp[17:19]) + 60 * int(stamp[14:16]) for stamp in rows.stamps]
    assert (seconds[1] - seconds[0]) % 3600 == INTERVAL
    assert {row["hypervisor"] for row in rows.rows} == {"test"}
    assert {row["source"] for row in rows.rows} == {socket.gethostname()}


def test_inventory(vperf, node):
    """Guests in each state, and the host."""
    done = vperf.run("inventory", node)
    assert (done.status, done.err) == (0, ""), done
    found = {row["name"]: (row["type"], row["id"][-2:], row["state"], row["cpus"],
                           row["memory_kib"]) for row in done.rows}
    host = socket.gethostname()
    assert found.pop(host)[0] == "host"
    assert found == {"off": ("vm", "00", "off", "4", "524288"),
                     "paused": ("vm", "01", "suspended", "1", "1048576"),
                     '=cmd, "x" é': ("vm", "02", "on", "1", "2048")}
    assert {(row["hypervisor"], row["source"], row["uuid"] == row["id"])
            for row in done.rows if row["type"] == "vm"} == {("test", host, True)}


def test_title_and_reason(vperf, node):
    """--name finds a guest by what people call it; libvirt's reason of a state is told."""
    done = vperf.run("inventory", "--name", "Web*", node)
    assert [(row["name"], row["title"], row["state"]) for row in done.rows] == [
        ("paused", "Web shop", "suspended")], done
    reason = subprocess.run(["virsh", "-c", TEST, "domstate", "--reason", "test"], check=True,
                            capture_output=True, text=True).stdout
    row, = vperf.run("inventory", "--type", "vm", TEST).rows
    assert reason.startswith("running") and row["reason"] in reason
    assert row["guest_ip"].startswith("192.168.")


def test_snapshots(vperf, node):
    """Their number and the age of the oldest; the size of internal ones is not known, and absent.
    In each format, for these are counters like others."""
    command = ["collect", "--interval", 1, "--counter", "snapshot.*", "--type", "vm", node]
    before = int(time.time())
    done = kvm.in_time(lambda: vperf.run(*command))
    assert done.status == 0, done
    values = {(row["name"], row["counter"]): int(row["value"])
              for row in harness.read_csv(done.out, own=True)}
    age = values.pop(("paused", "snapshot.age.latest"))
    assert before - 1 <= age + OLDER <= time.time() + 1, age
    assert values == {("paused", "snapshot.count.latest"): 2,
                      ('=cmd, "x" é', "snapshot.count.latest"): 0,
                      ('=cmd, "x" é', "snapshot.size.latest"): 0}
    for form in ("wide", "jsonl", "influx", "openmetrics"):
        other = kvm.in_time(lambda name=form: vperf.run(*command, "--format", name))
        assert other.status == 0 and "snapshot" in other.out, other


def test_side_by_side(vperf, node):
    """Two libvirt targets are polled in the same interval, each with its own guests."""
    done = vperf.run("collect", "--interval", 3, TEST, node)
    assert done.status == 0, done
    assert 3 <= done.seconds and done.own_seconds < 5, done
    names = list(dict.fromkeys(row["name"] for row in done.rows if row["type"] == "vm"))
    assert names == ["test", '=cmd, "x" é', "paused"]
    stamps = {row["timestamp"] for row in done.rows}
    assert len(stamps) <= 2, stamps


def test_counters(vperf, rows):
    """Each counter has a unit, and a formula with its fidelity; all that was collected is there."""
    done = vperf.run("counters", TEST)
    assert (done.status, done.err) == (0, ""), done
    table = harness.read_csv(done.out, own=True)
    catalogue = {row["counter"]: row for row in table}
    assert len(catalogue) == len(table)
    for row in rows.rows:
        assert catalogue[row["counter"]]["unit"] == row["unit"]
    assert done.out.splitlines()[0] == ("counter,id,unit,rollup,stats,level,device_level,label,"
                                        "summary,fidelity,formula,metric,target")
    for counter, row in catalogue.items():
        assert row["formula"] and row["label"] and row["summary"], counter
        own = counter.startswith("kvm.")
        assert row["fidelity"] in ({"native"} if own else {"exact", "close", "approximate"})
        assert "guest: " in row["formula"] or "host: " in row["formula"], counter


@contextlib.contextmanager
def silent_socket(path):
    """A socket whose connections nobody answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(8)
        yield


WRONG = [
    ("nonsense:///system", 2, ["scheme 'nonsense'", "qemu://"]),
    ("qemu+bogus:///system", 2, ["transport", "tls|unix|ssh"]),
    ("test://", 2, ["test:///default"]),
    ("qemu:///system?socket=/nonexistent", 1, ["/nonexistent", "No such file", "libvirtd"]),
    ("qemu:///nonsense?socket=/nonexistent", 1, ["/nonexistent"]),
    ("qemu+tcp://127.0.0.1:1/system", 1, ["Connection refused", "daemon runs"]),
    ("qemu+tls://127.0.0.1:1/system", 1, []),
    ("qemu+tcp://nowhere.invalid/system", 1, ["resolve", "host name"]),
    ("test:///nonexistent.xml", 1, ["/nonexistent.xml"]),
    ("esx://user@127.0.0.1:1", 1, ["refused", "host name and port"]),
]


@pytest.mark.parametrize("command", ["collect", "inventory", "counters"])
@pytest.mark.parametrize("target, status, texts", WRONG, ids=[row[0] for row in WRONG])
def test_wrong_target(vperf, tmp_path, command, target, status, texts):
    """One line with the target, the reason and what to do; no output."""
    done = vperf.run(command, "--output", tmp_path / "out.csv", target)
    assert (done.status, done.out, files_in(tmp_path)) == (status, "", []), done
    assert len(done.messages) == 1 and len(done.messages[0]) < 400, done
    name = "127.0.0.1:1" if target.startswith("esx") else target
    assert done.messages[0].startswith(f"vperf: {name}: "), done
    for text in texts:
        assert text in done.messages[0], done


def test_session(vperf, tmp_path):
    """The daemon of a session is the user's own: the advice is not that for the machine's."""
    target = f"qemu:///session?socket={tmp_path}/none"
    done = vperf.run("inventory", target)
    assert (done.status, len(done.messages)) == (1, 1), done
    assert "of a session" in done.err and "/system" in done.err, done


def test_one_libvirt_in_two_spellings(vperf):
    """Its rows come twice, which is said."""
    done = vperf.run("collect", "--interval", 1, "--counter", "kvm.state.latest", TEST,
                     f"{TEST}?mode=auto")
    assert done.status == 0 and len(done.rows) == 2, done
    assert f"{TEST} and {TEST}?mode=auto are the same: the rows of vm 'test'" in done.err, done


@pytest.mark.parametrize("command", ["collect", "inventory"])
def test_nobody_answers(vperf, tmp_path, command):
    """A daemon that accepts and says nothing is given up after --timeout."""
    with silent_socket(tmp_path / "silent"):
        target = f"qemu:///system?socket={tmp_path}/silent"
        done = vperf.run(command, "--timeout", 1, target)
    assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
    assert done.messages[0].startswith(f"vperf: {target}: "), done
    assert 1 <= done.seconds and done.own_seconds < 1 + harness.MARGIN_SECONDS, done


@pytest.mark.parametrize("command", ["collect", "compare"])
@pytest.mark.parametrize("name", ["day", "week", "month", "year"])
def test_archives_are_of_vsphere(vperf, command, name):
    """The name of an archive is refused at once; nobody wants to poll once a week."""
    done = vperf.run(command, "--interval", name, TEST)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert f"--interval {name}" in done.err and "no history" in done.err, done


def test_one_of_two_targets_fails(vperf):
    """What can be collected is written, and stderr has the rest."""
    done = vperf.run("collect", "--interval", 1, "qemu:///system?socket=/nonexistent", TEST)
    assert done.status == 3, done
    assert {row["name"] for row in done.rows if row["type"] == "vm"} == {"test"}
    assert len([line for line in done.messages if "/nonexistent" in line]) == 1, done


@pytest.mark.parametrize("user, password, status, text", [
    (USER, "Mitternacht", 1, "check user name and password"),
    ("somebody", PASSWORD, 1, "check user name and password"),
    (None, PASSWORD, 2, "VPERF_USERNAME"),
])
def test_wrong_credentials(vperf, node, user, password, status, text):
    """libvirt asks, gets the same credentials as vSphere would, and refuses them."""
    target = node.replace(f"{USER}@", "")
    env = {"VPERF_USERNAME": user, "VPERF_PASSWORD": password}
    done = vperf.run("collect", "--interval", 1, target, env=env, secret=password)
    assert (done.status, done.out, len(done.messages)) == (status, "", 1), done
    assert text in done.err and target in done.err, done


@pytest.mark.parametrize("way", ["environment", "govc", "file", "uri"])
def test_right_credentials(vperf, node, tmp_path, way):
    """From each place where vSphere's would come from."""
    target, options = node.replace(f"{USER}@", ""), []
    env = {"VPERF_USERNAME": USER, "VPERF_PASSWORD": PASSWORD}
    if way == "govc":
        env = {"GOVC_USERNAME": USER, "GOVC_PASSWORD": PASSWORD, "VPERF_PASSWORD": None}
    elif way == "file":
        (tmp_path / "password").write_text(PASSWORD + "\n", encoding="utf-8")
        options = ["--password-file", tmp_path / "password"]
        env = {"VPERF_USERNAME": USER, "VPERF_PASSWORD": None}
    elif way == "uri":
        target = node.replace(f"{USER}@", f"{USER}:{PASSWORD}@")
        env = {"VPERF_PASSWORD": None}
    done = kvm.in_time(lambda: vperf.run("collect", "--interval", 1, *options, target, env=env))
    assert done.status == 0 and done.rows, done


def test_read_only_is_enough(vperf, libvirtd, relay):
    """A daemon's read-only socket serves all three commands, as a user may reach no other."""
    target = f"qemu:///system?socket={libvirtd.directory}/run/libvirt-sock-ro"
    for command in (["collect", "--interval", "1"], ["inventory"], ["counters"]):
        done = kvm.in_time(lambda line=command: vperf.run(*line, target))
        assert done.status == 0, done
    assert kvm.in_time(lambda: vperf.run("collect", "--interval", 1, relay.uri)).status == 0
    assert relay.opens and all(flags & kvm.FLAG_READ_ONLY for flags in relay.opens)
    total = truth.parse_key_values(open("/proc/meminfo", encoding="ascii").read())
    done = vperf.run("collect", "--interval", 1, "--counter", "mem.capacity.*", relay.uri)
    assert [row["value"] for row in done.rows] == [str(total["MemTotal"])]
    assert re.fullmatch(r"[0-9a-f-]{36}", done.rows[0]["id"]), done


def test_esx_is_vsphere(vperf, esx):
    """esx:// as libvirt's users write it is the vSphere side: the same bytes as https://."""
    options = ["--ca-file", esx.ca_file]
    https = vperf.run("collect", *options, esx.target())
    target = esx.target().replace("https://", "esx://").replace("/sdk", "/?no_verify=1")
    done = vperf.run("collect", *options, target)
    assert (https.status, done.status) == (0, 0), done
    assert done.out == https.out and len(list(csv.reader(done.out.splitlines()))) > 1000
