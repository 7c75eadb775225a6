# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""DuckDB and pandas read what collect writes, as the documentation tells, whatever names hold."""

import csv

import pytest

FORMATS = ("csv", "jsonl", "wide.csv", "csv.gz", "csv.zst")


@pytest.fixture(scope="module")
def duckdb():
    """The module, where it is installed; asked for before anything is collected."""
    return pytest.importorskip("duckdb")


@pytest.fixture(scope="module")
def pandas():
    """Likewise."""
    return pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def files(vperf, named, tmp_path_factory):
    """One collection in these formats: the folder, and its rows."""
    folder = tmp_path_factory.mktemp("readers")
    outputs = [word for name in FORMATS for word in ("--output", folder / f"x.{name}")]
    done = vperf.run("collect", "--type", "vm", "--samples", 3, *outputs, *named.arguments)
    assert done.status == 0, done
    with open(folder / "x.csv", newline="", encoding="utf-8") as stream:
        return folder, list(csv.DictReader(stream, strict=True))


def key_of(name, counter, instance, value):
    """A value and whose it is; None and "" are the same."""
    return name or "", counter, instance or "", float(value)


def expected(rows):
    """What a reader has to find."""
    return sorted(key_of(row["name"], row["counter"], row["instance"], row["value"])
                  for row in rows)


@pytest.mark.parametrize("source", [
    "read_csv('{}/x.csv', types={{'instance': 'VARCHAR'}})",
    "read_csv('{}/x.csv.gz', types={{'instance': 'VARCHAR'}})",
    "read_csv('{}/x.csv.zst', types={{'instance': 'VARCHAR'}})",
    "read_json_auto('{}/x.jsonl')"])
def test_duckdb(duckdb, files, source):
    """Every value under its name, with types that do not depend on the data."""
    folder, rows = files
    relation = duckdb.connect().execute(
        f"select name, counter, instance, value, interval from {source.format(folder)}")
    types = [str(column[1]) for column in relation.description]
    assert types[:4] == ["VARCHAR"] * 3 + ["DOUBLE"] and types[4] == "BIGINT"
    assert sorted(key_of(*row[:4]) for row in relation.fetchall()) == expected(rows)


def test_pandas(pandas, files):
    """The same, with a guest called NA."""
    folder, rows = files
    for ending in ("csv", "csv.gz"):
        frame = pandas.read_csv(folder / f"x.{ending}", keep_default_na=False,
                                dtype={"instance": str})
        assert sorted(key_of(*row) for row in zip(
            frame["name"], frame["counter"], frame["instance"], frame["value"])) == expected(rows)
    wide = pandas.read_csv(folder / "x.wide.csv", keep_default_na=False)
    assert set(wide["name"]) == {row["name"] for row in rows}
