# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Proxmox VE through the real program: the simulator's values are rate * seconds, so that what a
counter says follows from the guest's number alone, whatever the time between two rounds was."""

import contextlib
import datetime
import subprocess
import time

import harness
import pve
import pytest
from test_proxy import HOST, start_proxy  # noqa: F401

GIB = 1 << 30
ROUNDS = ("--interval", "1", "--samples", "1")


@pytest.fixture(scope="session")
def pvesim(tmp_path_factory):
    """The simulator, built unless the environment names one."""
    return pve.binary(tmp_path_factory)


@pytest.fixture(scope="module", autouse=True)
def _has_pve(vperf):
    if "pve://" not in vperf.run("--help").out:
        pytest.skip("built without Proxmox VE")


@pytest.fixture(scope="module")
def start(pvesim, certs):
    """Start clusters that live as long as the module."""
    with contextlib.ExitStack() as stack:
        def started(*flags, **how):
            cluster = pve.Cluster(pvesim, certs, *flags, **how)
            stack.callback(cluster.server.stop)
            return cluster
        yield started


@pytest.fixture(scope="module")
def lab(start):
    """Two nodes of version 9 with ten guests, which nobody changes."""
    return start("-version", 9)


@pytest.fixture(scope="module")
def collected(vperf, lab):
    """Rows of one interval of all that there is."""
    done = collect(vperf, *ROUNDS, "--type", "vm,host,datastore", *lab.args())
    assert done.status == 0, done
    return done.rows


# What vperf says when the machine was too late for the interval.
LATE = ("too long or too short ago", "took longer than the interval", "took too long")


def collect(vperf, *arguments, command="collect"):
    """Collect, again when the machine was late."""
    for _ in range(10):
        done = vperf.run(command, *arguments)
        if not any(words in done.err for words in LATE):
            break
    return done


def values(rows, **wanted):
    """Numbers by (name or id, counter, instance)."""
    chosen = [row for row in rows if all(row[key] == text for key, text in wanted.items())]
    return {(row["counter"], row["instance"]): float(row["value"]) for row in chosen}


def test_values_of_one_moment(collected):
    """Guest 103: 4 CPUs, 4 GiB, of which its balloon has a quarter."""
    got = values(collected, id="lab/103")
    assert got["cpu.corecount.provisioned.average", ""] == 4
    assert got["mem.consumed.average", ""] == 2 * GIB / 1024
    assert got["mem.vmmemctl.average", ""] == GIB / 4 / 1024
    assert got["mem.usage.average", ""] == 75
    assert got["disk.provisioned.latest", ""] == 12 * GIB / 1024, "without the CD-ROM"
    assert got["pve.cpuPressureSome.average", ""] == 1.25
    assert got["sys.uptime.latest", ""] >= 86400


@pytest.mark.parametrize("vmid", [100, 103])
def test_rates_are_in_proportion(collected, vmid):
    """All rates of a guest are of the same time: their relations are exact, but for rounding."""
    got = values(collected, id=f"lab/{vmid}")
    rx, tx = got["net.received.average", "net0"], got["net.transmitted.average", "net0"]
    assert abs(3 * rx - 10 * tx) <= 10
    assert abs(got["virtualDisk.read.average", "scsi0"] -
               2 * got["virtualDisk.write.average", "scsi0"]) <= 2
    assert abs(2 * got["virtualDisk.read.average", "scsi0"] -
               got["virtualDisk.read.average", "virtio1"]) <= 2
    assert abs(got["disk.read.average", ""] - got["virtualDisk.read.average", ""]) <= 1
    assert abs(5 * rx - 12.5 * got["virtualDisk.read.average", "scsi0"]) <= 15
    assert got["virtualDisk.readLatencyUS.latest", "scsi0"] == vmid * 12.5 // 1
    assert got["virtualDisk.writeLatencyUS.latest", ""] == vmid * 25
    assert not [key for key in got if key[1] in ("ide2", "efidisk0")], "CD-ROM and settings"


def test_aggregates_of_nics(collected):
    """net1 of guest 101 has half of net0."""
    got = values(collected, id="lab/101")
    assert abs(got["net.received.average", "net0"] - 2 * got["net.received.average", "net1"]) <= 2
    assert abs(got["net.received.average", ""] - 3 * got["net.received.average", "net1"]) <= 3


def test_containers(collected):
    """A container has NICs by netstat, disk rates as a whole, and no virtual disks."""
    got = values(collected, id="lab/109")
    assert got["mem.consumed.average", ""] == 6 * GIB / 4 / 1024 / 3
    assert got["disk.used.latest", ""] == GIB / 1024
    assert abs(got["disk.read.average", ""] - 2 * got["disk.write.average", ""]) <= 2
    assert ("net.received.average", "net0") in got
    assert not [key for key in got if key[0].startswith("virtualDisk.")]
    half = values(collected, id="lab/104")
    assert ("cpu.corecount.provisioned.average", "") not in half, "half a CPU is no number of CPUs"


def test_hosts_and_datastores(collected):
    """Nodes by status; a shared storage is there once."""
    host = values(collected, type="host", name="pve1")
    assert host["mem.usage.average", ""] == 25
    assert host["mem.consumed.average", ""] == 16 * GIB / 1024
    assert host["mem.shared.average", ""] == GIB / 2 / 1024
    stores = [row for row in collected if row["counter"] == "disk.capacity.latest"]
    assert sorted(row["name"] for row in stores) == ["ceph", "local", "local"]
    assert {row["value"] for row in stores} == {str(400 * GIB // 1024)}


def test_what_it_does_not_tell_is_absent(collected):
    """No ready, no co-stop, no CPU of a live call."""
    counters = {row["counter"] for row in collected}
    assert not counters & {"cpu.ready.summation", "cpu.costop.summation", "cpu.readiness.average"}
    assert not [row for row in collected if float(row["value"]) < 0]


def test_cpu_is_that_of_export(vperf, start):
    """Between two looks of pvestatd, 10 s apart, CPU has a value; live calls say 0 at first."""
    cluster = start("-version", 8, "-step", 1)
    done = collect(vperf, "--interval", "3", "--samples", "1", *cluster.args())
    got = {row["id"]: row for row in done.rows if row["counter"] == "cpu.usage.average"}
    assert done.status == 0, done
    assert got["lab/103"]["value"] == "18.75"
    assert got["lab/node/pve1"]["value"] == "12.50"
    used = values(done.rows, id="lab/103")
    assert used["cpu.used.summation", ""] == 0.1875 * 4 * 3000
    assert used["cpu.usagemhz.average", ""] == 0.1875 * 4 * 2500
    node = values(done.rows, id="lab/node/pve2")
    assert node["net.received.average", ""] == 2000
    assert node["net.usage.average", ""] == 2500
    assert node["pve.cpuWait.average", ""] == 3.12


def test_clocks_of_nodes_that_differ(vperf, start):
    """One that is behind hides nothing of its node, and one far ahead nothing of the others: its
    own CPU is that of /cluster/resources, which has no time."""
    cluster = start("-version", 9, "-guests", 3, "-nodes", 3, "-step", 1)
    cluster.sim("clock", node="pve2", value=3600)
    cluster.sim("clock", node="pve3", value=-20)
    done = collect(vperf, "--interval", "3", "--samples", "2", *cluster.args())
    got = [row["id"] for row in done.rows if row["counter"] == "cpu.usage.average"]
    assert got.count("lab/100") == got.count("lab/node/pve1") == 2, done
    assert got.count("lab/102") == got.count("lab/node/pve3") == 2, done
    assert got.count("lab/101") == got.count("lab/node/pve2") == 2, done
    assert done.status == 0 and done.err.count("/cluster/resources tells") == 1, done


def test_node_without_export(vperf, start):
    """An older node in a cluster of newer ones: the CPU that /cluster/resources has, and what it
    does not have is told."""
    cluster = start("-version", 9, "-guests", 6, "-step", 1)
    cluster.sim("unmetered", node="pve2")
    done = collect(vperf, *ROUNDS, *cluster.args())
    got = {row["id"]: row["value"] for row in done.rows if row["counter"] == "cpu.usage.average"}
    assert (got["lab/103"], got["lab/101"], got["lab/node/pve2"]) == ("18.75", "6.25", "12.50"), got
    assert "/cluster/metrics/export has nothing of 'web00' (lab/101)" in done.err, done
    assert "network of such nodes is absent" in done.err, done


@pytest.mark.parametrize("version", [6, 7])
def test_old_versions(vperf, start, version):
    """Without export, CPU is that of /cluster/resources; numbers may be texts."""
    cluster = start("-version", version)
    done = collect(vperf, *ROUNDS, *cluster.args())
    assert done.status == 0, done
    got = values(done.rows, id="lab/103")
    assert got["cpu.usage.average", ""] == 18.75
    assert ("mem.consumed.average", "") not in got, "before 9 nobody knows it"
    assert got["virtualDisk.readLatencyUS.latest", "scsi0"] == 1287
    assert ("net.received.average", "net0") in values(done.rows, id="lab/109")
    told = vperf.run("counters", "-f", "csv", *cluster.args())
    row = next(row for row in told.rows if row["counter"] == "cpu.usage.average")
    assert row["fidelity"] == "approximate"


def test_inventory(vperf, lab):
    """Templates are left out, ids tell guests of one name apart, a doubled UUID is none."""
    rows = vperf.run("inventory", "--type", "vm,host,datastore", *lab.args()).rows
    by_id = {row["id"]: row for row in rows}
    assert "lab/999" not in by_id
    assert by_id["lab/100"]["name"] == by_id["lab/101"]["name"] == "web00"
    assert by_id["lab/100"]["uuid"] == "5ca1ab1e-0000-4000-8000-000000000100"
    assert not by_id["lab/102"]["uuid"] and not by_id["lab/103"]["uuid"]
    assert by_id["lab/104"]["hypervisor"] == "lxc" and by_id["lab/100"]["hypervisor"] == "kvm"
    assert by_id["lab/106"]["state"] == "off" and by_id["lab/100"]["host"] == "pve1"
    assert [row["cpu_mhz"] for row in rows if row["type"] == "host"] == ["2500", "2500"]


def test_last_takes_rrddata(vperf, lab):
    """The past is there as averages of 60 s, and vperf says so."""
    done = vperf.run("collect", "--last", "30m", *lab.args())
    assert done.status == 0, done
    assert "of 60 s each" in done.err
    got = [row for row in done.rows if row["id"] == "lab/103"]
    assert {row["interval"] for row in got} == {"60"}
    assert {row["value"] for row in got if row["counter"] == "cpu.usage.average"} == {"18.75"}
    assert {row["value"] for row in got if row["counter"] == "net.received.average"} == {"10300"}
    assert {row["value"] for row in got if row["counter"] == "mem.consumed.average"} == \
        {str(2 * GIB // 1024)}
    assert not [row for row in got if row["counter"] == "disk.read.average"], "CD-ROM is in it"
    assert 25 <= len([row for row in got if row["counter"] == "cpu.usage.average"]) <= 30


def test_no_past_is_no_success(vperf, lab):
    """A time of which nothing is kept, and datastores, are told."""
    old = vperf.run("collect", "--start", "2020-01-01", "--end", "2020-01-02", *lab.args())
    assert old.status == 1 and "keeps no values of it of this time" in old.err, old
    stores = vperf.run("collect", "--last", "30m", "--type", "datastore", *lab.args())
    assert stores.status == 1 and "past is not read" in stores.err, stores
    both = vperf.run("collect", "--last", "30m", "--type", "host,datastore", *lab.args())
    assert both.status == 3 and both.err.count("datastores: their past is not read") == 1, both


def test_record_report_and_compare(vperf, lab, tmp_path):
    """They know nothing of Proxmox VE; what it does not tell is told."""
    done = collect(vperf, "--interval", "1", "--name", "web01", *lab.args(), command="compare")
    assert done.status == 0 and "ready and co-stop are absent" in done.err, done
    assert {row["id"] for row in done.rows} == {"lab/102", "lab/103"}
    assert {row["cpu.readiness.average"] for row in done.rows} == {""}
    report = vperf.run("report", "--last", "1h", *lab.args())
    assert report.status == 0, report
    got = {row["id"]: row for row in report.rows if row["id"]}
    assert got["lab/103"]["cpu_percent_p95"] == "18.75"
    history = tmp_path / "pve.db"
    process = vperf.start("record", "--interval", "1", "--output", history, *lab.args())

    def hosts():
        """Those of whom it has kept samples so far."""
        assert process.poll() is None, process.communicate()
        done = vperf.run("collect", "--last", "1h", "--type", "host", history)
        return {row["id"] for row in done.rows} if done.out else set()
    harness.await_true(lambda: hosts() == {"lab/node/pve1", "lab/node/pve2"}, "both nodes", 90)
    assert ",10,2," in vperf.run("history", history).out
    process.send_signal(harness.signal.SIGINT)
    harness.finish(process)


def test_password_and_ticket(vperf, lab):
    """A user without a token logs in, in the realm pam unless another one is named."""
    for user in ("root@pam", "root"):
        done = vperf.run("check", *lab.args(user))
        assert "Proxmox VE 9.4.1" in done.out, done


@pytest.mark.parametrize(("user", "password", "words"), [
    ("root@pam!vperf", "wrong", "secret of the API token"),
    ("root@pam", "wrong", "user, realm and password"),
    ("tfa@pam", None, "needs a second factor: make an API token"),
    ("root@pam!bare", None, "lacks rights"),
])
def test_refused(vperf, lab, user, password, words):
    """Who may not log in, or sees empty lists, learns what to do, and no secret is shown."""
    extra = {"VPERF_PASSWORD": password} if password else {}
    done = vperf.run("collect", *ROUNDS, *lab.args(user), **({"env": extra} if extra else {}))
    assert done.status == 1 and words in done.err, done
    assert "Sesam" not in done.err + done.out


def test_certificates_are_judged_as_those_of_vsphere(vperf, lab, certs):
    """Not trusted; pinned; pinned wrongly."""
    done = vperf.run("check", lab.target())
    assert "the certificate is not trusted" in done.out and certs["good"]["sha256"] in done.out
    assert "Proxmox VE 9.4.1" in vperf.run("check", "--thumbprint", certs["good"]["sha256"],
                                           lab.target()).out
    wrong = vperf.run("check", "--thumbprint", "0" * 64, lab.target())
    assert "does not match --thumbprint" in wrong.out


def test_two_requests_at_a_node_at_most(vperf, lab):
    """However many guests it has."""
    vperf.run("inventory", *lab.args())
    assert lab.sim("asked")["most"] <= 2


@pytest.fixture
def broken(start):
    """A cluster to break."""
    return start("-version", 9, "-guests", 6)


def test_dead_node_costs_its_own_guests(vperf, broken):
    """The resources still call its guests running, with frozen numbers: they are not reported."""
    broken.sim("dead", node="pve2")
    done = collect(vperf, *ROUNDS, *broken.args())
    assert done.status == 3, done
    assert {row["host"] if "host" in row else row["id"] for row in done.rows
            if row["type"] == "vm"} == {"lab/100", "lab/102", "lab/104"}
    assert "node pve2: the node does not answer (595" in done.err
    broken.sim("forgotten", node="pve2")
    done = collect(vperf, *ROUNDS, *broken.args())
    assert {row["id"] for row in done.rows if row["type"] == "vm"} == \
        {"lab/100", "lab/102", "lab/104"}, done
    broken.sim("offline", node="pve2")
    done = collect(vperf, *ROUNDS, *broken.args())
    assert "its node pve2 is offline" in done.err
    assert not [row for row in done.rows if row["id"] in ("lab/101", "lab/103", "lab/105")]


def test_names_are_one_part_of_a_path(vperf, start):
    """A node whose name has signs of an address is asked as any other."""
    odd = start("-guests", 2, "-prefix", "p ?#%41")
    rows = vperf.run("inventory", "--type", "vm,host", *odd.args()).rows
    assert {row["cpu_mhz"] for row in rows if row["type"] == "host"} == {"2500"}, rows
    assert {bool(row["uuid"]) for row in rows if row["type"] == "vm"} == {True}, rows
    done = collect(vperf, *ROUNDS, "--counter", "mem.consumed.average", "--type",
                   "vm", *odd.args())
    assert done.status == 0 and {row["id"] for row in done.rows} == {"lab/100", "lab/101"}, done


def test_lost_rights_are_no_success(vperf, broken, tmp_path):
    """Who sees nothing any more is told what to do: guests were not removed."""
    output, told = tmp_path / "out.csv", tmp_path / "err"
    with told.open("wb") as err:
        run = vperf.start("collect", "--follow", "--interval", "1", "--output", output,
                          *broken.args(), stderr=err)
    harness.await_true(lambda: output.exists() and "lab/100" in output.read_text(), "a row", 90)
    broken.sim("bare")
    harness.await_true(lambda: "it lacks rights" in told.read_text(), "the reason", 90)
    run.send_signal(harness.signal.SIGINT)
    harness.finish(run)
    assert "was removed" not in told.read_text()


RATE = "net.received.average"


def seconds_of(row):
    """Unix seconds of a row."""
    return datetime.datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00")).timestamp()


class Recording:
    """What a recorder has written of guest 103."""

    def __init__(self, vperf, cluster, history):
        self.vperf, self.cluster, self.history = vperf, cluster, history

    def start(self):
        """One more run."""
        return self.vperf.start("record", "--interval", "1", "--output", self.history,
                                *self.cluster.args())

    def times(self, counter):
        """Unix seconds of the samples of a counter."""
        done = self.vperf.run("collect", "--last", "1h", "--interval", "1", "--counter", counter,
                              "--name", "lab/103", self.history)
        return [seconds_of(row) for row in done.rows if row["instance"] in ("", "net0")] \
            if done.out else []

    def await_sample(self, after):
        """A rate of a round that followed another one."""
        harness.await_true(lambda: max(self.times(RATE), default=0) > after, "a sample", 90)


def test_gaps_are_filled_from_the_export(vperf, start, tmp_path):
    """After an outage and a restart, CPU comes from what Proxmox VE remembers, each value once, as
    the rows of a run beside it tell; what it does not remember stays absent."""
    cluster = start("-guests", 4, "-step", 1)
    recording = Recording(vperf, cluster, tmp_path / "gap.db")
    output = tmp_path / "out.csv"
    follow = vperf.start("collect", "--follow", "--interval", "1", "--name", "lab/103", "--counter",
                         "cpu.usage.average", "--output", output, *cluster.args())

    def followed():
        """Times of the rows that are whole."""
        text = output.read_text() if output.exists() else ""
        return [seconds_of(row) for row in harness.read_csv(text[:text.rfind("\n") + 1])] \
            if "\n" in text else []
    run = recording.start()
    recording.await_sample(0)
    harness.await_true(followed, "a row", 90)
    cluster.sim("away")
    away = time.time()
    harness.await_true(lambda: time.time() > away + 4, "an outage", 90)
    back = time.time()
    cluster.sim("away", value=0)
    recording.await_sample(back)
    harness.await_true(lambda: max(followed()) > back, "a row", 90)
    follow.send_signal(harness.signal.SIGINT)
    assert "only some counters can still be had" in harness.finish(follow).err
    assert len(followed()) == len(set(followed())), followed()
    assert set(range(int(away) + 2, int(back) - 1)) <= set(followed()), followed()
    run.send_signal(harness.signal.SIGINT)
    harness.finish(run)
    ended = time.time()
    harness.await_true(lambda: time.time() > ended + 4, "a pause", 90)
    begun = time.time()
    run = recording.start()
    recording.await_sample(begun)
    run.send_signal(harness.signal.SIGINT)
    harness.finish(run)
    cpu, rates = recording.times("cpu.usage.average"), recording.times(RATE)
    for first, last in ((away, back), (ended, begun)):
        lost = set(range(int(first) + 2, int(last) - 1))
        assert lost and lost <= set(cpu) and not lost & set(rates), f"{sorted(lost)} {cpu} {rates}"
    gaps = [row for row in vperf.run("history", "--gaps", recording.history).rows
            if row["id"] == "lab/103" and "some counters could be had later" in row["reason"]]
    for first, last in ((away, back), (ended, begun)):
        assert any(seconds_of({"timestamp": gap["after"]}) <= first + 2 and
                   seconds_of({"timestamp": gap["until"]}) >= last - 2 for gap in gaps), gaps


@pytest.fixture(scope="module")
def upset(vperf, start, tmp_path_factory):
    """A cluster that changes under a run: (what it says, its rows, requests)."""
    cluster = start("-version", 9, "-guests", 6, "-nodes", 3)
    output = tmp_path_factory.mktemp("upset") / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "1", "--type", "vm", "--output", output,
                      *cluster.args("root@pam"))

    def rows():
        """Those whose lines are whole."""
        text = output.read_text() if output.exists() else ""
        return harness.read_csv(text[:text.rfind("\n") + 1]) if "\n" in text else []

    def rates(*vmids):
        """How many samples of the network each guest has."""
        return [sum(row["id"] == f"lab/{vmid}" and (row["counter"], row["instance"]) ==
                    (RATE, "net0") for row in rows()) for vmid in vmids]
    harness.await_true(lambda: min(rates(100, 101, 102, 103)) >= 1, "the first samples", 90)
    cluster.sim("migrate", vmid=100, node="pve3")
    cluster.sim("restart", vmid=101)
    cluster.sim("remove", vmid=102)
    cluster.sim("lost")
    # A round that was under way may have seen what was before; the next one did not.
    before = rates(100, 101, 103)
    harness.await_true(lambda: all(now >= old + 2 for now, old in
                                   zip(rates(100, 101, 103), before)), "samples again", 90)
    run.send_signal(harness.signal.SIGINT)
    done = harness.finish(run)
    assert done.status == 130, done
    return done.err, rows(), cluster.sim("asked")["paths"]


def in_proportion(rows, vmid):
    """Each sample of the network is a rate of one run: 10 received for 3 transmitted."""
    got = {}
    for row in rows:
        if row["id"] == f"lab/{vmid}" and row["instance"] == "net0":
            got.setdefault(row["timestamp"], {})[row["counter"]] = float(row["value"])
    # The end of the run may have cut the last round.
    pairs = [(moment[RATE], moment["net.transmitted.average"]) for moment in got.values()
             if moment.keys() >= {RATE, "net.transmitted.average"}]
    assert pairs and all(received > 0 and abs(3 * received - 10 * transmitted) <= 10
                         for received, transmitted in pairs)


def test_migration(upset):
    """Told once; no rate is made of the counters of two nodes."""
    said, rows, _ = upset
    assert said.count("(lab/100): it has moved to node pve3: its counters begin anew") == 1
    in_proportion(rows, 100)


def test_restart(upset):
    """The same of a guest whose QEMU is another one."""
    said, rows, _ = upset
    assert said.count("(lab/101): it was started anew: its counters begin anew") == 1
    in_proportion(rows, 101)


def test_removed(upset):
    """Told once, and it has no rows any more."""
    said, rows, _ = upset
    assert said.count("was removed") == 1
    last = {vmid: max(row["timestamp"] for row in rows if row["id"] == f"lab/{vmid}")
            for vmid in (102, 103)}
    assert last[102] < last[103]


def test_forgotten_session(upset):
    """The run logs in once more, and nobody notices."""
    said, _, asked = upset
    assert asked["access/ticket"] == 2
    assert "refused" not in said and "401" not in said


def test_another_node_is_asked(vperf, start, tmp_path):
    """The contacted node is gone: a run goes on with the other one, and says so."""
    cluster = start("-version", 9, "-guests", 4, cert="both")
    output = tmp_path / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "1", "--counter", "mem.usage.average",
                      "--output", output, *cluster.args("root@pam"))

    def moments():
        """How many rounds gave rows."""
        lines = output.read_text().split("\n")[1:-1] if output.exists() else []
        return len({line.split(",")[0] for line in lines if "lab/103" in line})
    harness.await_true(lambda: moments() >= 1, "the first sample", 90)
    cluster.sim("silent", address="127.0.0.2")
    before = moments()
    harness.await_true(lambda: moments() >= before + 3, "samples of the other node", 90)
    run.send_signal(harness.signal.SIGINT)
    done = harness.finish(run)
    assert done.status == 130, done
    assert done.err.count("the node does not answer: 127.0.0.2 is asked instead") == 1, done.err
    assert cluster.sim("asked", address="127.0.0.2")["paths"]["access/ticket"] == 1


def test_another_node_is_not_trusted(vperf, start, tmp_path):
    """Its certificate is not for its address: it gets no request, and no ticket with it."""
    cluster = start("-version", 9, "-guests", 4)
    output = tmp_path / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "1", "--counter", "mem.usage.average",
                      "--output", output, "-vv", *cluster.args("root@pam"))
    harness.await_true(lambda: output.exists() and "lab/103" in output.read_text(), "a sample", 90)
    cluster.sim("silent", address="127.0.0.2")
    said = ""
    while "127.0.0.2: " not in said:
        line = run.stderr.readline().decode()
        assert line, said
        said += line
    run.send_signal(harness.signal.SIGINT)
    done = harness.finish(run)
    assert "certificate" in said and done.status == 130, said + done.err
    paths = cluster.sim("asked", address="127.0.0.2")["paths"]
    assert not [path for path in paths if path == "127.0.0.2"]


def test_hung_monitor(vperf, broken):
    """A guest whose QEMU does not answer keeps its network, and nothing of it is 0 in error."""
    broken.sim("hung", vmid=103)
    done = collect(vperf, *ROUNDS, *broken.args())
    got = values(done.rows, id="lab/103")
    assert done.status == 3 and "QEMU does not answer Proxmox VE" in done.err, done
    assert ("net.received.average", "net0") in got
    assert not [key for key in got if key[0].startswith(("virtualDisk.", "disk.read", "mem.vmm"))]


def test_skewed_clock(vperf, broken):
    """The server's clock is told, and a memory report is judged by it."""
    broken.sim("skew", value=-3600)
    checked = vperf.run("check", *broken.args()).rows
    assert -3660 < float(checked[0]["clock_offset"]) < -3540
    done = collect(vperf, *ROUNDS, *broken.args())
    assert values(done.rows, id="lab/103")["mem.usage.average", ""] == 75, done


def test_main_program_links_no_libcurl(vperf):
    """libcurl is in programs of its own, and so is libvirt."""
    linked = subprocess.run(["ldd", vperf.path], capture_output=True, text=True, check=True).stdout
    assert "curl" not in linked and "libvirt" not in linked


def test_proxy(vperf, lab, start_proxy):
    """HTTPS_PROXY leads to nodes that only the proxy knows, and its refusal is told with its name."""
    target = lab.target().replace("127.0.0.1", HOST)
    proxy = start_proxy()
    done = vperf.run("inventory", "--insecure", target,
                     env={"HTTPS_PROXY": f"http://me:p%40ss@{proxy.name}"})
    assert done.status == 0 and {row["hypervisor"] for row in done.rows} >= {"kvm"}, done
    assert all(asked.startswith(f"CONNECT {HOST}:{lab.port} ") and
               "Proxy-Authorization: Basic bWU6cEBzcw==\r\n" in asked for asked in proxy.requests)
    closed = start_proxy(b"HTTP/1.1 407 Login\r\n\r\n")
    done = vperf.run("inventory", "--insecure", target, env={"HTTPS_PROXY": closed.name})
    assert done.status == 1 and f"through the proxy {closed.name}" in done.err, done
    assert "407" in done.err and "bWU6" not in done.err
