# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Builds the test guest: Debian's cloud kernel, and an initramfs of busybox, modules and load.

The result is cached in the build directory and renewed when an input changes.
"""

import dataclasses
import fcntl
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KERNEL_PACKAGE = "linux-image-cloud-amd64"
BUSYBOX = pathlib.Path("/bin/busybox")
# The order matters: each module needs the ones before it.
MODULES = ("virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci "
           "virtio_balloon virtio_blk failover net_failover virtio_net").split()
APPLETS = ("awk cat dd echo free grep halt insmod ip ls lsmod mount poweroff ps reboot sh sleep "
           "sync top uptime").split()
CFLAGS = ("-std=c11 -D_GNU_SOURCE -O2 -static -pthread -Wall -Wextra -Wshadow -Wconversion "
          "-Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror").split()


class ImageUnavailable(Exception):
    """A part that comes from outside cannot be had here; the text is one line."""


@dataclasses.dataclass(frozen=True)
class Image:
    """What QEMU boots."""

    kernel: pathlib.Path
    initramfs: pathlib.Path


def default_directory():
    """The build directory: $VPERF_GUEST_BUILD, or build/guests in the repository."""
    return pathlib.Path(os.environ.get("VPERF_GUEST_BUILD") or HERE.parents[1] / "build" / "guests")


def build(directory=None):
    """Builds what is missing or out of date and returns the Image."""
    directory = pathlib.Path(directory or default_directory()).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kernel_root = _kernel(directory)
        image = Image(directory / "vmlinuz", directory / "initramfs")
        stamp = directory / "stamp"
        inputs = _fingerprint(kernel_root)
        if not (stamp.exists() and stamp.read_text(encoding="ascii") == inputs):
            stamp.unlink(missing_ok=True)
            _initramfs(directory, kernel_root, image.initramfs)
            shutil.copyfile(_one(kernel_root / "boot", "vmlinuz-*"), image.kernel)
            stamp.write_text(inputs, encoding="ascii")
    return image


def _kernel(directory):
    """Downloads and unpacks the kernel package, once: remove the directory for a newer one."""
    target = directory / "kernel"
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        package = _run("apt-cache", "depends", "--no-recommends", KERNEL_PACKAGE)
        match = re.search(r"^\s*Depends: (linux-image-\S+)", package, re.MULTILINE)
        if not match:
            raise ImageUnavailable(f"apt-cache names no kernel for {KERNEL_PACKAGE}")
        _run("apt-get", "-o", "APT::Sandbox::User=root", "download", match[1], cwd=scratch)
        unpacked = pathlib.Path(scratch) / "unpacked"
        _run("dpkg", "-x", _one(pathlib.Path(scratch), "*.deb"), unpacked)
        unpacked.rename(target)
    return target


def _run(*command, cwd=None):
    """Runs a command that may fail for want of network or of the tool; returns its output."""
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise ImageUnavailable(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or f"exit status {error.returncode}").splitlines()[-1]
        raise ImageUnavailable(f"{command[0]} {command[1]}: {reason}") from error
    return done.stdout


def _one(directory, pattern):
    found = sorted(directory.rglob(pattern))
    if len(found) != 1:
        raise ImageUnavailable(f"{len(found)} files {pattern} in {directory}, expected one")
    return found[0]


def _fingerprint(kernel_root):
    """One hash over all inputs: our files, busybox, and the kernel's name."""
    digest = hashlib.sha256(_one(kernel_root / "boot", "vmlinuz-*").name.encode())
    if not BUSYBOX.exists():
        raise ImageUnavailable(f"{BUSYBOX} is missing: install busybox-static")
    for path in [HERE / "image.py", HERE / "init", BUSYBOX, *sorted((HERE / "load").iterdir())]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _initramfs(directory, kernel_root, target):
    load = directory / "load"
    sources = sorted((HERE / "load").glob("*.c"))
    try:
        subprocess.run(["gcc", *CFLAGS, "-o", load, *sources], check=True)
    except FileNotFoundError as error:
        raise ImageUnavailable("gcc is not installed") from error
    archive = Archive()
    for name in ("bin", "dev", "proc", "sys", "modules"):
        archive.add(name, 0o040755)
    archive.add("bin/busybox", 0o100755, BUSYBOX.read_bytes())
    for applet in APPLETS:
        archive.add(f"bin/{applet}", 0o120777, b"busybox")
    files = []
    for module in MODULES:
        path = _one(kernel_root, f"{module}.ko*")
        content = path.read_bytes()
        if path.suffix == ".xz":
            content = lzma.decompress(content)
        files.append(f"{module}.ko")
        archive.add(f"modules/{module}.ko", 0o100644, content)
    archive.add("modules/order", 0o100644, "".join(f"{name}\n" for name in files).encode())
    archive.add("init", 0o100755, (HERE / "init").read_bytes())
    archive.add("load", 0o100755, load.read_bytes())
    archive.add("dev/console", 0o020600, device=(5, 1))
    target.write_bytes(archive.finish())


class Archive:
    """A cpio archive in the form that the kernel reads ("newc")."""

    def __init__(self):
        self._parts = []
        self._inode = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        """Appends a file, link (content is its target), directory or device node."""
        self._inode += 1
        path = name.encode() + b"\0"
        fields = [self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(path), 0]
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        self._parts += [_padded(header + path), _padded(content)]

    def finish(self):
        """Ends the archive and returns it."""
        self._inode = -1
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def _padded(data):
    return data + b"\0" * (-len(data) % 4)


if __name__ == "__main__":
    try:
        print(build(sys.argv[1] if len(sys.argv) > 1 else None))
    except ImageUnavailable as unavailable:
        sys.exit(str(unavailable))
