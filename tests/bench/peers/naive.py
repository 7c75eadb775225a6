#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""All real-time counters of a vCenter in the manner of the published samples: one entity after
the other, each asked what it offers and then for that, names as attributes.

naive.py https://USER@HOST:PORT/sdk
"""

import sys

from pyVmomi import vim

import peer


def collect(content, writer):
    """Write the newest sample of everything."""
    performance = content.perfManager
    view = content.viewManager.CreateContainerView(content.rootFolder, list(peer.KINDS), True)
    for entity in view.view:
        offered = performance.QueryAvailablePerfMetric(entity=entity, intervalId=20)
        # Each counter once: with an instance "*" it comes with all its instances.
        ids = dict.fromkeys(metric.counterId for metric in offered)
        metrics = [vim.PerformanceManager.MetricId(counterId=counter, instance="*")
                   for counter in ids]
        query = vim.PerformanceManager.QuerySpec(entity=entity, metricId=metrics, intervalId=20,
                                                 maxSample=1)
        who = (peer.KINDS[type(entity)], entity.name, entity._moId)
        for answer in performance.QueryStats(querySpec=[query]):
            times = [(info.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"), info.interval)
                     for info in answer.sampleInfo]
            for series in answer.value:
                writer.series(who, series.id,
                              [(*time, value) for time, value in zip(times, series.value)])
    view.Destroy()


def main():
    """Collect from the server that the command line names."""
    with peer.session(sys.argv[1]) as content:
        collect(content, peer.Writer(sys.argv[1], peer.catalogue(content)))


if __name__ == "__main__":
    main()
