# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A database that vperf sends samples to while it is measured."""

import contextlib
import http.server
import shutil
import socket
import subprocess
import threading
import time
import urllib.request


class Reader(http.server.BaseHTTPRequestHandler):
    """Takes everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Read the body, and say that it is stored."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


class Database:
    """VictoriaMetrics where it is installed, else a server that only reads."""

    def __init__(self, directory):
        self.program, self.process, self.server = shutil.which("victoria-metrics"), None, None
        self.name = "VictoriaMetrics" if self.program else "a server that reads"
        self.directory = directory

    def __enter__(self):
        if self.program:
            self.start_program()
        else:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reader)
            self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
            threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def start_program(self):
        """Start it, and wait until it answers."""
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{one.getsockname()[1]}"
        self.url = f"http://{address}"
        self.process = subprocess.Popen(
            [self.program, f"-httpListenAddr={address}", f"-storageDataPath={self.directory}/data",
             "-retentionPeriod=10y", "-loggerLevel=ERROR"], stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.url + "/health"):
                return
            time.sleep(0.05)
        raise RuntimeError(f"{self.program} does not answer")

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait()
        else:
            self.server.shutdown()
            self.server.server_close()
