# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What vperf serve answers: it is what collect writes of the same moment, a real Prometheus reads it,
and it is of now, whatever happens to the targets."""

import datetime
import shutil
import signal
import subprocess
import threading
import time

import harness
import pytest
import serving
from test_jobs import TSAN_ENVIRONMENT, tsan  # noqa: F401

# Counters of each unit: the metric, and what a raw value is multiplied by.
METRICS = {
    "cpu.usage.average": ("vperf_cpu_usage_ratio", 1 / 10000),
    "cpu.usagemhz.average": ("vperf_cpu_usagemhz_hertz", 1e6),
    "cpu.ready.summation": ("vperf_cpu_ready_seconds_total", 1 / 1000),
    "mem.consumed.average": ("vperf_mem_consumed_bytes", 1024),
    "mem.totalCapacity.average": ("vperf_mem_total_capacity_bytes", 1024 ** 2),
    "net.received.average": ("vperf_net_received_bytes_per_second", 1024),
    "net.packetsRx.summation": ("vperf_net_packets_rx_total", 1),
    "disk.maxTotalLatency.latest": ("vperf_disk_max_total_latency_seconds", 1 / 1000),
    "datastore.numberReadAveraged.average": ("vperf_datastore_number_read_averaged", 1),
    "power.power.average": ("vperf_power_power_watts", 1),
    "power.energy.summation": ("vperf_power_energy_joules_total", 1),
    "sys.uptime.latest": ("vperf_sys_uptime_seconds", 1),
}
NAMES = {name for name, _ in METRICS.values()}
COUNTERS = ("--counter", ",".join(METRICS))
# Seconds between two samples of it.
REAL_TIME = 20
# A name that each form has to write in its own way.
AWKWARD = '["a\\"b\\\\c", "=cmd", "ü,{}"]'


def now(seconds=0):
    """A time of the simulator's clock."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def standing(shared_vcsim, tmp_path_factory):
    """A vCenter whose clock stands at the present, at a moment that a sample has."""
    names = tmp_path_factory.mktemp("names") / "names.json"
    names.write_text(AWKWARD, encoding="utf-8")
    moment = now(-(time.time() % REAL_TIME))
    return shared_vcsim("-mode", "real", "-now", moment, "-model", "vpx", "-host", "2", "-vm", "4",
                        "-names", names)


@pytest.fixture
def of_standing(vperf, standing, tmp_path_factory):
    """It is served, for each test anew: no sample of it counts as one of now for long."""
    with serving.exporter(vperf, tmp_path_factory.mktemp("serve"), *COUNTERS,
                          *standing.arguments) as one:
        one.await_samples("vperf_cpu_usage_ratio")
        yield one


def collected(vperf, peer):
    """What collect writes: {(metric, labels): (value, seconds)}."""
    done = vperf.run("collect", "--raw", *COUNTERS, *peer.arguments)
    assert done.status == 0, done
    samples = {}
    for row in done.rows:
        name, factor = METRICS[row["counter"]]
        labels = {key: row[key] for key in ("source", "hypervisor", "type", "name", "id", "instance")
                  if row[key]}
        moment = datetime.datetime.fromisoformat(row["timestamp"].replace("Z", "+00:00"))
        samples[name, tuple(sorted(labels.items()))] = (int(row["value"]) * factor,
                                                        moment.timestamp())
    return samples


def check_same(got, expected):
    """Demand the same series, times and values, the values but for binary fractions."""
    assert got.keys() == expected.keys(), sorted(got.keys() ^ expected.keys())[:5]
    for key, (value, when) in expected.items():
        assert got[key] == (pytest.approx(value, rel=1e-12), when), key


def test_it_is_what_collect_writes(vperf, standing, of_standing):
    """In both formats, under names and in units of its own."""
    expected = collected(vperf, standing)
    for accept, divisor in ((serving.ACCEPT, 1), ("text/plain", 1000)):
        samples = of_standing.samples(Accept=accept)
        got = {key: (value, when / divisor) for key, (value, when) in samples.items()
               if key[0] in NAMES}
        check_same(got, expected)


def test_a_real_prometheus_holds_the_same(vperf, standing, of_standing, tmp_path):
    """Series, times and values; what is called instance there is the exporter, and ours has got
    another name."""
    expected = collected(vperf, standing)
    with serving.Prometheus(tmp_path / "prometheus", of_standing.url) as prometheus:
        prometheus.await_query("vperf_cpu_usage_ratio")
        selector = "|".join(NAMES)
        series = prometheus.query(f'{{__name__=~"{selector}"}}[1h]')
        assert prometheus.query("up")[0]["value"][1] == "1"
    got = {}
    for one in series:
        labels = one["metric"]
        name = labels.pop("__name__")
        assert labels.pop("job") == "vperf"
        device = labels.pop("exported_instance", None)
        del labels["instance"]
        if device:
            labels["instance"] = device
        assert len(one["values"]) == 1, one
        when, value = one["values"][0]
        got[name, tuple(sorted(labels.items()))] = float(value), when
    check_same(got, expected)


def test_promtool_is_content(of_standing):
    """With the old format; OpenMetrics is read by Prometheus' strictest reader."""
    if not shutil.which("promtool"):
        pytest.skip("needs promtool (prometheus)")
    _, _, body = of_standing.get()
    done = subprocess.run(["promtool", "check", "metrics"], input=body, text=True,
                          capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    _, _, body = of_standing.get(Accept=serving.ACCEPT)
    families = list(parser.text_string_to_metric_families(body))
    assert {family.name for family in families} >= {"vperf_up", "vperf_cpu_ready_seconds"}


# The simulated clock runs so many times faster: an interval is a second.
SPEED = 20
LIVELY = ("-mode", "real", "-model", "vpx", "-host", "2", "-vm", "6", "-speed", SPEED, "-control")


def label(labels, name):
    """The value of a label."""
    return dict(labels).get(name)


def check_page(exporter, begin):
    """A page that was asked for at a moment is whole, and has no values of a target whose last good
    round is longer ago than two intervals, or two rounds where these take longer. Return the
    targets that are up."""
    samples = exporter.samples(Accept=serving.ACCEPT)
    up = {}
    for (name, labels), (value, _) in samples.items():
        if name == "vperf_up":
            up[label(labels, "source")] = value == 1
    for source in {label(labels, "source") for name, labels in samples if name in NAMES}:
        def own(name, source=source):
            found = [value for (one, labels), (value, _) in samples.items()
                     if one == name and label(labels, "source") == source]
            assert len(found) == 1, (name, source, found)
            return found[0]
        # The moment is in whole seconds, rounded down.
        ended = own("vperf_target_last_success_timestamp_seconds") + 1
        patience = 2 * max(own("vperf_target_interval_seconds"), own("vperf_target_round_seconds"))
        assert begin < ended + patience, (source, begin, ended, patience)
    return up


class Scrapers:
    """Scrape side by side until the end of the block; what is wrong with a page fails the test."""

    def __init__(self, exporter, count):
        self.exporter, self.pages, self.wrong = exporter, 0, []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.scrape) for _ in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert not self.wrong, self.wrong[0]
        assert self.pages > len(self.threads)

    def scrape(self):
        """One of them."""
        while not self.ended.wait(0.2):
            try:
                check_page(self.exporter, time.time())
                self.pages += 1
            except Exception as error:  # pylint: disable=broad-except
                self.wrong.append(repr(error))
                return


def storm(vperf, servers, directory, count, **how):
    """Targets die and return, guests come and go, while some scrape."""
    arguments = [*COUNTERS, "--timeout", "2", "--ca-file", servers[0].ca_file, *(one.target() for one in servers)]
    with serving.exporter(vperf, directory, *arguments, **how) as exporter:
        first, second = servers

        def is_up(peer, wanted):
            return check_page(exporter, time.time())[peer.label] == wanted

        def guests(peer):
            return {label(labels, "id") for name, labels in exporter.samples()
                    if name == "vperf_cpu_usage_ratio" and label(labels, "source") == peer.label
                    and label(labels, "type") == "vm"}

        def intervals():
            return [value for (name, _), (value, _) in exporter.samples().items()
                    if name == "vperf_target_interval_seconds"]
        for peer in servers:
            harness.await_true(lambda peer=peer: is_up(peer, True) and guests(peer), peer.label, 60)
        harness.await_true(lambda: max(intervals()) < 60 / SPEED, "the servers' pace", 60)
        with Scrapers(exporter, count):
            first.server.control("away", how="refuse", **{"for": "1h"})
            new = second.server.control("create", count=2)
            harness.await_true(lambda: is_up(first, False), "the end of a target", 60)
            harness.await_true(lambda: not guests(first), "the end of its values", 60)
            harness.await_true(lambda: set(new) <= guests(second), "new guests", 60)
            first.server.control("back")
            second.server.control("destroy", ids=",".join(new))
            harness.await_true(lambda: is_up(first, True) and guests(first), "its return", 60)
            harness.await_true(lambda: not set(new) & guests(second), "the end of guests", 60)
            assert is_up(second, True)
            second.server.control("away", how="hang", **{"for": "1h"})
            harness.await_true(lambda: is_up(second, False), "the end of what hangs", 60)
            harness.await_true(lambda: not guests(second), "the end of its values", 60)
            second.server.control("back")
            harness.await_true(lambda: is_up(second, True) and guests(second), "its return", 90)
        return exporter.messages()


def test_targets_come_and_go(vperf, start_vcsim, tmp_path):
    """No page is torn, and none has values of a target that is down."""
    servers = [start_vcsim(*LIVELY), start_vcsim(*LIVELY)]
    storm(vperf, servers, tmp_path, 16)


def test_no_data_races(tsan, start_vcsim, tmp_path):
    """ThreadSanitizer finds nothing meanwhile."""
    servers = [start_vcsim(*LIVELY), start_vcsim(*LIVELY)]
    messages = storm(tsan, servers, tmp_path, 4, env=TSAN_ENVIRONMENT)
    assert "ThreadSanitizer" not in messages, messages


def test_a_history(vperf, tmp_path):
    """What another process records is served; when it stops, it is of now no longer."""
    history = tmp_path / "vperf.db"
    record = vperf.start("record", "--interval", "1", "--output", history, "test:///default")
    try:
        harness.await_true(lambda: "cpu.usage.average" in vperf.run("collect", history).out,
                           "a history", 60)
        with serving.exporter(vperf, tmp_path, "--interval", "1", history) as exporter:
            samples = exporter.await_samples("vperf_cpu_usage_ratio", [("type", "vm")])
            sources = {label(labels, "source") for name, labels in samples
                       if name == "vperf_cpu_usage_ratio"}
            assert exporter.samples(f"/metrics?target={history}").keys() >= {
                key for key in samples if key[0] == "vperf_cpu_usage_ratio"}
            up = [key for key in samples if key[0] == "vperf_up"]
            assert len(up) == 1 and {label(up[0][1], "source")} == sources, up
            record.send_signal(signal.SIGTERM)
            harness.finish(record)
            harness.await_true(lambda: exporter.get("/health")[0] == 503, "the end", 60)
            harness.await_true(lambda: not any(
                name == "vperf_cpu_usage_ratio" for name, _ in exporter.samples()), "no values", 60)
    finally:
        record.kill()


def test_a_configuration(vperf, tmp_path):
    """A target has the name of its section, and its labels."""
    file = tmp_path / "vperf.conf"
    file.write_text("[defaults]\ninterval = 1\n[target lab]\nuri = test:///default\nlabel = site=A\n")
    with serving.exporter(vperf, tmp_path, "--config", file) as exporter:
        exporter.await_samples("vperf_cpu_usage_ratio", [("site", "A")])
        part = exporter.samples("/metrics?target=lab")
        assert [label(labels, "target") for name, labels in part if name == "vperf_up"] == ["lab"]
        assert exporter.get("/health")[2].startswith("lab: up, ")
