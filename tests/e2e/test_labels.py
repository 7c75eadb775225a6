# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Labels of targets: columns, keys, tags and labels of all that comes of them."""

import csv
import io
import json
import signal

import pytest
from harness import await_true, finish
from receiver import Receiver

ONE = ["--counter", "cpu.usage.average", "--instance", "aggregate"]


@pytest.fixture(scope="module")
def config(esx, vcenter, tmp_path_factory):
    """Two targets, which have a label in common, and one each."""
    path = tmp_path_factory.mktemp("labels") / "vperf.conf"
    path.write_text(f"""
[defaults]
username = collector
ca-file = {esx.ca_file}
type = host
labels = env=prod
[target first]
uri = {esx.url}
labels = site=fra,row=a b
[target second]
uri = {vcenter.url}
label = rack=7,env=test
""")
    return path


def collect(vperf, config, *arguments):
    """What comes out, if all goes well."""
    done = vperf.run("collect", "--config", config, *ONE, *arguments)
    assert done.status == 0, done
    return done.out


def test_csv(vperf, config, esx, vcenter):
    """A column for each key, behind --with; empty for a target that lacks it."""
    rows = list(csv.DictReader(io.StringIO(collect(vperf, config, "--with", "target,labels"))))
    assert list(rows[0])[-6:] == ["target", "labels", "site", "row", "env", "rack"]
    told = {(row["source"], row["target"], row["labels"], row["site"], row["row"], row["env"],
             row["rack"]) for row in rows}
    assert told == {(esx.label, "first", "site=fra,row=a b,env=prod", "fra", "a b", "prod", ""),
                    (vcenter.label, "second", "rack=7,env=test", "", "", "test", "7")}


def test_jsonl(vperf, config, esx):
    """A key for each, where there is a value."""
    rows = [json.loads(line) for line in collect(vperf, config, "--format", "jsonl").splitlines()]
    for row in rows:
        mine = row["source"] == esx.label
        assert row["env"] == ("prod" if mine else "test")
        assert row.get("rack") == (None if mine else "7")


@pytest.mark.parametrize("form, first, second", [
    ("influx", ["site=fra", "row=a\\ b", "env=prod"], ["env=test", "rack=7"]),
    ("openmetrics", ['site="fra"', 'row="a b"', 'env="prod"'], ['env="test"', 'rack="7"'])])
def test_tags(vperf, config, esx, vcenter, form, first, second):
    """Each line has those of its target, once, and no others."""
    lines = [line for line in collect(vperf, config, "--format", form).splitlines()
             if not line.startswith("#")]
    assert lines
    for line in lines:
        mine, others = (first, second) if esx.label in line else (second, first)
        assert esx.label in line or vcenter.label in line
        for text in mine:
            assert line.count(text) == 1, line
        assert not any(text in line for text in others), line


def test_command_line(vperf, config, esx):
    """It goes before the file, and needs none."""
    out = collect(vperf, config, "--label", "env=mine,extra=1", "first")
    row = next(csv.DictReader(io.StringIO(out)))
    assert (row["env"], row["extra"], row["site"]) == ("mine", "1", "fra")
    done = vperf.run("collect", *ONE, "--label", "site=here", *esx.arguments)
    assert done.status == 0 and {row["site"] for row in done.rows} == {"here"}, done


def test_history(vperf, config, tmp_path):
    """A history keeps name and labels; labels of its own go before."""
    path = tmp_path / "vperf.db"
    process = vperf.start("record", "--output", path, "--config", config, "first")
    recorded = ["history", "--format", "csv", path]
    await_true(lambda: "20" in vperf.run(*recorded).out, "a recorded round", 60)
    process.send_signal(signal.SIGINT)
    finish(process)
    for options, labels in (([], "site=fra,row=a b,env=prod"), (["--label", "a=b"], "a=b")):
        done = vperf.run("collect", *ONE, "--with", "target,labels", *options, path)
        assert done.status == 0, done
        assert {(row["target"], row["labels"]) for row in done.rows} == {("first", labels)}, done


@pytest.mark.parametrize("text, reason", [
    ("site", "expected KEY=VALUE"), ("source=x", "rows have a source already"),
    ("a=1,a=2", "a stands twice"),
    (",".join(f"k{i}=v" for i in range(17)), "more than 16 different keys")])
def test_wrong(vperf, text, reason):
    """One line, status 2."""
    done = vperf.run("collect", "--label", text, "https://user@127.0.0.1:1")
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
    assert "--label" in done.err and reason in done.err, done


def test_database(vperf, config, esx):
    """A database over HTTP gets what a file gets."""
    expected = sorted(collect(vperf, config, "--format", "influx").splitlines())
    with Receiver() as database:
        collect(vperf, config, "--output", database.url)
    assert sorted(database.lines) == expected and "site=fra" in "".join(expected)
