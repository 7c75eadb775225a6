# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""`vperf check --save-answers`: no name leaves the house, and vperf reads the recording again."""

import collections
import re
import subprocess

import harness
import pve
import pytest
import replayed
import xapi
from test_pve import collect

TOKEN = "Sesam-0effne-Dich"  # noqa: S105
# What the simulators call their own: names, addresses, UUIDs, references, secrets.
PVE_NAMES = r"pve[12]\b|web\d|golden|\blab\b|ceph|\blocal\b(?!\")|5ca1ab1e|127\.0\.0\.|vmbr|" + TOKEN
XAPI_NAMES = (r"web-|xcp|\bdb|aaaa0001|bbbb0002|0a0a-4000|0b0b-4000|127\.0\.0\.|"
              r"OpaqueRef:(?!NULL|0000)")


@pytest.fixture(scope="module", autouse=True)
def _has_both(vperf):
    help_text = vperf.run("--help").out
    if "pve://" not in help_text or "xapi://" not in help_text:
        pytest.skip("built without Proxmox VE or XenServer")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory, certs):
    """A cluster of version 9."""
    running = pve.Cluster(pve.binary(tmp_path_factory), certs, "-version", 9)
    yield running
    running.server.stop()


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """A pool of two hosts."""
    running = xapi.Pool(xapi.binary(tmp_path_factory), tmp_path_factory.mktemp("pool"))
    yield running
    running.server.stop()


@pytest.fixture(scope="module")
def of_pve(vperf, cluster, tmp_path_factory):
    """A recording of the cluster."""
    return save(vperf, tmp_path_factory.mktemp("pve") / "new", *cluster.args())


@pytest.fixture(scope="module")
def of_xapi(vperf, pool, tmp_path_factory):
    """A recording of the pool."""
    return save(vperf, tmp_path_factory.mktemp("xapi") / "new", *pool.options(), pool.target())


def save(vperf, directory, *arguments):
    done = vperf.run("check", "--save-answers", str(directory), *arguments)
    # A busy machine may be late for the round, which costs no answer.
    assert done.status in (0, 3), done
    assert f"{directory}: {len(list(directory.iterdir()))} files" in done.err
    assert "look at them before you send them" in done.err
    return directory


def found(directory, pattern):
    """Lines that hold what may not leave the house."""
    return [f"{file.name}: {line[:200]}" for file in directory.iterdir()
            for line in file.read_text().splitlines() if re.search(pattern, line)]


def test_no_name_of_proxmox_is_in_it(of_pve):
    assert not found(of_pve, PVE_NAMES)


def test_no_name_of_a_pool_is_in_it(of_xapi):
    assert not found(of_xapi, XAPI_NAMES)
    assert not found(of_xapi, harness.PASSWORD)


@pytest.mark.parametrize("recording", ["of_pve", "of_xapi"])
def test_it_is_for_its_owner_alone(recording, request):
    """Nothing of it can be read by others."""
    directory = request.getfixturevalue(recording)
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in directory.iterdir()} == {0o600}
    assert [entry.name for entry in directory.parent.iterdir()] == ["new"]


def shape(rows):
    """How often there is a counter with an instance; what export says comes as time passes."""
    return collections.Counter((row["type"], row["counter"], row["instance"]) for row in rows
                               if row["counter"].startswith(("mem.", "net.", "disk.", "virtual")))


def gauges(rows):
    """Values that stand still in the simulator."""
    kept = ("mem.consumed.average", "mem.vmmemctl.average", "disk.provisioned.latest",
            "cpu.corecount.provisioned.average")
    return sorted((row["counter"], row["value"]) for row in rows if row["counter"] in kept)


def test_a_recording_of_proxmox_is_read_as_its_server(vperf, cluster, of_pve, certs):
    rounds = ("--interval", "1", "--samples", "1")
    live = collect(vperf, *rounds, *cluster.args())
    with replayed.serve(of_pve, certs) as port:
        again = collect(vperf, "-k", *rounds, f"pve://root@pam!vperf@127.0.0.1:{port}")
    assert again.rows, again
    assert not re.search(PVE_NAMES, again.out.replace("127.0.0.1", ""))
    assert gauges(again.rows) == gauges(live.rows)
    assert shape(again.rows) == shape(live.rows)


def figures(rows):
    """All values with their times; instances that are UUIDs are called otherwise in a recording."""
    return collections.Counter(
        (row["timestamp"], row["type"], row["counter"],
         row["instance"] if len(row["instance"]) < 8 else "", row["value"]) for row in rows)


def test_a_recording_of_a_pool_gives_the_same_figures(vperf, pool, of_xapi, certs):
    """Those that the pool itself still has of that time."""
    kinds = ("--type", "vm,host")
    with replayed.serve(of_xapi, certs) as port:
        again = vperf.run("collect", "-k", *kinds, f"xapi://root@127.0.0.1:{port}")
    assert {row["type"] for row in again.rows} == {"vm", "host"}, again
    live = vperf.run("collect", "--last", "9m", *kinds, *pool.options(), pool.target())
    # One guest moves between the hosts, perhaps meanwhile.
    kept = figures(again.rows) & figures(live.rows)
    assert kept.total() > 0.8 * len(again.rows), again


def test_a_certificate_that_nobody_verified_is_told(vperf, pool):
    """It is no warning: the user said so."""
    done = vperf.run("check", "-k", pool.target())
    assert "certificate not verified (-k)" in done.rows[0]["trouble"], done


def test_a_full_directory_is_refused(vperf, of_pve, cluster):
    done = vperf.run("check", "--save-answers", str(of_pve), *cluster.args())
    assert done.status == 2
    assert "it is not empty: give a new directory" in done.err


def test_an_empty_directory_is_taken(vperf, tmp_path, pool):
    (tmp_path / "empty").mkdir()
    save(vperf, tmp_path / "empty", *pool.options(), pool.target())


def test_others_are_refused(vperf, tmp_path):
    directory = tmp_path / "new"
    for targets, words in ((("esx01.example.com",), "not for"),
                           (("xapi://a.example.com", "pve://b.example.com"), "give one TARGET")):
        done = vperf.run("check", "--save-answers", str(directory), *targets)
        assert done.status == 2
        assert words in done.err
    assert not directory.exists()


def test_nothing_is_left_when_it_cannot_be_written(vperf, tmp_path, pool):
    done = vperf.run("check", "--save-answers", str(tmp_path / "no" / "new"), *pool.options(),
                     pool.target())
    assert done.status == 1
    assert "cannot create a directory beside" in done.out + done.err
    assert not list(tmp_path.iterdir())
