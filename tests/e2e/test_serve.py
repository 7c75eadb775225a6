# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What vperf serve answers: it is what collect writes of the same moment, a real Prometheus reads it,
and it is of now, whatever happens to the targets."""

import datetime
import shutil
import subprocess
import time

import harness
import pytest
import serving

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
# A name that each form has to write in its own way.
AWKWARD = '["a\\"b\\\\c", "=cmd", "ü,{}"]'


def now(seconds=0):
    """A time of the simulator's clock."""
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def standing(shared_vcsim, tmp_path_factory):
    """A vCenter whose clock stands at the present."""
    names = tmp_path_factory.mktemp("names") / "names.json"
    names.write_text(AWKWARD, encoding="utf-8")
    return shared_vcsim("-mode", "real", "-now", now(), "-model", "vpx", "-host", "2", "-vm", "4",
                        "-names", names)


@pytest.fixture(scope="module")
def of_standing(vperf, standing, tmp_path_factory):
    """It is served."""
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
