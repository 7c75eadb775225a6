# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Another client of Proxmox VE: proxmoxer, where it is installed, reads the simulator as vperf."""

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
