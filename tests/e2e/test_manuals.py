# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The manual pages: each command has one, with the options of its help; all of them render."""

import pathlib
import re
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"
TEXTS = SOURCE / "manual"
COMMANDS = ["check", "collect", "compare", "counters", "history", "inventory", "record", "report",
            "serve"]


def page_of(vperf, command):
    """The source of a command's page, as the build makes it."""
    done = vperf.run("--manual", command, TEXTS)
    assert done.status == 0 and not done.err, done
    return done.out.replace("@MANUAL_DATE@", "2026-01-31").replace("@PROJECT_VERSION@", "1.2.3")


def render(page, path):
    """What a reader sees of a page; the renderer finds nothing wrong with it."""
    if not shutil.which("mandoc"):
        pytest.skip("needs mandoc")
    path.write_text(page, encoding="utf-8")
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", path], capture_output=True,
                          text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
    shown = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=100", path], capture_output=True,
                           text=True, check=True).stdout
    return re.sub(".\b", "", shown)


def options(text):
    """The options that lines of a help, or of that part of a page, begin with, with arguments."""
    part = re.search(r"^OPTIONS$(.*?)^\S", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^ {2,7}(?:-\w, +)?(--[\w-]+(?:=\S+)?)", part[1] if part else text,
                          re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_page_of_command(vperf, tmp_path, command):
    """All options of the help, and no others; its examples; the version and date of the build."""
    shown = vperf.run(command, "--help").out
    page = render(page_of(vperf, command), tmp_path / "page.1")
    in_help = options(shown)
    assert options(page) == in_help and "--help" in in_help
    assert f"vperf-{command}(1)" in shown and f"VPERF-{command.upper()}(1)" in page
    for line in re.findall(r"^  (vperf .*)$", shown, re.MULTILINE):
        assert line in page
    assert "2026-01-31" in page and "vperf 1.2.3" in page


def test_details_are_of_options_that_there_are(vperf):
    """Each text about an option reaches the page of a command."""
    known = {command: {option.partition("=")[0]
                       for option in options(vperf.run(command, "--help").out)}
             for command in COMMANDS}
    heads = re.findall(r"^@(\S+)(.*)$", (TEXTS / "options.roff").read_text(), re.MULTILINE)
    assert len(heads) > 30 and len(set(heads)) == len(heads)
    for option, commands in heads:
        assert any(f"--{option}" in names for names in known.values()), option
        for command in commands.split():
            assert f"--{option}" in known[command], (option, command)


@pytest.mark.parametrize("name", ["vperf.1", "vperf.conf.5", "vperf-history.5"])
def test_other_page(tmp_path, name):
    """It renders, and names the pages of all commands if it is the overview."""
    page = (SOURCE / name).read_text(encoding="utf-8")
    shown = render(page.replace("@MANUAL_DATE@", "2026-01-31"), tmp_path / name)
    if name == "vperf.1":
        assert set(COMMANDS) <= set(re.findall(r"vperf-(\w+)\(1\)", shown))


def test_page_of_no_command(vperf, tmp_path):
    """One line, status 2: for a command that is none, and for texts that are not there."""
    for command, folder in (("fly", TEXTS), ("collect", tmp_path)):
        done = vperf.run("--manual", command, folder)
        assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
