# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""The server of the bench, and how clients are run against it."""

import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "servers"))

import certs  # noqa: E402
import launch  # noqa: E402

HOSTS = 10
# The shapes of the simulator's guests repeat after 12.
TEMPLATES = 12
NOW = "2026-11-21T12:00:00Z"


def of_samples(arguments):
    """Leave out the counters that properties give: the peers know samples alone."""
    if "--counter" in arguments:
        return arguments
    return (*arguments, "--counter", "!guestDisk.*,!snapshot.*,!space.*")


class Server:
    """The simulator, the responder before it, and how clients are run against them."""

    def __init__(self, options, password, *flags):
        self.options = options
        self.directory = options.bench
        self.environment = {**os.environ, "VPERF_PASSWORD": password, "VCSIM_PASSWORD": password,
                            "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
        os.environ["VCSIM_PASSWORD"] = password
        self.trusted = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        self.certificates = certs.make(self.trusted / "certificates")
        good = self.certificates["good"]
        self.simulator = launch.vcsim(options.servers / "vcsim", "-mode", "real", "-model", "vpx",
                                      "-vm", TEMPLATES, "-host", HOSTS, "-now", NOW, *flags,
                                      cert=good)
        self.responder = launch.Server([
            str(self.directory / "responder"), "-die-with-parent", "-upstream", self.simulator.url,
            "-cert", good["cert"], "-key", good["key"]])
        self.url = self.responder.url.replace("//", "//user@")
        self.context = ssl.create_default_context(cafile=self.certificates["ca"]["cert"])
        self.trust = self.ways_to_trust()

    def ways_to_trust(self):
        """Return {name: (options, environment)}. The system's authorities are its own, and ours."""
        authority = self.certificates["ca"]["cert"]
        directory = self.trusted / "authorities"
        certs.hashed(directory, authority)
        bundle = directory / "bundle.pem"
        system = pathlib.Path(ssl.get_default_verify_paths().openssl_cafile)
        bundle.write_text(pathlib.Path(authority).read_text() +
                          (system.read_text() if system.exists() else ""))
        return {"-k": (["-k"], {}),
                "--thumbprint": (["--thumbprint", self.certificates["good"]["sha256"]], {}),
                "--ca-file": (["--ca-file", authority], {}),
                "system trust": ([], {"SSL_CERT_DIR": str(directory),
                                      "SSL_CERT_FILE": str(bundle)})}

    def stop(self):
        """End both."""
        self.responder.stop()
        self.simulator.stop()
        shutil.rmtree(self.trusted)

    def fetch(self, path, data=None):
        """Return what the responder answers."""
        base = self.responder.url.removesuffix("/sdk")
        with urllib.request.urlopen(base + path, data, context=self.context) as answer:
            return answer.read()

    def set(self, guests, delay=0):
        """Set the number of guests and the thinking time; forget the requests so far."""
        self.fetch(f"/bench?guests={guests}&delay={delay}")

    def requests(self):
        """Return {method: number} of the requests since the last time."""
        return json.loads(self.fetch("/bench"))

    def run(self, *command, output="/dev/null", environment=(), good=(0,), lines=(),
            pause=1):
        """Run a client; return what measure says, its messages, series and samples. It gets the lines
        on its standard input, with pauses of so many seconds between them."""
        process = subprocess.Popen([str(self.directory / "measure"), str(output),
                                    *map(str, command)],
                                   env={**self.environment, **dict(environment)}, text=True,
                                   stdin=subprocess.PIPE if lines else subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number, line in enumerate(lines):
            time.sleep(pause if number else 0)
            process.stdin.write(line + "\n")
            process.stdin.flush()
        told, messages = process.communicate()
        result = json.loads(told)
        if result["status"] not in good:
            raise RuntimeError(f"{command[0]}: status {result['status']}\n{messages}")
        counts = re.search(r"(\d+) series, (\d+) samples", messages)
        result["series"], result["samples"] = map(int, counts.groups()) if counts else (0, 0)
        return result

    def vperf(self, *arguments, output="/dev/null", trust="--ca-file"):
        """Run vperf collect."""
        options, environment = self.trust[trust]
        return self.run(self.options.vperf, "collect", *options, *of_samples(arguments), self.url,
                        output=output, environment=environment)

    def offered(self):
        """Return the names of the counters that guests have samples of."""
        file = self.directory / "vperf.csv"
        self.vperf("--type", "vm", "--name", "guest-0000*", output=file)
        lines = file.read_text().splitlines()[1:]
        return sorted({line.split(",")[6] for line in lines if ",#" not in line})

    def govc(self, *arguments, output="/dev/null"):
        """Run govc metric.sample, for the newest sample; a session of its own, as vperf has."""
        environment = {"GOVC_URL": self.responder.url, "GOVC_USERNAME": "user",
                       "GOVC_PASSWORD": self.environment["VPERF_PASSWORD"], "GOVC_INSECURE": "1",
                       "GOVC_PERSIST_SESSION": "false"}
        return self.run(self.options.govc, "metric.sample", "-n", 1, *arguments, output=output,
                        environment=environment)

    def vperf_instructions(self, *arguments, of=None):
        """Run vperf collect under callgrind; return the instructions, of one function if named."""
        only = ["--collect-atstart=no", f"--toggle-collect={of}"] if of else []
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *only,
             str(self.options.vperf), "collect", *self.trust["--ca-file"][0],
             *of_samples(arguments), self.url],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))

    def follow(self):
        """Start an endless run; return its process."""
        command = [self.options.vperf, "collect", "--follow", "--ca-file",
                   self.certificates["ca"]["cert"], *of_samples(()), self.url]
        return subprocess.Popen(list(map(str, command)), env=self.environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def serve(self, *arguments):
        """Start vperf serve; return its process and its URL."""
        command = [self.options.vperf, "serve", "--listen", "127.0.0.1:0", "--ca-file",
                   self.certificates["ca"]["cert"], *arguments, self.url]
        process = subprocess.Popen(list(map(str, command)), env=self.environment,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = process.stderr.readline()
        return process, line.rpartition(" ")[2].strip()

    def peer(self, name, output="/dev/null"):
        """Run a pyVmomi script."""
        return self.run("/usr/bin/python3", HERE / "peers" / name, self.url, output=output)
