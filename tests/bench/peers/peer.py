# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What both pyVmomi scripts share: login, the catalogue, and the rows that vperf writes too."""

import contextlib
import csv
import os
import ssl
import sys
import urllib.parse

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

HEADER = ("timestamp", "source", "hypervisor", "type", '"name"', "id", "counter", "instance",
          "value", "unit", "interval")
KINDS = {vim.VirtualMachine: "vm", vim.HostSystem: "host"}


@contextlib.contextmanager
def session(url):
    """Log in and give the service content; the password is $VPERF_PASSWORD."""
    parts = urllib.parse.urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    instance = SmartConnect(host=parts.hostname, port=parts.port, user=parts.username,
                            pwd=os.environ["VPERF_PASSWORD"], sslContext=context)
    try:
        yield instance.RetrieveContent()
    finally:
        Disconnect(instance)


def catalogue(content):
    """Return {id: (name, unit)}."""
    return {info.key: (f"{info.groupInfo.key}.{info.nameInfo.key}.{info.rollupType}",
                       info.unitInfo.key)
            for info in content.perfManager.perfCounter}


class Writer:
    """Writes rows to standard output."""

    def __init__(self, url, counters):
        parts = urllib.parse.urlsplit(url)
        self.source = f"{parts.hostname}:{parts.port}"
        self.counters = counters
        self.csv = csv.writer(sys.stdout, lineterminator="\n")
        print(",".join(HEADER))

    def series(self, entity, metric, samples):
        """Write the samples of one series; entity is (type, name, id), a sample
        (timestamp, interval, value)."""
        counter, unit = self.counters.get(metric.counterId, (f"#{metric.counterId}", "unknown"))
        for timestamp, interval, value in samples:
            if value == -1:
                continue
            if unit == "percent":
                value = f"{value / 100:.2f}"
            self.csv.writerow((timestamp, self.source, "esxi", *entity, counter, metric.instance,
                               value, unit, interval))
