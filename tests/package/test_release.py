# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""`./dev release` in a small repository: what it refuses, and what it says at the end."""

import datetime
import os
import pathlib
import shutil
import subprocess

import pytest

RELEASE = pathlib.Path(__file__).resolve().parents[2] / "src" / "package" / "release.sh"
DEV = """#!/bin/sh
echo "ran $1"
[ "$1" != package ] || { mkdir -p build/package
cd build/package && v=1.2.3 && touch vperf_$v-1_amd64.deb vperf-$v-1.x86_64.rpm vperf-$v.tar.gz; }
"""


def git(folder, *words):
    """Runs git as somebody."""
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.invalid", *words], cwd=folder,
                   check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """One that can be released."""
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    (tmp_path / "CMakeLists.txt").write_text("project(vperf VERSION 1.2.3 LANGUAGES C)\n")
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changes\n\n## [1.2.3] - {today}\n- It flies.\n\n## [1.2.2] - 2026-01-01\n- It walks.\n")
    (tmp_path / ".gitignore").write_text("build/\n")
    (tmp_path / "dev").write_text(DEV)
    (tmp_path / "dev").chmod(0o755)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def commit(folder):
    """Commits all there is."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


def release(folder, *words):
    """Runs the script."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    return subprocess.run([RELEASE, *words], cwd=folder, capture_output=True, text=True,
                          check=False, env={"PATH": os.environ["PATH"]})


def test_release(repository):
    """Tests, packages, and then what is left to do with the text of this version alone."""
    done = release(repository)
    assert done.returncode == 0, done
    for text in ("ran test", "ran package", "git tag -s -m 'vperf 1.2.3' v1.2.3", "- It flies."):
        assert text in done.stdout, done
    assert "It walks" not in done.stdout and "WRONG" not in done.stdout


def append(name, text):
    """A change to a file, committed."""
    def change(folder):
        with open(folder / name, "a", encoding="utf-8") as stream:
            stream.write(text)
        commit(folder)
    return change


def replace(old, new):
    """A change to the CHANGELOG, committed."""
    def change(folder):
        path = folder / "CHANGELOG.md"
        path.write_text(path.read_text().replace(old, new))
        commit(folder)
    return change


@pytest.mark.parametrize("change, told", [
    (lambda folder: (folder / "new").touch(), "the tree is clean"),
    (lambda folder: git(folder, "switch", "-q", "-c", "other"), "the branch is main"),
    (lambda folder: git(folder, "tag", "v1.2.3"), "no tag v1.2.3"),
    (append("README.md", "vperf-1.2.3.tar.gz"), "the version is in CMakeLists.txt alone"),
    (append("CHANGELOG.md", "## [Unreleased]\n- It swims.\n"), "nothing is left below Unreleased"),
    (replace("## [1.2.3] - ", "## [1.2.3] - 1"), "CHANGELOG.md has '## [1.2.3] - "),
    (replace("- It flies.", ""), "the section says what is new")])
def test_refused(repository, change, told):
    """One line says what is wrong, and nothing is built."""
    change(repository)
    done = release(repository)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("WRONG: ")]
    assert done.returncode == 1 and len(wrong) == 1, done
    assert wrong[0].startswith(f"WRONG: {told}") and "ran" not in done.stdout.split(), done


def test_quick_checks(repository):
    """--checks stops before what takes long."""
    done = release(repository, "--checks")
    assert done.returncode == 0 and "ran test" not in done.stdout, done
