# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Real QEMU guests with a known load under a private libvirtd, for whole-program tests."""
