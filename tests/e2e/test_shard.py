# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""--shard: what several vperf measure together is what one measures, each entity once."""

import pytest


def lines(done):
    """The rows, if all went well."""
    assert done.status == 0, done
    return done.out.splitlines()[1:]


@pytest.mark.parametrize("server", ["esx", "vcenter"], indirect=True)
@pytest.mark.parametrize("count", [2, 5])
def test_together(vperf, server, count):
    """The shards' rows are those of one run."""
    arguments = ["--last", "10m", "--counter", "cpu.usage.average", *server.arguments]
    whole = lines(vperf.run("collect", *arguments))
    parts = [lines(vperf.run("collect", "--shard", f"{number}/{count}", *arguments))
             for number in range(1, count + 1)]
    assert sorted(sum(parts, [])) == sorted(whole) and whole


def test_names_are_looked_for_in_all(vperf, esx):
    """A guest of another shard is not missed; the counters of a shard without guests are not."""
    done = [vperf.run("collect", "--shard", f"{number}/5", "--name", "*_VM0", "--counter",
                      "cpu.usage.average", *esx.arguments) for number in range(1, 6)]
    assert [one.status for one in done] == [0] * 5, done
    assert sum(bool(lines(one)) for one in done) == 1


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "2/5/1", "", "2/1001"])
def test_wrong(vperf, text):
    """One line, status 2."""
    done = vperf.run("collect", "--shard", text, "https://user@127.0.0.1:1")
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert f"--shard '{text}': expected NUMBER/COUNT" in done.err, done
