# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Checks with pyVmomi that the simulator's real mode does what servers do, and that its plain
mode is stock vcsim."""

import datetime
import json

import pytest
from pyVmomi import vim, vmodl

import launch
import pyvmomi_reference as reference

NOW = "2026-03-01T12:00:07Z"
NEWEST = datetime.datetime(2026, 3, 1, 12, 0, 0, tzinfo=datetime.timezone.utc)
NAMES = ["a,b", 'say "hi"', "line\nbreak", "Käse", "計算機", "=cmd|'/C calc'!A0", "@sum", "+1",
         "-1"]
GUEST_DISKS = {"disk.usage.average", "disk.read.average", "disk.write.average"}
Spec = vim.PerformanceManager.QuerySpec
MetricId = vim.PerformanceManager.MetricId


def seconds(count):
    return datetime.timedelta(seconds=count)


class Client:
    """A logged-in pyVmomi session and short ways to ask."""

    def __init__(self, content):
        self.content = content
        self.manager = content.perfManager
        self.names = reference.counter_names(content)

    def entities(self, *types):
        return reference.entities(self.content, types)

    def first(self, kind):
        return self.entities(kind)[0].object

    def listed(self, entity, interval=20):
        how = {} if interval is None else {"intervalId": interval}
        return [(m.counterId, m.instance)
                for m in self.manager.QueryAvailablePerfMetric(entity=entity, **how)]

    def query(self, entity, metrics, **how):
        how.setdefault("intervalId", 20)
        ids = [MetricId(counterId=counter, instance=instance) for counter, instance in metrics]
        return self.manager.QueryStats(querySpec=[Spec(entity=entity, metricId=ids, **how)])

    def counter(self, name):
        return next(key for key, value in self.names.items() if value == name)


def connect(server):
    return reference.session(server.url, "user", "pass")


@pytest.fixture(scope="module", params=["esx", "vpx"])
def real(request, vcsim_binary):
    hosts = 3 if request.param == "vpx" else 1
    with launch.vcsim(vcsim_binary, "-mode", "real", "-model", request.param, "-vm", 7, "-host",
                      hosts, "-off", 1, "-now", NOW) as server, connect(server) as content:
        yield Client(content)


@pytest.fixture(scope="module")
def esx(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-vm", 3, "-now", NOW) as server, \
            connect(server) as content:
        yield Client(content)


@pytest.fixture(scope="module")
def vpx(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-model", "vpx", "-vm", 3, "-host", 2,
                      "-now", NOW) as server, connect(server) as content:
        yield Client(content)


@pytest.fixture(scope="module", params=["esx", "vpx"])
def plain(request, vcsim_binary):
    with launch.vcsim(vcsim_binary, "-model", request.param) as server, \
            connect(server) as content:
        yield Client(content)


# Queries


def test_the_newest_samples_come_oldest_first_on_the_grid(real):
    vm = real.first("vm")
    answer, = real.query(vm, [(real.counter("cpu.usage.average"), "")], maxSample=5)
    times = [info.timestamp for info in answer.sampleInfo]
    assert times == [NEWEST - seconds(20 * n) for n in (4, 3, 2, 1, 0)]
    assert [info.interval for info in answer.sampleInfo] == [20] * 5
    assert len(answer.value[0].value) == 5


def test_realtime_data_covers_one_hour(real):
    answer, = real.query(real.first("vm"), [(real.counter("cpu.usage.average"), "")])
    assert len(answer.sampleInfo) == 180
    assert answer.sampleInfo[0].timestamp == NEWEST - seconds(3580)


def test_start_is_exclusive_and_end_inclusive(real):
    answer, = real.query(real.first("vm"), [(real.counter("cpu.usage.average"), "")],
                         startTime=NEWEST - seconds(100), endTime=NEWEST - seconds(40))
    times = [info.timestamp for info in answer.sampleInfo]
    assert times == [NEWEST - seconds(n) for n in (80, 60, 40)]


def test_star_gives_what_is_listed(real):
    for entity in real.entities("host", "vm"):
        listed = real.listed(entity.object)
        if not entity.on:
            assert not listed
            continue
        stars = [(counter, "*") for counter in dict.fromkeys(pair[0] for pair in listed)]
        answer, = real.query(entity.object, stars, maxSample=1)
        got = [(one.id.counterId, one.id.instance) for one in answer.value]
        assert sorted(got) == sorted(listed)
        assert len(set(got)) == len(got)


def test_instances_are_those_of_the_devices(real):
    vm = next(entity.object for entity in real.entities("vm")
              if entity.object.summary.config.numCpu == 4)
    instances = {}
    for counter, instance in real.listed(vm):
        instances.setdefault(real.names.get(counter, counter), set()).add(instance)
    assert instances["cpu.ready.summation"] == {"", "0", "1", "2", "3"}
    assert {"", "4000", "4001"} <= instances["net.usage.average"]
    assert instances["virtualDisk.read.average"] >= {"", "scsi0:0"}
    assert not [name for found in instances.values() for name in found if name.startswith("$")]


def test_an_aggregate_that_is_not_offered_gives_nothing(real):
    host = real.first("host")
    listed = real.listed(host)
    with_aggregate = {counter for counter, instance in listed if instance == ""}
    without = sorted({counter for counter, _ in listed} - with_aggregate)
    assert len(without) == 79
    answer, = real.query(host, [(counter, "") for counter in without], maxSample=1)
    assert not answer.value


def test_the_recorded_counters_are_all_offered(real):
    offered = {kind: {counter for entity in real.entities(kind)
                      for counter, _ in real.listed(entity.object)} for kind in ("host", "vm")}
    assert len(offered["host"]) == (178 if len(real.names) == 340 else 179)
    disks = {counter for counter in offered["vm"] if real.names.get(counter) in GUEST_DISKS}
    assert len(disks) == len(GUEST_DISKS)
    assert len(offered["vm"] - disks - {10042}) == 92
    assert 10042 in offered["vm"] and 10042 not in real.names
    assert len(offered["host"] | offered["vm"]) == 200


def test_hosts_differ(vpx):
    first, second = [{vpx.names[counter] for counter, _ in vpx.listed(entity.object)}
                     for entity in vpx.entities("host")]
    assert {name.split(".")[0] for name in first - second} == {"hbr"}
    assert not second - first


def test_csv_is_the_same_as_normal(real):
    for kind in ("vm", "host"):
        entity = real.first(kind)
        stars = [(counter, "*") for counter in dict.fromkeys(p[0] for p in real.listed(entity))]
        normal, = real.query(entity, stars, maxSample=3)
        table, = real.query(entity, stars, maxSample=3, format="csv")
        assert isinstance(table, vim.PerformanceManager.EntityMetricCSV)
        cells = table.sampleInfoCSV.split(",")
        assert cells[0::2] == ["20"] * 3
        assert cells[1::2] == [reference.utc(info.timestamp) for info in normal.sampleInfo]
        assert [(s.id.counterId, s.id.instance, s.value) for s in table.value] == [
            (s.id.counterId, s.id.instance, ",".join(map(str, s.value))) for s in normal.value]


def test_zeros_are_kept(real):
    vm = real.first("vm")
    answer, = real.query(vm, [(real.counter("cpu.usage.average"), "")])
    assert 0 in answer.value[0].value
    assert len(answer.value[0].value) == len(answer.sampleInfo)


def test_several_entities_in_a_call(real):
    on = [entity for entity in real.entities("vm") if entity.on]
    ids = [MetricId(counterId=real.counter("cpu.usage.average"), instance="*")]
    specs = [Spec(entity=e.object, metricId=ids, intervalId=20, maxSample=1)
             for e in real.entities("vm")]
    answers = real.manager.QueryStats(querySpec=specs)
    assert [answer.entity._moId for answer in answers] == [entity.id for entity in on]
    assert len(on) == 6


def test_historical_data_rolls_up_realtime_data(real):
    vm = real.first("vm")
    for name, roll in (("cpu.usage.average", lambda v: sum(v) // len(v)),
                       ("cpu.used.summation", sum), ("mem.usage.average",
                                                     lambda v: sum(v) // len(v)),
                       ("sys.uptime.latest", lambda v: v[-1])):
        pair = [(real.counter(name), "")]
        fine, = real.query(vm, pair, startTime=NEWEST - seconds(600), endTime=NEWEST)
        archived = real.query(vm, pair, intervalId=300, startTime=NEWEST - seconds(600),
                              endTime=NEWEST)
        if pair[0] not in real.listed(vm, 300):
            assert not archived[0].value
            continue
        assert [info.timestamp for info in archived[0].sampleInfo] == [NEWEST - seconds(300),
                                                                       NEWEST]
        values = fine.value[0].value
        assert list(archived[0].value[0].value) == [roll(values[:15]), roll(values[15:])]


def test_max_sample_is_ignored_for_history(real):
    vm = real.first("vm")
    answer, = real.query(vm, real.listed(vm, 300)[:1], intervalId=300, maxSample=1,
                         startTime=NEWEST - seconds(3600))
    assert len(answer.sampleInfo) == 12


def test_without_an_interval_the_archived_metrics_are_listed(real):
    vm = real.first("vm")
    assert real.listed(vm, None) == real.listed(vm, 300) != real.listed(vm, 20)
    assert set(real.listed(vm, None)) < set(real.listed(vm, 20))


def test_intervals(esx, vpx):
    assert [(i.samplingPeriod, i.length) for i in esx.manager.historicalInterval] == [
        (300, 129600)]
    assert [(i.samplingPeriod, i.length) for i in vpx.manager.historicalInterval] == [
        (300, 86400), (1800, 604800), (7200, 2592000), (86400, 31536000)]


def test_provider_summary(vpx):
    for kind, current in (("vm", True), ("host", True), ("cluster", False), ("pool", False),
                          ("datastore", False), ("datacenter", False)):
        summary = vpx.manager.QueryPerfProviderSummary(entity=vpx.first(kind))
        assert summary.currentSupported is current
        assert summary.summarySupported
        assert summary.refreshRate == (20 if current else None)


def test_clusters_have_history(vpx):
    cluster = vpx.first("cluster")
    assert not vpx.listed(cluster, 20)
    listed = vpx.listed(cluster, 300)
    answer, = vpx.query(cluster, listed, intervalId=300, startTime=NEWEST - seconds(900))
    assert len(answer.sampleInfo) == 3 and len(answer.value) == len(listed) > 0


def test_counters_are_found_by_id(real):
    ids = sorted(real.names)[:3]
    assert [info.key for info in real.manager.QueryPerfCounter(counterId=ids[::-1])] == ids[::-1]


# Faults


def test_no_realtime_provider(esx, vpx):
    for client, text in ((esx, "querySpec[0].entity"), (vpx, "querySpec.interval")):
        pool = client.first("pool")
        with pytest.raises(vmodl.fault.InvalidArgument) as fault:
            client.query(pool, [(1, "*")], maxSample=1)
        assert fault.value.invalidProperty == text
        assert text in fault.value.msg


def test_unknown_interval_and_counter(real):
    vm = real.first("vm")
    with pytest.raises(vmodl.fault.InvalidArgument) as fault:
        real.query(vm, [(real.counter("cpu.usage.average"), "")], intervalId=42)
    assert fault.value.invalidProperty == "querySpec[0].intervalId"
    with pytest.raises(vmodl.fault.InvalidArgument):
        real.query(vm, [(999999, "")])


def test_unknown_entity(real):
    gone = vim.VirtualMachine("vm-999999", real.manager._stub)
    for call in (lambda: real.query(gone, [(2, "")]), lambda: real.listed(gone),
                 lambda: real.manager.QueryPerfProviderSummary(entity=gone)):
        with pytest.raises(vmodl.fault.ManagedObjectNotFound) as fault:
            call()
        assert fault.value.obj._moId == "vm-999999"


def test_an_unknown_property_fails_the_call(real):
    collector = vmodl.query.PropertyCollector
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=real.first("vm"))],
        propSet=[collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "nonsense"])])
    with pytest.raises(vmodl.query.InvalidProperty):
        real.content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions())


def test_a_wrong_password_and_no_login(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real") as server:
        for user, password in (("user", "wrong"), ("other", "pass")):
            with pytest.raises(vim.fault.InvalidLogin):
                with reference.session(server.url, user, password):
                    pass
        with connect(server) as content:
            manager, vm = content.perfManager, reference.entities(content, ["vm"])[0].object
        with pytest.raises(vim.fault.NotAuthenticated):
            manager.QueryAvailablePerfMetric(entity=vm)
        with pytest.raises(vim.fault.NotAuthenticated):
            print(manager.perfCounter)


# Properties and pages


def test_properties_of_the_inventory(real):
    for entity in real.entities("vm"):
        vm = entity.object
        assert vm.config.uuid == vm.summary.config.uuid and len(vm.config.uuid) == 36
        assert vm.summary.config.numCpu in (1, 2, 4)
        assert vm.summary.config.memorySizeMB in (1024, 2048, 4096, 8192)
        assert vm.summary.config.guestFullName and vm.config.guestFullName
        assert (vm.runtime.powerState == "poweredOn") == entity.on
        assert vm.summary.runtime.powerState == vm.runtime.powerState
        assert vm.runtime.host.name
    for entity in real.entities("host"):
        hardware = entity.object.summary.hardware
        assert hardware.cpuModel and hardware.numCpuCores > 0 and hardware.cpuMhz > 0
        assert hardware.memorySize > 2 ** 30 and len(hardware.uuid) == 36
        assert entity.object.runtime.connectionState == "connected"
    assert len(real.entities("vm")) == 7


def page_specs(client):
    collector = vmodl.query.PropertyCollector
    view = client.content.viewManager.CreateContainerView(
        client.content.rootFolder, [vim.VirtualMachine], True)
    walk = collector.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[walk])],
        propSet=[collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name"])])
    return [spec], collector.RetrieveOptions(maxObjects=3)


def test_pages(real):
    collector = real.content.propertyCollector
    page = collector.RetrievePropertiesEx(*page_specs(real))
    sizes, found = [], []
    while True:
        sizes.append(len(page.objects))
        found += [row.obj._moId for row in page.objects]
        if not page.token:
            break
        used, page = page.token, collector.ContinueRetrievePropertiesEx(page.token)
    assert sizes == [3, 3, 1]
    assert found == [entity.id for entity in real.entities("vm")]
    with pytest.raises(vmodl.fault.InvalidArgument):
        collector.ContinueRetrievePropertiesEx(used)


def test_pages_can_be_cancelled(real):
    collector = real.content.propertyCollector
    token = collector.RetrievePropertiesEx(*page_specs(real)).token
    collector.CancelRetrievePropertiesEx(token)
    with pytest.raises(vmodl.fault.InvalidArgument):
        collector.ContinueRetrievePropertiesEx(token)


def test_the_server_may_limit_pages(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-vm", 5, "-max-objects", 2) as server, \
            connect(server) as content:
        specs, options = page_specs(Client(content))
        page = content.propertyCollector.RetrievePropertiesEx(specs, options)
        assert len(page.objects) == 2 and page.token


def test_an_empty_answer_has_no_result(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-vm", 0) as server, \
            connect(server) as content:
        specs, options = page_specs(Client(content))
        assert content.propertyCollector.RetrievePropertiesEx(specs, options) is None


def test_guest_names(vcsim_binary, tmp_path):
    file = tmp_path / "names.json"
    file.write_text(json.dumps(NAMES), encoding="utf-8")
    with launch.vcsim(vcsim_binary, "-mode", "real", "-vm", len(NAMES), "-names", file) as server, \
            connect(server) as content:
        guests = reference.entities(content, ["vm"])
        assert [entity.name for entity in guests] == NAMES
        assert [entity.object.summary.config.name for entity in guests] == NAMES


def test_disconnected_hosts(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-model", "vpx", "-host", 3,
                      "-disconnected", 1) as server, connect(server) as content:
        client = Client(content)
        hosts = client.entities("host")
        assert [host.on for host in hosts] == [True, True, False]
        assert not client.listed(hosts[2].object)


# Determinism


def everything(vcsim_binary, *flags):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-model", "vpx", "-vm", 20, "-host", 3,
                      "-now", NOW, *flags) as server, connect(server) as content:
        archived = ("cluster", "pool", "datastore", "datacenter")
        return list(reference.collect(content, samples=4)) + list(
            reference.collect(content, archived, interval=300, start=NEWEST - seconds(1800)))


def test_a_seed_gives_the_same_answers(vcsim_binary):
    first = everything(vcsim_binary, "-seed", 5)
    assert first == everything(vcsim_binary, "-seed", 5)
    other = everything(vcsim_binary, "-seed", 6)
    assert [row.values for row in other] != [row.values for row in first]


def test_missing_samples(vcsim_binary):
    values = [value for row in everything(vcsim_binary, "-missing", 25) for value in row.values]
    share = values.count(-1) / len(values)
    assert 0.23 < share < 0.27
    assert min(values) == -1
    assert -1 not in [v for row in everything(vcsim_binary) for v in row.values]


def test_the_clock_can_stand_still(vcsim_binary):
    with launch.vcsim(vcsim_binary, "-mode", "real", "-now", NOW, "-clock-offset",
                      "-90s") as server, connect(server) as content:
        instance = vim.ServiceInstance("ServiceInstance", content.perfManager._stub)
        assert reference.utc(instance.CurrentTime()) == "2026-03-01T11:58:37Z"


# Plain mode is stock vcsim


def test_plain_is_newest_first_and_echoes_the_star(plain):
    vm = plain.first("vm")
    answer, = plain.query(vm, [(plain.counter("cpu.usage.average"), "*")], maxSample=3)
    times = [info.timestamp for info in answer.sampleInfo]
    assert times == sorted(times, reverse=True) and len(times) == 3
    assert [one.id.instance for one in answer.value] == ["*"]
    table, = plain.query(vm, [(plain.counter("cpu.usage.average"), "*")], maxSample=3, format="csv")
    assert isinstance(table, vim.PerformanceManager.EntityMetric)


def test_plain_lists_the_same_at_any_interval(plain):
    vm = plain.first("vm")
    assert len({counter for counter, _ in plain.listed(vm)}) == 92
    assert plain.listed(vm, None) == plain.listed(vm, 20)
    assert not plain.manager.historicalInterval


def test_plain_has_no_pages(plain):
    specs, options = page_specs(plain)
    options.maxObjects = 1
    page = plain.content.propertyCollector.RetrievePropertiesEx(specs, options)
    assert len(page.objects) == 2 and not page.token
