# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""XenServer's own client for Python reads the simulated pool too, and finds what vperf finds."""

import collections
import datetime
import math
import urllib.request
import xml.etree.ElementTree

import harness
import pytest
import xapi

# Data source, or those whose difference counts, and factor, of what vperf calls otherwise.
OF_VM = {("cpu.usage.average", ""): (["cpu_usage"], 100),
         ("mem.consumed.average", ""): (["memory"], 1 / 1024),
         ("net.received.average", "0"): (["vif_0_rx"], 1 / 1024),
         ("net.transmitted.average", ""): (["vif_0_tx"], 1 / 1024),
         ("virtualDisk.read.average", "xvda"): (["vbd_xvda_read"], 1 / 1024)}
OF_HOST = {("cpu.usage.average", ""): (["cpu_avg"], 100),
           ("mem.consumed.average", ""): (["memory_total_kib", "memory_free_kib"], 1),
           ("net.received.average", "eth0"): (["pif_eth0_rx"], 1 / 1024)}


@pytest.fixture(scope="module")
def client():
    """The module, where it is installed."""
    return pytest.importorskip("XenAPI", reason="XenAPI of PyPI is not installed")


@pytest.fixture(scope="module")
def pool(client, tmp_path_factory):
    """A pool that lives as long as the tests here."""
    del client
    running = xapi.Pool(xapi.binary(tmp_path_factory), tmp_path_factory.mktemp("xapi"))
    yield running
    running.server.stop()


@pytest.fixture
def session(client, pool):
    """Logged in at the master, which a member names."""
    logged_in = client.Session(f"https://127.0.0.2:{pool.server.port}", ignore_ssl=True)
    with pytest.raises(client.Failure) as refused:
        logged_in.xenapi.login_with_password(harness.USER, harness.PASSWORD, "1.0", "test")
    code, master = refused.value.details
    assert code == "HOST_IS_SLAVE"
    logged_in = client.Session(f"https://{master}:{pool.server.port}", ignore_ssl=True)
    logged_in.xenapi.login_with_password(harness.USER, harness.PASSWORD, "1.0", "test")
    yield logged_in
    logged_in.xenapi.session.logout()


def test_records(vperf, pool, session):
    done = vperf.run("inventory", *pool.options(), "--type", "vm,host", pool.target())
    assert done.status == 0, done
    hosts = {reference: record["name_label"]
             for reference, record in session.xenapi.host.get_all_records().items()}
    guests = {(record["uuid"], record["name_label"], record["power_state"] == "Running",
               record["VCPUs_max"], hosts.get(record["resident_on"], ""))
              for record in session.xenapi.VM.get_all_records().values()
              if not (record["is_a_template"] or record["is_a_snapshot"] or
                      record["is_control_domain"])}
    rows = collections.defaultdict(list)
    for row in done.rows:
        rows[row["type"]].append(row)
    # Where the guest is that moves depends on the moment.
    assert {(row["id"], row["name"], row["state"] == "on", row["cpus"], row["host"])
            for row in rows["vm"] if row["name"] != "rover"} == \
        {guest for guest in guests if guest[1] != "rover"}
    assert len(rows["vm"]) == len(guests)
    assert {row["name"] for row in rows["host"]} == set(hosts.values())


def updates(pool, session, start):
    """{(kind, uuid, data source): {time: value}} of all hosts."""
    found = collections.defaultdict(dict)
    for record in session.xenapi.host.get_all_records().values():
        query = f"session_id={session.handle}&start={start}&cf=AVERAGE&interval=5&host=true"
        request = urllib.request.Request(
            f"https://{record['address']}:{pool.server.port}/rrd_updates?{query}",
            headers={"Accept": "text/xml"})
        with urllib.request.urlopen(request, context=pool.context, timeout=30) as answer:
            tree = xml.etree.ElementTree.parse(answer)
        legend = [entry.text.split(":", 3)[1:] for entry in tree.iter("entry")]
        for row in tree.iter("row"):
            for name, value in zip(legend, row.findall("v")):
                found[tuple(name)][int(row.find("t").text)] = float(value.text)
    return found


def test_figures(vperf, pool, session):
    done = vperf.run("collect", "--last", "2m", "--type", "vm,host", "--name", "!rover",
                     *pool.options(), pool.target())
    assert done.status == 0, done
    moments = [int(datetime.datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00"))
                   .timestamp()) for row in done.rows]
    found = updates(pool, session, min(moments) - xapi.INTERVAL)
    compared = collections.Counter()
    for row, end in zip(done.rows, moments):
        known = OF_HOST if row["type"] == "host" else OF_VM
        sources, factor = known.get((row["counter"], row["instance"]), ([], 0))
        if not sources:
            continue
        means = [sum(found[row["type"], row["id"], source][end - i * xapi.STEP]
                     for i in range(4)) / 4 for source in sources]
        value = (means[0] - sum(means[1:])) * factor
        digits = 100 if row["unit"] == "percent" else 1
        assert float(row["value"]) == pytest.approx(
            math.floor(value * digits + 1e-6) / digits, abs=1e-9), row
        compared[row["type"], row["id"], row["counter"], row["instance"]] += 1
    assert len(compared) == 3 * len(OF_VM) + 2 * len(OF_HOST)
    assert set(compared.values()) <= {5, 6}
