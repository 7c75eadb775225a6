#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Measures vperf against two pyVmomi scripts and against expat, prints a table, writes JSON.

bench.py --vperf PROGRAM --servers DIR --bench DIR: DIR with vcsim (see ./dev), and of
build.sh beside this file, where results.json goes too.
"""

import argparse
import json
import os
import pathlib
import re
import secrets
import ssl
import statistics
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))

import certs  # noqa: E402
import launch  # noqa: E402

ROUNDS = 5
HOSTS = 10
# The shapes of the simulator's guests repeat after 12.
TEMPLATES = 12
NOW = "2026-11-21T12:00:00Z"
MIB = 1024
# Content, login, view, catalogue and entities, offer, query, logout: see README.md.
LEAST_REQUESTS = 7
# Rounds of --follow against a server whose clock is so many times faster.
STEADY_ROUNDS, STEADY_SPEED = 12, 10
# Of a one-shot run, for the same series.
STEADY_SHARE = 0.7


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


class Server:
    """The simulator, the responder before it, and how clients are run against them."""

    def __init__(self, options, password, *flags):
        self.options = options
        self.directory = options.bench
        self.environment = {**os.environ, "VPERF_PASSWORD": password, "VCSIM_PASSWORD": password,
                            "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        os.environ["VCSIM_PASSWORD"] = password
        self.certificates = certs.make(self.directory / "certificates")
        good = self.certificates["good"]
        self.simulator = launch.vcsim(options.servers / "vcsim", "-mode", "real", "-model", "vpx",
                                      "-vm", TEMPLATES, "-host", HOSTS, "-now", NOW, *flags,
                                      cert=good)
        self.responder = launch.Server([
            str(self.directory / "responder"), "-die-with-parent", "-upstream", self.simulator.url,
            "-cert", good["cert"], "-key", good["key"]])
        self.url = self.responder.url.replace("//", "//user@")
        self.context = ssl.create_default_context(cafile=self.certificates["ca"]["cert"])

    def stop(self):
        """End both."""
        self.responder.stop()
        self.simulator.stop()

    def fetch(self, path, data=None):
        """Return what the responder answers."""
        base = self.responder.url.removesuffix("/sdk")
        with urllib.request.urlopen(base + path, data, context=self.context) as answer:
            return answer.read()

    def set(self, guests, delay=0):
        """Set the number of guests and the thinking time; forget the requests so far."""
        self.fetch(f"/bench?guests={guests}&delay={delay}")

    def requests(self):
        """Return {method: number} of the requests since the last time."""
        return json.loads(self.fetch("/bench"))

    def run(self, *command, output="/dev/null"):
        """Run a client; return what measure says, its messages, series and samples."""
        done = subprocess.run([str(self.directory / "measure"), str(output), *map(str, command)],
                              env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        result = json.loads(done.stdout)
        if result["status"] != 0:
            raise RuntimeError(f"{command[0]}: status {result['status']}\n{done.stderr}")
        counts = re.search(r"(\d+) series, (\d+) samples", done.stderr)
        result["series"], result["samples"] = map(int, counts.groups()) if counts else (0, 0)
        return result

    def vperf(self, *arguments, output="/dev/null"):
        """Run vperf collect."""
        return self.run(self.options.vperf, "collect", "--ca-file", self.certificates["ca"]["cert"],
                        *arguments, self.url, output=output)

    def follow(self):
        """Start an endless run; return its process."""
        command = [self.options.vperf, "collect", "--follow", "--ca-file",
                   self.certificates["ca"]["cert"], self.url]
        return subprocess.Popen(list(map(str, command)), env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def peer(self, name, output="/dev/null"):
        """Run a pyVmomi script."""
        return self.run("/usr/bin/python3", HERE / "peers" / name, self.url, output=output)


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


def measure_requests(server, results):
    """HTTP requests for 1000 guests and 10 hosts, and for one counter of one guest."""
    server.set(1000)
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
    runs = [server.vperf("--name", "guest-00000", "--counter", "cpu.usage.average")
            for _ in range(ROUNDS)]
    start = {method: count // ROUNDS for method, count in server.requests().items()}
    count = sum(start.values())
    results.add("one guest, one counter: HTTP requests", count, f"{count}", LEAST_REQUESTS,
                f"at most {LEAST_REQUESTS}", methods=start)
    results.add("one guest, one counter: CPU", median(runs, "cpu"),
                f"{median(runs, 'cpu') * 1e3:.0f} ms", runs=[run["cpu"] for run in runs])


def measure_memory(server, results):
    """Peak memory for 500 and 5000 guests."""
    peaks = {}
    for guests in (500, 5000):
        server.set(guests)
        peaks[guests] = [server.vperf()["rss_kib"] for _ in range(ROUNDS)]
        peak = statistics.median(peaks[guests])
        results.add(f"{guests} guests: peak memory", peak, mib(peak), runs=peaks[guests])
    growth = statistics.median(peaks[5000]) / statistics.median(peaks[500])
    results.add("5000 guests: peak memory against 500", growth, f"{growth:.2f} times", 1.2,
                "at most 1.2 times")
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


def parse_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vperf", type=pathlib.Path, required=True, help="the release build")
    parser.add_argument("--servers", type=pathlib.Path, required=True, help="has vcsim")
    parser.add_argument("--bench", type=pathlib.Path, required=True,
                        help="has responder, measure and deserialize; gets results.json")
    options = parser.parse_args()
    for name in ("vperf", "servers", "bench"):
        setattr(options, name, getattr(options, name).resolve())
    return options


def main():
    """Measure everything; status 1 when a target is not reached."""
    options = parse_options()
    results = Results()
    began = time.monotonic()
    server = Server(options, secrets.token_hex(12))
    try:
        measure_cpu(server, results)
        measure_requests(server, results)
        measure_history(server, results, measure_memory(server, results))
        measure_jobs(server, results)
        measure_steady(options, results)
        measure_deserializer(server, results)
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
