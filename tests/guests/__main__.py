# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Test guests by hand: `python3 tests/guests start`, `send`, `status`, `stop`. See README.md."""

import argparse
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from guests import guest as guests  # noqa: E402
from guests import image, truth  # noqa: E402
from guests.libvirtd import GuestError, Libvirtd, unavailable  # noqa: E402

LOAD = ["cpu 0 50", "disk vda 1024 1024 65536", "net eth0 100 500", "mem 32"]


def demo_path():
    """Where a started demo is written down."""
    return image.default_directory() / "demo.json"


def running_demo():
    """What is known of the demo that runs, or None."""
    try:
        demo = json.loads(demo_path().read_text(encoding="utf-8"))
        command = pathlib.Path(f'/proc/{demo["keeper"]}/cmdline').read_bytes()
    except FileNotFoundError:
        return None
    return demo if demo["directory"].encode() in command.split(b"\0") else None


def start(arguments):
    """Starts libvirtd and guests that outlive this process."""
    if running_demo():
        sys.exit("guests are running already: python3 tests/guests stop")
    reason = unavailable()
    if reason:
        sys.exit(reason)
    libvirtd = Libvirtd().start(detached=True)
    try:
        started = [libvirtd.guest(name, load=arguments.load or LOAD, balloon_period=5)
                   for name in arguments.name or ["demo"]]
        for guest in started:
            guest.start(wait=False)
        for guest in started:
            guest.wait_ready()
    except BaseException:
        os.kill(libvirtd.keeper.pid, signal.SIGTERM)
        raise
    demo = {"keeper": libvirtd.keeper.pid, "directory": str(libvirtd.directory),
            "uri": libvirtd.uri, "guests": [guest.name for guest in started]}
    demo_path().write_text(json.dumps(demo), encoding="utf-8")
    status(arguments)


def status(_):
    """Tells how to reach the guests."""
    demo = running_demo()
    if not demo:
        sys.exit("no guests are running: python3 tests/guests start")
    print(f"guests: {' '.join(demo['guests'])}")
    print(f"connect with: {demo['uri']}")
    print(f"or run a program where qemu:///system is theirs: "
          f"nsenter --mount --net --target={demo['keeper']} PROGRAM")
    print(f"consoles: {demo['directory']}/guests/*/console.log")


def send(arguments):
    """Sends one command to a guest's load program and prints the answer."""
    demo = running_demo()
    if not demo:
        sys.exit("no guests are running: python3 tests/guests start")
    channel = pathlib.Path(demo["directory"]) / "guests" / arguments.guest / guests.CHANNEL
    for line in guests.converse(channel, " ".join(arguments.command)):
        print(line)


def stop(_):
    """Ends the guests and their libvirtd."""
    demo = running_demo()
    if demo:
        os.kill(demo["keeper"], signal.SIGTERM)
        truth.wait_for(lambda: not running_demo(), 90, "the end of the guests")
    demo_path().unlink(missing_ok=True)


def main():
    """Takes the command line apart."""
    parser = argparse.ArgumentParser(prog="python3 tests/guests", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    parser_start = commands.add_parser("start", help="start libvirtd and guests with a load")
    parser_start.add_argument("name", nargs="*", help="names of the guests (default: demo)")
    parser_start.add_argument("--load", action="append", metavar="COMMAND",
                              help=f'first commands (default: {"; ".join(LOAD)})')
    parser_start.set_defaults(run=start)
    parser_send = commands.add_parser("send", help="change the load, or ask: send demo report")
    parser_send.add_argument("guest")
    parser_send.add_argument("command", nargs=argparse.REMAINDER)
    parser_send.set_defaults(run=send)
    for run, text in ((status, "how to reach the guests"), (stop, "end guests and libvirtd")):
        commands.add_parser(run.__name__, help=text).set_defaults(run=run)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except (GuestError, TimeoutError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
