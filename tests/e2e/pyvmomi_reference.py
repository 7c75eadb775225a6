#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""An independent client: what pyVmomi gets from a server, to hold vperf's CSV against.

`pyvmomi_reference.py URL --user U` prints one JSON line (or, with --format csv, one CSV row a
sample) for each series of each host and powered-on guest, values raw and in time order. The
password is in the environment variable that --password-env names.
"""

import argparse
import collections
import csv
import datetime
import json
import os
import ssl
import sys
import urllib.parse

from pyVim import connect as pyvim
from pyVmomi import vim, vmodl

KINDS = {"vm": vim.VirtualMachine, "host": vim.HostSystem, "cluster": vim.ClusterComputeResource,
         "pool": vim.ResourcePool, "datastore": vim.Datastore, "datacenter": vim.Datacenter}
STATES = {"vm": ("runtime.powerState", "poweredOn"),
          "host": ("runtime.connectionState", "connected")}

Entity = collections.namedtuple("Entity", "type id name on object")
Series = collections.namedtuple("Series",
                                "type id name counter instance interval timestamps values")


class session:
    """Log in, give the service content, log out. Without ca_file any certificate will do.
    The URL is https: pyVmomi 6.7 cannot speak plain HTTP to 127.0.0.1."""

    def __init__(self, url, user, password, ca_file=None):
        parts = urllib.parse.urlsplit(url)
        context = ssl.create_default_context(cafile=ca_file)
        if not ca_file:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        self.instance = pyvim.SmartConnect(host=parts.hostname, port=parts.port or 443, user=user,
                                           pwd=password, sslContext=context)

    def __enter__(self):
        return self.instance.RetrieveContent()

    def __exit__(self, *_):
        pyvim.Disconnect(self.instance)


def counter_names(content):
    """Return {id: group.name.rollup} of the catalogue."""
    return {info.key: f"{info.groupInfo.key}.{info.nameInfo.key}.{info.rollupType}"
            for info in content.perfManager.perfCounter}


def counter_name(names, counter_id):
    """Name a counter as vperf does: #ID when the catalogue lacks it."""
    return names.get(counter_id, f"#{counter_id}")


def entities(content, types=("host", "vm")):
    """Return the entities of the given types, on or off, in the order of the view."""
    view = content.viewManager.CreateContainerView(
        content.rootFolder, [KINDS[name] for name in types], True)
    objects = list(view.view)
    view.Destroy()
    found = {}
    for name in types:
        found.update(entities_of(content, name, objects))
    return [found[each._moId] for each in objects]


def entities_of(content, name, objects):
    """Return {id: Entity} of the objects of one type, their properties in one call."""
    path, good = STATES.get(name, (None, None))
    mine = [each for each in objects if isinstance(each, KINDS[name])]
    if not mine:
        return {}
    collector = vmodl.query.PropertyCollector
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=each) for each in mine],
        propSet=[collector.PropertySpec(type=KINDS[name], pathSet=["name"] + [path] * bool(path))])
    found = {}
    for row in content.propertyCollector.RetrieveContents([spec]):
        values = {prop.name: prop.val for prop in row.propSet}
        on = path is None or values[path] == good
        found[row.obj._moId] = Entity(name, row.obj._moId, values["name"], on, row.obj)
    return found


def available(content, entity, interval=20):
    """Return the (counter id, instance) pairs that the entity lists for the interval."""
    listed = content.perfManager.QueryAvailablePerfMetric(entity=entity.object,
                                                          intervalId=interval)
    return [(metric.counterId, metric.instance) for metric in listed]


def query(content, entity, metrics, interval=20, samples=1, start=None, end=None):
    """Ask for (counter id, instance) pairs of one entity in normal format."""
    manager = vim.PerformanceManager
    spec = manager.QuerySpec(
        entity=entity.object, intervalId=interval, maxSample=samples, startTime=start, endTime=end,
        metricId=[manager.MetricId(counterId=counter, instance=instance)
                  for counter, instance in metrics])
    answers = content.perfManager.QueryStats(querySpec=[spec])
    return answers[0] if answers else None


def utc(time):
    """Format a time as vperf does, in whole seconds."""
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def series_of(entity, answer, names):
    """Turn the answer for one entity into Series in time order."""
    order = sorted(range(len(answer.sampleInfo)), key=lambda i: answer.sampleInfo[i].timestamp)
    times = [utc(answer.sampleInfo[i].timestamp) for i in order]
    interval = answer.sampleInfo[0].interval if answer.sampleInfo else 0
    for one in answer.value:
        # Stock vcsim loses samples that are 0: then nobody can tell which time a value has.
        whole = len(one.value) == len(order)
        values = [one.value[i] for i in order] if whole else list(one.value)
        yield Series(entity.type, entity.id, entity.name, counter_name(names, one.id.counterId),
                     one.id.instance, interval, times, values)


def collect(content, types=("host", "vm"), instances="listed", **how):
    """Yield every Series of all entities that are on; `how` goes to query()."""
    names = counter_names(content)
    for entity in entities(content, types):
        if not entity.on:
            continue
        metrics = available(content, entity, how.get("interval", 20))
        if instances == "star":
            metrics = [(counter, "*") for counter in dict.fromkeys(pair[0] for pair in metrics)]
        elif instances == "aggregate":
            metrics = [(counter, "") for counter in dict.fromkeys(pair[0] for pair in metrics)]
        answer = query(content, entity, metrics, **how) if metrics else None
        if answer is not None:
            yield from series_of(entity, answer, names)


def write_csv(rows, file):
    """Write one row for each sample that has a value."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["timestamp", "type", "name", "id", "counter", "instance", "value",
                     "interval"])
    for row in rows:
        for timestamp, value in zip(row.timestamps, row.values):
            if value != -1:
                writer.writerow([timestamp, row.type, row.name, row.id, row.counter, row.instance,
                                 value, row.interval])


def write_jsonl(rows, file):
    """Write one line for each series."""
    for row in rows:
        file.write(json.dumps(row._asdict()) + "\n")


def parse_options(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="https://HOST[:PORT]/sdk")
    parser.add_argument("--user", default="user")
    parser.add_argument("--password-env", default="VPERF_PASSWORD")
    parser.add_argument("--ca-file", help="verify the server with this CA; otherwise any will do")
    parser.add_argument("--type", default="host,vm", help=", ".join(KINDS))
    parser.add_argument("--samples", type=int, default=1)
    parser.add_argument("--interval", type=int, default=20)
    parser.add_argument("--instances", choices=("listed", "star", "aggregate"), default="listed")
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl")
    return parser.parse_args(arguments)


def main():
    """Print all series of a server."""
    options = parse_options(sys.argv[1:])
    write = {"jsonl": write_jsonl, "csv": write_csv}[options.format]
    with session(options.url, options.user, os.environ[options.password_env],
                 options.ca_file) as content:
        write(collect(content, options.type.split(","), options.instances,
                      interval=options.interval, samples=options.samples), sys.stdout)


if __name__ == "__main__":
    main()
