#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Measures vperf against pyVmomi and libvirt scripts and expat, prints a table, writes JSON.

bench.py --vperf PROGRAM --servers DIR --bench DIR: DIR with vcsim and pvesim (see ./dev), and of
build.sh beside this file, where results.json goes too.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time
import traceback
import urllib.request

from database import Database
from polls import measure_domstats, measure_polls
from server import HERE, Server, launch

ROUNDS = 5
MIB = 1024
# Content, login, view, catalogue and entities, offer, query, logout: see README.md.
LEAST_REQUESTS = 7
# Rounds of --follow against a server whose clock is so many times faster.
STEADY_ROUNDS, STEADY_SPEED = 12, 10
# Of a one-shot run, for the same series.
STEADY_SHARE = 0.7
# CPU of one counter of one guest, in ms, by how the server's certificate is trusted.
SMALL_TARGETS = {"-k": 12, "--thumbprint": 12, "--ca-file": 12, "system trust": 20}
SMALL_ROUNDS = 11
# CPU time a sample against csv's, by format, of runs of so many samples of a series.
FORMAT_TARGETS = {"jsonl": 1.5, "influx": 1.5, "openmetrics": 1.5, "wide": 2}
FORMAT_SAMPLES = (1, 15)
# CPU a series of programs that are not installed here, against tuned.py's, as it was measured side by
# side with 1000 guests: govc 20 us, telegraf 22 us, tuned.py 43 us.
PEER_SHARES = {"govc": 20 / 43, "telegraf": 22 / 43}
GOVC_ROUNDS = 5
# A cluster of Proxmox VE, and rounds of a longer run against it.
PVE_GUESTS, PVE_NODES, PVE_ROUNDS, PVE_RUNS, PVE_PASSWORD = 500, 8, 5, 3, "Sesam-0effne-Dich"

# Values that a real server gave; not part of the project.
RECORDED_VALUES = pathlib.Path(os.environ.get("VPERF_RECORDED", HERE / "../../../shared/data/recorded")
                        ) / "esx65.values.tsv"


class Results:
    """What was measured, as a table and as JSON."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, text, target=None, target_text="", good=None, **details):
        """Note a value; with a target it passes when it is not above it."""
        if good is None and target is not None:
            good = value <= target
        self.rows.append({"name": name, "value": value, "text": text, "target": target,
                          "target_text": target_text, "pass": good, **details})

    def ratio(self, name, ours, theirs, limit=None, **details):
        """Note how many times less ours is; the limit is such a number."""
        value = ours / theirs
        self.add(name, value, f"1/{1 / value:.1f}", limit and 1 / limit,
                 f"at most 1/{limit}" if limit else "", **details)

    def failed(self):
        """Return how many targets are not reached."""
        return sum(row["pass"] is False for row in self.rows)

    def show(self):
        """Print the table."""
        verdicts = {True: "pass", False: "short", None: ""}
        lines = [("measurement", "value", "target", "")]
        lines += [(row["name"], row["text"], row["target_text"], verdicts[row["pass"]])
                  for row in self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(4)]
        for line in lines:
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def median(runs, key):
    """Return the median of a measure."""
    return statistics.median(run[key] for run in runs)


def mib(kib):
    """Write a size."""
    return f"{kib / MIB:.1f} MiB"


def compare_rows(server, results):
    """All three clients must do the same work: their rows differ in order alone."""
    files = {name: server.directory / f"{name}.csv" for name in ("vperf", "naive", "tuned")}
    ours = server.vperf(output=files["vperf"])
    server.peer("naive.py", files["naive"])
    server.peer("tuned.py", files["tuned"])
    rows = {name: sorted(file.read_bytes().splitlines()) for name, file in files.items()}
    same = rows["vperf"] == rows["naive"] == rows["tuned"]
    results.add("rows of vperf, naive.py and tuned.py", len(rows["vperf"]),
                f"{len(rows['vperf'])}, " + ("the same" if same else "NOT the same"), None,
                "the same", good=same)
    return ours["series"]


def measure_cpu(server, results):
    """CPU time for each series: all counters of 200 guests and 10 hosts."""
    server.set(200)
    series = compare_rows(server, results)
    runs = {"vperf": [], "naive.py": [], "tuned.py": []}
    for _ in range(ROUNDS):
        runs["vperf"].append(server.vperf())
        runs["naive.py"].append(server.peer("naive.py"))
        runs["tuned.py"].append(server.peer("tuned.py"))
    cpu = {name: median(each, "cpu") / series * 1e6 for name, each in runs.items()}
    wall = {name: median(each, "wall") for name, each in runs.items()}
    for name in runs:
        results.add(f"200 guests, 10 hosts: CPU a series, {name}", cpu[name],
                    f"{cpu[name]:.2f} us", runs=[run["cpu"] for run in runs[name]])
    results.ratio("200 guests, 10 hosts: CPU against naive.py", cpu["vperf"], cpu["naive.py"], 25)
    results.ratio("200 guests, 10 hosts: CPU against tuned.py", cpu["vperf"], cpu["tuned.py"])
    results.add("200 guests, 10 hosts: wall time, vperf", wall["vperf"], f"{wall['vperf']:.2f} s",
                runs=[run["wall"] for run in runs["vperf"]])
    results.ratio("200 guests, 10 hosts: wall time against naive.py", wall["vperf"],
                  wall["naive.py"])


def measure_formats(server, results):
    """CPU time a sample of each format against csv's; runs take turns, as the machine's pace varies."""
    server.set(200)
    server.vperf()
    for samples in FORMAT_SAMPLES:
        runs = {name: [] for name in ("csv", *FORMAT_TARGETS)}
        for _ in range(ROUNDS):
            for name, each in runs.items():
                each.append(server.vperf("--format", name, "--samples", samples))
        cpu = {name: median(each, "cpu") / each[0]["samples"] * 1e6 for name, each in runs.items()}
        for name, limit in FORMAT_TARGETS.items():
            ratio = cpu[name] / cpu["csv"]
            results.add(f"200 guests, {samples} samples: CPU a sample, {name} against csv", ratio,
                        f"{cpu[name]:.3f} / {cpu['csv']:.3f} us = {ratio:.2f}", limit,
                        f"at most {limit}" if limit else "",
                        runs=[run["cpu"] for run in runs[name]],
                        rss_kib=median(runs[name], "rss_kib"))


def measure_thousand(server, results):
    """CPU and instructions for each series of 1000 guests and 10 hosts, against all peers."""
    server.set(1000)
    series = server.vperf()["series"]
    server.peer("tuned.py")
    runs = {"vperf": [], "tuned.py": []}
    for _ in range(ROUNDS):
        runs["vperf"].append(server.vperf())
        runs["tuned.py"].append(server.peer("tuned.py"))
    cpu = {name: median(each, "cpu") / series * 1e6 for name, each in runs.items()}
    results.add("1000 guests: CPU a series, vperf", cpu["vperf"], f"{cpu['vperf']:.2f} us", 1.0,
                "at most 1 us", runs=[run["cpu"] for run in runs["vperf"]])
    count = server.vperf_instructions() / series
    results.add("1000 guests: instructions a series, vperf", count, f"{count:.0f}", 6500,
                "at most 6500")
    results.ratio("1000 guests: CPU against tuned.py", cpu["vperf"], cpu["tuned.py"], 40,
                  runs=[run["cpu"] for run in runs["tuned.py"]])
    measured = measure_govc(server, results)
    for name, share in PEER_SHARES.items():
        if name not in measured:
            results.ratio(f"1000 guests: CPU against {name} (recorded, not run here)", cpu["vperf"],
                          cpu["tuned.py"] * share, 20)


def measure_govc(server, results):
    """All counters of 1000 guests by name, and no hosts; return what was measured."""
    if not server.options.govc:
        return ()
    names = server.offered()
    guests = [f"VirtualMachine:vm-{10000 + number}" for number in range(1000)]
    file = server.directory / "govc.txt"
    runs = {"vperf": [], "govc": []}
    for _ in range(GOVC_ROUNDS):
        runs["vperf"].append(server.vperf("--type", "vm"))
        runs["govc"].append(server.govc(*guests, *names, output=file))
    rows = len(file.read_bytes().splitlines())
    cpu = {"vperf": median(runs["vperf"], "cpu") / runs["vperf"][0]["series"] * 1e6,
           "govc": median(runs["govc"], "cpu") / rows * 1e6}
    for name, each in cpu.items():
        results.add(f"1000 guests without hosts: CPU a series, {name}", each, f"{each:.2f} us",
                    runs=[run["cpu"] for run in runs[name]], rss_kib=median(runs[name], "rss_kib"))
    results.ratio("1000 guests without hosts: CPU against govc", cpu["vperf"], cpu["govc"], 20)
    return ("govc",)


def measure_small(server, results):
    """CPU of one counter of one guest, by how the server is trusted, and of --version."""
    server.set(200)
    arguments = ("--name", "guest-00000", "--counter", "cpu.usage.average")
    runs = {trust: [] for trust in SMALL_TARGETS}
    versions, govc = [], []
    for _ in range(SMALL_ROUNDS):
        for trust, each in runs.items():
            each.append(server.vperf(*arguments, trust=trust))
        versions.append(server.run(server.options.vperf, "--version"))
        if server.options.govc:
            govc.append(server.govc("VirtualMachine:vm-10000", "cpu.usage.average"))
    for trust, target in SMALL_TARGETS.items():
        cpu = median(runs[trust], "cpu") * 1e3
        results.add(f"one guest, one counter, {trust}: CPU", cpu, f"{cpu:.1f} ms", target,
                    f"at most {target} ms", runs=[run["cpu"] for run in runs[trust]])
    if govc:
        results.ratio("one guest, one counter, -k: CPU against govc", median(runs["-k"], "cpu"),
                      median(govc, "cpu"), 3, runs=[run["cpu"] for run in govc])
    count = server.vperf_instructions(*arguments)
    results.add("one guest, one counter, --ca-file: instructions", count, f"{count / 1e6:.0f} M")
    cpu = median(versions, "cpu") * 1e3
    results.add("vperf --version: CPU", cpu, f"{cpu:.1f} ms", 5, "at most 5 ms",
                runs=[run["cpu"] for run in versions])
    objects = subprocess.run(["ldd", str(server.options.vperf)], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.count("\n")
    results.add("vperf: shared objects", objects, str(objects))


def measure_inventory(server, results):
    """Instructions to read an inventory of 10,000 guests, the connection included."""
    server.set(10000)
    count = server.vperf_instructions("--type", "vm", "--name", "guest-00000", "--counter",
                                      "cpu.usage.average", of="entities_load") / 10000
    results.add("10000 guests: instructions of the inventory a guest", count, f"{count:.0f}",
                40000, "at most 40000")


def start_pvesim(server):
    """A simulated cluster of Proxmox VE: the process, its TARGET, and how often each path was asked."""
    good = server.certificates["good"]
    cluster = launch.Server([str(server.options.servers / "pvesim"), "-nodes", str(PVE_NODES),
                             "-guests", str(PVE_GUESTS), "-cert", good["cert"], "-key",
                             good["key"]])

    def asked():
        with urllib.request.urlopen(f"{cluster.url}/sim/asked", context=server.context) as answer:
            paths = json.loads(answer.read())["paths"]
        return sum(count for path, count in paths.items()
                   if "/" in path and not path.startswith("/sim"))
    return cluster, f"pve://root@pam!vperf@127.0.0.1:{cluster.port}", asked


def measure_proxmox(server, results):
    """Rounds of Proxmox VE: what longer runs ask and take more than short ones."""
    cluster, target, asked = start_pvesim(server)
    runs, requests = {1: [], PVE_ROUNDS: []}, {}
    try:
        for _ in range(PVE_RUNS):
            for rounds, each in runs.items():
                before = asked()
                each.append(server.run(server.options.vperf, "collect", "--ca-file",
                                       server.certificates["ca"]["cert"], "--interval", 2,
                                       "--samples", rounds, target, good=(0, 3),
                                       environment={"VPERF_PASSWORD": PVE_PASSWORD}))
                requests[rounds] = asked() - before
    finally:
        cluster.stop()
    further = PVE_ROUNDS - 1
    name = f"{PVE_GUESTS} guests on {PVE_NODES} nodes of Proxmox VE"
    count = (requests[PVE_ROUNDS] - requests[1]) / further
    limit = 4 * PVE_NODES + 2
    results.add(f"{name}: HTTP requests a round", count, f"{count:.1f}", limit, f"at most {limit}")
    cpu = (median(runs[PVE_ROUNDS], "cpu") - median(runs[1], "cpu")) / further / PVE_GUESTS
    results.add(f"{name}: CPU a guest and round", cpu, f"{cpu * 1e6:.0f} us",
                runs=[run["cpu"] for run in runs[PVE_ROUNDS]],
                rss_kib=median(runs[PVE_ROUNDS], "rss_kib"))


def measure_requests(server, results):
    """HTTP requests for 1000 guests and 10 hosts, and for one counter of one guest."""
    server.set(1000)
    server.vperf()
    server.requests()
    server.vperf()
    ours = server.requests()
    server.peer("naive.py")
    naive = server.requests()
    results.add("1000 guests, 10 hosts: HTTP requests", sum(ours.values()),
                f"{sum(ours.values())}", 40, "at most 40", methods=ours)
    results.add("1000 guests, 10 hosts: HTTP requests, naive.py", sum(naive.values()),
                f"{sum(naive.values())}", None, "more than 2000", sum(naive.values()) > 2000,
                methods=naive)
    server.set(200)
    server.vperf("--name", "guest-00000", "--counter", "cpu.usage.average")
    start = server.requests()
    count = sum(start.values())
    results.add("one guest, one counter: HTTP requests", count, f"{count}", LEAST_REQUESTS,
                f"at most {LEAST_REQUESTS}", methods=start)


def measure_memory(server, results):
    """Peak memory for 500 and 5000 guests."""
    peaks = {}
    for guests in (500, 5000):
        server.set(guests)
        peaks[guests] = [server.vperf()["rss_kib"] for _ in range(ROUNDS)]
        peak = statistics.median(peaks[guests])
        limit = 28 * MIB if guests == 5000 else None
        results.add(f"{guests} guests: peak memory", peak, mib(peak), limit,
                    "at most 28 MiB" if limit else "", runs=peaks[guests])
    few, many = (statistics.median(peaks[guests]) for guests in (500, 5000))
    results.add("5000 guests: peak memory against 500", many / few, f"{many / few:.2f} times", 1.2,
                "at most 1.2 times")
    results.add("5000 guests: memory for each guest above 500", (many - few) / 4500,
                f"{(many - few) / 4500:.1f} KiB")
    return max(peaks[5000])


def measure_history(server, results, peak):
    """An hour of real-time samples of 500 guests against the newest sample alone."""
    server.set(500)
    server.vperf("--type", "vm", "--last", "1h")
    one, hour = [], []
    for _ in range(ROUNDS):
        one.append(server.vperf("--type", "vm"))
        hour.append(server.vperf("--type", "vm", "--last", "1h"))
    of_series = median(one, "cpu") / one[0]["series"] * 1e6
    of_sample = median(hour, "cpu") / hour[0]["samples"] * 1e6
    results.add("500 guests: CPU a series of one sample", of_series, f"{of_series:.2f} us",
                runs=[run["cpu"] for run in one])
    results.add("500 guests, --last 1h: CPU a sample", of_sample, f"{of_sample:.3f} us",
                runs=[run["cpu"] for run in hour])
    results.ratio("500 guests, --last 1h: CPU a sample against a series", of_sample, of_series, 5)
    peaks = [run["rss_kib"] for run in hour]
    results.add("500 guests, --last 1h: peak memory", median(hour, "rss_kib"),
                mib(median(hour, "rss_kib")), runs=peaks)
    most = max([peak, *peaks])
    results.add("most memory of all runs", most, mib(most), 64 * MIB, "below 64 MiB",
                good=most < 64 * MIB)


def measure_jobs(server, results):
    """Side by side: a server that thinks 100 ms about each query."""
    server.set(1000, delay=100)
    runs = {jobs: [server.vperf("--jobs", jobs) for _ in range(ROUNDS)] for jobs in (1, 4)}
    wall = {jobs: median(each, "wall") for jobs, each in runs.items()}
    results.add("1000 guests, 100 ms a query: wall time, --jobs 1", wall[1], f"{wall[1]:.2f} s",
                runs=[run["wall"] for run in runs[1]])
    results.ratio("1000 guests, 100 ms a query: wall time, --jobs 4 against 1", wall[4], wall[1])


def cpu_of(process):
    """Return the CPU time of a running process so far, in seconds."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_kib(process):
    """Return the most memory that a running process has had."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1))


def await_rounds(server, rounds):
    """Wait for so many rounds of the server's clock; return the requests that came meanwhile."""
    time.sleep(rounds * 20 / STEADY_SPEED)
    return server.requests()


def measure_steady(options, results):
    """An endless run of 1000 guests and 10 hosts: what one round costs, renewals included."""
    server = Server(options, secrets.token_hex(12), "-speed", STEADY_SPEED)
    try:
        server.set(1000)
        server.vperf()
        runs = [server.vperf() for _ in range(ROUNDS)]
        once = median(runs, "cpu")
        process = server.follow()
        await_rounds(server, 9)
        before = cpu_of(process)
        requests = await_rounds(server, STEADY_ROUNDS)
        cpu = (cpu_of(process) - before) / STEADY_ROUNDS
        process.terminate()
        process.wait()
    finally:
        server.stop()
    series = runs[0]["series"]
    results.add("1000 guests, --follow: CPU a series and round", cpu / series * 1e6,
                f"{cpu / series * 1e6:.2f} us", once=once, round=cpu)
    results.add("1000 guests, --follow: CPU of a round against a one-shot run", cpu / once,
                f"{cpu / once:.2f}", STEADY_SHARE, f"at most {STEADY_SHARE}")
    queries = requests.get("QueryPerf", 0) / STEADY_ROUNDS
    every = sum(requests.values()) / STEADY_ROUNDS
    results.add("1000 guests, --follow: requests a round", every,
                f"{queries:.1f} QueryPerf + {every - queries:.1f}", 24, "at most 24",
                methods=requests)


# What 1000 guests have 40 of, and what a scrape and a round of them may take.
SERVED = ("cpu.*.average,cpu.*.summation,mem.*.average,net.*.average,power.*,"
          "!mem.*Rate.*,!mem.ll*,!mem.overhead*")
SCRAPES, SCRAPERS, SCRAPED_SECONDS, SERVED_ROUNDS = 40, 4, 20, 10


def scrape(url, path="metrics", encoding="identity"):
    """Read a page; return its bytes and the seconds that it took."""
    request = urllib.request.Request(url + path, headers={
        "Accept": "application/openmetrics-text;version=1.0.0", "Accept-Encoding": encoding})
    begin = time.monotonic()
    with urllib.request.urlopen(request) as answer:
        body = answer.read()
    return body, time.monotonic() - begin


def cpu_of_scrapes(process, url, encoding):
    """The CPU of a scrape whose page is made anew: that of some counters, which are all."""
    before = cpu_of(process)
    for _ in range(SCRAPES):
        scrape(url, "metrics?counter=*", encoding)
    return (cpu_of(process) - before) / SCRAPES


def latencies(url):
    """How long the scrapes of some side by side took, in order."""
    end = time.monotonic() + SCRAPED_SECONDS

    def one(_):
        taken = []
        while time.monotonic() < end:
            taken.append(scrape(url, encoding="gzip")[1])
            time.sleep(0.2)
        return taken
    with concurrent.futures.ThreadPoolExecutor(SCRAPERS) as pool:
        return sorted(sum(pool.map(one, range(SCRAPERS)), []))


def measure_serve(options, results):
    """serve of 1000 guests with 40 counters each: scrapes, rounds and memory."""
    server = Server(options, secrets.token_hex(12), "-speed", STEADY_SPEED)
    process = None
    try:
        server.set(1000)
        process, url = server.serve("--type", "vm", "--instance", "aggregate", "--counter", SERVED)
        end = time.monotonic() + 60
        while (series := scrape(url)[0].count(b'type="vm"')) < 30000:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"serve has {series} series after a minute")
            time.sleep(0.5)
        name = f"serve, 1000 guests, {series - 1000} series"
        time.sleep(3 * 20 / STEADY_SPEED)
        before = cpu_of(process)
        time.sleep(SERVED_ROUNDS * 20 / STEADY_SPEED)
        round_cpu = (cpu_of(process) - before) / SERVED_ROUNDS
        results.add(f"{name}: CPU of a round", round_cpu, f"{round_cpu:.2f} s", 1, "at most 1 s")
        share = round_cpu * STEADY_SPEED / 20
        for encoding in ("identity", "gzip"):
            begin = time.monotonic()
            cpu = cpu_of_scrapes(process, url, encoding)
            cpu -= share * (time.monotonic() - begin) / SCRAPES
            results.add(f"{name}: CPU of a scrape that is made anew, {encoding}", cpu,
                        f"{cpu * 1e3:.0f} ms", 0.05, "at most 50 ms")
        taken = latencies(url)
        late = taken[int(len(taken) * 0.99)]
        results.add(f"{name}: 99th percentile of {len(taken)} scrapes by {SCRAPERS}", late,
                    f"{late * 1e3:.0f} ms", 0.15, "at most 150 ms", median=statistics.median(taken))
        peak = peak_kib(process)
        results.add(f"{name}: peak memory", peak, mib(peak), 120 * MIB, "at most 120 MiB")
    finally:
        if process:
            process.terminate()
            process.wait()
        server.stop()


def query_answer(server, form, samples):
    """Put the answer for 64 guests, HTTP header included, into a file; return the file."""
    spec = ("<querySpec><entity type=\"VirtualMachine\">vm-{}</entity><maxSample>{}</maxSample>"
            "<intervalId>20</intervalId><format>{}</format></querySpec>")
    request = ("<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\"><Body>"
               "<QueryPerf xmlns=\"urn:vim25\"><_this type=\"PerformanceManager\">PerfMgr</_this>"
               + "".join(spec.format(10000 + i, samples, form) for i in range(64))
               + "</QueryPerf></Body></Envelope>")
    body = server.fetch("/sdk", request.encode())
    file = server.directory / f"answer-{form}-{samples}.xml"
    file.write_bytes(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\n"
                     b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return file


def instructions(server, reader, file):
    """Return what the reader found in the file, and the instructions that it took."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
         "--collect-atstart=no", f"--toggle-collect=read_{reader}",
         str(server.directory / "deserialize"), reader, str(file)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        check=True)
    return json.loads(done.stdout), int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def measure_deserializer(server, results):
    """Instructions to read the answers to QueryPerf, vperf against expat."""
    server.set(200)
    for form in ("csv", "normal"):
        for samples in (1, 15):
            file = query_answer(server, form, samples)
            found, ours = instructions(server, "vperf", file)
            same, theirs = instructions(server, "expat", file)
            _, floor = instructions(server, "nothing", file)
            if found != same:
                raise RuntimeError(f"{file}: vperf reads {found}, expat {same}")
            results.add(f"{form}, {samples} samples: instructions a series, against expat",
                        ours / theirs,
                        f"{ours / found['series']:.0f} / {theirs / found['series']:.0f} = "
                        f"{ours / theirs:.2f}", 1, "at most 1", vperf=ours, expat=theirs,
                        expat_without_handlers=floor)


# What one server serves for; measure_steady needs one of its own, measure_history the peak of memory.
# Guests, series of each, and rounds of 20 s; and the targets.
RECORDED_GUESTS, RECORDED_SERIES, RECORDED_ROUNDS = 1010, 100, 60
RECORDED_DAYS, COMMIT_ROUNDS = 30, 30
NOISE_GUESTS, NOISE_SERIES = 2, 32


def remove_history(file):
    """Removes a history that an earlier run left: samples that it has would not be written again."""
    for name in (file, f"{file}-wal", f"{file}-shm"):
        pathlib.Path(name).unlink(missing_ok=True)


def run_history(options, directory, *numbers, values=RECORDED_VALUES):
    """What the program history measured, with these guests, series, rounds, ...: {name: number}."""
    file = directory / f"{numbers[0]}.db"
    remove_history(file)
    done = subprocess.run([options.bench / "history", file, values, *map(str, numbers)],
                          capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in map(str.split, done.stdout.splitlines())}


def measure_recording(server, results):
    """A history of recorded values: its size, what a round of many guests takes, and reading."""
    if not RECORDED_VALUES.exists():
        print(f"recording: skipped: there is no {RECORDED_VALUES}")
        return
    one = run_history(server.options, server.directory, 1, 197, RECORDED_DAYS * 4320,
                      COMMIT_ROUNDS)
    size, read = one["bytes_per_sample"], one["read_one_series_ms"]
    results.add("history: bytes per sample, recorded values", size, f"{size:.2f}", 1, "at most 1")
    results.add("history: one series of 30 days", read, f"{read:.0f} ms", 50, "at most 50 ms")
    for values, text, limit in (
            ("percent", "0 to 100.00 % by chance, whose entropy is 1.66", 2),
            ("noise", "16 bits by chance, whose entropy is 2.00", 2.4)):
        size = run_history(server.options, server.directory, NOISE_GUESTS, NOISE_SERIES,
                           RECORDED_DAYS * 4320, COMMIT_ROUNDS, values=values)["bytes_per_sample"]
        results.add(f"history: bytes per sample, {text}", size, f"{size:.2f}", limit,
                    f"at most {limit}")
    many = run_history(server.options, server.directory, RECORDED_GUESTS, RECORDED_SERIES,
                       RECORDED_ROUNDS, 1)
    name = f"history: a round of {RECORDED_GUESTS} entities, {RECORDED_SERIES} series each"
    for key, unit, limit in (("cpu_per_round_s", "s", 2), ("written_mb_per_round", "MB", 10),
                             ("memory_mb", "MB", 150)):
        results.add(f"{name}: {key.partition('_')[0]}", many[key], f"{many[key]:.2f} {unit}",
                    limit, f"at most {limit} {unit}")


# Rounds of 300 s in a week: what a round costs, and memory, do not depend on the time between them.
WEEK_ROUNDS, WEEK_INTERVAL = 2016, 300


def measure_week(server, results):
    """Memory of a recorder after a day and after a week."""
    week = run_history(server.options, server.directory, RECORDED_GUESTS, RECORDED_SERIES,
                       WEEK_ROUNDS, 1, WEEK_INTERVAL)
    day, end = week["memory_after_a_day_mb"], week["memory_at_the_end_mb"]
    name = f"history: a week of {RECORDED_GUESTS} entities, {RECORDED_SERIES} series each"
    results.add(f"{name}: memory at its end", end, f"{end:.1f} MiB", 150, "at most 150 MiB")
    results.add(f"{name}: memory against that after a day", end / day, f"{end / day:.2f} times",
                1.1, "at most 1.1 times")
    for key, unit, limit in (("cpu_per_round_s", "s", 2), ("written_mb_per_round", "MB", 10)):
        results.add(f"{name}: {key.partition('_')[0]} per round", week[key],
                    f"{week[key]:.2f} {unit}", limit, f"at most {limit} {unit}")


# Guests, series of each, and hours of 20 s; their hosts are among them.
MONTH_GUESTS, MONTH_SERIES, MONTH_HOURS = 200, 64, 720


def measure_report(server, results):
    """A capacity report of a month of recorded values."""
    if not RECORDED_VALUES.exists():
        print(f"report: skipped: there is no {RECORDED_VALUES}")
        return
    file = server.directory / "month.db"
    subprocess.run([server.options.bench / "month", file, RECORDED_VALUES, str(MONTH_GUESTS),
                    str(MONTH_SERIES), str(MONTH_HOURS)], check=True)
    runs = [server.run(server.options.vperf, "report", "--quiet", "--format", "csv", file)
            for _ in range(3)]
    file.unlink()
    name = f"report of {MONTH_GUESTS} guests, {MONTH_HOURS // 24} days of 20 s"
    wall, peak = median(runs, "wall"), median(runs, "rss_kib")
    results.add(f"{name}: wall time", wall, f"{wall:.2f} s", 5, "at most 5 s",
                runs=[run["wall"] for run in runs])
    results.add(f"{name}: peak memory", peak, mib(peak), 200 * MIB, "at most 200 MiB",
                runs=[run["rss_kib"] for run in runs])


# Guests and series of each: a round of a live target, whose series have one sample each.
PUSHED_GUESTS, PUSHED_SERIES = 500, 200


def measure_push(server, results):
    """Sending to a database: VictoriaMetrics where it is installed, else what only reads."""
    if not RECORDED_VALUES.exists():
        print(f"push: skipped: there is no {RECORDED_VALUES}")
        return
    run_history(server.options, server.directory, PUSHED_GUESTS, PUSHED_SERIES, 2, 1)
    file = server.directory / f"{PUSHED_GUESTS}.db"
    samples = PUSHED_GUESTS * PUSHED_SERIES
    with Database(server.directory) as database:
        for name, path in (("line protocol", "/write"), ("remote write", "/api/v1/write")):
            runs = [server.run(server.options.vperf, "collect", "--quiet", "--output",
                               database.url + path, file) for _ in range(3)]
            each = median(runs, "cpu") / samples * 1e6
            results.add(f"{samples} series into {database.name}, {name}: CPU per sample", each,
                        f"{each:.1f} us ({1e6 / each:.0f} a second)", 5, "at most 5 us",
                        runs=[run["cpu"] for run in runs])
    file.unlink()


PARTS = {"cpu": measure_cpu, "formats": measure_formats, "thousand": measure_thousand, "small": measure_small,
         "requests": measure_requests, "inventory": measure_inventory, "polls": measure_polls,
         "domstats": measure_domstats, "proxmox": measure_proxmox,
         "memory": lambda server, results: measure_history(server, results,
                                                           measure_memory(server, results)),
         "jobs": measure_jobs,
         "steady": lambda server, results: measure_steady(server.options, results),
         "serve": lambda server, results: measure_serve(server.options, results),
         "deserializer": measure_deserializer, "recording": measure_recording,
         "report": measure_report, "push": measure_push, "week": measure_week}
# Minutes of its own: ./dev soak measures it.
LONG = {"week"}


def parse_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vperf", type=pathlib.Path, required=True, help="the release build")
    parser.add_argument("--servers", type=pathlib.Path, required=True, help="has vcsim and pvesim")
    parser.add_argument("--bench", type=pathlib.Path, required=True,
                        help="has responder, measure, deserialize, history and month; gets results.json")
    parser.add_argument("--govc", type=pathlib.Path, help="govc, to be measured as well")
    parser.add_argument("--only", choices=PARTS, nargs="*",
                        default=[part for part in PARTS if part not in LONG],
                        help="parts to measure; all but week by default")
    options = parser.parse_args()
    for name in ("vperf", "servers", "bench"):
        setattr(options, name, getattr(options, name).resolve())
    found = options.govc or shutil.which("govc", path=f"{options.bench}:{os.environ['PATH']}")
    options.govc = found and pathlib.Path(found).resolve()
    return options


def main():
    """Measure everything; status 1 when a target is not reached."""
    options = parse_options()
    results = Results()
    began = time.monotonic()
    server = Server(options, secrets.token_hex(12))
    try:
        for part in options.only:
            try:
                PARTS[part](server, results)
            except Exception:  # what the other parts measure is worth having
                traceback.print_exc()
                results.add(f"{part}: could not be measured", None, "failed", good=False)
    finally:
        server.stop()
    results.show()
    file = options.bench / "results.json"
    file.write_text(json.dumps({"seconds": time.monotonic() - began, "cpus": os.cpu_count(),
                                "load": os.getloadavg(), "results": results.rows},
                               indent=1) + "\n")
    print(f"\n{results.failed()} of {sum(row['pass'] is not None for row in results.rows)} targets "
          f"short; {time.monotonic() - began:.0f} s; details in {file}")
    return 1 if results.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
