# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Fixtures for the tests of the test servers: the built simulator and certificates."""

import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import certs as certificates  # noqa: E402
import launch  # noqa: E402


@pytest.fixture(scope="session")
def vcsim_binary(tmp_path_factory):
    """The simulator that VCSIM names, or one built here."""
    if os.environ.get("VCSIM"):
        return os.environ["VCSIM"]
    return launch.build_vcsim(tmp_path_factory.mktemp("vcsim"))


@pytest.fixture(scope="session")
def certs(tmp_path_factory):
    """What certs.make() returns."""
    return certificates.make(tmp_path_factory.mktemp("certs"))
