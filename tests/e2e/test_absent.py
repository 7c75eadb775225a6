# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What was asked for and did not come is named: entities that are on and give nothing, types that a
server keeps nothing of."""

import follow
import harness
import pytest
import weather
from harness import series_of

NOW = ("-mode", "real", "-now", weather.NOW)
VCENTER = (*NOW, "-model", "vpx", "-host", "2", "-vm", "20")
# Without what properties give, which is there even of entities that are silent.
SERVERS = ("--counter", "!space.*,!snapshot.*,!guestDisk.*")
GPU = "gpu.utilization.average"
FEW = ("--counter", "cpu.usage.average,mem.usage.average")


def names_of(server, vperf, *options):
    """The names in the inventory by id."""
    listed = vperf.run("inventory", *options, *server.arguments).rows
    return {row["id"]: row["name"] for row in listed}


@pytest.mark.parametrize("options", [FEW, ()], ids=["few counters", "all counters"])
@pytest.mark.parametrize("flag", ["-silent", "-valueless"])
def test_entities_that_give_nothing(vperf, start_vcsim, flag, options):
    """No element, or -1 alone: one line for guests, one for the host, status 3."""
    server = start_vcsim(*VCENTER, flag, "3,7,11,host1")
    done = vperf.run("collect", *options, *server.arguments)
    assert (done.status, len(done.messages)) == (3, 3), done
    ids = {row["id"] for row in done.rows}
    absent = {key: name for key, name in names_of(server, vperf).items() if key not in ids}
    assert len(absent) == 4
    guests, host = done.messages[:2]
    assert ": 3 of 20 guests returned no samples: vm '" in guests, done
    assert ": host '" in host and host.endswith(": returned no samples"), done
    assert all(f"'{name}' ({key})" in guests + host for key, name in absent.items()), done
    assert "; 4 incomplete: see above" in done.messages[-1]


def test_many_that_give_nothing(vperf, start_vcsim):
    """Some are named, all at --verbose."""
    server = start_vcsim(*VCENTER, "-silent", ",".join(map(str, range(2, 18))))
    done = vperf.run("collect", *FEW, *server.arguments)
    assert done.status == 3 and "16 of 20 guests returned no samples" in done.err, done
    assert done.messages[0].endswith(", …") and done.err.count("vm '") == 5
    told = vperf.run("collect", "--verbose", *FEW, *server.arguments).err
    silent = names_of(server, vperf, "--type", "vm").keys() - {row["id"] for row in done.rows}
    assert len(silent) == 16 and all(f"({key})" in told for key in silent), told


def test_silence_among_many_that_lack_the_counter(vperf, start_vcsim):
    """Every third guest has it. More are silent than are asked why: those that have it are named;
    and nobody when all that are asked lack it."""
    flags = (*NOW, "-model", "vpx", "-host", "2", "-vm", "98", "-own-counter", GPU)
    options = ("collect", "--verbose", "--type", "vm", "--counter", GPU)
    usual = vperf.run(*options, *start_vcsim(*flags).arguments)
    assert usual.status == 0 and "returned no samples" not in usual.err, usual
    server = start_vcsim(*flags, "-silent", ",".join(map(str, range(4, 98, 3))))
    done = vperf.run(*options, *server.arguments)
    assert done.status == 3 and len(done.rows) == 1 and len(usual.rows) == 33, done
    assert "guests returned no samples: vm '" in done.err
    assert "guests returned no samples, and may lack the counters: not asked: vm '" in done.err
    silent = {row["id"] for row in usual.rows} - {row["id"] for row in done.rows}
    assert all(f"({key})" in done.err for key in silent), done
    assert weather.calls(server)["QueryAvailablePerfMetric"] < 80


def test_nobody_gives_anything(vperf, start_vcsim):
    """An empty answer to everything: nothing could be collected."""
    server = start_vcsim(*NOW, "-silent", "0,1,host0")
    done = vperf.run("collect", *SERVERS, *server.arguments)
    assert (done.status, done.out, len(done.messages)) == (1, "", 2), done
    assert "2 of 2 guests returned no samples" in done.err


def test_off_is_not_absent(vperf, start_vcsim):
    """A guest that is off and has no archived samples either is skipped, as in real time."""
    server = start_vcsim(*NOW, "-vm", "3", "-off", "1", "-silent", "2")
    for options in ((), ("--interval", "300")):
        done = vperf.run("collect", *FEW, *options, *server.arguments)
        assert done.status == 0 and "1 powered off or disconnected: skipped" in done.err, done


def test_counter_that_nobody_has(vperf, start_vcsim):
    """It is told, beside others that are there and alone."""
    server = start_vcsim(*NOW)
    for counters, status in (("disk.usage.maximum", 1), ("disk.usage.maximum,cpu.usage.average", 3)):
        done = vperf.run("collect", "--counter", counters, *server.arguments)
        assert done.status == status and (done.out != "") == (status == 3), done
        assert "no entity offers a counter that matches 'disk.usage.maximum'" in done.messages[0]


def test_two_parts_of_one_entity(vperf, start_vcsim, esx):
    """Both parts of an answer count, and what both have comes once."""
    flags = (*NOW, "-model", "esx", "-vm", "3", "-off", "1")
    for options in (("--samples", "3"), ("--last", "2m")):
        server = start_vcsim(*flags, "-split-answers")
        done = vperf.run("collect", *options, *server.arguments)
        usual = vperf.run("collect", *options, *esx.arguments)
        assert done.status == 0 and len(done.rows) == len(usual.rows), done
        assert not harness.difference(
            {key[:2] + key[3:]: value for key, value in series_of(done.rows).items()},
            {key[:2] + key[3:]: value for key, value in series_of(usual.rows).items()})


def test_type_without_archive(vperf, start_vcsim):
    """An ESXi host keeps nothing of its datastores: not a header and status 0."""
    server = start_vcsim(*NOW)
    done = vperf.run("collect", *SERVERS, "--type", "datastore", "--interval", "300",
                     *server.arguments)
    assert (done.status, done.out, len(done.messages)) == (1, "", 1), done
    assert "datastore '" in done.err and "listed no counters of 300 s" in done.err


def test_the_only_archive(vperf, start_vcsim):
    """An ESXi host archives 300 s alone: there is no longer interval to be given."""
    server = start_vcsim(*NOW)
    done = vperf.run("collect", *FEW, "--interval", "day", "--last", "3d", *server.arguments)
    assert done.status == 0 and "kept for 36 h: the server has no older ones" in done.err, done


def test_silence_in_an_endless_run(vperf, start_vcsim, tmp_path):
    """It is told once when it lasts, in one line, and so is its end; guests that have just come, or
    are late, are not absent."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "vpx", "-control", "-vm", 8,
                                       "-host", 2, "-speed", 120), 120)
    with follow.following(vperf, server, tmp_path) as run:
        run.await_steady()
        ids = list(names_of(server.peer, vperf, "--type", "vm"))[:3]
        server.control("create", count=2)
        server.control("delay", ids=ids[0], **{"for": "2m"})
        server.wait(4)
        assert not [line for line in run.messages() if "no samples" in line]
        server.control("silence", ids=",".join(ids[1:]))
        harness.await_true(lambda: any("no samples" in line for line in run.messages()),
                           "the silence", 60)
        server.wait(4)
        server.control("silence", ids=",".join(ids[1:]), on="false")
        harness.await_true(lambda: any("over for" in line for line in run.messages()),
                           "its end", 60)
        told = [line for line in run.messages() if "no samples" in line]
        run.interrupt()
    assert len(told) == 2 and "2 of 10 guests returned no samples: vm '" in told[0], told
    assert "over for 2 guests: returned no samples" in told[1]
