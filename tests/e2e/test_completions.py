# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""bash, zsh and fish complete what the commands' help has, and the values of options."""

import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "src" / "completion"
COMMANDS = ["check", "collect", "compare", "counters", "inventory", "report",
            "record", "history", "serve"]
FORMATS = {**{command: ["csv", "table"] for command in COMMANDS
              if command not in ("record", "serve")},
           "collect": ["csv", "wide", "jsonl", "influx", "openmetrics", "prometheus", "table"],
           "report": ["csv", "html", "table", "xlsx"]}
CONFIG = "[defaults]\n[target esx01]\nuri = h.x\n[target esx02]\n[target kvm01]\n"


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
        done = vperf.run("--completion", name, FOLDER)
        assert done.status == 0 and not done.err, done
        (folder / name).write_text(done.out)
    (folder / "_vperf").write_text((folder / "zsh").read_text())
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a configuration and histories, and a home with names of counters."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "vperf.conf").write_text(CONFIG)
    (folder / "year.db").touch()
    (folder / "notes.txt").touch()
    cache = folder / ".cache" / "vperf"
    cache.mkdir(parents=True)
    (cache / "counters").write_text("cpu.fromcache.average\nzzz.fromcache.latest\n")
    return folder


def options(vperf, command):
    """The long options that the help has."""
    shown = vperf.run(command, "--help").out
    return set(re.findall(r"^ +(?:-\w, +)?(--[\w-]+)", shown, re.MULTILINE))


def run(*command, **how):
    """Standard output, if the shell is content."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout


def surroundings(place):
    """The environment with the home of the test."""
    inherited = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    return {**inherited, "HOME": str(place), "TERM": "dumb", "LC_ALL": "C.UTF-8"}


def bash(scripts, place, *words):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    # Without a completion under way, compopt complains.
    return run(shell("bash"), "-c", f"compopt() {{ :; }}; source {scripts}/bash; "
               f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _vperf; "
               "printf '%s\\n' \"${COMPREPLY[@]}\"", cwd=place, env=surroundings(place)).split()


def fish(scripts, place, line):
    """What fish offers for a line."""
    shown = run(shell("fish"), "--no-config", "-c", f"source {scripts}/fish; complete -C '{line}'",
                cwd=place, env=surroundings(place))
    return [row.split("\t")[0] for row in shown.splitlines()]


def zsh_specs(scripts, command):
    """What zsh's _arguments is called with."""
    return run(shell("zsh"), "-f", "-c", "_arguments() { print -rl -- \"$@\" }; "
               f"words=(vperf {command} ''); CURRENT=3; f() {{ source {scripts}/zsh }}; f")


class Typing:
    """An interactive shell: what a user gets who types the beginning of a line, Tab and Enter."""

    PROMPT = "READY>"
    SETUPS = {
        "bash": (["bash", "--norc", "--noprofile", "-i"],
                 "bind 'set enable-bracketed-paste off'; source {scripts}/bash; "
                 "vperf() {{ printf '%s\\n' \"$@\" end >{out}; }}; PS1=READ; PS1=${{PS1}}Y\\>"),
        "zsh": (["zsh", "-f", "-i"],
                "unsetopt zle_bracketed_paste prompt_sp 2>/dev/null; fpath=({scripts} $fpath); "
                "autoload -Uz compinit; compinit -D -u; compdef _vperf vperf; setopt no_bang_hist; "
                "vperf() {{ printf '%s\\n' \"$@\" end >{out}; }}; PS1=READ; PS1=${{PS1}}Y\\>"),
        "fish": (["fish", "--no-config", "-i"],
                 "source {scripts}/fish; function vperf; printf '%s\\n' $argv end >{out}; end; "
                 "function fish_prompt; echo -n READ; echo -n 'Y>'; end"),
    }

    def __init__(self, name, scripts, place, out):
        command, setup = self.SETUPS[name]
        self.out, self.shown = out, ""
        self.process, self.terminal = None, None
        child, self.terminal = pty.fork()
        if child == 0:
            os.chdir(place)
            os.execvpe(command[0], command, surroundings(place))
        self.process = child
        self.type(setup.format(scripts=scripts, out=out) + "\r")
        self.await_prompt()

    def type(self, text):
        """Presses keys."""
        os.write(self.terminal, text.encode())

    def read(self, seconds):
        """Takes what the shell writes within some time."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if ready:
            self.shown += os.read(self.terminal, 65536).decode(errors="replace")

    def await_prompt(self):
        """Waits until the shell reads a line."""
        deadline = time.monotonic() + 60
        while self.PROMPT not in self.shown:
            assert time.monotonic() < deadline, self.shown
            self.read(1)
        self.shown = ""

    def complete(self, line):
        """The words that vperf gets for this line and Tab."""
        self.out.unlink(missing_ok=True)
        self.type(line + "\t\r")
        deadline = time.monotonic() + 60
        while not (self.out.exists() and self.out.read_text().endswith("end\n")):
            assert time.monotonic() < deadline, self.shown
            self.read(0.05)
        words = self.out.read_text().splitlines()[:-1]
        self.await_prompt()
        return words

    def end(self):
        """Leaves the shell."""
        os.close(self.terminal)
        os.kill(self.process, 9)
        os.waitpid(self.process, 0)


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def typing(request, scripts, place, tmp_path_factory):
    """One shell for all lines."""
    one = Typing(shell(request.param), scripts, place, tmp_path_factory.mktemp("typed") / "words")
    yield one
    one.end()


@pytest.mark.parametrize("line, words", [
    ("vperf inv", ["inventory"]),
    ("vperf collect --cov", ["collect", "--coverage"]),
    ("vperf collect --type vm,ho", ["collect", "--type", "vm,host"]),
    ("vperf report --format xl", ["report", "--format", "xlsx"]),
    ("vperf report -f ht", ["report", "-f", "html"]),
    ("vperf report --rule off-days=3,cpu-tar", ["report", "--rule", "off-days=3,cpu-target="]),
    ("vperf report --group-by cluster,fo", ["report", "--group-by", "cluster,folder"]),
    ("vperf collect --with uuid,guest_h", ["collect", "--with", "uuid,guest_host"]),
    ("vperf collect --interval=mo", ["collect", "--interval=month"]),
    ("vperf collect --counter mem.swapped.average,cpu.fromc",
     ["collect", "--counter", "mem.swapped.average,cpu.fromcache.average"]),
    ("vperf compare --sort zzz", ["compare", "--sort", "zzz.fromcache.latest"]),
    ("vperf compare --sort kvm.balloonL", ["compare", "--sort", "kvm.balloonLastUpdate.latest"]),
    ("vperf collect --config vperf.conf kv", ["collect", "--config", "vperf.conf", "kvm01"]),
    ("vperf collect --config=vperf.conf kv", ["collect", "--config=vperf.conf", "kvm01"]),
    ("vperf history ye", ["history", "year.db"]),
    ("vperf collect --password-file no", ["collect", "--password-file", "notes.txt"]),
])
def test_typed(typing, line, words):
    """Tab completes what can only be one word."""
    typed = typing.complete(line)
    # Shells put a comma or blank behind a word as they like.
    assert [word.rstrip(",") for word in typed if word] == words


def test_bash_commands(scripts, place):
    """The first word is a command."""
    assert set(bash(scripts, place, "vperf", "")) == {*COMMANDS, "--help", "--version"}
    assert bash(scripts, place, "vperf", "inv") == ["inventory"]


@pytest.mark.parametrize("command", COMMANDS)
def test_bash_options(vperf, scripts, place, command):
    """All options of the command, and no others."""
    assert set(bash(scripts, place, "vperf", command, "--")) == options(vperf, command)


@pytest.mark.parametrize("words, offered", [
    (["collect", "--interval", ""], ["realtime", "day", "week", "month", "year"]),
    (["collect", "--interval", "=", "mo"], ["month"]),
    (["collect", "--instance", "="], ["all", "aggregate"]),
    (["compare", "-f", "t"], ["table"]),
    (["report", "--rule", "cpu-target", "=", "60,min"], ["60,min-days=", "60,min-coverage="]),
    (["collect", "--type", "=", "vm,d"], ["vm,datastore", "vm,datacenter"]),
    (["collect", "--output", "/etc/passw"], ["/etc/passwd"]),
    (["collect", "--name", ""], []),
    (["collect", "--counter", "!cpu.fromc"], ["!cpu.fromcache.average"]),
    (["collect", "year"], ["year.db"]),
    (["collect", "--config", "vperf.conf", "e"], ["esx01", "esx02"]),
    (["collect", "--config", "=", "vperf.conf", "e"], ["esx01", "esx02"])])
def test_bash_values(scripts, place, words, offered):
    """Words that an option takes, files, targets or nothing."""
    shown = bash(scripts, place, "vperf", *words)
    assert [word for word in shown if word != "/etc/passwd-"] == offered


def test_names_are_no_commands(scripts, place, tmp_path):
    """What a configuration calls a target is offered, and never run."""
    (tmp_path / "vperf.conf").write_text("[target $(touch ran)]\n[target `touch ran`]\n")
    bash(scripts, tmp_path, "vperf", "collect", "--config", "vperf.conf", "")
    fish(scripts, tmp_path, "vperf collect --config vperf.conf ")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_zsh(vperf, scripts, command):
    """All options of the command, with their arguments; the shell can read all of it."""
    run(shell("zsh"), "-n", scripts / "zsh")
    specs = zsh_specs(scripts, command)
    shown = set(re.findall(r"^(?:\([^)]*\)|\*)?(--[\w-]+)", specs, re.MULTILINE))
    assert shown == options(vperf, command)
    assert "]:FILE:_files" in specs
    if command in FORMATS:
        assert f"]:FORMAT:({' '.join(FORMATS[command])})" in specs


@pytest.mark.parametrize("command", COMMANDS)
def test_fish(vperf, scripts, place, command):
    """All options of the command, and no others."""
    shown = {word.rstrip("=") for word in fish(scripts, place, f"vperf {command} --")}
    assert shown == options(vperf, command)
    if command in FORMATS:
        assert set(fish(scripts, place, f"vperf {command} --format ")) == set(FORMATS[command])


def test_fish_commands(scripts, place):
    """The first word is a command."""
    assert set(fish(scripts, place, "vperf ")) == set(COMMANDS)


def test_fish_targets(scripts, place):
    """Targets of a configuration, and history files."""
    assert set(fish(scripts, place, "vperf collect --config vperf.conf e")) == {"esx01", "esx02"}
    assert fish(scripts, place, "vperf history y") == ["year.db"]


def test_counters_are_remembered(vperf, tmp_path):
    """What 'counters' lists is there for the completions, beside what was there before."""
    cache = tmp_path / "vperf" / "counters"
    cache.parent.mkdir()
    cache.write_text("zzz.old.latest\n$(touch x)\n")
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    done = vperf.run("counters", "test:///default", env=environment)
    assert done.status == 0, done
    names = cache.read_text().splitlines()
    assert {"zzz.old.latest", "cpu.usage.average"} <= set(names) and names == sorted(names)
    assert "$(touch x)" not in names
    cache.chmod(0o400)
    assert vperf.run("counters", "test:///default", env=environment).out == done.out


@pytest.mark.parametrize("arguments", [("csh", FOLDER), ("bash", FOLDER / "none")])
def test_no_such_completion(vperf, arguments):
    """One line, status 2."""
    done = vperf.run("--completion", *arguments)
    assert (done.status, done.out, len(done.messages)) == (2, "", 1), done
