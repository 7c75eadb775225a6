# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A database over HTTP that answers as a test says, and keeps what it was sent."""

import gzip
import http.server
import ssl
import threading
import time

import harness


class Request:
    """What came: when, how, and the lines of an unpacked body."""

    def __init__(self, handler, body):
        self.at, self.path, self.headers = time.monotonic(), handler.path, handler.headers
        self.body = gzip.decompress(body) if handler.headers["Content-Encoding"] == "gzip" else body

    @property
    def lines(self):
        """The body as lines."""
        return self.body.decode().splitlines()


def status(code, text="", **headers):
    """Return an answer with this status."""
    def answer(handler, _):
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text.encode())
    return answer


def raw(data):
    """Return an answer of just these bytes, before the connection is dropped."""
    def answer(handler, _):
        handler.wfile.write(data)
        handler.close_connection = True
    return answer


class Receiver:
    """Answers the first requests by script, and all others by otherwise."""

    def __init__(self, script=(), otherwise=status(204), certificate=None):
        self.requests, self.taken = [], []
        self.script, self.otherwise = list(script), otherwise
        self.ended = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self, body)
                receiver.requests.append(request)
                answer = receiver.script.pop(0) if receiver.script else receiver.otherwise
                answer(self, request)

            def send_response(self, code, message=None):
                if code == 204:
                    receiver.taken.append(receiver.requests[-1])
                super().send_response(code, message)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate["cert"], certificate["key"])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/write"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def await_requests(self, count):
        """Wait for so many requests."""
        harness.await_true(lambda: len(self.requests) >= count, f"{count} requests")

    def slow(self, data, seconds=1):
        """Return an answer of which a byte comes each second."""
        def answer(handler, _):
            for byte in data:
                handler.wfile.write(bytes([byte]))
                if self.ended.wait(seconds):
                    break
            handler.close_connection = True
        return answer

    @property
    def lines(self):
        """All lines that were taken."""
        return [line for request in self.taken for line in request.lines]
