# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf inventory: the properties that pyVmomi reads from the same server; tables; pages."""

import json
import unicodedata

import pytest
from harness import PASSWORD, USER, on_terminal, read_csv

reference = pytest.importorskip("pyvmomi_reference", reason="needs python3-pyvmomi")
vim = reference.vim

COLUMNS = ["type", "name", "state", "cpus", "memory_kib", "host", "guest_ip", "guest_host",
           "guest_os", "title", "reason", "path", "datacenter", "cluster", "pool", "datastores", "id",
           "uuid", "url", "threads", "cpu_mhz", "cpu_model", "hypervisor", "source"]

POWER = {"poweredOn": "on", "poweredOff": "off", "suspended": "suspended"}


def above(entity):
    """The managed objects from this one up to the datacenter."""
    chain = []
    while not isinstance(entity, vim.Datacenter):
        chain.append(entity)
        entity = entity.parent or entity.parentVApp
    return [*chain, entity]


def path(entity):
    """The path that govc shows."""
    return "/".join(each.name for each in reversed(above(entity)))


def cluster(host):
    """The name of the cluster that the host is in, or nothing."""
    return host.parent.name if isinstance(host.parent, vim.ClusterComputeResource) else ""


def guest_row(vm):
    """What vperf should say about a guest."""
    config, runtime = vm.summary.config, vm.runtime
    return {"type": "vm", "state": POWER[runtime.powerState], "host": runtime.host.name,
            "cpus": str(config.numCpu), "memory_kib": str(config.memorySizeMB * 1024),
            "uuid": config.uuid, "guest_os": config.guestFullName or "",
            "guest_ip": vm.guest.ipAddress or "", "guest_host": vm.guest.hostName or "",
            "path": path(vm), "datacenter": above(vm)[-1].name, "cluster": cluster(runtime.host),
            "pool": path(vm.resourcePool),
            "datastores": "; ".join(each.name for each in vm.datastore)}


def host_row(host):
    """What vperf should say about a host."""
    hardware = host.summary.hardware
    good = host.runtime.connectionState == "connected"
    return {"type": "host", "state": "on" if good else "disconnected",
            "reason": "" if good else host.runtime.connectionState,
            "cpus": str(hardware.numCpuCores), "threads": str(hardware.numCpuThreads),
            "cpu_mhz": str(hardware.cpuMhz), "memory_kib": str(hardware.memorySize // 1024),
            "uuid": hardware.uuid, "cpu_model": hardware.cpuModel, "path": path(host),
            "datacenter": above(host)[-1].name, "cluster": cluster(host)}


def other_row(entity):
    """What vperf should say about what holds guests and hosts."""
    chain = above(entity.object)
    row = {"type": entity.type, "state": "", "path": path(entity.object),
           "datacenter": chain[-1].name if len(chain) > 1 else ""}
    if entity.type == "pool":
        row["cluster"] = next((each.name for each in chain
                               if isinstance(each, vim.ClusterComputeResource)), "")
    if entity.type == "datastore":
        row["url"] = url = entity.object.summary.url
        row["uuid"] = url.split("/volumes/")[1].strip("/") if "/volumes/" in url else ""
    return row


ROWS = {"vm": lambda entity: guest_row(entity.object),
        "host": lambda entity: host_row(entity.object)}


TYPES = ["vm", "host", "pool", "cluster", "datastore", "datacenter"]


def from_pyvmomi(server):
    """The rows that vperf should print, by id."""
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        rows = {}
        for entity in reference.entities(content, TYPES):
            row = ROWS.get(entity.type, other_row)(entity)
            rows[entity.id] = {**dict.fromkeys(COLUMNS, ""), **row, "name": entity.name,
                               "id": entity.id, "hypervisor": "esxi", "source": server.label}
        return rows


@pytest.mark.parametrize("server", ["esx", "vcenter", "plain_esx", "plain_vcenter", "twins"],
                         indirect=True)
def test_properties_are_pyvmomis(vperf, server):
    """Every entity with every property, those without power as well."""
    done = vperf.run("inventory", "--type", ",".join(TYPES), *server.arguments)
    assert (done.status, done.err) == (0, ""), done
    assert done.out.splitlines()[0] == ",".join(COLUMNS).replace("name", '"name"', 1)
    ours, theirs = {row["id"]: row for row in done.rows}, from_pyvmomi(server)
    assert len(ours) == len(done.rows)
    assert ours.keys() == theirs.keys()
    for key in theirs:
        assert ours[key] == theirs[key]


def test_same_names(vperf, twins):
    """What has the name of another is told from it by path and id, also to --name."""
    rows = vperf.run("inventory", "--type", "pool,datastore", *twins.arguments).rows
    pools = [row for row in rows if row["name"] == "Resources"]
    assert len(pools) == 2
    for row in pools:
        for name in (row["path"], row["id"], "/" + row["path"], row["path"].replace("host", "h*")):
            done = vperf.run("inventory", "--type", "pool", "--name", name, *twins.arguments)
            assert (done.status, done.rows) == (0, [row]), done
        others = vperf.run("inventory", "--type", "pool,datastore", "--name", "!" + row["path"],
                           *twins.arguments).rows
        assert others == [each for each in rows if each != row]


@pytest.mark.parametrize("column, form", [("id", str), ("uuid", str), ("uuid", str.upper),
                                          ("path", str)])
def test_a_guest_by_its_id(vperf, twins, column, form):
    """collect takes for a name what inventory shows."""
    guest = vperf.run("inventory", "--type", "vm", *twins.arguments).rows[2]
    done = vperf.run("collect", "--type", "vm", "--counter", "cpu.usage.average", "--name",
                     form(guest[column]), *twins.arguments)
    assert (done.status, {row["id"] for row in done.rows}) == (0, {guest["id"]}), done
    none = vperf.run("collect", "--name", guest["id"] + "*", *twins.arguments)
    assert (none.status, none.out) == (2, ""), "an id is no pattern"


def test_datastores_can_be_joined(vperf, twins):
    """The instances of datastore counters are the UUIDs of the inventory's datastores."""
    uuids = {row["uuid"] for row in
             vperf.run("inventory", "--type", "datastore", *twins.arguments).rows}
    rows = vperf.run("collect", "--type", "host", "--counter", "datastore.read.average",
                     *twins.arguments).rows
    assert {row["instance"] for row in rows} == uuids and len(uuids) == 2


def test_vapps_are_pools(vperf, twins):
    """A vApp comes out of the view as a subclass of resource pools, and is asked as what it is."""
    pools = vperf.run("inventory", "--type", "pool", *twins.arguments).rows
    assert [row["name"] for row in pools] == ["Resources", "Resources", "app-0", "app-1"]
    done = vperf.run("collect", "--type", "pool", "--interval", "300", "--samples", "1",
                     *twins.arguments)
    assert (done.status, done.messages[:-1]) == (0, []), done
    assert {row["id"] for row in done.rows} == {row["id"] for row in pools}


def test_pools_in_real_time(vperf, twins):
    """Where the server says that pools have samples in real time, they are taken."""
    done = vperf.run("collect", "--type", "pool", *twins.arguments)
    assert done.status == 0 and done.rows, done
    pools = vperf.run("inventory", "--type", "pool", *twins.arguments).rows
    assert {(row["type"], row["interval"]) for row in done.rows} == {("pool", "20")}
    assert {row["id"] for row in done.rows} == {row["id"] for row in pools}
    both = vperf.run("collect", "--type", "pool,datastore", *twins.arguments)
    assert both.status == 0 and "--type datastore: the server's counters have no" in both.err, both


def test_attributes(vperf, start_vcsim, esx):
    """--attributes adds a column with what pyVmomi finds, before that of tags; ESXi has none."""
    server = start_vcsim("-mode", "real", "-model", "vpx", "-vm", "3", "-space")
    with reference.session(server.url, USER, PASSWORD, server.ca_file) as content:
        names = {field.key: field.name for field in content.customFieldsManager.field}
        expected = {entity.id: "; ".join(sorted(f"{names[each.key]}={each.value}"
                                                for each in entity.object.customValue))
                    for entity in reference.entities(content)}
    plain = vperf.run("inventory", *server.arguments).rows
    done = vperf.run("inventory", "--attributes", *server.arguments)
    rows = done.rows
    assert {row["id"]: row.pop("attributes") for row in rows} == expected, done
    assert {row.pop("tags") for row in rows} == {""}
    assert rows == plain and any("; " in text for text in expected.values())
    none = vperf.run("inventory", "--attributes", *esx.arguments)
    assert {row["attributes"] for row in none.rows} == {""}, none


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


XTERM = {"TERM": "xterm"}
COLORS = [("inventory", XTERM, True), ("inventory", {**XTERM, "NO_COLOR": ""}, True),
          ("inventory", {**XTERM, "NO_COLOR": "1"}, False), ("inventory", {"TERM": "dumb"}, False),
          ("inventory", {}, False), ("compare", XTERM, True), ("counters", XTERM, True),
          ("collect --format table", XTERM, True)]


@pytest.mark.parametrize("command, env, colored", COLORS)
def test_colors(vperf, esx, command, env, colored):
    """A terminal that has colours shows headings bold and errors red, unless NO_COLOR is set; a
    pipe never gets any."""
    words = [*command.split(), "--quiet"]
    if command != "inventory":
        words += ["--counter", "cpu.usage.average"]
    heading = on_terminal(vperf, 200, *words, *esx.arguments, env=env)[0]
    assert heading.startswith("\x1b[1m") == heading.endswith("\x1b[0m") == colored, heading
    error = on_terminal(vperf, 200, *words, "--nonsense", env=env, status=2)[-1]
    assert error.startswith("\x1b[31mvperf:\x1b[0m --nonsense" if colored else "vperf: --non"), error
    assert "\x1b" not in vperf.run(*words, *esx.arguments, env=env).out


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
    places = 8  # a datacenter with its four folders, what the host is in, its pool and datastore
    more = -(-(guests + 1 + places) // page) - 1
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
