# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A simulated day of collect --follow with all that befalls a vCenter in it; `./dev soak`, not part
of `./dev test`. It prints the process's memory at each hour."""

import os

import follow
from follow import INTERRUPTED, Account, Story, check_like, following, in_order

HOURS = int(os.environ.get("VPERF_SOAK_HOURS", "24"))
SPEED = int(os.environ.get("VPERF_SOAK_SPEED", "150"))
CHURNS, CHURN_GUESTS = 3, 5

# One a day's hour, over and over; the first hour has the largest answers.
TROUBLES = (
    lambda story: story.absence(40, meanwhile=story.churn),
    lambda story: story.lose_session(),
    lambda story: story.restart(5),
    lambda story: story.samples_come_late(),
    lambda story: story.absence(15, how="hang"),
)


def test_a_day(vperf, start_vcsim, tmp_path):
    """Every sample once; memory and descriptors at the end are those after the first hour."""
    server = follow.Server(start_vcsim("-mode", "real", "-model", "vpx", "-control", "-vm", 100,
                                       "-host", 4, "-speed", SPEED), SPEED)
    with following(vperf, server, tmp_path, "--timeout", "5") as run:
        run.await_steady()
        story, begin, measured = Story(server, run), server.now(), []
        for hour in range(HOURS):
            TROUBLES[hour % len(TROUBLES)](story)
            for _ in range(CHURNS):
                story.churn(CHURN_GUESTS)
            server.wait_until(begin + 3600 * (hour + 1))
            measured.append(run.measure())
            print(f"hour {hour + 1}: {measured[-1]}, {len(run.messages())} messages", flush=True)
        done = run.finish()
    assert done.status == INTERRUPTED, done
    rows = run.rows()
    print(f"{sum(map(len, rows.values()))} samples of {len(rows)} series")
    account = Account(run, rows)
    account.check()
    account.check_losses()
    in_order(rows, story.late)
    story.check_logins()
    story.check_messages(done)
    check_like(measured[-1], measured[0])
