# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf compare: simulated ESXi hosts and libvirt guests side by side, over the same seconds."""

import collections
import contextlib
import datetime
import pathlib
import signal
import unicodedata

import harness
import kvm
import pve
import pytest
import xapi

SET = """cpu.usage cpu.readiness mem.usage disk.usage net.usage cpu.usagemhz cpu.ready.summation
cpu.run.summation cpu.wait.summation mem.consumed mem.vmmemctl virtualDisk.numberReadAveraged
virtualDisk.numberWriteAveraged virtualDisk.totalReadLatency virtualDisk.totalWriteLatency
net.received net.transmitted net.packetsRx.summation net.packetsTx.summation
net.droppedRx.summation""".split()
SET = [name if name.endswith(".summation") else f"{name}.average" for name in SET]
PERCENT = ("cpu.usage.average", "cpu.readiness.average", "mem.usage.average")
REQUESTS = {"virtualDisk.totalReadLatency.average": "virtualDisk.numberReadAveraged.average",
            "virtualDisk.totalWriteLatency.average": "virtualDisk.numberWriteAveraged.average"}
IDENTITY = ["name", "hypervisor", "source", "type", "id", "timestamp", "interval", "cpus",
            "memory_kib"]
TOTALS = ["hypervisor", "type", "count", "cpus", "memory_kib"]
USAGE, READINESS, READY = "cpu.usage.average", "cpu.readiness.average", "cpu.ready.summation"
APPROXIMATE = {"cpu.usagemhz.average", "mem.usage.average", "mem.consumed.average"}
HOUR = 3600
# A poll takes its time.
NEAR_SECONDS = 2


def unix(timestamp):
    """Seconds since 1970."""
    parsed = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ")
    return parsed.replace(tzinfo=datetime.timezone.utc).timestamp()


def width(text):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(character) else
               2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def split(table):
    """A table as its list of lines: guests and totals; and the legend."""
    lines = table.splitlines()
    first, second = lines.index(""), lines.index("", lines.index("") + 1)
    return lines[:first], lines[first + 1:second], lines[second + 1:]


def cells(header, line):
    """The cells of a line of an unfolded ASCII table: values end where their headings end."""
    found, begin = {}, header.index("cpu.usage %")
    for heading in ("cpu.usage %", "ready %", "mem.usage %", "disk KB/s", "net KB/s", "cpu MHz",
                    "ready ms", "run ms", "wait ms", "consumed KB", "balloon KB"):
        end = header.index(heading) + len(heading)
        found[heading] = line[begin:end].strip()
        begin = end
    return found


def weight(row, column):
    """What a guest's value counts in a mean."""
    if column in REQUESTS:
        return int(row[REQUESTS[column]] or -1)
    return int(row["memory_kib" if column.startswith("mem.") else "cpus"] or -1)


def expected_total(rows, column, scale):
    """The sum, or where it says nothing the weighted mean, in whole hundredths, rounded down."""
    values = [(round(float(row[column]) * scale), weight(row, column))
              for row in rows if row[column]]
    if column not in PERCENT and column not in REQUESTS:
        return sum(value for value, _ in values)
    known = all(one >= 0 for _, one in values) and any(one for _, one in values)
    if known:
        return sum(value * one for value, one in values) // sum(one for _, one in values)
    if column in REQUESTS:
        return max(value for value, _ in values)
    return sum(value for value, _ in values) // len(values)


def check_totals(rows, totals, raw=False):
    """Python comes to the same totals as the file of --totals."""
    totals = harness.read_csv(totals.read_text())
    assert list(totals[0]) == [*TOTALS, *list(rows[0])[len(IDENTITY):]]
    for total in totals:
        mine = [row for row in rows if row["hypervisor"] == total["hypervisor"]]
        assert int(total["count"]) == len(mine)
        for column in SET:
            scale = 100 if column in PERCENT and not raw else 1
            if not any(row[column] for row in mine):
                assert total[column] == "", column
                continue
            assert round(float(total[column]) * scale) == expected_total(mine, column, scale), column


@pytest.fixture(scope="module")
def ahead(shared_vcsim):
    """An ESXi host whose clock runs an hour ahead; one of its four guests is off."""
    return shared_vcsim("-mode", "real", "-model", "esx", "-vm", "4", "-off", "1",
                        "-clock-offset", "1h")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """For the files of totals."""
    return tmp_path_factory.mktemp("totals")


@pytest.fixture(scope="module")
def rest(vperf, certs, tmp_path_factory):
    """Arguments of Proxmox VE and XAPI, of which one CA file vouches for all; None without them."""
    if not all(scheme in vperf.run("--help").out for scheme in ("pve://", "xapi://")):
        yield None
        return
    directory = tmp_path_factory.mktemp("rest")
    with contextlib.ExitStack() as stack:
        cluster = pve.Cluster(pve.binary(tmp_path_factory), certs, "-guests", 4)
        stack.callback(cluster.server.stop)
        pool = xapi.Pool(xapi.binary(tmp_path_factory), directory)
        stack.callback(pool.server.stop)
        authorities = directory / "all.pem"
        authorities.write_text("".join(pathlib.Path(file).read_text() for file in
                                       (certs["ca"]["cert"], pool.authorities)))
        yield "--ca-file", authorities, cluster.target(), pool.target()


@pytest.fixture(scope="module")
def mixed(vperf, ahead, esx, folder, rest):
    """Runs of ESXi and libvirt's test driver, side by side because each takes half a minute."""
    processes = {
        "csv": vperf.start("compare", "--totals", folder / "csv", *ahead.arguments,
                           "test:///default"),
        "table": vperf.start("compare", "--format", "table", *ahead.arguments, "test:///default"),
        "raw": vperf.start("compare", "--raw", "--totals", folder / "raw", "test:///default",
                           *ahead.arguments),
        "late": vperf.start("compare", "--timeout", "1", *esx.arguments, "test:///default"),
    }
    if rest:
        processes["four"] = vperf.start("compare", "--totals", folder / "four", "--name", "!rover",
                                        *rest, ahead.target(), "test:///default")
    return {name: harness.finish(process, 90) for name, process in processes.items()}


def test_csv_is_one_wide_table(mixed):
    """All columns of the set, guests only: a sum over a column is right."""
    done = mixed["csv"]
    assert done.status == 0, done
    assert list(done.rows[0]) == [*IDENTITY, *SET, "approximate"]
    assert sorted(row["hypervisor"] for row in done.rows) == ["esxi"] * 3 + ["test"]
    assert all(row["cpus"] and row["memory_kib"] for row in done.rows)
    assert "1 powered off" in done.err


def test_four_kinds_side_by_side(mixed, folder):
    """All guests that run, each with what its kind tells; what none of a kind has is told."""
    if "four" not in mixed:
        pytest.skip("built without Proxmox VE or XAPI")
    done = mixed["four"]
    assert done.status == 0, done.err
    kinds = collections.Counter(row["hypervisor"] for row in done.rows)
    assert kinds == {"esxi": 3, "kvm": 4, "xen": 3, "test": 1}
    for row in done.rows:
        assert row[USAGE] and row["cpus"] and row["memory_kib"], str(row)
        assert bool(row[READY]) == (row["hypervisor"] == "esxi"), row
    assert "ready and co-stop are absent" in done.err and "ready time is absent" in done.err
    shares = {row["id"]: row[USAGE] for row in done.rows}
    assert [shares[f"lab/{vmid}"] for vmid in range(100, 104)] == ["0.00", "6.25", "12.50", "18.75"]
    check_totals(done.rows, folder / "four")


def test_values_are_typed(mixed):
    """Each value is a number or empty, also where it is approximate."""
    rows = mixed["csv"].rows
    for row in rows:
        for column in SET:
            assert row[column] == "" or float(row[column]) >= 0
    for row in rows:
        names = set(row["approximate"].split())
        assert names == (APPROXIMATE if row["hypervisor"] == "test" else set())
        assert all(row[column] for column in SET if column in names)


def test_same_seconds(mixed, ahead):
    """The ESXi sample ends when the polls do, though the server's clock is an hour off."""
    for done in (mixed["csv"], mixed["raw"]):
        ends = {row["hypervisor"]: unix(row["timestamp"]) for row in done.rows}
        assert abs(ends["esxi"] - HOUR - ends["test"]) <= NEAR_SECONDS, ends
        assert {row["interval"] for row in done.rows} == {"20"}


def test_sample_is_waited_for(mixed, ahead):
    """The sample of these seconds is there at the end, or soon after; nobody asks all the time."""
    assert 19 < mixed["csv"].seconds and mixed["csv"].own_seconds < 60
    asked = ahead.methods().count("QueryPerf")
    assert asked < 3 * 30, asked


def test_sorted_by_cpu_usage(mixed):
    """Highest first."""
    values = [float(row[USAGE]) for row in mixed["csv"].rows]
    assert values == sorted(values, reverse=True)


def test_totals(mixed, folder):
    """Python comes to the same totals."""
    check_totals(mixed["csv"].rows, folder / "csv")
    check_totals(mixed["raw"].rows, folder / "raw", raw=True)


def test_raw(mixed):
    """Percent in hundredths."""
    driver = [row for row in mixed["raw"].rows if row["hypervisor"] == "test"]
    assert 4900 <= int(driver[0][USAGE]) <= 5100


def test_table(mixed):
    """Lines as wide as the header, right-aligned values, marks with a legend."""
    done = mixed["table"]
    assert done.status == 0, done
    lines, sums, legend = split(done.out)
    header = lines[0]
    assert header.split()[:3] == ["name", "hypervisor", "source"]
    assert {len(line) for line in lines + sums} == {len(header)}
    assert len(lines) == 5 and len(sums) == 2
    assert [line.split()[:4] for line in sums] == [["total", "of", "3", "esxi"],
                                                   ["total", "of", "1", "test"]]
    for line in lines[1:] + sums:
        row = cells(header, line)
        approximate = " test " in line
        assert row["cpu MHz"].endswith("~") == approximate
        assert row["consumed KB"].endswith("~") == approximate
        assert not row["cpu.usage %"].endswith("~")
        assert (row["ready ms"] == "") == approximate
    assert [line.split()[0] for line in legend] == ["total:", "of", "~", "tells"]


def test_late_sample(mixed):
    """A server whose clock stands still never has the sample: the newest one, and one line."""
    done = mixed["late"]
    assert done.status == 0, done
    assert len([line for line in done.messages if "has not come in time" in line]) == 1
    ends = {row["hypervisor"]: row["timestamp"] for row in done.rows}
    assert ends["esxi"] == "2026-11-21T19:17:20Z"
    assert all(row[USAGE] for row in done.rows)


def test_vsphere_alone_is_not_waited_for(vperf, esx, tmp_path):
    """Nothing to be aligned with: the newest samples at once, those that collect writes."""
    done = vperf.run("compare", "--format", "csv", "--totals", tmp_path / "t", *esx.arguments)
    collected = vperf.run("collect", "--type", "vm", "--instance", "aggregate", *esx.arguments)
    assert done.status == 0 and done.own_seconds < 10, done
    theirs = {(row["id"], row["counter"]): row["value"] for row in collected.rows}
    compared = 0
    for row in done.rows:
        for column in SET:
            # Where there is no aggregate, the devices' values are put together.
            if (row["id"], column) in theirs:
                assert row[column] == theirs[row["id"], column]
                compared += 1
    assert compared > 20
    check_totals(done.rows, tmp_path / "t")


def test_missing_values_are_empty(vperf, gaps):
    """A third of the samples is missing; guests without a value come last."""
    done = vperf.run("compare", "--sort", READY, *gaps.arguments)
    assert done.status == 0, done
    values = [row[READY] for row in done.rows]
    assert all(not row[column].startswith("-") for row in done.rows for column in SET)
    assert any(not row[column] for row in done.rows for column in SET[:15])
    assert values == sorted(values, key=lambda value: -float(value) if value else 1)


def test_guests_without_any_value(vperf, esx):
    """A counter that no guest has a value of: the guests are there, and a line says why."""
    names = [row["name"] for row in vperf.run("compare", *esx.arguments).rows]
    done = vperf.run("compare", "--counter", "cpu.usage.none", "--sort", "cpu.usage.none",
                     *esx.arguments)
    assert done.status == 0 and sorted(names) == [row["name"] for row in done.rows], done
    assert {row["cpu.usage.none"] for row in done.rows} == {""}
    assert {row["timestamp"] for row in done.rows} == {""}
    assert [line for line in done.messages if "no value" in line], done


def test_top_sort_name(vperf, vcenter):
    """Only the first rows are shown; the totals cover all."""
    everything = vperf.run("compare", "--sort", "mem.usage.average", *vcenter.arguments)
    top = vperf.run("compare", "--sort", "mem.usage.average", "--top", "2", *vcenter.arguments)
    assert top.status == everything.status == 0, top
    assert top.rows == everything.rows[:2] and len(everything.rows) > 3
    name = everything.rows[3]["name"]
    one = vperf.run("compare", "--name", name, *vcenter.arguments)
    assert [row["name"] for row in one.rows] == [name]


def test_columns(vperf, esx):
    """In the order given, those of a pattern by name; the sort's counter comes last."""
    done = vperf.run("compare", "--counter", "mem.usage.average,cpu.us*.average,!*.usagemhz.*",
                     "--sort", "cpu.ready.summation", *esx.arguments)
    assert list(done.rows[0])[9:] == ["mem.usage.average", USAGE, READY, "approximate"]
    values = [int(row[READY]) for row in done.rows]
    assert values == sorted(values, reverse=True)
    less = vperf.run("compare", "--counter", "!net.*", *esx.arguments)
    assert list(less.rows[0])[9:-1] == [column for column in SET if not column.startswith("net.")]


def test_hosts(vperf, esx):
    """Hosts are told from guests."""
    done = vperf.run("compare", "--type", "vm,host", *esx.arguments)
    assert {row["type"] for row in done.rows} == {"vm", "host"}
    table = vperf.run("compare", "--type", "vm,host", "--format", "table", *esx.arguments)
    assert "type" in table.out.splitlines()[0].split()


def test_output_file(vperf, esx, tmp_path):
    """The file has what stdout would have."""
    path = tmp_path / "compare.csv"
    done = vperf.run("compare", "--output", path, *esx.arguments)
    assert done.status == 0 and not done.out, done
    assert path.read_text() == vperf.run("compare", *esx.arguments).out


def test_totals_file(vperf, esx, tmp_path):
    """The file of the guests is not that of the totals."""
    path = tmp_path / "one.csv"
    done = vperf.run("compare", "--output", path, "--totals", path, *esx.arguments)
    assert done.status == 2 and "--totals" in done.err and not path.exists(), done


def test_units(vperf, esx):
    """The header has the counters' names, and their units when they are asked for."""
    done = vperf.run("compare", "--units", "--counter", "cpu.usage.average,disk.usage.average",
                     *esx.arguments)
    assert list(done.rows[0])[9:] == ["cpu.usage.average [percent]",
                                      "disk.usage.average [kiloBytesPerSecond]", "approximate"]


@pytest.mark.parametrize("columns, headings", [
    (80, ["vCPUs", "memory MB", "cpu.usage %", "ready %", "mem.usage %"]),
    (130, ["net KB/s", "cpu MHz"])])
def test_terminal(vperf, esx, columns, headings):
    """A terminal gets one table with the columns that fit, and how to get the others."""
    lines = harness.on_terminal(vperf, columns, "compare", *esx.arguments)
    headers = [line for line in lines if line.startswith("name ")]
    assert len(headers) == 1 and "write ms" not in headers[0]
    assert all(heading in headers[0] for heading in headings), headers
    assert max(map(width, lines)) <= columns
    assert any("of 20 counters fit" in line and "--counter" in line for line in lines), lines


def test_only_libvirt(vperf):
    """Polled as often as asked for; another driver without a counter has an empty cell."""
    done = vperf.run("compare", "--interval", "1", "test:///default")
    assert done.status == 0 and done.own_seconds < 10, done
    row, = done.rows
    assert row["interval"] == "1" and row[READINESS] == ""
    assert 49 <= float(row[USAGE]) <= 51


def test_part_fails(vperf):
    """The others are shown."""
    done = vperf.run("compare", "--interval", "1", "test:///no/such/file", "test:///default")
    assert done.status == 3, done
    assert [row["name"] for row in done.rows] == ["test"]
    assert "test:///no/such/file" in done.err


def test_all_fail(vperf, tmp_path):
    """Nothing is written."""
    path = tmp_path / "compare.csv"
    done = vperf.run("compare", "--output", path, "test:///no/such/file")
    assert done.status == 1 and not path.exists(), done


@pytest.mark.parametrize("arguments, message", [
    (["--sort", "cpu.*"], "--sort 'cpu.*': expected the name of one counter"),
    (["--sort", ""], "--sort '': expected the name of one counter"),
    (["--sort", "cpu.usag.average"], "'cpu.usag.average'"),
    (["--sort", "cpu.usage.average", "--counter", "!cpu.*"], "--counter excludes it"),
    (["--counter", "no.such"], "'no.such'"),
    (["--counter", "!*"], "--counter excludes all"),
    (["--top", "0"], "--top '0': expected a whole number"),
    (["--format", "json"], "--format 'json': expected csv or table"),
    (["--samples", "2"], "--samples"),
    (["--type", "vn"], "no type 'vn'"),
    (["--name", "nobody"], "no vm matches --name 'nobody'"),
])
def test_wrong_usage(vperf, arguments, message):
    """One line says what is wrong."""
    done = vperf.run("compare", "--interval", "1", *arguments, "test:///default")
    assert done.status == 2 and not done.out, done
    assert len(done.messages) == 1 and message in done.err, done


def test_interval_must_suit_both(vperf, esx):
    """ESXi has real-time samples of 20 seconds only."""
    done = vperf.run("compare", "--interval", "5", *esx.arguments, "test:///default")
    assert done.status == 2 and "needs 20" in done.err, done
    assert done.own_seconds < 5


def test_interrupted(vperf, start_vcsim):
    """While it waits for the sample: logged out, nothing written."""
    server = start_vcsim("-mode", "real", "-model", "esx")
    process = vperf.start("compare", *server.arguments, "test:///default")
    server.await_request("CurrentTime")
    process.send_signal(signal.SIGINT)
    done = harness.finish(process, 10)
    assert done.status == 130 and not done.out, done
    assert server.methods()[-1] == "Logout"


@pytest.fixture(scope="module")
def guest(libvirtd):
    """A real QEMU guest, half busy, that reads and writes."""
    one = libvirtd.guest(kvm.guest_name("compare"), balloon_period=1,
                         load=["cpu 0 50", "disk vda 640 1280 65536"]).start()
    yield one
    one.destroy()


def test_real_guest_beside_esxi(vperf, ahead, guest, relay, tmp_path):
    """One table for a simulated ESXi host and a real QEMU guest, over the same seconds."""
    relay.interval = 20
    done = vperf.run("compare", "--totals", tmp_path / "t", *ahead.arguments, relay.uri, seconds=90)
    assert done.status == 0, done
    mine, = [row for row in done.rows if row["name"] == guest.name]
    assert mine["hypervisor"] in ("kvm", "qemu")
    ends = {row["hypervisor"]: unix(row["timestamp"]) for row in done.rows}
    assert abs(ends["esxi"] - HOUR - ends[mine["hypervisor"]]) <= NEAR_SECONDS, ends
    empty = [column for column in SET if not mine[column]]
    assert not empty, f"a real guest has them all, but not {empty}"
    assert 20 < float(mine[USAGE]) < 101
    for kind, name in (("Read", "rd"), ("Write", "wr")):
        before, after = (kvm.parameter(poll.reply, guest.name, f"block.0.{name}.reqs")
                         for poll in relay.polls)
        low, high = kvm.rate_bounds(relay, after - before, 1)
        assert 0 < low <= int(mine[f"virtualDisk.number{kind}Averaged.average"]) <= high
    assert set(mine["approximate"].split()) == APPROXIMATE
    check_totals(done.rows, tmp_path / "t")
