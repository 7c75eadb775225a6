# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""vperf report: every figure against numpy on what vperf collect exports for the same window."""

import contextlib
import datetime
import html.parser
import json
import math
import re
import signal
import sqlite3
import statistics
import unicodedata

import harness
import pytest

HOUR = ("--last", "1h")
# The metrics of a guest: name, counter, decimals, and what a value is divided by: a constant, or
# for None the milliseconds of a sample of all vCPUs, in percent.
METRICS = [
    ("cpu_percent", "cpu.usage.average", 2, 1),
    ("cpu_mhz", "cpu.usagemhz.average", 0, 1),
    ("ready_percent", "cpu.ready.summation", 2, None),
    ("costop_percent", "cpu.costop.summation", 2, None),
    ("memory_consumed_kib", "mem.consumed.average", 0, 1),
    ("memory_active_kib", "mem.active.average", 0, 1),
    ("balloon_kib", "mem.vmmemctl.average", 0, 1),
    ("disk_kib_per_second", "disk.usage.average", 0, 1),
    ("net_kib_per_second", "net.usage.average", 0, 1),
]
COUNTERS = [counter for _, counter, *_ in METRICS]


def width(text):
    """Columns of a terminal."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def unix(timestamp):
    """Seconds since 1970."""
    return datetime.datetime.strptime(timestamp + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()


@pytest.fixture(scope="module")
def exported(vperf, esx, vcenter):
    """What collect writes: {source: {id: {(counter, instance): [(timestamp, value)]}}}."""
    found = {}
    for server in (esx, vcenter):
        done = vperf.run("collect", *HOUR, "--counter", ",".join(COUNTERS), *server.arguments)
        assert done.status == 0, done
        for row in done.rows:
            entity = found.setdefault(server.label, {}).setdefault(row["id"], {})
            entity.setdefault((row["counter"], row["instance"]), []).append(
                (row["timestamp"], float(row["value"])))
    return found


@pytest.fixture(scope="module")
def reports(vperf, esx, vcenter):
    """What report writes of the same hour."""
    runs = {server.label: vperf.run("report", *HOUR, "--format", "csv", *server.arguments)
            for server in (esx, vcenter)}
    for done in runs.values():
        assert done.status == 0, done
    return {label: done.rows for label, done in runs.items()}


def measured(reports, kind):
    """The rows of one type that have samples."""
    rows = [row for rows in reports.values() for row in rows
            if row["type"] == kind and row["interval"]]
    assert rows
    return rows


def check_percentiles(numpy, row, name, values, decimals):
    """All statistics of one metric that the row has, to the last printed digit."""
    statistics = {"p50": numpy.percentile(values, 50), "p95": numpy.percentile(values, 95),
                  "p99": numpy.percentile(values, 99), "peak": max(values),
                  "average": numpy.average(values)}
    compared = 0
    for statistic, value in statistics.items():
        if f"{name}_{statistic}" in row:
            assert row[f"{name}_{statistic}"] == f"{value:.{decimals}f}", (row["name"], name,
                                                                          statistic)
            compared += 1
    assert compared >= 2


def test_statistics_equal_numpy(exported, reports):
    """Average, percentiles and peak of every metric of every guest."""
    numpy = pytest.importorskip("numpy", reason="python3-numpy is not installed")
    metrics = set()
    for row in measured(reports, "vm"):
        series = exported[row["source"]][row["id"]]
        for name, counter, decimals, divisor in METRICS:
            if (counter, "") not in series:
                assert row[f"{name}_average"] == "", (row["name"], name)
                continue
            divisor = divisor or 10.0 * 20 * int(row["cpus"])
            values = [value / divisor for _, value in series[counter, ""]]
            check_percentiles(numpy, row, name, values, decimals)
            metrics.add(name)
    assert len(metrics) == len(METRICS)


def test_peaks_and_time_above(exported, reports):
    """The first moment of the highest value, and the seconds above the limit."""
    for row in measured(reports, "vm"):
        samples = exported[row["source"]][row["id"]]["cpu.usage.average", ""]
        highest = max(value for _, value in samples)
        assert row["cpu_percent_peak_time"] == next(at for at, one in samples if one == highest)
        above = 20 * sum(value > 90 for _, value in samples)
        assert above and row["cpu_percent_seconds_above_limit"] == str(above)
        assert row["coverage_percent"] == "100.00" and row["interval"] == "20"


def test_headroom(exported, reports, vcenter):
    """A cluster's demand is the sum of its hosts', time by time; the largest host may fail."""
    numpy = pytest.importorskip("numpy", reason="python3-numpy is not installed")
    rows = reports[vcenter.label]
    cluster = next(row for row in rows if row["type"] == "cluster")
    hosts = [row for row in rows if row["type"] == "host" and row["interval"]]
    assert len(hosts) == 2 and {row["cluster"] for row in hosts} == {cluster["name"]}
    for name, counter, scale in (("mhz", "cpu.usagemhz.average", "cpu_mhz"),
                                 ("kib", "mem.consumed.average", "memory_kib")):
        sums = {}
        for host in hosts:
            for at, value in exported[vcenter.label][host["id"]][counter, ""]:
                sums.setdefault(at, []).append(value)
        demand = [sum(values) for values in sums.values() if len(values) == len(hosts)]
        sizes = [int(host[scale]) * (int(host["cpus"]) if name == "mhz" else 1) for host in hosts]
        left = sum(sizes) - numpy.percentile(demand, 95)
        assert cluster[f"headroom_{name}"] == f"{left:.0f}"
        assert cluster[f"headroom_failed_{name}"] == f"{left - max(sizes):.0f}"
    guests = [row for row in rows if row["type"] == "vm" and row["state"] == "on" and
              row["host"] in {host["name"] for host in hosts}]
    assert int(cluster["vcpus"]) == sum(int(row["cpus"]) for row in guests)


def test_spare(vperf, vcenter):
    """None may fail, and that there are fewer hosts than fail is said."""
    none = vperf.run("report", "--spare", "0", "--format", "csv", *vcenter.arguments)
    assert none.status == 0 and not any(row["spare_hosts"] for row in none.rows), none
    told = vperf.run("report", "--spare", "99", "--format", "table", *vcenter.arguments)
    assert "--spare 99 is more than the hosts of " in told.out.replace("\n", " ")
    wrong = vperf.run("report", "--spare", "-1", *vcenter.arguments)
    assert wrong.status == 2 and "from 0 to 1000" in wrong.err


def theil_sen(numpy, days):
    """Slope and 95 % interval by the definition of Theil and Sen, as scipy.stats.theilslopes has it."""
    x, y = numpy.array(sorted(days)), numpy.array([days[day] for day in sorted(days)])
    rows, columns = numpy.triu_indices(len(x), 1)
    slopes = numpy.sort((y[columns] - y[rows]) / (x[columns] - x[rows]))
    ties = [count * (count - 1) * (2 * count + 5) for values in (x, y)
            for count in numpy.unique(values, return_counts=True)[1]]
    sigma = math.sqrt((len(x) * (len(x) - 1) * (2 * len(x) + 5) - sum(ties)) / 18)
    reach = statistics.NormalDist().inv_cdf(0.025) * sigma
    low = max(int(numpy.round((len(slopes) + reach) / 2)) - 1, 0)
    high = min(int(numpy.round((len(slopes) - reach) / 2)), len(slopes) - 1)
    return numpy.median(slopes), slopes[low], slopes[high]


def test_trend(vperf, vcenter):
    """Slope and interval are Theil's and Sen's over daily averages without the week's cycle."""
    numpy = pytest.importorskip("numpy", reason="python3-numpy is not installed")
    window = ("--last", "30d", "--interval", "month", *vcenter.arguments)
    report = vperf.run("report", *window)
    assert report.status == 0, report
    rows = vperf.run("collect", "--type", "host", "--counter", "cpu.usagemhz.average", *window).rows
    hosts = [row for row in report.rows if row["type"] == "host" and row["mhz_per_day"]]
    assert len(hosts) == 2
    for host in hosts:
        days = {}
        for row in rows:
            if row["id"] == host["id"]:
                days.setdefault(int(unix(row["timestamp"]) - 1) // 86400, []).append(
                    float(row["value"]))
        days = {day: numpy.mean(values) for day, values in sorted(days.items())
                if len(values) >= 0.9 * 12}
        first = min(days)
        slope = numpy.median([(days[one] - days[two]) / (one - two) for one in days for two in days
                              if one > two and (one - two) % 7 == 0])
        effects = {weekday: numpy.median([value - slope * (day - first)
                                          for day, value in days.items() if day % 7 == weekday])
                   for weekday in range(7)}
        found = theil_sen(numpy, {day: value - effects[day % 7] for day, value in days.items()})
        assert [host[f"mhz_per_day{end}"] for end in ("", "_low", "_high")] == [
            f"{value:.2f}" for value in found]
        assert bool(host["mhz_days_left"]) == (found[1] > 0)


def test_types_are_stable(reports):
    """Each column is a number, a time or text, whatever the row."""
    texts = {"type", "name", "id", "source", "hypervisor", "host", "cluster", "state", "class",
             "rule"}
    for rows in reports.values():
        for row in rows:
            for name, value in row.items():
                if name.endswith("_time") and value:
                    assert unix(value)
                elif name not in texts and value:
                    assert math.isfinite(float(value)), name


def test_advice(vperf, esx):
    """No advice on an hour of history, which is said; with other rules, each guest has a class."""
    young = {row["name"]: row for row in vperf.run("report", *esx.arguments).rows
             if row["type"] == "vm"}
    assert {row["class"] for row in young.values()} == {"unknown", "off"}
    assert all("60 min of history, min-days is 7" in row["rule"] for row in young.values()
               if row["class"] == "unknown")
    done = vperf.run("report", "--rule", "min-days=0.01,cpu-target=50", "--rule",
                     "memory-target=100", *esx.arguments)
    assert done.status == 0, done
    for row in done.rows:
        if row["type"] == "vm" and row["state"] == "on":
            assert row["class"] in ("undersized", "oversized", "idle", "right")
            assert "/ 50 %" in row["rule"]
            needed = float(row["cpu_percent_p95"]) * int(row["cpus"]) / 50
            if row["class"] == "undersized" and row["advised_cpus"]:
                assert int(row["advised_cpus"]) == math.ceil(needed)
            elif row["advised_cpus"]:
                assert math.ceil(needed * 1.1) <= int(row["advised_cpus"]) < int(row["cpus"])


@pytest.mark.parametrize("window, interval", [("1h", 20), ("1d", 300), ("7d", 1800), ("30d", 7200)])
def test_interval_follows_the_window(vperf, vcenter, window, interval):
    """The finest archive that keeps the window is taken, and the report says which."""
    done = vperf.run("report", "--last", window, *vcenter.arguments)
    assert done.status == 0, done
    found = {row["interval"] for row in done.rows if row["interval"]}
    assert found == {str(interval)}
    assert all(float(row["coverage_percent"]) > 95 for row in done.rows if row["interval"])
    table = vperf.run("report", "--last", window, "--format", "table", *vcenter.arguments)
    words = {20: "20 s", 300: "5 min", 1800: "30 min", 7200: "2 hours"}[interval]
    assert f"averages of {words}:" in table.out.replace("\n", " ")
    assert "were asked for" not in table.out


def test_hours_of_long_samples(vperf, vcenter):
    """Samples of two hours fill both hours; those of a day tell none, which is said."""
    month, days = (vperf.run("report", "--last", "30d", "--interval", interval, "--format", "table",
                             *vcenter.arguments) for interval in ("7200", "86400"))
    assert month.status == days.status == 0, (month, days)
    hours = section(month.out, "Hours of the week")
    assert [hours[name].split()[-1] for name in ("DC0_C0", "DC0_C0_H0", "DC0_C0_H1")] == [
        "0", "0", "0"], hours
    told = days.out[days.out.index("\nHours of the week"):].split("\n\n")[0]
    assert told.count("No hours of the week: its samples are averages of whole days.") == 3, told


def test_what_a_host_alone_keeps(vperf, esx):
    """ESXi keeps 36 hours of 300 s: they are taken, and the report says what was asked for."""
    done = vperf.run("report", "--last", "7d", "--format", "table", *esx.arguments)
    told = done.out.replace("\n", " ")
    assert done.status == 0 and "kept for 36 h" in done.err, done
    assert "averages of 5 min: 36 hours until" in told
    assert "(7 days were asked for; samples begin at" in told
    named = vperf.run("report", "--last", "7d", "--interval", "1800", *esx.arguments)
    assert named.status == 1 and "no samples of 1800 s" in named.err, named


def test_title(vperf, esx, vcenter):
    """Whose report it is, and of when; in the page's title and first heading too."""
    both = vperf.run("report", "--last", "1d", "--format", "table", *esx.arguments)
    day = both.out.splitlines()[0]
    assert day.startswith(f"Capacity report of {esx.label}, 20") and " to 20" in day, day
    page = vperf.run("report", "--format", "html", *vcenter.arguments).out
    title = page[page.index("<title>") + 7:page.index("</title>")]
    assert title.startswith(f"Capacity report of {vcenter.label}, 20") and title.endswith("UTC")
    assert f"<h1>{title}</h1>" in page


def test_guests_that_are_off(vperf, vcenter):
    """One number of them, wherever it is told."""
    told = vperf.run("report", "--last", "1d", "--format", "table", *vcenter.arguments).out
    told = told.replace("\n", " ")
    assert "0 powered off (1 more is off now, and counted by what it used before)" in told
    assert "Powered off now: 1 guest." in told
    hour = vperf.run("report", "--format", "table", *vcenter.arguments).out.replace("\n", " ")
    assert "1 powered off, " in hour and "Powered off now: 1 guest." in hour


@pytest.mark.parametrize("columns", [80, 200])
def test_terminal(vperf, vcenter, columns):
    """What matters first stands first, and nothing is wider than the terminal."""
    lines = harness.on_terminal(vperf, columns, "report", "--quiet", *vcenter.arguments)
    assert lines[0].startswith("Capacity report of 127.0.0.1")
    titles = [index for index, line in enumerate(lines) if index and not lines[index - 1]]
    assert [lines[index].split()[0].strip(":") for index in titles] == [
        "Summary", "Hosts", "Headroom", "Guests", "Waiting", "Right-sizing", "Space", "Contention", "Top",
        "Hours", "Coverage", "Counters", "Data", "Formulas"]
    assert max(map(width, lines)) <= columns, max(lines, key=width)
    assert any("columns did not fit" in line for line in lines) == (columns == 80)


def test_history(vperf, esx, reports, tmp_path):
    """What was recorded gives the same report as the server, byte for byte."""
    path, copy = tmp_path / "vperf.db", tmp_path / "copy.csv"
    recorder = vperf.start("record", *HOUR, "--output", path, *esx.arguments)
    try:
        harness.await_true(lambda: path.exists() and rows_of(vperf, path, copy) ==
                           reports[esx.label], "the hour in the history", 60)
    finally:
        recorder.send_signal(signal.SIGINT)
        harness.finish(recorder)
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        file.execute("INSERT INTO gap (entity, interval, after, until, reason) SELECT entity, interval, "
                     "newest * interval - 900, newest * interval - 600, 'the power failed' FROM mark "
                     "WHERE interval = 20 LIMIT 1")
    told = vperf.run("report", "--format", "table", path)
    gap = told.out[told.out.index("\nGaps"):].splitlines()[3]
    assert gap.split()[-5:] == ["5.0", "20", "the", "power", "failed"], gap
    summary = told.out.replace("\n", " ")
    assert "until" in summary and "(30 days were asked for; samples begin at" in summary
    month = vperf.run("report", path)
    assert {row["class"] for row in month.rows if row["state"] == "on" and row["class"]} == {
        "unknown"}
    assert all("no advice: 60 min of history, min-days is 7" in row["rule"] for row in month.rows
               if row["class"] == "unknown")
    assert {row["coverage_percent"] for row in month.rows if row["class"] == "unknown"} == {
        "100.00"}


def rows_of(vperf, path, copy):
    """The report of the hour in a history that is being written; None when there is none yet."""
    done = vperf.run("report", *HOUR, "--format", "csv", "--output", copy, path)
    return harness.read_csv(copy.read_text(encoding="utf-8")) if done.status == 0 else None


class Page(html.parser.HTMLParser):
    """The elements and the texts of a page; every element that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.attributes, self.open = set(), [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "path", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_html(vperf, start_vcsim, tmp_path):
    """One file that loads nothing and runs nothing; names are text, whatever they hold."""
    names = ['<script>alert("x")</script>', "a' onload='x", "&amp;", "ordinary"]
    (tmp_path / "names.json").write_text(json.dumps(names), encoding="utf-8")
    server = start_vcsim("-mode", "real", "-vm", "4", "-names", tmp_path / "names.json")
    done = vperf.run("report", "--format", "html", *server.arguments)
    assert done.status == 0, done
    page = Page(done.out)
    assert set(names) <= set(page.texts)
    assert page.tags <= set("html head meta title style body h1 h2 ol ul li div table thead tbody "
                            "tr th td bdi svg path rect text p dl dt dd".split())
    assert not {name for name, _ in page.attributes} & {"src", "href", "onload", "style"}
    assert "url(" not in done.out and "@import" not in done.out and "://" not in done.out
    courses, weeks = done.out.count('aria-label="course"'), done.out.count('<svg class="hours"')
    assert courses + weeks == done.out.count("<svg") and courses >= 5 and weeks >= 1
    maps = done.out.count('<div class="map">\n<p><bdi>')
    assert maps == weeks and ".map{break-inside:avoid}" in done.out
    fields = done.out.count('class="field"') + done.out.count('class="none"')
    assert fields == 168 * weeks and done.out.count('class="none"') > 160 * weeks
    assert done.out.count("<table>") == done.out.count('<div class="list" tabindex="0">\n<table>')
    assert "overflow-x:auto" in done.out and "No value of any: " in done.out
    for heading, counter in (("ready avg %", "cpu.ready.summation"), ("co-stop avg %", "cpu.costop"),
                             ("balloon GB avg", "mem.vmmemctl"), ("swap GB avg", "mem.swapped"),
                             ("consumed GB avg", "mem.consumed"), ("active GB avg", "mem.active")):
        assert re.search(f'title="{re.escape(counter)}[^"]*">{re.escape(heading)}</th>', done.out)
    cut = vperf.run("report", "--format", "html", "--top", "1", *server.arguments)
    assert "1 of 4 are shown" in cut.out


def test_columns_without_values_are_named_once(vperf):
    """What a hypervisor does not tell takes no column where people read; CSV has it."""
    polls = ("--samples", "2", "--interval", "1", "test:///default")
    for form in ("table", "html"):
        told = vperf.run("report", "--format", form, *polls).out.replace("\n", " ")
        assert "No value of any: ready p95, active GB p95." in told
    assert "memory_active_kib_p95" in vperf.run("report", "--format", "csv", *polls).rows[0]


def test_space(vperf, shared_vcsim):
    """Datastores and file systems of guests, as collect has them now; an hour gives no date."""
    server = shared_vcsim(*harness.STANDING, "-model", "vpx", "-host", "1", "-vm", "4", "-off", "1",
                          "-space")
    done = vperf.run("report", "--format", "csv", *server.arguments)
    assert done.status == 0, done
    readings = {}
    collected = vperf.run("collect", "--type", "vm,datastore", "--counter", "guestDisk.*,space.*",
                          *server.arguments)
    for row in harness.read_csv(collected.out, own=True):
        readings[row["id"], row["instance"], row["counter"]] = float(row["value"])
    found = {(row["id"], row["file_system"]): row for row in done.rows
             if row["type"] in ("datastore", "filesystem")}
    assert {row["type"] for row in found.values()} == {"datastore", "filesystem"}
    assert set(found) == {key[:2] for key in readings if key[2].endswith(".free.latest") and
                          (key[1] or key[2].startswith("space"))}
    for (entity, mount), row in found.items():
        group = "guestDisk" if mount else "space"
        capacity = readings[entity, mount, f"{group}.capacity.latest"]
        assert row["capacity_kib"] == f"{capacity:.0f}"
        if mount:  # that of the datastore is the machine's own disk, which is busy
            used = capacity - readings[entity, mount, f"{group}.free.latest"]
            assert row["used_percent"] == f"{100 * used / capacity:.2f}"
        full = float(row["used_percent"]) >= 99.95
        assert row["days_to_full"] == ("0" if full else "") and not row["used_kib_per_day"]
        assert not mount or full == mount.startswith("C:")
    told = vperf.run("report", "--format", "table", *server.arguments).out
    assert "Space: datastores and file systems" in told
    full = sum(mount.startswith("C:") for _, mount in found)
    assert f"Of {len(found)} datastores and file systems, {full} are full ('" in told.replace(
        "\n", " ")


def test_the_demo_is_plausible(vperf, shared_vcsim):
    """What newcomers see first adds up: a host uses what its guests do, and nothing is beyond a size."""
    server = shared_vcsim(*harness.STANDING, "-model", "vpx", "-host", "2", "-vm", "8", "-level", "3",
                          "-plausible", "-space")
    done = vperf.run("collect", "--type", "vm,host", "--instance", "aggregate", "--with",
                     "host,memory_kib", *server.arguments)
    assert done.status == 0, done
    values, hosts = {}, {}
    for row in harness.read_csv(done.out, own=True):
        assert row["unit"] != "percent" or 0 <= float(row["value"]) <= 100, row
        assert "atency" not in row["counter"] or float(row["value"]) <= 100, row
        memory = row["counter"].startswith("mem.") and row["unit"] == "kiloBytes"
        assert not memory or float(row["value"]) <= float(row["memory_kib"]), row
        values.setdefault((row["type"], row["counter"]), {})[row["name"]] = float(row["value"])
        hosts[row["name"]] = row["host"]
    for counter, own in (("cpu.usagemhz.average", 24 * 26 + 10), ("mem.consumed.average", 5 << 20),
                         ("disk.usage.average", 10), ("net.usage.average", 10)):
        for host, value in values["host", counter].items():
            guests = [one for name, one in values["vm", counter].items() if hosts[name] == host]
            assert guests and sum(guests) <= value <= sum(guests) + own + 20, (counter, host)


def cells_of(sheet):
    """The rows of a sheet by the names of their columns, without what is empty."""
    header, *rows = sheet.iter_rows(values_only=True)
    return [{name: value for name, value in zip(header, row) if value is not None} for row in rows]


def same_cell(text, value):
    """What CSV writes is in the cell: a date, a number, or text."""
    if isinstance(value, datetime.datetime):
        return text == value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return float(text) == value if isinstance(value, (int, float)) else text == value


def test_workbook(vperf, vcenter, tmp_path):
    """A sheet per type has what CSV has, as numbers and dates; charts, and headings that stay."""
    openpyxl = pytest.importorskip("openpyxl", reason="python3-openpyxl is not installed")
    path = tmp_path / "report.xlsx"
    window = ("--last", "30d", *vcenter.arguments)
    before = vperf.run("report", "--format", "csv", *window)
    done = vperf.run("report", "--output", path, "--top", "1", *window)
    after = vperf.run("report", "--format", "csv", *window)
    assert done.status == 0, done
    book = openpyxl.load_workbook(path)
    texts = {"name", "id", "source", "host", "cluster", "class", "rule", "state", "type",
             "hypervisor"}
    for kind, title in (("cluster", "Clusters"), ("host", "Hosts"), ("vm", "Guests")):
        found = cells_of(book[title])
        expected = [[row for row in run.rows if row["type"] == kind] for run in (before, after)]
        assert len(found) == len(expected[0]) > 0
        for cells, *rows in zip(found, *expected):
            assert any(set(cells) == {name for name, value in row.items() if value != ""} and
                       all(same_cell(row[name], value) for name, value in cells.items())
                       for row in rows), (cells, rows)
            assert all(isinstance(value, str) == (name in texts) for name, value in cells.items())
        assert book[title].freeze_panes == "C2"
    assert len(cells_of(book["Headroom"])) > 2
    assert len(book["Summary"]._charts) == 2  # pylint: disable=protected-access
    assert book["Guests"].column_dimensions["B"].width > 8
    refused = vperf.run("report", "--format", "xlsx", "--output", "/dev/full", *window)
    assert refused.status == 1 and "/dev/full" in refused.err, refused


def test_explained(vperf):
    """Each figure has a formula and a counter, each rule its value and source; no target is needed."""
    done = vperf.run("report", "--explain", "--rule", "cpu-target=61", "--format", "csv")
    assert done.status == 0, done
    figures = {row["figure"]: row for row in done.rows}
    assert "interval / vCPUs" in figures["ready %"]["formula"]
    assert figures["ready %"]["counter"] == "cpu.ready.summation"
    assert "Azure" in figures["cpu-target=61"]["source"]
    told = vperf.run("report", "--explain", "--format", "table")
    assert told.status == 0 and "cpu.ready.summation" in told.out.replace("\n", " ")


def section(text, title):
    """The rows of a section of a table, by their first word."""
    lines = text[text.index(f"\n{title}"):].split("\n\n")[0].splitlines()[2:]
    return {line.split()[0]: line for line in lines[1:] if line}


def test_groups_and_neighbours(vperf, vcenter):
    """Guests by host add up to all; who was noisy ran on the same host at that time."""
    done = vperf.run("report", "--group-by", "host,cluster", "--group-by", "folder", "--format",
                     "table", "--top", "100", *vcenter.arguments)
    assert done.status == 0, done
    rows = vperf.run("report", "--format", "csv", *vcenter.arguments).rows
    guests = [row for row in rows if row["type"] == "vm"]
    groups = section(done.out, "Groups")
    for host in {row["host"] for row in guests}:
        mine = [row for row in guests if row["host"] == host]
        assert groups[host].split()[1:4] == ["host", str(len(mine)),
                                             str(sum(int(row["cpus"]) for row in mine))]
    waiting = section(done.out, "Contention")
    hosts = {row["name"]: row["host"] for row in guests}
    noisy = {name: [word for word in line.split() if word in hosts][1:]
             for name, line in waiting.items()}
    assert any(noisy.values())
    for name, others in noisy.items():
        assert all(hosts[other] == hosts[name] and other != name for other in others), (name, others)
    wrong = vperf.run("report", "--group-by", "pool", *vcenter.arguments)
    assert wrong.status == 2 and "cluster, host, folder or tag" in wrong.err


def test_groups_of_tags(vperf, shared_vcsim):
    """A guest counts for each of its tags, whatever stands in their names; others have none."""
    server = shared_vcsim(*harness.STANDING, "-model", "vpx", "-host", "2", "-vm", "6", "-tags", "6")
    tags = {row["name"]: row["tags"].replace("\u2028", "?") for row in vperf.run(
        "inventory", "--attributes", "--type", "vm", "--format", "csv", *server.arguments).rows}
    done = vperf.run("report", "--group-by", "tag", "--format", "table", "--top", "100",
                     *server.arguments)
    assert done.status == 0, done
    lines = done.out[done.out.index("\nGroups"):].split("\n\n")[0].splitlines()[3:]
    told = {line[:line.index("  ")]: line[line.index("  "):].split()[:2]
            for line in lines if "  " in line}
    assert any(tags.values()) and told
    for name, (kind, count) in told.items():
        mine = sum(not text if name == "(none)" else f"; {name}; " in f"; {text}; "
                   for text in tags.values())
        assert (kind, count) == ("tag", str(mine)), (name, told, tags)


def test_default_target(vperf, tmp_path):
    """Without a target it is vperf.db, when it is there."""
    none = vperf.run("report", cwd=tmp_path)
    assert none.status == 2 and "no TARGET" in none.err
    (tmp_path / "vperf.db").write_text("no history", encoding="utf-8")
    for command in ("report", "history"):
        found = vperf.run(command, cwd=tmp_path)
        assert found.status == 2 and "vperf.db" in found.err, found


def test_nothing_measured_is_no_success(vperf, esx, tmp_path):
    """Without an answer there is no report."""
    done = vperf.run("report", "--output", tmp_path / "report.csv", "https://user@127.0.0.1:1")
    assert (done.status, done.out, harness.files_in(tmp_path)) == (1, "", []), done
    part = vperf.run("report", *esx.arguments, "https://user@127.0.0.1:1")
    assert part.status == 3 and len(part.rows) == 5, part
    told = vperf.run("report", "--format", "table", *esx.arguments, "https://user@127.0.0.1:1")
    assert "could not be collected" in told.out.replace("\n", " ")


def test_libvirt_is_polled(vperf):
    """What keeps no samples is polled; what it cannot tell is empty."""
    done = vperf.run("report", "--samples", "2", "--interval", "1", "test:///default")
    assert done.status == 0, done
    guests = [row for row in done.rows if row["type"] == "vm"]
    assert [row["name"] for row in guests] == ["test"] and guests[0]["class"] == "unknown"
    assert guests[0]["memory_active_kib_average"] == ""
    host = next(row for row in done.rows if row["type"] == "host")
    assert {host[name] for name in ("cpu_mhz_average", "headroom_mhz", "vcpus_per_core")} == {""}
