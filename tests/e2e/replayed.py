# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A server that gives the answers of a recording of `vperf check --save-answers` again.

The first answer to a question comes first, and the last one again and again.
"""

import collections
import contextlib
import http.server
import json
import re
import ssl
import threading

LOGIN = ("<?xml version='1.0'?><methodResponse><params><param><value><struct><member>"
         "<name>Status</name><value>Success</value></member><member><name>Value</name>"
         "<value>OpaqueRef:session</value></member></struct></value></param></params>"
         "</methodResponse>")
LOCAL = "127.0.0.{}"


class Recording:
    """The answers, by host and question."""

    def __init__(self, directory):
        index = json.loads((directory / "requests.json").read_text())
        self.answers = collections.defaultdict(list)
        self.hosts = list(dict.fromkeys(entry["host"] for entry in index["requests"]))
        for entry in index["requests"]:
            body = (directory / entry["body"]).read_text() if "body" in entry else ""
            # Hosts are reached where the server is.
            for number, host in enumerate(self.hosts):
                body = re.sub(rf"\b{re.escape(host)}\b", LOCAL.format(number + 1), body)
            key = entry["host"], entry.get("call") or entry["path"].partition("?")[0]
            self.answers[key].append((entry.get("status", 500), entry.get("type", ""), body))
        self.lock = threading.Lock()

    def answer(self, number, question):
        """Status, type and body of the next answer of this host."""
        if question.startswith("session."):
            return 200, "text/xml", LOGIN
        with self.lock:
            known = self.answers.get((self.hosts[number], question), [(404, "", "")])
            return known.pop(0) if len(known) > 1 else known[0]


def call_of(body):
    """The question of an XML-RPC request: the first argument is the session."""
    texts = re.findall(r"<(?:string|value)>([^<]+)</", body)
    name = re.search(r"<methodName>([^<]+)<", body)[1]
    return " ".join([name, ",".join(texts[1:])]).strip()


def handler(recording, number):
    """What answers as the host with this number."""
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def give(self, question):
            status, kind, body = recording.answer(number, question)
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):  # noqa: N802
            self.give(self.path.partition("?")[0])

        def do_POST(self):  # noqa: N802
            self.give(call_of(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def log_message(self, *_):
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def serve(directory, certs):
    """The port at which each host of the recording answers at 127.0.0.1, 127.0.0.2, …"""
    recording = Recording(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certs["good"]["cert"], certs["good"]["key"])
    with contextlib.ExitStack() as stack:
        port = 0
        for number in range(len(recording.hosts)):
            server = http.server.ThreadingHTTPServer((LOCAL.format(number + 1), port),
                                                     handler(recording, number))
            port = server.server_port
            server.daemon_threads = True
            server.socket = context.wrap_socket(server.socket, server_side=True,
                                                do_handshake_on_connect=False)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield port
