# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Finds out whether this machine can run test guests at all, and whether its KVM really works."""

import json
import os
import pathlib
import select
import shutil
import subprocess
import time

from . import image as images

QEMU = "qemu-system-x86_64"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
TOOLS = ("libvirtd", "virtlogd", "virsh", QEMU, "ip", "mount", "nsenter", "unshare")
KVM_BOOT_SECONDS = 10
READY = b"guest: ready"


def unavailable(directory=None):
    """One line that says why guests cannot run here, or None. Builds the guest's image."""
    if os.geteuid() != 0:
        return "real guests: not root"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=SYSTEM_PATH)]
    if missing:
        return f'real guests: {", ".join(missing)} not installed (see tests/guests/packages)'
    if not pathlib.Path("/dev/net/tun").exists():
        return "real guests: no /dev/net/tun"
    tried = subprocess.run(["unshare", "--mount", "--net", "--propagation", "private", "true"],
                           capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"real guests: no namespaces: {tried.stderr.strip()}"
    try:
        images.build(directory)
    except images.ImageUnavailable as error:
        return f"real guests: {error}"
    return None


def accelerator(image):
    """libvirt's domain type, kvm or qemu (TCG): from $VPERF_GUEST_ACCEL, or by running a guest."""
    forced = os.environ.get("VPERF_GUEST_ACCEL")
    if forced:
        return forced
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "qemu"
    boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    cache = image.kernel.parent / "kvm.json"
    if cache.exists():
        cached = json.loads(cache.read_text(encoding="ascii"))
        if cached["boot"] == boot:
            return cached["accelerator"]
    found = "kvm" if _kvm_boots(image) else "qemu"
    scratch = cache.with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps({"boot": boot, "accelerator": found}), encoding="ascii")
    scratch.rename(cache)
    return found


def _kvm_boots(image):
    """Boots under KVM: it may be advertised, start, and still never run an instruction."""
    command = [QEMU, "-nodefaults", "-display", "none", "-machine", "pc,accel=kvm", "-cpu", "host",
               "-smp", "2", "-m", "192", "-no-reboot", "-kernel", image.kernel, "-initrd",
               image.initramfs, "-append", "console=ttyS0 quiet panic=-1", "-serial", "stdio",
               "-serial", "null"]
    deadline = time.monotonic() + KVM_BOOT_SECONDS
    output = b""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as qemu:
        try:
            while READY not in output and time.monotonic() < deadline:
                if select.select([qemu.stdout], [], [], 0.2)[0]:
                    data = os.read(qemu.stdout.fileno(), 4096)
                    if not data:
                        break
                    output += data
        finally:
            qemu.kill()
    return READY in output
