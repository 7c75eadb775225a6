#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Runs the parts of `./dev test` side by side, each as soon as what it needs is there.

Tests wait most of the time, builds and lint compute: together they keep two cores busy. What is
not urgent has a low priority, so that it disturbs no test that looks at the clock. Sanitized guests
have the machine nearly to themselves: their hosts poll each second.
The log of each part is in build/log, and is shown when it failed. A part that fails stops only
those that need it. The last line says `N passed, N failed`: tests, and failed parts without any.
"""

import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time

import summary

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
SHOWN = "-q -rs -p no:cacheprovider --durations 5 --durations-min 5".split()
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1",
              "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
              "TSAN_OPTIONS": "allocator_may_return_null=1"}
# TSan does not see how GLib hands pieces of memory from one thread to another.
WITHOUT_SLICES = {"G_SLICE": "always-malloc"}


@dataclasses.dataclass
class Part:
    """A command, with the parts that must have succeeded before, and those that must have ended."""

    name: str
    command: list
    needs: tuple = ()
    after: tuple = ()
    nice: int = 0
    environment: dict = dataclasses.field(default_factory=dict)
    results: pathlib.Path = None  # JUnit XML

    begin: float = 0
    process: subprocess.Popen = None
    seconds: float = 0
    cpu_seconds: float = 0
    good: bool = None  # once it has ended

    @property
    def log(self):
        """What it writes."""
        return BUILD / "log" / f"{self.name}.log"

    def start(self):
        """Starts the command."""
        self.begin = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command], cwd=ROOT,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, **SANITIZERS, **self.environment}, start_new_session=True,
                preexec_fn=self.step_back)

    def step_back(self):
        """Lowers the priority, of the session as well where Linux weighs sessions (autogroup)."""
        os.nice(self.nice)
        with contextlib.suppress(OSError):
            pathlib.Path("/proc/self/autogroup").write_text(str(self.nice), encoding="ascii")

    def end(self, status, usage):
        """Notes that the command ended, and shows what it wrote if it failed."""
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.seconds = time.monotonic() - self.begin
        self.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.good = self.process.returncode == 0
        print(f"== {self.name}: {'done' if self.good else 'failed'} in {self.seconds:.0f} s, "
              f"{self.cpu_seconds:.0f} s of CPU time", flush=True)
        if not self.good:
            print(self.log.read_text(encoding="utf-8", errors="replace"), flush=True)

    def drop(self, missing):
        """Notes that it cannot run."""
        self.good = False
        print(f"== {self.name}: not run, for {' and '.join(missing)} failed", flush=True)


def build(name, nice, flags, *options, after=()):
    """Builds all programs into build/NAME; gold takes a quarter of the time that ld takes."""
    command = ["./dev", "build-as", name, "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=gold",
               f"-DCMAKE_C_FLAGS_RELWITHDEBINFO=-DNDEBUG {flags}", *options]
    return Part(f"build {name}", command, after=after, nice=nice)


def unit(name, **environment):
    """The unit tests of a build."""
    results = BUILD / name / "unit.xml"
    return Part(f"unit {name}",
                ["ctest", "--test-dir", BUILD / name, "-j", "4", "--output-on-failure",
                 "--output-junit", results], needs=(f"build {name}",), results=results,
                environment=environment)


def pytest(name, *arguments, program=None, needs=(), after=()):
    """Tests of servers, guests, or of the whole program from build/PROGRAM."""
    environment = {"VPERF_SERVERS": f"{BUILD}/servers", "VCSIM": f"{BUILD}/servers/vcsim",
                   "VPERF_TSAN": f"{BUILD}/tsan/vperf", "VPERF_GUEST_BUILD": f"{BUILD}/guests"}
    if program:
        environment["VPERF"] = f"{BUILD}/{program}/vperf"
        needs = (f"build {program}", *needs)
    results = BUILD / "log" / f"{name}.xml"
    command = ["/usr/bin/python3", "-m", "pytest", *SHOWN, "--junitxml", results, *arguments]
    return Part(name, command, needs=needs, after=after, environment=environment, results=results)


GCC = "-DCMAKE_C_COMPILER=gcc"
CLANG = "-DCMAKE_C_COMPILER=clang"
WERROR = "-DVPERF_WERROR=ON"
# One build as users have it; the others are to be compiled soon, with lines for their reports.
USERS = "-O2 -g1"
SOON = "-O1 -g1"
WORKERS = ("-n", "4", "--dist", "loadfile")
# Nobody can tell from the results of these which build was tested last.
ONCE = "guests or tsan"

# In the order of their urgency: each one starts as soon as it can.
PARTS = [
    pytest("guests themselves", "tests/guests"),
    Part("simulator", ["sh", "-c", "for server in vcsim pvesim xapisim; do tests/gobuild.sh "
                       "tests/servers/$server build/servers || exit 1; done"]),
    build("gcc", 0, USERS, GCC, WERROR),
    pytest("values with gcc", "tests/e2e/test_kvm_values.py", program="gcc"),
    pytest("servers", *WORKERS, "tests/wsdl", "tests/servers",
           "tests/package/test_release.py", needs=("simulator",)),
    pytest("program with gcc", *WORKERS, "-m", f"not ({ONCE})", "tests/e2e", program="gcc",
           needs=("simulator",)),
    build("sanitized", 5, SOON, CLANG, WERROR, "-DVPERF_SANITIZE=ON", after=("build gcc",)),
    pytest("guests, sanitized", "-n", "2", "--dist", "loadfile", "-m", "guests", "tests/e2e",
           program="sanitized", needs=("simulator",),
           after=("guests themselves", "program with gcc", "build tsan")),
    build("tsan", 10, SOON, CLANG, WERROR, "-DVPERF_HARDENING=OFF",
          "-DCMAKE_C_FLAGS=-fsanitize=thread", after=("build sanitized",)),
    pytest("program, sanitized", *WORKERS, "-m", f"not ({ONCE})", "tests/e2e",
           program="sanitized", needs=("simulator",),
           after=("program with gcc", "guests, sanitized")),
    pytest("program with ThreadSanitizer", "-m", "tsan", "tests/e2e", program="tsan",
           needs=("simulator",), after=("program with gcc",)),
    unit("gcc"), unit("tsan", **WITHOUT_SLICES), unit("sanitized"),
    Part("lint", ["./dev", "lint"], nice=15),
]


def can_start(part, ended):
    """Tells whether all that a part waits for has ended."""
    return all(name in ended for name in (*part.needs, *part.after))


def start_or_drop(waiting, running, ended):
    """Starts what can be started; drops what misses something. Returns whether any was dropped."""
    dropped = False
    for part in [part for part in waiting if can_start(part, ended)]:
        waiting.remove(part)
        missing = [name for name in part.needs if not ended[name].good]
        if missing:
            part.drop(missing)
            ended[part.name] = part
            dropped = True
        else:
            part.start()
            running[part.process.pid] = part
    return dropped


def run(parts):
    """Runs all parts."""
    waiting, running, ended = list(parts), {}, {}
    try:
        while waiting or running:
            while start_or_drop(waiting, running, ended):
                pass
            pid, status, usage = os.wait4(-1, 0)
            part = running.pop(pid)
            part.end(status, usage)
            ended[part.name] = part
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGTERM)


def show_times(parts, begin):
    """A table of when each part began, how long it took, and its CPU time."""
    print("begin  seconds   CPU  part")
    for part in sorted(parts, key=lambda part: part.begin):
        print(f"{max(part.begin - begin, 0):5.0f} {part.seconds:8.0f} {part.cpu_seconds:5.0f}  "
              f"{part.name}")
    print(f"in all {time.monotonic() - begin:.0f} s, "
          f"{sum(part.cpu_seconds for part in parts):.0f} s of CPU time")


def leave(number, _):
    """Ends the run, and with it all parts."""
    sys.exit(128 + number)


def main():
    """Runs everything and adds up the results."""
    begin = time.monotonic()
    # Tests rely on signals that nobody ignores, and whoever starts us may do so.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, leave)
    (BUILD / "log").mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if part.results:
            part.results.unlink(missing_ok=True)
    run(PARTS)
    show_times(PARTS, begin)
    failed = [part.name for part in PARTS if not part.results and not part.good]
    return summary.show([part.results for part in PARTS if part.results], failed)


if __name__ == "__main__":
    sys.exit(main())
