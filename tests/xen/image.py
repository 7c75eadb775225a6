# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Builds what QEMU boots: Xen, and Debian with libvirt's Xen driver as the host's own domain.

The packages are installed once, into the build directory; the rest is renewed when an input
changes.
"""

import dataclasses
import gzip
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
sys.path.append(str(HERE.parent))

from guests.image import Archive  # noqa: E402

HYPERVISOR_PACKAGE = "xen-hypervisor-4.17-amd64"
KERNEL_PACKAGE = "linux-image-amd64"
# Of the initramfs, of the host's own domain, and of guests; with all that they need.
BOOT_MODULES = ("virtio_pci", "virtio_blk", "crc32c_generic", "ext4")
HOST_MODULES = ("virtio_pci", "virtio_net", "loop", "xenfs", "xen-evtchn", "xen-gntdev",
                "xen-gntalloc", "xen-privcmd", "xen-blkback", "xen-netback", "bridge", "tun")
GUEST_MODULES = ("xen-blkfront", "xen-netfront")
DISK_MIB = 1200


class ImageUnavailable(Exception):
    """A part that comes from outside cannot be had here; the text is one line."""


@dataclasses.dataclass(frozen=True)
class Image:
    """What QEMU boots, and the key that logs in."""

    directory: pathlib.Path

    def __getattr__(self, name):
        return self.directory / {"xen": "xen", "kernel": "vmlinuz", "initramfs": "host.cpio",
                                 "disk": "root.ext4", "key": "key"}[name]


def default_directory():
    """The build directory: $VPERF_XEN_BUILD, or build/xen in the repository."""
    return pathlib.Path(os.environ.get("VPERF_XEN_BUILD") or HERE.parents[1] / "build" / "xen")


def build(directory=None):
    """Builds what is missing or out of date and returns the Image."""
    directory = pathlib.Path(directory or default_directory()).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    root = _install(directory)
    kernel = _unpack(directory, "kernel", _kernel_package())
    hypervisor = _unpack(directory, "hypervisor", HYPERVISOR_PACKAGE)
    image = Image(directory)
    stamp, inputs = directory / "stamp", _fingerprint()
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == inputs):
        stamp.unlink(missing_ok=True)
        image.xen.write_bytes(gzip.decompress(
            _one(hypervisor / "boot", "xen-4.17-amd64.gz").read_bytes()))
        shutil.copyfile(_one(kernel / "boot", "vmlinuz-*"), image.kernel)
        image.initramfs.write_bytes(_initramfs(kernel, BOOT_MODULES, "host-initramfs"))
        _furnish(root, kernel, image)
        _make_disk(root, image.disk)
        stamp.write_text(inputs, encoding="ascii")
    return image


def _run(*command, cwd=None):
    try:
        done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True,
                              check=True)
    except FileNotFoundError as error:
        raise ImageUnavailable(f"{command[0]} is not installed") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip() or f"exit status {error.returncode}").splitlines()[-1]
        raise ImageUnavailable(f"{command[0]}: {reason}") from error
    return done.stdout


def _one(directory, pattern):
    found = sorted(directory.rglob(pattern))
    if len(found) != 1:
        raise ImageUnavailable(f"{len(found)} files {pattern} in {directory}, expected one")
    return found[0]


def _packages():
    lines = (HERE / "packages").read_text(encoding="ascii").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


def _install(directory):
    """The tree with all packages, made once for each list of them."""
    root = directory / f"root-{hashlib.sha256(repr(_packages()).encode()).hexdigest()[:12]}"
    if root.exists():
        return root
    for old in directory.glob("root-*"):
        shutil.rmtree(old)
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        tree = pathlib.Path(scratch) / "tree"
        _run("mmdebstrap", "--variant=minbase", "--mode=root", "--quiet",
             f"--include={','.join(_packages())}", '--aptopt=APT::Install-Recommends "false"',
             "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
             "--dpkgopt=path-exclude=/usr/share/locale/*", "bookworm", tree,
             "deb http://deb.debian.org/debian bookworm main",
             "deb http://deb.debian.org/debian bookworm-updates main",
             "deb http://deb.debian.org/debian-security bookworm-security main")
        tree.rename(root)
    return root


def _kernel_package():
    depends = _run("apt-cache", "depends", "--no-recommends", KERNEL_PACKAGE)
    match = re.search(r"^\s*Depends: (linux-image-\S+)", depends, re.MULTILINE)
    if not match:
        raise ImageUnavailable(f"apt-cache names no kernel for {KERNEL_PACKAGE}")
    return match[1]


def _unpack(directory, name, package):
    """The content of a package, downloaded once: remove the directory for a newer one."""
    target = directory / name
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        _run("apt-get", "-o", "APT::Sandbox::User=root", "download", package, cwd=scratch)
        unpacked = pathlib.Path(scratch) / "unpacked"
        _run("dpkg", "-x", _one(pathlib.Path(scratch), "*.deb"), unpacked)
        unpacked.rename(target)
    return target


def _fingerprint():
    digest = hashlib.sha256(repr(_packages()).encode())
    for name in ("image.py", "host-init", "host-initramfs", "guest-init", "guest-answer"):
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def _module(path):
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def _with_needs(kernel, names):
    """{name: content} of these modules and of those that they need, which come first. Some are
    built into the kernel."""
    found = {}

    def add(name):
        files = [path for path in kernel.rglob("*.ko*")
                 if path.name.split(".")[0].replace("-", "_") == name.replace("-", "_")]
        if not files or files[0].name.split(".")[0] in found:
            return
        content = _module(files[0])
        depends = re.search(rb"\0depends=([^\0]*)\0", content)
        for need in depends[1].decode().split(",") if depends and depends[1] else ():
            add(need)
        found[files[0].name.split(".")[0]] = content
    for name in names:
        add(name)
    return found


def _initramfs(kernel, modules, init, answer=None):
    archive = Archive()
    for name in ("bin", "dev", "modules"):
        archive.add(name, 0o040755)
    archive.add("bin/busybox", 0o100755, pathlib.Path("/bin/busybox").read_bytes())
    if answer:
        archive.add("bin/answer", 0o100755, (HERE / answer).read_bytes())
    found = _with_needs(kernel, modules)
    for name, content in found.items():
        archive.add(f"modules/{name}.ko", 0o100644, content)
    archive.add("modules/order", 0o100644, "".join(f"{name}.ko\n" for name in found).encode())
    archive.add("init", 0o100755, (HERE / init).read_bytes())
    archive.add("dev/console", 0o020600, device=(5, 1))
    return archive.finish()


def _furnish(root, kernel, image):
    """Adds to the tree what is ours."""
    version = next((kernel / "lib" / "modules").iterdir()).name
    modules = root / "lib" / "modules" / version
    shutil.rmtree(modules, ignore_errors=True)
    modules.mkdir(parents=True)
    for name, content in _with_needs(kernel, HOST_MODULES).items():
        (modules / f"{name}.ko").write_bytes(content)
    _run("chroot", root, "depmod", version)
    (root / "etc" / "xen-modules").write_text(" ".join(HOST_MODULES) + "\n", encoding="ascii")
    shutil.copy(HERE / "host-init", root / "sbin" / "host-init")
    files = root / "srv" / "xen"
    files.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(image.kernel, files / "vmlinuz")
    (files / "guest.cpio").write_bytes(_initramfs(kernel, GUEST_MODULES, "guest-init",
                                                  "guest-answer"))
    if not image.key.exists():
        _run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", image.key)
    ssh = root / "root" / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(f"{image.key}.pub", ssh / "authorized_keys")
    (root / "etc" / "ssh" / "sshd_config.d" / "test.conf").write_text(
        "UsePAM no\nUseDNS no\nPermitRootLogin yes\nMaxStartups 100\n", encoding="ascii")
    # Xen hides this feature of AMD's CPUs, and libvirt's driver wants a model that fits all the same.
    model = root / "usr" / "share" / "libvirt" / "cpu_map" / "x86_kvm64.xml"
    model.write_text(model.read_text(encoding="ascii").replace("<feature name='sep'/>", ""),
                     encoding="ascii")
    (root / "etc" / "libvirt").mkdir(exist_ok=True)
    # libvirtd ends when the user of its QEMU driver is missing.
    for file, line in (("passwd", "libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin\n"),
                       ("group", "libvirt-qemu:x:64055:\n")):
        path = root / "etc" / file
        text = path.read_text(encoding="utf-8")
        path.write_text(text if line in text else text + line, encoding="utf-8")
    (root / "etc" / "libvirt" / "libvirtd.conf").write_text(
        'listen_tls = 0\nlisten_tcp = 1\nauth_tcp = "none"\nauth_unix_rw = "none"\n'
        'auth_unix_ro = "none"\nlisten_addr = "0.0.0.0"\n', encoding="ascii")


def _make_disk(root, disk):
    disk.unlink(missing_ok=True)
    with open(disk, "wb") as stream:
        stream.truncate(DISK_MIB << 20)
    _run("mke2fs", "-q", "-t", "ext4", "-F", "-O", "^metadata_csum,^64bit", "-d", root, disk)


if __name__ == "__main__":
    try:
        print(build(sys.argv[1] if len(sys.argv) > 1 else None).directory)
    except ImageUnavailable as unavailable:
        sys.exit(f"xen image: {unavailable}")
