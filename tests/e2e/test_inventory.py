# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf inventory: the properties that pyVmomi reads from the same server; tables; pages."""

import json
import unicodedata

import pytest
from harness import PASSWORD, USER, on_terminal, read_csv

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")

COLUMNS = ["type", "name", "state", "cpus", "memory_kib", "threads", "cpu_mhz", "host", "guest_os",
           "id", "uuid", "cpu_model", "hypervisor", "source"]

POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}


def guest_row(vm):
    """What vperf should say about a guest."""
    config, runtime = vm.summary.config, vm.runtime
    return {"type": "vm", "state": POWER[runtime.powerState], "host": runtime.host.name,
            "cpus": str(config.numCpu), "threads": "", "cpu_mhz": "",
            "memory_kib": str(config.memorySizeMB * 1024), "uuid": config.uuid,
            "guest_os": config.guestFullName or "", "cpu_model": ""}


def host_row(host):
    """What vperf should say about a host."""
    hardware = host.summary.hardware
    state = "on" if host.runtime.connectionState == "connected" else "disconnected"
    return {"type": "host", "state": state, "host": "", "cpus": str(hardware.numCpuCores),
            "threads": str(hardware.numCpuThreads),
            "cpu_mhz": str(hardware.cpuMhz), "memory_kib": str(hardware.memorySize // 1024),
            "uuid": hardware.uuid, "guest_os": "", "cpu_model": hardware.cpuModel}


def from_pyvmomi(server):
    """The rows that vperf should print, by id."""
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        rows = {}
        for entity in reference.entities(content):
            row = guest_row(entity.object) if entity.type == "vm" else host_row(entity.object)
            rows[entity.id] = {**row, "name": entity.name, "id": entity.id,
                               "hypervisor": "esxi", "source": server.label}
        return rows


@pytest.mark.parametrize("server", ["esx", "vcenter", "plain_esx", "plain_vcenter"], indirect=True)
def test_properties_are_pyvmomis(vperf, server):
    """Every host and guest with every property, those without power as well."""
    done = vperf.run("inventory", *server.arguments)
    assert (done.status, done.err) == (0, ""), done
    assert done.out.splitlines()[0] == ",".join(COLUMNS).replace("name", '"name"', 1)
    ours, theirs = {row["id"]: row for row in done.rows}, from_pyvmomi(server)
    assert len(ours) == len(done.rows)
    assert ours.keys() == theirs.keys()
    for key in theirs:
        assert ours[key] == theirs[key]


def test_states(vperf, vcenter):
    """The states that people look for are all told."""
    rows = vperf.run("inventory", *vcenter.arguments).rows
    assert {(row["type"], row["state"]) for row in rows} >= {
        ("host", "on"), ("host", "disconnected"), ("vm", "on"), ("vm", "off")}


@pytest.mark.parametrize("options, wanted", [
    (["--type", "vm"], lambda row: row["type"] == "vm"),
    (["--type", "host"], lambda row: row["type"] == "host"),
    (["--name", "*_VM1"], lambda row: row["name"].endswith("_VM1")),
    (["--name", "!*_VM1"], lambda row: not row["name"].endswith("_VM1"))])
def test_selection(vperf, vcenter, options, wanted):
    """--type and --name choose rows and change none, not even the host's name of a guest."""
    everything = vperf.run("inventory", *vcenter.arguments).rows
    chosen = [row for row in everything if wanted(row)]
    assert chosen and vperf.run("inventory", *options, *vcenter.arguments).rows == chosen


def test_order_is_by_type_and_name(vperf, vcenter):
    """The list can be compared with yesterday's: its order does not depend on the server's."""
    first, second = (vperf.run("inventory", *vcenter.arguments).out for _ in range(2))
    assert first == second
    rows = read_csv(first)
    assert [row["type"] for row in rows] == sorted((row["type"] for row in rows), reverse=True)


def test_several_targets(vperf, esx, vcenter):
    """Two targets in one list; the source column tells them apart."""
    rows = vperf.run("inventory", *esx.arguments, vcenter.target()).rows
    assert rows == vperf.run("inventory", *esx.arguments).rows + vperf.run(
        "inventory", *vcenter.arguments).rows


def test_one_of_two_fails(vperf, esx, start_badserver):
    """The other one's list comes; status 3 and one line tell what is missing."""
    bad = start_badserver("html")
    done = vperf.run("inventory", bad.target(), *esx.arguments)
    assert done.status == 3, done
    assert len(done.messages) == 1 and bad.label in done.err
    assert done.rows == vperf.run("inventory", *esx.arguments).rows


def width_of(text):
    """Columns on a terminal: CJK characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def test_table(vperf, start_vcsim, tmp_path):
    """--format table: one line an entity, aligned though names are wide or hold line breaks."""
    names = ["plain", "漢字", "Grün", "two\nlines", "tab\tbed", "\x1b[31mred"]
    (tmp_path / "names").write_text(json.dumps(names))
    server = start_vcsim("-mode", "real", "-vm", len(names), "-names", tmp_path / "names")
    done = vperf.run("inventory", "--type", "vm", "--format", "table", *server.arguments)
    lines = done.out.splitlines()
    assert len(lines) == len(names) + 1
    assert lines[0].split() == COLUMNS
    assert "\x1b" not in done.out and "\t" not in done.out
    assert len({width_of(line[:line.index("esxi")]) for line in lines[1:]}) == 1, done


@pytest.mark.parametrize("columns", [80, 120])
def test_terminal(vperf, esx, columns):
    """A table fits the terminal: an ellipsis stands for what is cut. Elsewhere nothing is cut."""
    lines = on_terminal(vperf, columns, "inventory", *esx.arguments)
    whole = vperf.run("inventory", "--format", "table", *esx.arguments).out.splitlines()
    assert len(lines) == len(whole)
    assert max(map(width_of, whole)) > columns >= max(map(width_of, lines))
    assert any("…" in line for line in lines) and "…" not in "".join(whole)
    assert lines[0].split()[:5] == COLUMNS[:5]
    assert [line.split()[0] for line in lines] == [line.split()[0] for line in whole]


def test_wide_terminal(vperf, esx):
    """Where there is room, nothing is cut."""
    whole = vperf.run("inventory", "--format", "table", *esx.arguments).out.splitlines()
    assert on_terminal(vperf, max(map(len, whole)), "inventory", *esx.arguments) == whole


@pytest.mark.parametrize("page", [1, 3, 7, 13])
def test_pages(vperf, start_vcsim, page):
    """A server that gives a few objects at a time: the same list, in as many calls as it takes."""
    guests = 12
    common = ("-mode", "real", "-now", "2026-11-21T19:17:25Z", "-vm", guests)
    whole, paged = start_vcsim(*common), start_vcsim(*common, "-max-objects", page)
    expected = vperf.run("inventory", *whole.arguments).out.replace(whole.label, paged.label)
    done = vperf.run("inventory", *paged.arguments)
    assert (done.status, done.err) == (0, ""), done
    assert done.out == expected
    more = -(-(guests + 1) // page) - 1
    assert paged.methods().count("ContinueRetrievePropertiesEx") == more


def test_pages_in_collect(vperf, start_vcsim):
    """No guest is lost between pages."""
    server = start_vcsim("-mode", "real", "-vm", "10", "-max-objects", "4")
    done = vperf.run("collect", "--counter", "cpu.usage.average", *server.arguments)
    assert len({row["id"] for row in done.rows}) == 11


def test_a_page_is_lost(vperf, start_vcsim):
    """The list is whole or it is not written: half an inventory looks like a deleted half."""
    server = start_vcsim("-mode", "real", "-vm", "10", "-max-objects", "4", "-accident",
                         "ContinueRetrievePropertiesEx:2-99:503")
    done = vperf.run("inventory", "--timeout", "1", *server.arguments)
    assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
    assert server.label in done.err
    assert server.methods()[-1] == "Logout"


def test_no_guests(vperf, start_vcsim):
    """An empty selection is a header, not an error."""
    server = start_vcsim("-mode", "real", "-vm", "0")
    done = vperf.run("inventory", "--type", "vm", *server.arguments)
    assert (done.status, done.rows, done.out.count("\n")) == (0, [], 1), done


def test_one_call_for_all_properties(vperf, start_vcsim):
    """Thirty guests take as many calls as one: no call for each object."""
    methods = []
    for guests in (1, 30):
        server = start_vcsim("-mode", "real", "-vm", guests)
        vperf.run("inventory", *server.arguments)
        methods.append(server.methods())
    assert methods[0] == methods[1]
    assert methods[0].count("RetrievePropertiesEx") == 1
