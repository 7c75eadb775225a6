# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Histories that are damaged, removed, of another format or no histories: a clear error or what is
left, never a crash and never wrong values."""

import contextlib
import ctypes
import gzip
import os
import pathlib
import random
import resource
import shutil
import signal
import sqlite3

import follow
import harness
import pytest
from follow import Account
from recording import BEGIN, END, SPEED, copy_of, recording

# Of each kind of page, so many times.
DAMAGES = int(os.environ.get("VPERF_DAMAGES", "4"))
# Of SQLite, in a history.
PAGE = 8192
DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "history"

def test_a_disk_without_room(vperf, start_vcsim, tmp_path):
    """It is told once; what was measured meanwhile is written when there is room again."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "esx", "-control", "-vm", 2,
                                       "-speed", SPEED), SPEED)
    with recording(vperf, server, tmp_path) as run:
        run.await_rounds(2)
        limits = resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (8192, limits[1]))
        harness.await_true(lambda: len(run.messages()) > 0, "a message", 60)
        server.wait(3)
        resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, limits)
        harness.await_true(lambda: "written again" in run.messages()[-1], "its end", 60)
        assert len(run.messages()) == 2, run.messages()
        run.stop()
    rows = run.rows()
    Account(run, rows).check()
    assert not run.check_gaps(rows)


def test_flipped_bits(vperf, story, tmp_path):
    """One damaged block or round costs its samples, which is told; all others are right. What is
    kept of an hour for longer is held against its samples."""
    good = set(vperf.run("collect", "--start", BEGIN, "--end", END, story.out).out.splitlines())
    for table in ("block", "round"):
        copy = copy_of(story, tmp_path)
        with contextlib.closing(sqlite3.connect(copy)) as database, database:
            number, data = database.execute(
                f"SELECT id, data FROM {table} ORDER BY samples DESC").fetchone()
            spoilt = bytearray(data)
            spoilt[len(data) // 2] ^= 4
            database.execute(f"UPDATE {table} SET data = ? WHERE id = ?", (bytes(spoilt), number))
        done = vperf.run("collect", "--start", BEGIN, "--end", END, copy)
        assert done.status == 3 and "damaged" in done.err and "checksum" in done.err, done
        rest = set(done.out.splitlines())
        assert rest < good, rest - good
        done = vperf.run("history", "--check", copy)
        assert done.status == 3 and "checksum" in done.err and "1 fault" in done.err, done
    copy = copy_of(story, tmp_path)
    with contextlib.closing(sqlite3.connect(copy)) as database, database:
        database.execute("UPDATE rollup SET sum = sum + 1 WHERE hour = (SELECT max(hour) FROM "
                         "rollup)")
    done = vperf.run("history", "--check", copy)
    assert done.status == 3 and "what is kept of the hour" in done.err, done


def test_a_lost_entity(vperf, story, tmp_path):
    """The page of entities has the place of one of them wrong: what is lost is told."""
    copy = copy_of(story, tmp_path)
    with contextlib.closing(sqlite3.connect(copy)) as database:
        page, = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entity'"
                                 ).fetchone()
    data = bytearray(copy.read_bytes())
    data[(page - 1) * PAGE + 8] ^= 2
    copy.write_bytes(data)
    done = vperf.run("collect", "--start", BEGIN, "--end", END, copy)
    assert done.status == 3 and done.rows and "is damaged: samples are lost" in done.err, done


@pytest.mark.parametrize("change", ["round SET hour = 9223372036854775807",
                                    "round SET hour = 2562047788015215",
                                    "block SET last = 9223372036854775807"])
def test_numbers_of_another_age(vperf, story, tmp_path, change):
    """Numbers that nothing can be added to end no command."""
    copy = copy_of(story, tmp_path)
    with contextlib.closing(sqlite3.connect(copy)) as database, database:
        database.execute(f"UPDATE {change} WHERE id = (SELECT max(id) FROM {change.split()[0]})")
    for command in (["history"], ["collect", "--start", BEGIN, "--end", END],
                    ["report", "--format", "csv"]):
        done = vperf.run(*command, copy)
        assert done.status in (0, 1, 3), done


@pytest.mark.parametrize("spoil, word", [
    (lambda data: b"", "no history"),
    (lambda data: b"timestamp,source\n" * 100, "no history"),
    (lambda data: data[:68] + b"\0\0\0\0" + data[72:], "no history"),
    (lambda data: data[:60] + b"\0\0\0\x63" + data[64:], "newer"),
    (lambda data: data[:len(data) // 2], "damaged"),
    (lambda data: data[:PAGE] + bytes(len(data) - PAGE), "damaged")],
    ids=["empty", "csv", "another application", "newer format", "half", "zeroes"])
def test_files_that_are_no_history(vperf, story, tmp_path, spoil, word):
    """They are told, in one line, and nobody writes into them."""
    copy = copy_of(story, tmp_path)
    copy.write_bytes(spoil(copy.read_bytes()))
    before = copy.read_bytes()
    done = vperf.run("collect", "--start", BEGIN, "--end", END, copy)
    assert done.status in (1, 2, 3) and word in done.err, done
    assert done.status != 1 or not done.out
    if before and word != "damaged":
        done = vperf.run("record", "--output", copy, *story.server.peer.arguments)
        assert done.status in (1, 2) and word in done.err, done
        assert copy.read_bytes() == before


def test_an_older_format(vperf, story, tmp_path):
    """It is read as it is, and made the present one by who writes it; nothing of it is lost."""
    old = tmp_path / "old.db"
    old.write_bytes(gzip.decompress((DATA / "format-1.db.gz").read_bytes()))
    before = old.read_bytes()
    commands = [["collect", "--start", BEGIN, "--end", END], ["history"], ["inventory"]]
    first = [vperf.run(*command, old) for command in commands]
    assert {done.status for done in first} == {0} and first[0].out.count("\n") == 55, first
    assert old.read_bytes() == before
    other = tmp_path / "none.json"
    with contextlib.closing(sqlite3.connect(old)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
    recorder = vperf.start("record", "--output", old, "test:///default", stderr=open(other, "wb"))
    with contextlib.closing(sqlite3.connect(f"file:{old}?mode=ro", uri=True)) as database:
        harness.await_true(lambda: database.execute("PRAGMA user_version").fetchone() == (5,),
                           "the present format")
        readings = database.execute("SELECT DISTINCT substr(name, 1, 6) FROM counter WHERE "
                                    "reading").fetchall()
    recorder.send_signal(signal.SIGINT)
    harness.finish(recorder)
    assert sorted(readings) == [("guestD",), ("snapsh",), ("space.",)]
    assert [vperf.run(*command, old).out for command in commands] == [done.out for done in first]
    assert vperf.run("history", "--check", old).status == 0


def test_the_file_of_a_reader_is_removed(vperf, tmp_path):
    """Who follows it says so once, waits for a file of that name, and goes on with that."""
    path, out, err = (tmp_path / name for name in ("a.db", "out.csv", "err.txt"))
    record = ("record", "--interval", "1", "--output", path, "test:///default")
    recorder, tail = vperf.start(*record), None

    def remove():
        for name in (path, f"{path}-wal", f"{path}-shm"):
            pathlib.Path(name).unlink(missing_ok=True)

    def await_more(what):
        lines = out.read_text().count("\n") if out.exists() else 0
        harness.await_true(lambda: out.exists() and out.read_text().count("\n") > lines, what)
    try:
        harness.await_true(lambda: rows_of(path) > 1, "rounds")
        with open(err, "wb") as stream:
            tail = vperf.start("collect", "--follow", "--output", out, path, stderr=stream)
        await_more("the tail")
        recorder.send_signal(signal.SIGINT)
        harness.finish(recorder)
        remove()
        harness.await_true(lambda: "No such file" in err.read_text(), "word of it")
        recorder = vperf.start(*record)
        await_more("the tail of a new file")
        assert err.read_text().count("No such file") == 1, err.read_text()
        # The recorder makes another one at once.
        remove()
        harness.await_true(lambda: rows_of(path) > 1, "rounds of a third file")
        await_more("the tail of a third file")
        tail.send_signal(signal.SIGINT)
        assert harness.finish(tail).status == follow.INTERRUPTED
    finally:
        for process in filter(None, (recorder, tail)):
            process.kill()
    assert f"'{path}' was removed or replaced" in err.read_text()


def rows_of(path):
    """What there is in a history, for a test that waits for it."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM round").fetchone()[0]
    except sqlite3.Error:
        return 0


def test_a_file_that_is_removed(vperf, tmp_path):
    """The recorder notices, says so once, and goes on with the file of that path; what was
    moved is whole."""
    path, moved, err = (tmp_path / name for name in ("vperf.db", "moved.db", "err.txt"))
    with open(err, "wb") as stream:
        recorder = vperf.start("record", "--interval", "1", "--output", path, "test:///default",
                               stderr=stream)
    try:
        harness.await_true(lambda: rows_of(path) > 1, "rounds")
        path.unlink()
        harness.await_true(lambda: path.exists() and rows_of(path) > 1, "rounds in a new file")
        path.rename(moved)
        harness.await_true(lambda: path.exists() and rows_of(path) > 1, "rounds in a third file")
        before = rows_of(moved)
        shutil.copy(moved, tmp_path / "back.db")
        (tmp_path / "back.db").replace(path)
        harness.await_true(lambda: rows_of(path) > before, "rounds in a fourth file")
    finally:
        recorder.send_signal(signal.SIGINT)
        harness.finish(recorder)
    assert recorder.returncode == follow.INTERRUPTED
    told = [line for line in err.read_text().splitlines() if "removed or replaced" in line]
    assert len(told) == 3 and all(str(path) in line for line in told), err.read_text()
    for history in (path, moved):
        assert vperf.run("history", "--check", history).status == 0
        assert vperf.run("collect", "--samples", "1", history).out.count("\n") > 1


def mortal():
    """In a child: the superuser, too, is asked for permission to read and write."""
    drop, override, search = 24, 1, 2  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
    for capability in (override, search):
        ctypes.CDLL(None).prctl(drop, capability, 0, 0, 0)


def test_a_folder_that_may_not_be_written(vperf, story, tmp_path):
    """A history is read there, and nothing is left beside it; where that cannot be, because a
    writer was killed, it is told what to do."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    path = shelf / "copy.db"
    shutil.copy(story.out, path)
    path.chmod(0o444)
    shelf.chmod(0o555)
    done = vperf.run("collect", "--samples", "1", path, preexec_fn=mortal)
    assert done.status == 0 and done.out.count("\n") > 1, done
    assert harness.files_in(shelf) == ["copy.db"]
    shelf.chmod(0o755)
    for name, data in zip(("killed.db", "killed.db-wal"), story.killed, strict=True):
        (shelf / name).write_bytes(data)
        (shelf / name).chmod(0o444)
    shelf.chmod(0o555)
    done = vperf.run("collect", "--samples", "1", shelf / "killed.db", preexec_fn=mortal)
    assert done.status == 1 and "to a folder that you may write" in done.err, done
    assert len(done.messages) == 1, done
    shelf.chmod(0o755)
    (shelf / "killed.db-wal").chmod(0)
    done = vperf.run("collect", "--samples", "1", shelf / "killed.db", preexec_fn=mortal)
    assert done.status == 1 and "killed.db-wal': Permission denied" in done.err, done


def test_a_damaged_write_ahead_log(vperf, story, tmp_path):
    """It costs its last rounds at most: what is read is what there was before them."""
    data, log = story.killed
    path, dice = tmp_path / "killed.db", random.Random(3)
    sidecar = pathlib.Path(f"{path}-wal")

    def values(spoilt):
        for name in (f"{path}-shm", sidecar):
            pathlib.Path(name).unlink(missing_ok=True)
        path.write_bytes(data)
        sidecar.write_bytes(spoilt)
        return values_of(vperf.run("collect", "--start", BEGIN, "--end", END, path))
    good, before = values(log), {}
    assert good
    for part in (0, 1, 25, 50, 75, 95):
        kept = values(log[:len(log) * part // 100])
        assert before.items() <= kept.items() <= good.items(), part
        before = kept
    assert len(before) > len(good) // 2
    for _ in range(DAMAGES):
        at = dice.randrange(len(log))
        kept = values(log[:at] + bytes([log[at] ^ 1 << dice.randrange(8)]) + log[at + 1:])
        assert kept.items() <= good.items() and kept.items() <= values(log[:at + 1]).items(), at
        assert vperf.run("history", "--check", path).status == 0 or not kept, at


# By the first byte of a page.
PAGE_KINDS = {13: "table leaf", 5: "table interior", 10: "index leaf", 2: "index interior"}
HEADER, CELLS = 100, 48


def pages_of(data):
    """The numbers of a file's pages, by kind."""
    kinds = {}
    for number in range(len(data) // PAGE):
        first = data[number * PAGE + (HEADER if number == 0 else 0)]
        kinds.setdefault(PAGE_KINDS.get(first, "other"), []).append(number)
    return kinds


def spoil(data, number, dice):
    """Flip a bit of a page, every other time among its header and cell pointers."""
    begin = HEADER if number == 0 else 0
    at = begin + (dice.randrange(CELLS) if dice.random() < 0.5 else dice.randrange(PAGE - begin))
    spoilt = bytearray(data)
    spoilt[number * PAGE + at] ^= 1 << dice.randrange(8)
    return spoilt


def values_of(done):
    """The values by all that says what they are of."""
    assert done.status in (0, 1, 2, 3), done
    return {line.rsplit(",", 3)[0]: line for line in done.out.splitlines()[1:]}


def test_damage_of_each_kind_of_page(vperf, story, tmp_path):
    """No value is wrong, and nothing crashes, wherever a bit of the file is changed; what is lost
    is told, and found by --check."""
    good = values_of(vperf.run("collect", "--start", BEGIN, "--end", END, story.out))
    data, dice = story.out.read_bytes(), random.Random(5)
    copy = tmp_path / "copy.db"
    for kind, numbers in pages_of(data).items():
        for _ in range(DAMAGES):
            number = dice.choice(numbers)
            copy.write_bytes(spoil(data, number, dice))
            done = vperf.run("collect", "--start", BEGIN, "--end", END, copy)
            values = values_of(done)
            assert values.items() <= good.items(), (kind, number, values.items() - good.items())
            if len(values) < len(good):
                assert done.status and done.err, (kind, number, done.err)
                assert vperf.run("history", "--check", copy).status, (kind, number)
