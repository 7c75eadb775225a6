# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The packages that `./dev package` built, as those who install them meet them.

Environment: VPERF_PACKAGES names the directory with the packages, VPERF_SERVERS that of the
simulator. A minimal Debian system is made once, by debootstrap, and kept beside the packages.
"""

import gzip
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))

import certs  # noqa: E402
import launch  # noqa: E402

PACKAGES = pathlib.Path(os.environ["VPERF_PACKAGES"])
SUITE = "bookworm"
# What apt and its friends write of themselves.
BOOKKEEPING = re.compile(r"^/(var/(cache|log|lib/(apt|dpkg|systemd|ucf))|tmp|root|proc|sys|dev|run"
                         r"|etc/ld\.so\.cache)(/|$)")


def run(*command, **options):
    """Run a command; return what it writes."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    assert done.returncode == 0, f"{command}: status {done.returncode}\n{done.stdout}"
    return done.stdout


def one(pattern):
    """Return the only package of this name."""
    found = [path for path in PACKAGES.glob(pattern) if "dbgsym" not in path.name]
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="module")
def deb():
    """The Debian package."""
    return one("vperf_*.deb")


def mirror():
    """Return where this machine gets its packages from."""
    lists = pathlib.Path("/etc/apt")
    text = "\n".join(path.read_text(encoding="utf-8")
                     for path in [*lists.glob("sources.list"), *lists.glob("sources.list.d/*")]
                     if path.is_file())
    return re.search(r"https?://\S+/debian/?(?=\s)", text).group(0)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A fresh minimal Debian, which knows the same servers of packages as this machine."""
    if os.geteuid() != 0:
        pytest.skip("chroot(8) is for root")
    kept = PACKAGES / f"{SUITE}.tar"
    directory = tmp_path_factory.mktemp("debian")
    directory.chmod(0o755)
    if not kept.exists():
        run("debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, directory,
            mirror())
        run("tar", "-C", directory, "-cf", f"{kept}.new", ".")
        pathlib.Path(f"{kept}.new").rename(kept)
    else:
        run("tar", "-C", directory, "-xpf", kept)
    for name in ("etc/apt", "etc/resolv.conf", "etc/hosts"):
        source = pathlib.Path("/", name)
        if source.is_dir():
            shutil.copytree(source, directory / name, dirs_exist_ok=True, symlinks=True)
        elif source.exists():
            shutil.copy(source, directory / name)
    (directory / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (directory / "usr/sbin/policy-rc.d").chmod(0o755)
    within(directory, "apt-get", "update", "-qq")
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def within(root, *command, **environment):
    """Run a command in the fresh system."""
    return run("chroot", root, *command, env={
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
        "LC_ALL": "C.UTF-8", **{name: os.environ[name] for name in os.environ
                                if name.lower().endswith("_proxy")}, **environment})


def files(root):
    """Return the files of the system that are no book-keeping."""
    listed = run("find", root, "-xdev", "-not", "-type", "d", "-printf", "/%P\n").splitlines()
    return {name for name in listed if not BOOKKEEPING.match(name)}


def test_lintian_finds_no_error(deb):
    """What Debian's checker calls an error is none of ours."""
    run("lintian", "--allow-root", "--fail-on", "error", deb)


def test_package_names_what_it_needs(deb):
    """The libraries are dependencies, the version is the program's."""
    fields = run("dpkg-deb", "--field", deb)
    version = re.search(r"VERSION (\S+)", (HERE.parent.parent / "CMakeLists.txt").read_text()
                        .split("project(", 1)[1]).group(1)
    assert f"Version: {version}" in fields
    assert re.search(r"^Depends: .*libc6.*libgsoap.*libssl3.*libvirt0", fields, re.M), fields


def test_new_user_installs_collects_and_removes(deb, root, tmp_path):
    """A fresh system gets the package, collects from a server, and has nothing of it afterwards."""
    within(root, "apt-get", "install", "-qq", "-y", "--no-install-recommends", "man-db")
    shutil.copy(deb, root / "tmp")
    # The libraries that come along stay when the package goes: apt removes them when asked.
    simulated = within(root, "apt-get", "install", "-s", "--no-install-recommends",
                       f"/tmp/{deb.name}")
    needed = [line.split()[1] for line in simulated.splitlines() if line.startswith("Inst ")]
    within(root, "apt-get", "install", "-qq", "-y", "--no-install-recommends",
           *[name for name in needed if name != "vperf"])
    before = files(root)
    within(root, "apt-get", "install", "-qq", "-y", "--no-install-recommends", f"/tmp/{deb.name}")
    assert "collect" in within(root, "vperf", "--help")
    assert "VPERF_PASSWORD" in within(root, "man", "-P", "cat", "vperf")
    assert "--coverage" in within(root, "man", "-P", "cat", "vperf-collect")

    password = secrets.token_hex(8)
    certificates = certs.make(tmp_path)
    shutil.copy(certificates["ca"]["cert"], root / "tmp/ca.pem")
    os.environ["VCSIM_PASSWORD"] = password
    with launch.vcsim(f"{os.environ['VPERF_SERVERS']}/vcsim", "-mode", "real",
                      cert=certificates["good"]) as server:
        url = server.url.replace("//", "//user@")
        within(root, "vperf", "collect", "--quiet", "--ca-file", "/tmp/ca.pem", "--output",
               "/tmp/esx.csv.gz", url, VPERF_PASSWORD=password)
    rows = gzip.decompress((root / "tmp/esx.csv.gz").read_bytes()).decode().splitlines()
    assert len(rows) > 100 and ",cpu.usage.average," in "\n".join(rows)
    # libvirt's test driver needs the helper in libexec, and no daemon.
    within(root, "vperf", "inventory", "test:///default")

    within(root, "apt-get", "purge", "-qq", "-y", "vperf")
    assert files(root) == before


def test_units_are_valid(deb, tmp_path):
    """systemd accepts the installed units."""
    run("dpkg-deb", "--extract", deb, tmp_path)
    units = sorted(path for path in tmp_path.rglob("*.service"))
    assert units
    for unit in units:
        text = unit.read_text().replace("=/usr/", f"={tmp_path}/usr/")
        unit.write_text(text)
        instance = unit.with_name(unit.name.replace("@.", "@test."))
        if instance != unit:
            unit.rename(instance)
        run("systemd-analyze", "verify", "--man=no", instance)


def test_rpm_holds_the_same():
    """The RPM has the files of the Debian package, and names the libraries that it needs."""
    rpm = one("vperf-*.rpm")
    listed = set(run("rpm", "-qp", "--list", rpm).split())
    assert {"/usr/bin/vperf", "/usr/libexec/vperf/vperf-libvirt", "/usr/libexec/vperf/vperf-rest",
            "/usr/share/man/man1/vperf.1.gz", "/usr/share/man/man1/vperf-collect.1.gz"} <= listed
    needs = run("rpm", "-qp", "--requires", rpm)
    assert "libssl.so.3" in needs and "libvirt.so.0" in needs


def test_source_archive_builds_by_itself(tmp_path):
    """What is in the archive is enough for the program."""
    run("tar", "-C", tmp_path, "-xzf", one("vperf-*.tar.gz"))
    source, = tmp_path.iterdir()
    assert not list(source.rglob("__pycache__")) and not (source / "build").exists()
    run("cmake", "-S", source, "-B", tmp_path / "build", "-G", "Ninja", "-DVPERF_TESTS=OFF",
        "-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    run("cmake", "--build", tmp_path / "build")
    assert "vperf" in run(tmp_path / "build/vperf", "--version")


def test_missing_libraries_are_named_one_by_one(tmp_path):
    """Each has a line with the package's name, and the option that does without."""
    done = subprocess.run(["cmake", "-S", HERE.parent.parent, "-B", tmp_path, "-G", "Ninja"],
                          env={**os.environ, "PKG_CONFIG_LIBDIR": "/nowhere"}, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True)
    lines = [line for line in (done.stdout + done.stderr).splitlines()
             if line.startswith("Missing ")]
    assert done.returncode != 0
    assert any(re.search("glib-2.0: .*libglib2.0-dev.*glib2-devel", line) for line in lines), lines
    assert any(re.search("sqlite3: .*-DVPERF_HISTORY=OFF", line) for line in lines), lines
    curl = next(line for line in lines if line.startswith("Missing libcurl:"))
    assert all(f"-DVPERF_{part}=OFF" in curl for part in ("PUSH", "PVE", "XAPI")), curl
    names = [line.split(":")[0] for line in lines]
    assert len(set(names)) == len(names), lines
