# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""XenServer and XCP-ng: a simulated pool of two hosts, whose values are known in closed form."""

import collections
import datetime
import http.client
import resource
import ssl
import xmlrpc.client

import harness
import pytest
import xapi

# What records say of the moment, and what depends on when they were read.
OF_MOMENT = {"cpu.corecount.provisioned.average", "disk.provisioned.latest", "disk.used.latest",
             "sys.uptime.latest"}
# The newest sample of one that moves may not be there.
STAY = "!rover"
SPACE = {("space.capacity.latest", ""): 100 << 20, ("space.free.latest", ""): 60 << 20,
         ("space.provisioned.latest", ""): 60 << 20}
BEGAN = 1767323045
BOOTED = 1767300000


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A pool of newest XAPI."""
    running = xapi.Pool(xapi.binary(tmp_path_factory), tmp_path_factory.mktemp("xapi"))
    yield running
    running.server.stop()


@pytest.fixture
def start_pool(tmp_path_factory):
    """Start pools that a test makes ill: start_pool("-stage", "A")."""
    pools = []

    def start(*flags):
        pools.append(xapi.Pool(xapi.binary(tmp_path_factory), tmp_path_factory.mktemp("xapi"),
                               *flags))
        return pools[-1]
    yield start
    for running in pools:
        running.server.stop()


def unix(timestamp):
    """Seconds since 1970."""
    parsed = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ")
    return int(parsed.replace(tzinfo=datetime.timezone.utc).timestamp())


def raw(row):
    """The value in hundredths of percent and in whole units."""
    number = row["value"].replace(".", "") if row["unit"] == "percent" else row["value"]
    return int(number)


def by_interval(rows):
    """{(type, id, end): {(counter, instance): value}}"""
    found = collections.defaultdict(dict)
    for row in rows:
        key = row["type"], row["id"], unix(row["timestamp"])
        cell = row["counter"], row["instance"]
        assert cell not in found[key], f"twice: {row}"
        found[key][cell] = raw(row)
    return found


def collect(vperf, pool, *options, host=0, status=0, **how):
    done = vperf.run("collect", *pool.options(), *options, pool.target(host), **how)
    assert done.status == status, done
    return done


def number_of(identity):
    return str(int(identity.rsplit("-", 1)[1]))


def check(found, interval=xapi.INTERVAL, lacks=()):
    """Each value of each interval is that of the closed form, and none lacks."""
    for (kind, identity, end), values in found.items():
        number = number_of(identity)
        expected = xapi.host(int(number), end, interval) if kind == "host" else \
            xapi.guest(number, end, interval)
        got = {cell: value for cell, value in values.items() if cell[0] not in OF_MOMENT}
        expected = {cell: value for cell, value in expected.items() if cell[0] not in lacks}
        assert got == expected, (kind, identity, end)
        uptime = values["sys.uptime.latest", ""]
        assert uptime == end - (BOOTED if kind == "host" else BEGAN)


def is_torn(end):
    """A move is in this interval: one of its rows has no values."""
    return any((end - i * xapi.STEP) % xapi.MOVE_SECONDS == xapi.STEP for i in range(5))


def test_values(vperf, pool):
    done = collect(vperf, pool, "--last", "9m")
    found = by_interval(done.rows)
    moved = {key: found.pop(key) for key in list(found) if key[1] == xapi.UUID.format(3)}
    check(found)
    check({key: values for key, values in moved.items() if not is_torn(key[2])})
    for (_, _, end), values in moved.items():
        if is_torn(end):
            assert set(cell[0] for cell in values) <= {"sys.uptime.latest"} | OF_MOMENT | {
                "virtualDisk.read.average"}, values
    ends = sorted({end for _, identity, end in found if identity == xapi.UUID.format(1)})
    assert ends == list(range(ends[0], ends[-1] + 1, xapi.INTERVAL))
    assert 26 <= len(ends) <= 27
    identities = {identity for _, identity, _ in found} | {xapi.UUID.format(3)}
    assert identities == {xapi.UUID.format(int(n)) for n in xapi.RUNNING} | {
        xapi.HOST_UUID.format(n) for n in range(2)}
    assert "1 powered off" in done.err
    newest = found["vm", xapi.UUID.format(1), ends[-1]]
    assert newest["cpu.corecount.provisioned.average", ""] == 2
    assert newest["disk.provisioned.latest", "xvda"] == 20 * xapi.GIB // 1024
    assert newest["disk.used.latest", ""] == 7 * xapi.GIB // 1024


def test_kind_without_counter(vperf, pool):
    """Hosts have no virtual disks, and lack nothing therefore."""
    done = collect(vperf, pool, "--last", "1m", "--name", "db-1,xcp0*", "--counter",
                   "virtualDisk.*")
    assert {row["name"] for row in done.rows} == {"db-1"}
    assert "xcp0" not in done.err


def test_few_descriptors(vperf, pool):
    """No host is to blame."""
    for number in range(4, 9):
        done = vperf.run("collect", "--last", "1m", "-k", pool.target(),
                         preexec_fn=lambda number=number: resource.setrlimit(
                             resource.RLIMIT_NOFILE, (number, number)))
        assert done.status == 0 or "oo many open files" in done.err, (number, done)
        assert "check host" not in done.err, (number, done)


def test_old_xapi(vperf, start_pool):
    """Four decimals, and no cpu_usage: it is computed of the vCPUs. A busy one has no value."""
    old = start_pool("-stage", "A")
    old.fault("busy", value=1)
    done = collect(vperf, old, "--last", "2m", "--type", "vm", "--counter", "cpu.*,net.*")
    found = by_interval(done.rows)
    db = {key: found.pop(key) for key in list(found) if key[1] == xapi.UUID.format(2)}
    for (_, identity, end), values in found.items():
        expected = xapi.guest(number_of(identity), end)
        if identity != xapi.UUID.format(3):
            assert {k: v for k, v in values.items() if k[0] not in OF_MOMENT} == \
                {k: v for k, v in expected.items() if k[0].split(".")[0] in ("cpu", "net")}
    for values in db.values():
        assert ("cpu.used.summation", "0") not in values
        assert ("cpu.usage.average", "") not in values
        assert ("cpu.used.summation", "1") in values


@pytest.mark.parametrize("last, interval", [("1h", 60), ("2d", 3600)])
def test_archives(vperf, pool, last, interval):
    done = collect(vperf, pool, "--last", last, "--type", "vm", "--name", "db-1", "--counter",
                   "cpu.usage.average,net.received.average")
    assert f"means over {interval} s" in done.err
    assert {row["interval"] for row in done.rows} == {str(interval)}
    found = by_interval(done.rows)
    for (_, _, end), values in found.items():
        assert values == {cell: value for cell, value in xapi.guest("2", end, interval).items()
                          if cell[0] in ("cpu.usage.average", "net.received.average")}
        assert {name for name, _ in values} == {"cpu.usage.average", "net.received.average"}
    seconds = {"1h": 3600, "2d": 2 * 86400}[last]
    assert len(found) in (seconds // interval, seconds // interval - 1)


def test_member(vperf, pool):
    """A member of the pool names the master, which is not trusted for that."""
    done = collect(vperf, pool, "--name", STAY, "--counter", "cpu.usage.average", host=1)
    assert len({row["id"] for row in done.rows}) == 5
    assert {row["source"] for row in done.rows} == {f"127.0.0.2:{pool.server.port}"}
    own = ssl.get_server_certificate(("127.0.0.2", pool.server.port))
    only = pool.authorities + ".member"
    with open(only, "w", encoding="ascii") as file:
        file.write(own)
    done = vperf.run("collect", "--ca-file", only, pool.target(1))
    assert done.status == 1
    assert "certificate" in done.err and "127.0.0.1" in done.err
    told = "the login goes on at the master that it names, 127.0.0.1"
    done = vperf.run("inventory", "-k", pool.target(1))
    assert done.status == 0 and done.err.count(told) == 1, done
    assert told + ", which is not verified either" in done.err


def test_master_that_is_none(vperf, start_pool):
    """The password is not sent to what is no name or address of a host."""
    ill = start_pool()
    claims = ["@127.0.0.1", "127.0.0.1:80", "127.0.0.1/x#", "::1%lo", "a..b", "-k", "1::2::3", "a b"]
    for claim in claims:
        ill.fault("claim", text=claim)
        done = vperf.run("inventory", "-k", ill.target(1))
        assert done.status == 1
        assert f"the master of its pool, '{claim}': this is no name or address" in done.err, done
    assert ill.stats()["calls"]["session.login_with_password"] == len(claims)


def test_refused(vperf, pool):
    done = vperf.run("collect", *pool.options(), pool.target(), env={"VPERF_PASSWORD": "wrong"})
    assert done.status == 1
    assert f"login as '{harness.USER}' refused: wrong user name or password" in done.err
    done = vperf.run("collect", pool.target())
    assert done.status == 1 and "certificate" in done.err
    done = vperf.run("collect", *pool.options(), "--interval", "7", pool.target())
    assert done.status == 2 and "multiple" in done.err


def test_inventory(vperf, pool):
    """The same as an independent client finds; templates and snapshots are no guests."""
    done = vperf.run("inventory", *pool.options(), "--type", "vm,host,datastore", pool.target())
    assert done.status == 0, done

    class Transport(xmlrpc.client.SafeTransport):
        def make_connection(self, host):
            return http.client.HTTPSConnection(host, context=pool.context)
    server = xmlrpc.client.ServerProxy(pool.server.url, transport=Transport())
    session = server.session.login_with_password(harness.USER, harness.PASSWORD, "1.0", "test")
    records = server.VM.get_all_records(session["Value"])["Value"].values()
    expected = {(r["uuid"], r["name_label"], r["power_state"] == "Running", int(r["VCPUs_max"]))
                for r in records if not r["is_a_template"] and not r["is_control_domain"]}
    server.session.logout(session["Value"])
    assert {(row["id"], row["name"], row["state"] == "on", int(row["cpus"]))
            for row in done.rows if row["type"] == "vm"} == expected
    assert {row["name"] for row in done.rows if row["type"] == "host"} == {"xcp01", "xcp02"}
    assert {row["name"] for row in done.rows if row["type"] == "datastore"} == \
        {"storage-1", "storage-2"}
    assert {row["cluster"] for row in done.rows if row["type"] == "vm"} == {"lab"}
    # The domain of a host is shown to who names it.
    done = vperf.run("inventory", *pool.options(), "--name", "Control domain*", pool.target())
    assert len(done.rows) == 2


def test_storage(vperf, pool):
    """It is measured when it is named. The session ends with the run."""
    sessions = pool.stats()["sessions"]
    done = collect(vperf, pool, "--type", "datastore", "--name", "storage-1")
    rows = harness.read_csv(done.out, own=True)
    assert {(row["counter"], row["instance"]): int(row["value"]) for row in rows} == SPACE
    harness.await_true(lambda: pool.stats()["sessions"] <= sessions, "a logout", 60)


def test_clock(vperf, start_pool):
    """The times of a host whose clock is wrong are put right by whole intervals."""
    ill = start_pool()
    ill.fault("skew", host=1, value=3600)
    done = collect(vperf, ill, "--last", "2m", "--counter", "cpu.usage.average,cpu.used.*")
    ends = collections.defaultdict(set)
    for (_, identity, end) in by_interval(done.rows):
        ends[identity].add(end)
    known = ends[xapi.UUID.format(1)]
    assert len(known) >= 5
    assert len(ends[xapi.UUID.format(2)] & known) >= len(known) - 1


def test_dead_host(vperf, start_pool):
    """It costs its own guests, and nothing of the others."""
    ill = start_pool()
    ill.fault("dead", host=1, value=1)
    done = collect(vperf, ill, "--name", "web-1,db-1,xcp0*", "--counter", "cpu.usage.average",
                   status=3)
    assert {row["name"] for row in done.rows} == {"web-1", "xcp01"}
    assert "db-1" in done.err and "xcp02" in done.err


@pytest.mark.parametrize("stage", "ABC")
def test_json(vperf, start_pool, stage):
    """Only who asks for it gets JSON: as an answer to a request for XML it is refused."""
    stubborn = start_pool("-stage", stage)
    stubborn.fault("stubborn", value=1)
    done = collect(vperf, stubborn, "--last", "1m", status=1)
    assert "it is JSON, where XML was asked for" in done.err


def test_hung_clock(vperf, start_pool, tmp_path):
    """A host that does not tell its time costs its own guests: no interval of the others."""
    ill = start_pool()
    ill.fault("hang", what="clock", host=1, value=1)
    output = tmp_path / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "5", *ill.options(), "--output", output,
                      "--name", "web-1,db-1", "--counter", "cpu.usage.average", "--timeout",
                      "300", ill.target())

    def of(name):
        return output.read_text().count(f",{name},") if output.exists() else 0
    harness.await_true(lambda: of("web-1") >= 6, "samples beside a host that hangs", 90)
    rows = harness.read_csv(output.read_text().rpartition("\n")[0] + "\n")
    assert {row["id"] for row in rows} == {xapi.UUID.format(1), xapi.UUID.format(5)}
    ends = [unix(row["timestamp"]) for row in rows if row["id"] == xapi.UUID.format(1)]
    assert ends == list(range(ends[0], ends[-1] + 1, 5))
    ill.fault("hang", what="clock", host=1, value=0)
    harness.await_true(lambda: of("db-1") >= 1, "the host that answers again", 90)
    run.send_signal(harness.signal.SIGINT)
    done = harness.finish(run)
    assert done.status == 130, done
    assert "host 'xcp02' gives no samples" in done.err, done


def test_more_than_can_be_held(vperf, start_pool):
    """36 MB of records would take 300 MB: they are refused, and vperf says so."""
    ill = start_pool()
    ill.fault("heavy", text="VM")
    output = ill.authorities + ".csv"
    done = vperf.run("collect", *ill.options(), "--last", "1m", "--output", output, ill.target())
    assert (done.status, len(done.messages)) == (1, 1), done
    assert "VM.get_all_records: left out" in done.err and "256 MiB" in done.err, done


def test_sessions_end(vperf, start_pool):
    """However a run ends in the middle of a round, or of its output, no session stays."""
    ill = start_pool()
    options = (*ill.options(), "--timeout", "300", "--last", "9m", ill.target())

    def await_stat(name, number, what):
        harness.await_true(lambda: ill.stats()[name] == number, what, 60)
    for number in (harness.signal.SIGINT, harness.signal.SIGTERM, harness.signal.SIGHUP,
                   harness.signal.SIGKILL):
        ill.fault("hang", what="rows", host=1, value=1)
        run = vperf.start("collect", *options)
        await_stat("waiting", 1, "the middle of a round")
        assert ill.stats()["sessions"] == 1
        run.send_signal(number)
        if number == harness.signal.SIGKILL:
            run.communicate()
        else:
            assert harness.finish(run).status == 130
        await_stat("sessions", 0, f"a logout after {number.name}")
        ill.fault("hang", what="rows", host=1, value=0)
        await_stat("waiting", 0, "the end of the request")
    run = vperf.start("collect", *options)
    assert run.stdout.readline()
    run.stdout.close()
    run.stderr.read()
    run.wait(60)
    run.stderr.close()
    await_stat("sessions", 0, "a logout after the reader has gone")
    assert ill.stats()["calls"]["session.logout"] == 5


def test_follow(vperf, start_pool, tmp_path):
    """A guest arrives, the session ends; each sample comes once."""
    lively = start_pool()
    output = tmp_path / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "5", *lively.options(), "--output",
                      output, "--type", "vm", "--counter", "cpu.usage.average", lively.target())

    def names():
        """Counted in the lines that are whole."""
        lines = output.read_text().split("\n")[1:-1] if output.exists() else []
        return collections.Counter(line.split(",")[4] for line in lines)
    harness.await_true(lambda: names()["db-1"] >= 1, "the first sample", 60)
    lively.fault("sessions")
    lively.fault("start", value=4)
    harness.await_true(lambda: names()["off-1"] >= 1, "a guest that was started", 90)
    run.send_signal(harness.signal.SIGINT)
    done = harness.finish(run)
    assert done.status == 130, done
    rows = harness.read_csv(output.read_text())
    for (_, identity, end), values in by_interval(rows).items():
        if number_of(identity) in xapi.RUNNING:
            assert values == {("cpu.usage.average", ""): xapi.guest(
                number_of(identity), end, 5)["cpu.usage.average", ""]}
    ends = [unix(row["timestamp"]) for row in rows if row["name"] == "db-1"]
    assert ends == list(range(ends[0], ends[-1] + 1, 5))
    stats = lively.stats()
    assert stats["calls"]["session.login_with_password"] == 2
    assert stats["sources"] == 0 and "VM.record_data_source" not in stats["calls"]


def test_master_dies(vperf, start_pool, tmp_path):
    """The member that named the master takes its place: its guests are measured on."""
    pool = start_pool()
    output = tmp_path / "out.csv"
    run = vperf.start("collect", "--follow", "--interval", "5", *pool.options(), "--output",
                      output, "--name", "db-1", "--counter", "cpu.usage.average", pool.target(1))

    def samples():
        return output.read_text().count(",db-1,") if output.exists() else 0

    def logins():
        return pool.stats()["calls"]["session.login_with_password"]

    def await_login(*faults):
        before = logins()
        for name, arguments in faults:
            pool.fault(name, **arguments)
        harness.await_true(lambda: logins() > before, "a login", 90)
    harness.await_true(lambda: samples() >= 1, "the first sample", 60)
    # A clock that is set: the rows of a round or more are of the future.
    pool.fault("skew", host=1, value=300)
    asked = pool.stats()["calls"]["rrd_updates"]
    harness.await_true(lambda: pool.stats()["calls"]["rrd_updates"] >= asked + 4, "two rounds", 60)
    # Between two masters, nobody knows one.
    await_login(("nameless", {"value": 1}), ("sessions", {}))
    await_login(("dead", {"host": 0, "value": 1}), ("master", {"host": 1}),
                ("nameless", {"value": 0}))
    before = samples()
    harness.await_true(lambda: samples() > before, "a sample of the new session", 90)
    run.send_signal(harness.signal.SIGINT)
    assert harness.finish(run).status == 130


def test_runstates(vperf, start_pool):
    """Only who asks for it lets the pool record them; ready is there from then on."""
    changed = start_pool()
    options = ("--last", "1m", "--type", "vm", "--name", "db-1", "--counter",
               "cpu.ready.summation,cpu.readiness.*,xen.runnableAny.*")
    done = collect(vperf, changed, *options, status=1)
    assert changed.stats()["sources"] == 0
    collect(vperf, changed, *options, "--runstates", status=1)
    assert changed.stats()["sources"] == 2
    done = collect(vperf, changed, *options, "--runstates")
    assert changed.stats()["calls"]["VM.record_data_source"] == 2
    for (_, _, end), values in by_interval(done.rows).items():
        means = xapi.Interval(2, end)
        ready, either = means.mean("0.005", 207), means.mean("0.01", 206)
        assert values == {("cpu.ready.summation", ""): int(ready * 4 * 20000),
                          ("cpu.readiness.average", ""): int(ready * 10000),
                          ("xen.runnableAny.average", ""): int(either * 10000)}
    assert vperf.run("collect", "--runstates", "test:///default").status == 2


def test_record(vperf, pool, tmp_path):
    """What is recorded is reported and read as of any other source."""
    history = tmp_path / "xen.db"
    run = vperf.start("record", "--output", history, "--name", STAY, *pool.options(), pool.target())

    def has(kind, name):
        return name in vperf.run("collect", "--type", kind, history).out
    harness.await_true(lambda: history.exists() and has("vm", "web-1") and
                       has("datastore", "storage-2"), "the first samples", 60)
    run.send_signal(harness.signal.SIGINT)
    assert harness.finish(run).status == 130
    check(by_interval(vperf.run("collect", history).rows))
    space = vperf.run("collect", "--type", "datastore", history)
    storage = by_interval(harness.read_csv(space.out, own=True))
    assert {identity for _, identity, _ in storage} == set(xapi.SRS)
    assert all(values == SPACE for values in storage.values()), storage
    report = vperf.run("report", "--format", "csv", history)
    assert report.status == 0, report
    assert {"web-1", "db-1", "xcp01"} <= {row["name"] for row in report.rows}


def test_compare(vperf, pool):
    done = vperf.run("compare", "--format", "csv", "--name", STAY, *pool.options(), pool.target())
    assert done.status == 0, done
    assert sorted(row["name"] for row in done.rows) == ["db-1", "web-1", "web-1"]
    assert all(row["cpu.ready.summation"] == "" for row in done.rows)
    assert "ready time is absent" in done.err and "--runstates" in done.err
