# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Tests of what needs no guest: readers of kernel and libvirt text, the archive, the probes."""

import os
import subprocess
import time

import pytest

from . import image, probe, truth


def test_domstats():
    """Numbers are int, the rest is text; '=' may be part of a value."""
    text = "Domain: 'a'\n  cpu.time=5\n  block.0.path=/x=y\n\nDomain: 'it's b'\n  net.0.name=7a\n\n"
    assert truth.parse_domstats(text) == {"a": {"cpu.time": 5, "block.0.path": "/x=y"},
                                          "it's b": {"net.0.name": "7a"}}


def test_kernel_texts():
    """The kernel's own formats."""
    assert truth.parse_key_values("MemTotal:  157804 kB\nvda.read.bytes=512\n") == {
        "MemTotal": 157804, "vda.read.bytes": 512}
    line = " 254  0 vda 161 0 20488 2 100 0 12800 9 0 10 12 0 0 0 0 3 4\n"
    assert truth.parse_diskstats(line) == {"vda": {
        "reads": 161, "read_bytes": 20488 * 512, "writes": 100, "write_bytes": 12800 * 512,
        "flushes": 3}}
    table = "Inter-|\n face |\n  eth0: 700 7 0 0 0 0 0 0 500 5 0 0 0 0 0 0\n"
    assert truth.parse_netdev(table) == {
        "eth0": {"rx_bytes": 700, "rx_packets": 7, "tx_bytes": 500, "tx_packets": 5}}


def test_own_cpu_times():
    """A process that computes is seen to compute, by its threads and as a whole."""
    before = truth.cpu_times(os.getpid())
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    after = truth.cpu_times(os.getpid())
    assert after.run_ns - before.run_ns >= 300_000_000
    main = os.getpid()
    assert after.threads[main].run_ns - before.threads[main].run_ns > 250_000_000
    assert after.before_ns <= after.time_ns <= after.after_ns


def test_process_state():
    """A process that does not exist has no state."""
    assert truth.process_state(os.getpid()) == "R"
    assert truth.process_state(2 ** 22 + 1) is None


def test_wait_for():
    """What does not come is named."""
    assert truth.wait_for(lambda: 5, 1, "five") == 5
    with pytest.raises(TimeoutError, match="the end did not come within 0 s now"):
        truth.wait_for(lambda: False, 0, "the end", lambda: "now")


def test_archive(tmp_path):
    """busybox reads the archive back."""
    archive = image.Archive()
    archive.add("d", 0o040755)
    archive.add("d/odd", 0o100644, b"12345")
    archive.add("link", 0o120777, b"d/odd")
    subprocess.run(["busybox", "cpio", "-i"], input=archive.finish(), cwd=tmp_path, check=True,
                   capture_output=True)
    assert (tmp_path / "link").read_bytes() == b"12345"


def test_unavailable(monkeypatch, tmp_path):
    """One line says why guests cannot run."""
    monkeypatch.setattr(probe, "TOOLS", ("virsh", "qemu-for-abacus"))
    assert probe.unavailable(tmp_path) in (
        "real guests: not root",
        "real guests: qemu-for-abacus not installed (see tests/guests/packages)")


def test_kernel_not_to_be_had(monkeypatch, tmp_path):
    """A failed download is a reason to skip, not an error."""
    monkeypatch.setattr(image, "KERNEL_PACKAGE", "linux-image-abacus")
    with pytest.raises(image.ImageUnavailable, match="apt-cache|linux-image-abacus"):
        image.build(tmp_path)
