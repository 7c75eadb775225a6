# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""pytest fixtures: one private libvirtd a session, and one guest that a module's tests share."""

import os

import pytest

from .libvirtd import Libvirtd, unavailable


@pytest.fixture(scope="session")
def libvirtd():
    """A running private libvirtd; skips where guests cannot run."""
    reason = unavailable()
    if reason:
        pytest.skip(reason)
    with Libvirtd() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def guest(libvirtd):
    """A running idle guest: one of two vCPUs, one disk, one interface, memory statistics."""
    return libvirtd.guest(f"self-test-{os.getpid()}", balloon_period=1).start()
