# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""What polls of libvirt cost: of its test driver, and of real guests through a libvirtd."""

import contextlib
import pathlib
import re
import statistics
import subprocess
import time

from server import HERE
from tiny_guests import tiny_guests, unavailable

# Guests of libvirt's test driver, and seconds between polls of them.
DRIVER_GUESTS, DRIVER_PAUSE = 200, 1
# Real guests below a libvirtd, and seconds between polls of them: after a quarter of that without an
# answer, vperf asks about each guest whether it hangs, which is not what is to be measured.
TINY_GUESTS, TINY_PAUSE = 60, 4
# Polls of each client, and how often the clients take turns. The first two polls find out what later
# ones know.
POLLS, KNOWN_POLLS, TURNS = 7, 2, 2
# Of a client that polls: itself, and vperf's helper.
PROCESSES = 2
# Times that a client is run when libvirtd is too busy to answer its polls.
ATTEMPTS = 3
OPENINGS = 5

SCRIPT = ("/usr/bin/python3", HERE / "peers" / "domains.py")
VIRSH = ("virsh", "-q", "-r", "-c")
# The groups of statistics that vperf asks for when all counters are wanted.
DOMSTATS = "domstats --nowait --state --cpu-total --balloon --vcpu --interface --block"
# The figures of domains.py: CPU time, memory, vCPUs, disks and networks.
SCRIPT_FIGURES = ("kvm.cpuTime.latest,cpu.corecount.provisioned.average,kvm.memMaximum.average,"
                  "kvm.memCurrent.average,cpu.run.summation,kvm.memRss.average,"
                  "kvm.memAvailable.average,kvm.memUnused.average,kvm.guestMajorFaults.latest,"
                  "kvm.guestMinorFaults.latest,kvm.disk*Requests.latest,kvm.disk*Bytes.latest,"
                  "kvm.diskErrors.latest,kvm.net*.latest")


def words_of(pid, name):
    """The words in a file of each thread of a process; none of threads that have ended."""
    for file in pathlib.Path(f"/proc/{pid}/task").glob(f"*/{name}"):
        with contextlib.suppress(OSError):
            yield file.read_text().split()


def below(pid):
    """Return a process and those below it."""
    return [pid] + [process for words in words_of(pid, "children") for child in words
                    for process in below(int(child))]


def cpu_of(pids):
    """CPU time of all threads so far, in seconds; the kernel counts it in nanoseconds."""
    return sum(int(words[0]) for pid in pids for words in words_of(pid, "schedstat")) / 1e9


class Client:
    """A program that polls every few seconds, with the CPU time of each of its polls."""

    def __init__(self, command, line="", once=()):
        self.command = [str(word) for word in command]
        self.once = [str(word) for word in once]  # what writes the rows of one poll
        self.line = line  # of standard input, for each poll
        self.first = []   # CPU seconds with start and first poll
        self.polls = []   # of each further one
        self.daemon = []  # of libvirtd meanwhile
        self.rows = 0     # of a poll

    def run(self, server, pause, daemon=()):
        """Let it poll, and note what the polls take."""
        for _ in range(ATTEMPTS):
            marks, status, messages = self.poll(server, pause, daemon)
            if status in (0, 3) and self.note(marks):  # 3: a poll was late
                break
        else:
            raise RuntimeError(f"{self.command}: no poll in time, status {status}\n{messages}")
        self.count_rows(messages)

    def poll(self, server, pause, daemon):
        """Let it poll; in the middle between two polls, its CPU time is read."""
        process = subprocess.Popen(self.command, env=server.environment, text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        begin = time.monotonic()
        marks = []
        for number in range(POLLS):
            if self.line:
                process.stdin.write(self.line + "\n")
                process.stdin.flush()
            time.sleep(max(begin + (number + 0.5) * pause - time.monotonic(), 0))
            if process.poll() is None:  # vperf ends with its last poll
                processes = below(process.pid)
                marks.append((processes, cpu_of(processes), cpu_of(daemon)))
            time.sleep(max(begin + (number + 1) * pause - time.monotonic(), 0) if self.line else 0)
        messages = process.communicate()[1]
        return marks, process.returncode, messages

    def note(self, marks):
        """Take what the polls took; false when there was none that counts. When libvirtd is late,
        vperf looks for guests that hang, by a process that costs more than many polls."""
        steady = [(before, after) for before, after in zip(marks, marks[1:])
                  if before[0] == after[0] and len(after[0]) <= PROCESSES][KNOWN_POLLS - 1:]
        if steady:
            self.first.append(marks[0][1])
        self.polls += [after[1] - before[1] for before, after in steady]
        self.daemon += [after[2] - before[2] for before, after in steady]
        return bool(steady)

    def count_rows(self, messages):
        """Count the figures of a poll: what vperf says it has written, of polls but the first one;
        else lines."""
        if told := re.search(r"(\d+) samples", messages):
            self.rows = int(told.group(1)) / (POLLS - 1)
        elif not self.rows:
            lines = subprocess.run(self.once, stdout=subprocess.PIPE, check=True).stdout
            self.rows = sum(b"=" in line or b"," in line for line in lines.splitlines())

    def cpu(self):
        """CPU seconds of a further poll."""
        return statistics.median(self.polls)

    def show(self, results, name):
        """Note what a poll takes."""
        results.add(name, self.cpu() * 1e3,
                    f"{self.cpu() * 1e3:.2f} ms ({self.rows:.0f} rows, "
                    f"{self.cpu() / self.rows * 1e6:.2f} us each)", runs=self.polls)


def vperf(server, uri, pause, *arguments):
    """vperf as a client."""
    return Client([server.options.vperf, "collect", "--interval", pause, "--samples", POLLS - 1,
                   *arguments, uri])


def script(uri, pause):
    """domains.py as a client."""
    return Client([*SCRIPT, uri, POLLS, pause], once=[*SCRIPT, uri, 2, 1])


def test_driver(directory):
    """Write a world of libvirt's test driver; return its URI."""
    guest = ("<domain type='test'><name>guest-{0:03d}</name><memory>1048576</memory><vcpu>2</vcpu>"
             "<os><type>hvm</type></os><devices><disk type='file' device='disk'>"
             "<source file='/guest-{0}.img'/><target dev='vda'/></disk><interface type='network'>"
             "<source network='default'/><target dev='vnet{0}'/></interface></devices></domain>")
    file = directory / "guests.xml"
    file.write_text("<node>" + "".join(map(guest.format, range(DRIVER_GUESTS))) + "</node>")
    return f"test://{file}"


def cpu_of_opening(uri):
    """CPU that libvirt's driver itself takes to open, in whatever program: it reads all XML twice."""
    command = ("import libvirt, sys, time; begin = time.process_time(); "
               "libvirt.openReadOnly(sys.argv[1]); print(time.process_time() - begin)")
    return statistics.median(
        float(subprocess.run(["/usr/bin/python3", "-c", command, uri], stdout=subprocess.PIPE,
                             check=True).stdout) for _ in range(OPENINGS))


def per_row(client, polls=0, without=0):
    """CPU seconds of a row: of a further poll, or of so many polls with the start, without that
    part of it."""
    if not polls:
        return client.cpu() / client.rows
    whole = statistics.median(client.first) - without + (polls - 1) * client.cpu()
    return whole / (polls - 1) / client.rows


def measure_polls(server, results):
    """Polls of libvirt's test driver by vperf and by a script, row against row."""
    uri = test_driver(server.directory)
    ours, theirs = vperf(server, uri, DRIVER_PAUSE), script(uri, DRIVER_PAUSE)
    for _ in range(TURNS):
        for client in (theirs, ours):
            client.run(server, DRIVER_PAUSE)
    opening = cpu_of_opening(uri)
    name = f"{DRIVER_GUESTS} guests of libvirt's test driver"
    results.add(f"{name}: CPU of its opening in any program", opening, f"{opening * 1e3:.0f} ms")
    ours.show(results, f"{name}: CPU of a poll, vperf")
    theirs.show(results, f"{name}: CPU of a poll, domains.py")
    for what, arguments, limit in (
            ("10 polls with the start of the programs", (10,), None),
            ("10 polls with the start, without that opening", (10, opening), 10),
            ("a further poll", (), 10)):
        results.ratio(f"{name}, {what}: CPU a row against domains.py", per_row(ours, *arguments),
                      per_row(theirs, *arguments), limit)


def daemon_below(pid):
    """The libvirtd among these processes."""
    return [process for process in below(pid)
            if pathlib.Path(f"/proc/{process}/comm").read_text() == "libvirtd\n"]


def measure_domstats(server, results):
    """Real guests through a libvirtd: whole polls for the same figures, against virsh and a script."""
    if reason := unavailable():
        print(f"domstats: skipped: {reason}")
        return
    with tiny_guests(TINY_GUESTS) as libvirtd:
        uri = libvirtd.uri
        clients = {
            "vperf": vperf(server, uri, TINY_PAUSE, "--type", "vm"),
            "virsh domstats": Client([*VIRSH, uri], DOMSTATS, [*VIRSH, uri, *DOMSTATS.split()]),
            "vperf, the script's figures": vperf(server, uri, TINY_PAUSE, "--type", "vm",
                                                 "--counter", SCRIPT_FIGURES),
            "domains.py": script(uri, TINY_PAUSE),
        }
        for _ in range(TURNS):
            for client in clients.values():
                client.run(server, TINY_PAUSE, daemon_below(libvirtd.keeper.pid))
    show_domstats(results, clients)


def show_domstats(results, clients):
    """Note the polls of real guests."""
    name = f"{TINY_GUESTS} QEMU guests"
    for who, client in clients.items():
        first = statistics.median(client.first) * 1e3
        results.add(f"{name}: CPU of start and first poll, {who}", first, f"{first:.0f} ms")
        client.show(results, f"{name}: CPU of a further poll, {who}")
        daemon = statistics.median(client.daemon) * 1e3
        results.add(f"{name}: CPU of libvirtd meanwhile, {who}", daemon, f"{daemon:.1f} ms")
    ours, virsh, same, theirs = clients.values()
    ratio = ours.cpu() / virsh.cpu()
    results.add(f"{name}: CPU of a poll against virsh domstats", ratio, f"{ratio:.2f} times", 1.3,
                "at most 1.3 times")
    results.ratio(f"{name}: CPU of a poll for the same figures against domains.py", same.cpu(),
                  theirs.cpu(), 10)
