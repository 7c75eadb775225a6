# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Many real QEMU guests that do nothing, below a libvirtd of their own."""

import contextlib
import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

from guests.libvirtd import Libvirtd, unavailable  # noqa: E402

GUEST = """<domain type='qemu'><name>tiny-{pid}-{number}</name><memory unit='MiB'>8</memory>
<vcpu>1</vcpu><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<controller type='usb' model='none'/><disk type='file' device='disk'>
<driver name='qemu' type='raw'/><source file='{disk}'/><target dev='vda' bus='virtio'/></disk>
<interface type='ethernet'><target dev='tiny{number}'/><model type='virtio'/></interface>
<memballoon model='virtio'/></devices></domain>"""


@contextlib.contextmanager
def tiny_guests(count):
    """Yields the Libvirtd of so many guests, which are paused before their first instruction."""
    with Libvirtd() as daemon:
        for number in range(count):
            disk = pathlib.Path(daemon.directory) / f"tiny-{number}.raw"
            with open(disk, "wb") as stream:
                stream.truncate(1 << 20)
            xml = disk.with_suffix(".xml")
            xml.write_text(GUEST.format(number=number, disk=disk, pid=os.getpid()),
                           encoding="ascii")
            daemon.virsh("create", "--paused", xml)
        yield daemon


__all__ = ["tiny_guests", "unavailable"]
