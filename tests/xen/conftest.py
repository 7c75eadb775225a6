# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""pytest fixtures: one machine with Xen a session, its guests, and the vperf under test."""

import os
import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "servers")]

import harness  # noqa: E402

from .machine import Machine  # noqa: E402


@pytest.fixture(scope="session")
def vperf(tmp_path_factory):
    """The program: $VPERF."""
    return harness.Program(pathlib.Path(os.environ["VPERF"]).resolve(),
                           tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def machine():
    """The machine, which takes a minute to start on a quiet machine."""
    with Machine() as one:
        print(f"\nXen is ready after {one.start_seconds:.0f} s")
        yield one


@pytest.fixture(scope="session")
def guests(machine):
    """One of each kind that can run: paravirtual, and by hardware without a device model."""
    return [machine.guest("paravirtual", "pv", address=2), machine.guest("hardware", "pvh", address=3)]
