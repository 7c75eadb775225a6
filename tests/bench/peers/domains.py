#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What libvirt knows of all guests, poll after poll, in the manner of monitoring scripts: CPU,
memory, disks and networks of each by libvirt-python, rates from two polls, one row per figure.

domains.py URI POLLS SECONDS
"""

import csv
import sys
import time
import xml.etree.ElementTree as ET

import libvirt

MEMORY = ("actual", "available", "unused", "rss", "major_fault", "minor_fault")


def devices(domain):
    """Return the names of the disks and of the networks of a guest."""
    tree = ET.fromstring(domain.XMLDesc())
    return [[target.get("dev") for target in tree.findall(f"devices/{kind}/target")]
            for kind in ("disk", "interface")]


def read(domain, disks, networks):
    """Return {(figure, device): value} of one guest."""
    _, maximum, memory, vcpus, cpu = domain.info()
    found = {("cpu.time", ""): cpu, ("cpu.count", ""): vcpus, ("mem.max", ""): maximum,
             ("mem.current", ""): memory}
    for number, vcpu in enumerate(domain.vcpus()[0]):
        found["vcpu.time", str(number)] = vcpu[2]
    stats = domain.memoryStats()
    found.update({(f"mem.{name}", ""): stats[name] for name in MEMORY if name in stats})
    for device in disks:
        for number, value in enumerate(domain.blockStats(device)):
            found[f"disk.{number}", device] = value
    for device in networks:
        for number, value in enumerate(domain.interfaceStats(device)):
            found[f"net.{number}", device] = value
    return found


def main():
    """Poll and write."""
    connection = libvirt.openReadOnly(sys.argv[1])
    writer = csv.writer(sys.stdout, lineterminator="\n")
    known, before, then = {}, {}, 0.0
    for poll in range(int(sys.argv[2])):
        time.sleep(float(sys.argv[3]) if poll else 0)
        now = time.time()
        for domain in connection.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            name = domain.name()
            if name not in known:
                known[name] = devices(domain)
            found = read(domain, *known[name])
            for key, value in before.get(name, {}).items():
                writer.writerow((time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)), name, *key,
                                 f"{(found.get(key, value) - value) / (now - then):.2f}"))
            before[name] = found
        then = now


if __name__ == "__main__":
    main()
