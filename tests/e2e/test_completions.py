# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""bash, zsh and fish complete what the commands' help has."""

import re
import shutil
import subprocess

import pytest

COMMANDS = ["check", "collect", "compare", "counters", "inventory", "report",
            "record", "history", "serve"]
FORMATS = {**{command: ["csv", "table"] for command in COMMANDS
              if command not in ("record", "serve")},
           "collect": ["csv", "wide", "jsonl", "influx", "openmetrics", "prometheus", "table"],
           "report": ["csv", "html", "table"]}


def shell(name):
    """The shell, or a skipped test that says why."""
    if not shutil.which(name):
        pytest.skip(f"needs {name}")
    return name


@pytest.fixture(scope="module")
def scripts(vperf, tmp_path_factory):
    """The three scripts as files."""
    folder = tmp_path_factory.mktemp("completions")
    for name in ("bash", "zsh", "fish"):
        done = vperf.run("--completion", name)
        assert done.status == 0 and not done.err, done
        (folder / name).write_text(done.out)
    return folder


def options(vperf, command):
    """The long options that the help has."""
    shown = vperf.run(command, "--help").out
    return set(re.findall(r"^ +(?:-\w, +)?(--[\w-]+)", shown, re.MULTILINE))


def run(*command):
    """Standard output, if the shell is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def bash(scripts, *words):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    # Without a completion under way, compopt complains.
    return run(shell("bash"), "-c", f"compopt() {{ :; }}; source {scripts}/bash; "
               f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _vperf; "
               "printf '%s\\n' \"${COMPREPLY[@]}\"").split()


def fish(scripts, line):
    """What fish offers for a line."""
    shown = run(shell("fish"), "--no-config", "-c",
                f"source {scripts}/fish; complete -C '{line}'")
    return [row.split("\t")[0] for row in shown.splitlines()]


def zsh_specs(scripts, command):
    """What zsh's _arguments is called with."""
    return run(shell("zsh"), "-f", "-c", "_arguments() { print -rl -- \"$@\" }; "
               f"words=(vperf {command} ''); CURRENT=3; f() {{ source {scripts}/zsh }}; f")


def test_bash_commands(scripts):
    """The first word is a command."""
    assert set(bash(scripts, "vperf", "")) == {*COMMANDS, "--help", "--version"}
    assert bash(scripts, "vperf", "inv") == ["inventory"]


@pytest.mark.parametrize("command", COMMANDS)
def test_bash_options(vperf, scripts, command):
    """All options of the command, and no others."""
    assert set(bash(scripts, "vperf", command, "--")) == options(vperf, command)


@pytest.mark.parametrize("words, offered", [
    (["collect", "--interval", ""], ["realtime", "day", "week", "month", "year"]),
    (["collect", "--interval", "=", "mo"], ["month"]),
    (["collect", "--instance", "="], ["all", "aggregate"]),
    (["compare", "-f", "t"], ["table"]),
    (["collect", "--output", "/etc/passw"], ["/etc/passwd"]),
    (["collect", "--name", ""], []),
    (["inventory", "--type", "vm", ""], None)])
def test_bash_values(scripts, words, offered):
    """Words that an option takes, files, or nothing."""
    shown = bash(scripts, "vperf", *words)
    if offered is None:
        assert "--name" in shown
    else:
        assert [word for word in shown if word != "/etc/passwd-"] == offered


@pytest.mark.parametrize("form", [["--config"], ["--config", "="]])
def test_bash_targets(scripts, tmp_path, form):
    """Names of a configuration's targets."""
    path = tmp_path / "vperf.conf"
    path.write_text("[defaults]\n[target esx01]\nuri = h.x\n[target esx02]\n[target kvm01]\n")
    assert bash(scripts, "vperf", "collect", *form, path, "e") == ["esx01", "esx02"]
    assert "--name" in bash(scripts, "vperf", "collect", *form, path, "--")


@pytest.mark.parametrize("command", COMMANDS)
def test_zsh(vperf, scripts, command):
    """All options of the command, with their arguments; the shell can read all of it."""
    run(shell("zsh"), "-n", scripts / "zsh")
    specs = zsh_specs(scripts, command)
    shown = set(re.findall(r"^(?:\([^)]*\))?(--[\w-]+)", specs, re.MULTILINE))
    assert shown == options(vperf, command)
    assert "]:FILE:_files" in specs
    if command in FORMATS:
        assert f"]:FORMAT:({' '.join(FORMATS[command])})" in specs


@pytest.mark.parametrize("command", COMMANDS)
def test_fish(vperf, scripts, command):
    """All options of the command, and no others."""
    shown = {word.rstrip("=") for word in fish(scripts, f"vperf {command} --")}
    assert shown == options(vperf, command)
    if command in FORMATS:
        assert set(fish(scripts, f"vperf {command} --format ")) == set(FORMATS[command])


def test_fish_commands(scripts):
    """The first word is a command."""
    assert set(fish(scripts, "vperf ")) == set(COMMANDS)


def test_no_other_shell(vperf):
    """One line, status 2."""
    done = vperf.run("--completion", "csh")
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
