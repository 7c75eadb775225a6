# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Several outputs of one collection."""

import json

import pytest

import harness


def collect(vperf, server, *arguments, **how):
    """Collect one counter of all guests and hosts."""
    return vperf.run("collect", "--counter", "cpu.usage.average", *arguments,
                     *server.arguments, **how)


def test_each_as_if_alone(vperf, esx, tmp_path):
    """Files of several formats, one with a comma in its name, and standard output."""
    alone = collect(vperf, esx)
    done = collect(vperf, esx, "--output", tmp_path / "a,b.csv", "--output", "-",
                   "--output", f"jsonl:{tmp_path}/c", "--output", tmp_path / "d.jsonl")
    assert alone.status == done.status == 0, done
    assert done.out == alone.out
    assert (tmp_path / "a,b.csv").read_text() == alone.out
    objects = [json.loads(line) for line in (tmp_path / "c").read_text().splitlines()]
    assert [o["name"] for o in objects] == [row["name"] for row in alone.rows]
    assert (tmp_path / "d.jsonl").read_text() == (tmp_path / "c").read_text()


def test_format_is_for_those_that_do_not_say(vperf, esx, tmp_path):
    """--format does not change FORMAT:FILE; a colon after no format belongs to the name."""
    done = collect(vperf, esx, "--format", "jsonl", "--output", f"csv:{tmp_path}/a",
                   "--output", tmp_path / "b:c")
    assert done.status == 0, done
    assert (tmp_path / "a").read_text().startswith("timestamp,")
    assert (tmp_path / "b:c").read_text().startswith("{")


@pytest.mark.parametrize("outputs", [["x.csv", "jsonl:./x.csv"], ["-", "jsonl:-"]])
def test_twice(vperf, esx, tmp_path, outputs):
    """One output for two is refused before anything is asked for."""
    given = [word for output in outputs for word in ("--output", output)]
    done = collect(vperf, esx, *given, cwd=tmp_path)
    assert done.status == 2, done
    assert "is given twice: give another FILE" in done.err
    assert not list(tmp_path.iterdir())


def test_one_cannot_be_opened(vperf, esx, tmp_path):
    """Then nothing is collected, and nothing is left behind."""
    done = collect(vperf, esx, "--output", tmp_path / "a.csv", "--output", tmp_path / "no/b.csv")
    harness.check_output_error(done, "no/b.csv", "No such file or directory")
    assert not list(tmp_path.iterdir())


def test_one_fails(vperf, esx, tmp_path):
    """The others go on, and the status says that a part is missing."""
    alone = collect(vperf, esx)
    done = collect(vperf, esx, "--output", "/dev/full", "--output", tmp_path / "a.csv")
    assert done.status == 3, done
    assert "cannot write /dev/full: No space left on device" in done.err
    assert (tmp_path / "a.csv").read_text() == alone.out


def test_one_fails_amid_the_rounds(vperf, start_vcsim, tmp_path):
    """So do they without an end: the failure is told at once, and once."""
    server = start_vcsim("-mode", "real", "-model", "esx")
    path = tmp_path / "a.csv"
    process = vperf.start("collect", "--follow", "--start", "-2m", "--counter",
                          "cpu.usage.average", "--output", "/dev/full", "--output", path,
                          *server.arguments)
    line = process.stderr.readline().decode()
    assert "cannot write /dev/full: No space left on device; the other outputs go on" in line
    harness.await_true(lambda: path.read_text().count("\n") > 1, "rows of a round")
    process.terminate()
    done = harness.finish(process)
    assert done.status == 130, done
    assert "/dev/full" not in done.err


def test_all_fail(vperf, esx, tmp_path):
    """The last one ends the run."""
    (tmp_path / "full").symlink_to("/dev/full")
    done = collect(vperf, esx, "--output", "/dev/full", "--output", tmp_path / "full")
    assert done.status == 1, done
    assert [line.split(": ")[1] for line in done.messages] == [
        "cannot write /dev/full", f"cannot write {tmp_path}/full"]
