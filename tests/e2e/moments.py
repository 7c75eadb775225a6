# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Signals at random moments of a run with several connections; by name, not part of `./dev test`:
pytest -s tests/e2e/moments.py. It prints how the runs ended."""

import collections
import os
import random
import signal
import threading
import time

import pytest
from harness import files_in

MOMENTS = int(os.environ.get("VPERF_MOMENTS", "60"))
SEED = int(os.environ.get("VPERF_SEED", "1"))
# Whole, interrupted, or ended before there was anything to be cleaned up.
ENDS = {0: ["out.csv"], 130: []}


def run_for(vperf, server, output, number=None, seconds=0.0):
    """A run that gets a signal after a while; its status."""
    process = vperf.start("collect", "--last", "30m", "--jobs", 3, "--output", output,
                          *server.arguments)
    threading.Event().wait(seconds)
    if number:
        process.send_signal(number)
    process.communicate(timeout=60)
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_random_moments(vperf, start_vcsim, tmp_path, number):
    """No temporary file and no session is left, whenever the signal comes."""
    server = start_vcsim("-mode", "real", "-model", "vpx", "-host", 2, "-vm", 40)
    dice, ends, output = random.Random(SEED), collections.Counter(), tmp_path / "out.csv"
    begin = time.monotonic()
    assert run_for(vperf, server, output) == 0
    whole = time.monotonic() - begin
    for _ in range(MOMENTS):
        output.unlink(missing_ok=True)
        status = run_for(vperf, server, output, number, dice.uniform(0, 1.05 * whole))
        ends[status] += 1
        assert files_in(tmp_path) == ENDS.get(status, []), status
        assert status in ENDS or status == -number, status
    methods = server.methods()
    print(f"{number.name}: {dict(ends)}, {methods.count('Login')} logins")
    assert methods.count("Login") == methods.count("Logout")
