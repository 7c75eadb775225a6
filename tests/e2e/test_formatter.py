# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""One schema for both: vSphere and libvirt in one run give rows of the same form, under the same
names, units, rollups and stats types. (tests/sink/test_same_formatter.c has the bytes.)"""

import re

import pytest
from harness import read_csv

TEST = "test:///default"
HEADER = "timestamp,source,hypervisor,type,\"name\",id,counter,instance,value,unit,interval"
CELLS = {
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "source": r"\S+", "hypervisor": r"[a-z]+",
    "type": r"vm|host", "name": r".+", "id": r"\S+", "interval": r"20",
    # The simulator offers a counter that is not in its catalogue.
    "counter": r"[A-Za-z]+(\.[A-Za-z0-9]+)+\.(average|summation|latest|maximum|minimum|none)|#\d+",
    "instance": r".*", "value": r"-?\d+(\.\d\d)?", "unit": r"[a-zA-Z]*",
}
MEANING = ["unit", "rollup", "stats"]


@pytest.fixture(scope="module")
def both(vperf, esx):
    """One run over a vSphere and a libvirt target; it takes vSphere's interval of 20 s."""
    done = vperf.run("collect", "--ca-file", esx.ca_file, "--interval", 20, esx.target(), TEST)
    assert done.status == 0, done
    return done


def sides(rows):
    """The rows of vSphere and those of libvirt."""
    return ([row for row in rows if row["hypervisor"] == "esxi"],
            [row for row in rows if row["hypervisor"] == "test"])


def test_one_header_and_no_other_line(both):
    """Rows of both sides follow one header, those of the first target first."""
    lines = both.out.splitlines()
    assert lines[0] == HEADER and lines.count(HEADER) == 1
    esxi, libvirt = sides(both.rows)
    assert esxi and libvirt and both.rows == esxi + libvirt
    assert both.own_seconds < 30, "two targets, two intervals"


def test_every_cell_has_one_form(both):
    """Cells of both sides match the same patterns; percent has two decimals, all else none."""
    for row in both.rows:
        for name, pattern in CELLS.items():
            assert re.fullmatch(pattern, row[name]), (name, row)
        assert ("." in row["value"]) == (row["unit"] == "percent"), row


def test_common_counters_mean_the_same(both):
    """A counter that both sides gave has the same unit, and an aggregate on both sides."""
    esxi, libvirt = sides(both.rows)
    units = [{row["counter"]: row["unit"] for row in side} for side in (esxi, libvirt)]
    common = units[0].keys() & units[1].keys()
    assert {"cpu.usage.average", "cpu.used.summation", "mem.usage.average", "net.usage.average",
            "disk.usage.average"} <= common
    for counter in common:
        assert units[0][counter] == units[1][counter], counter
        for side in (esxi, libvirt):
            assert any(row["counter"] == counter and not row["instance"] for row in side), counter


@pytest.mark.parametrize("server", ["esx", "vcenter"], indirect=True)
def test_the_catalogues_agree(vperf, server):
    """Unit, rollup and stats type of each vSphere name are those of vSphere's catalogue."""
    ours, theirs = ({row["counter"]: [row[name] for name in MEANING]
                     for row in vperf.run("counters", *target).rows}
                    for target in ([TEST], server.arguments))
    vsphere_names = [counter for counter in ours if not counter.startswith("kvm.")]
    common = [counter for counter in vsphere_names if counter in theirs]
    assert len(common) >= 40
    assert {counter: ours[counter] for counter in common} == {
        counter: theirs[counter] for counter in common}
    assert not [counter for counter in theirs if counter.startswith("kvm.")]


def test_no_name_is_invented(vperf, vcenter):
    """Each name outside the group kvm is in vCenter's catalogue, with its label."""
    ours, theirs = ({row["counter"]: row for row in vperf.run("counters", *target).rows}
                    for target in ([TEST], vcenter.arguments))
    vsphere_names = [counter for counter in ours if not counter.startswith("kvm.")]
    assert [counter for counter in vsphere_names if counter not in theirs] == []
    for name in ("label", "summary"):
        assert {counter: ours[counter][name] for counter in vsphere_names} == {
            counter: theirs[counter][name] for counter in vsphere_names}


def test_raw_is_raw_on_both_sides(vperf, esx):
    """--raw gives percent in hundredths, whole numbers throughout, whatever the source."""
    for target in ([TEST, "--interval", "1"], esx.arguments):
        for raw in ([], ["--raw"]):
            done = vperf.run("collect", "--counter", "*.usage.average", *raw, *target)
            assert done.status == 0, done
            values = [row["value"] for row in read_csv(done.out) if row["unit"] == "percent"]
            assert values
            assert all(bool(raw) == value.isdigit() for value in values), values
