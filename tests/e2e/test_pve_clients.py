# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Where they are installed: proxmoxer reads the simulator as vperf, and vperf reads fakepve."""

import asyncio
import contextlib
import threading

import pve
import pytest

SECRET = "Sesam-0effne-Dich"


@pytest.fixture(scope="module")
def proxmoxer():
    """The module, where it is installed."""
    pytest.importorskip("requests", reason="python3-requests is not installed")
    return pytest.importorskip("proxmoxer", reason="proxmoxer is not installed")


@pytest.fixture(scope="module", autouse=True)
def _has_pve(vperf):
    if "pve://" not in vperf.run("--help").out:
        pytest.skip("built without Proxmox VE")


def test_proxmoxer_reads_the_same(proxmoxer, vperf, certs, tmp_path_factory):
    """Guests, their nodes, and the figures that no time changes."""
    cluster = pve.Cluster(pve.binary(tmp_path_factory), certs, "-version", 9)
    try:
        api = proxmoxer.ProxmoxAPI("127.0.0.1", port=cluster.port, user="root@pam",
                                   token_name="vperf", token_value=SECRET, verify_ssl=False)
        theirs = {}
        for node in api.nodes.get():
            of = api.nodes(node["node"])
            for guest in of.qemu.get(full=1) + of.lxc.get():
                if guest["status"] == "running" and not guest.get("template"):
                    theirs[f"lab/{guest['vmid']}"] = (guest, node["node"])
        shown = vperf.run("inventory", "--type", "vm", *cluster.args()).rows
        assert {row["id"]: row["host"] for row in shown if row["state"] == "on"} == \
            {name: node for name, (_, node) in theirs.items()}
        done = vperf.run("collect", "--interval", "8", "--samples", "1", "--type", "vm",
                         "--counter", "cpu.corecount.*,mem.consumed.*,mem.vmmemctl.*",
                         *cluster.args())
    finally:
        cluster.server.stop()
    ours = {(row["id"], row["counter"]): float(row["value"]) for row in done.rows}
    assert {name for name, _ in ours} == set(theirs), done
    for name, (guest, _) in theirs.items():
        used = guest["memhost"] if "memhost" in guest else guest["mem"]
        assert ours[name, "mem.consumed.average"] == used // 1024
        assert ours.get((name, "cpu.corecount.provisioned.average"), guest["cpus"]) == guest["cpus"]
        if "ballooninfo" in guest:
            balloon = guest["ballooninfo"]
            assert ours[name, "mem.vmmemctl.average"] == \
                (balloon["max_mem"] - balloon["actual"]) // 1024


@contextlib.contextmanager
def served(fake, certs):
    """A FakePve on an event loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait_for(call):
        return asyncio.run_coroutine_threadsafe(call, loop).result(60)

    try:
        wait_for(fake.start(certs["good"]["cert"], certs["good"]["key"]))
        yield fake
        wait_for(fake.stop())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def fake(certs):
    """Two nodes with a guest each, and one that is off."""
    fakepve = pytest.importorskip("fakepve", reason="fakepve is not installed")
    made = fakepve.FakePve(user="root@pam", password=SECRET, host="127.0.0.1", port=0)
    made.add_vm(100, "web", node="pve1", status="running", config={"cores": 2, "memory": 2048})
    made.add_vm(101, "db", node="pve2", status="running", config={"cores": 1, "memory": 1024})
    made.add_vm(102, "spare", node="pve1", status="stopped", config={"cores": 1})
    made.apitokens["mon@pve!vperf"] = SECRET
    with served(made, certs):
        yield made


def ask(vperf, fake, certs, *command, user="root@pam", secret=SECRET):
    """Run it on the fake."""
    return vperf.run(*command, "--ca-file", certs["ca"]["cert"], f"pve://{user}@127.0.0.1:{fake.port}",
                     env={"VPERF_PASSWORD": secret})


def test_fakepve_lets_in(vperf, fake, certs):
    """A user with a ticket: guests as they were made."""
    done = ask(vperf, fake, certs, "inventory", "--type", "vm")
    assert done.status == 0, done
    assert {(row["name"], row["host"], row["state"], row["cpus"]) for row in done.rows} == \
        {("web", "pve1", "on", "2"), ("db", "pve2", "on", "1"), ("spare", "pve1", "off", "1")}


def test_fakepve_refuses(vperf, fake, certs):
    """A wrong password, a wrong secret of a token, and a second factor."""
    done = ask(vperf, fake, certs, "inventory", secret="wrong")
    assert done.status == 1
    assert "refused: authentication failure: check user, realm and password" in done.err
    done = ask(vperf, fake, certs, "inventory", user="mon@pve!vperf", secret="wrong")
    assert done.status == 1 and "secret of the API token" in done.err, done
    fake.tfa = True
    done = ask(vperf, fake, certs, "inventory")
    fake.tfa = False
    assert done.status == 1 and "API token" in done.err, done


def test_fakepve_hides(vperf, fake, certs):
    """A token without rights sees nodes, and empty lists of guests: that is told, with the role."""
    fake.acl = {}
    done = ask(vperf, fake, certs, "collect", "--interval", "4", "--samples", "1",
               user="mon@pve!vperf")
    fake.acl = None
    assert done.status == 3 and "give the API token the role PVEAuditor on /" in done.err, done
    assert {row["counter"] for row in done.rows} <= {"cpu.usage.average", "cpu.utilization.average"}


def test_fakepve_loses_a_node(vperf, fake, certs):
    """Its guests are named; those of the other one are measured."""
    fake.set_node_offline("pve2")
    done = ask(vperf, fake, certs, "collect", "--interval", "4", "--samples", "1", "--type", "vm",
               "--counter", "cpu.corecount.*")
    fake.set_node_offline("pve2", offline=False)
    assert done.status == 3 and "pve2" in done.err, done
    assert {row["name"] for row in done.rows} == {"web"}, done
