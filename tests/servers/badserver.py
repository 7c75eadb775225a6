#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""Servers that fail or attack, one mode a process, for vperf's TLS and HTTP tests.

`badserver.py MODE [--cert FILE --key FILE] [--log FILE] …` prints `listening 127.0.0.1:PORT` when
it is ready and serves until SIGTERM or until the process that started it ends. The log has one
JSON line per event; `summary(file)` sums it up: did an application byte arrive, did a
credential?
"""

import argparse
import gzip
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time

ENVELOPE = (b'<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope '
            b'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
            b'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>')
ENVELOPE_END = b"</soapenv:Body></soapenv:Envelope>\n"
HTML = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>Hello<br></body></html>\n"
CREDENTIAL = re.compile(rb"<(\w+:)?(password|userName)\b|^(Authorization|Cookie):", re.I | re.M)
METHOD = re.compile(rb"<(?:[\w-]+:)?Body\b[^>]*>\s*<(?:[\w-]+:)?(\w+)")
MEGABYTE = 1 << 20


class Log:
    """Writes events as JSON lines."""

    def __init__(self, name):
        self.lock = threading.Lock()
        self.file = open(name, "w", encoding="utf-8") if name else None

    def write(self, event, **fields):
        """Write one line at once, so that a killed server has logged all that happened."""
        if self.file:
            with self.lock:
                self.file.write(json.dumps({"event": event, **fields}) + "\n")
                self.file.flush()


class Peer:
    """One connection: what it received, and HTTP on top of it."""

    def __init__(self, sock, number, log):
        self.sock, self.number, self.log = sock, number, log
        self.unread = b""
        self.received = self.sent = 0
        self.credential = False

    def read(self):
        """Return the next bytes, or b"" at the end."""
        data = self.sock.recv(65536)
        if data and self.received == 0:
            self.log.write("bytes", connection=self.number, tls_hello=data[:1] == b"\x16")
        self.received += len(data)
        self.unread += data
        if not self.credential and CREDENTIAL.search(self.unread):
            self.credential = True
            self.log.write("credential", connection=self.number)
        return data

    def need(self, enough):
        """Read until ENOUGH(unread) is not None; return that, or None at the end."""
        while True:
            found = enough(self.unread)
            if found is not None:
                return found
            if not self.read():
                return None

    def request(self):
        """Read one request; return its method or path, or None at the end."""
        end = self.need(lambda data: data.find(b"\r\n\r\n") + 4 if b"\r\n\r\n" in data else None)
        if end is None:
            return None
        head = self.unread[:end].decode("latin-1")
        length = re.search(r"^content-length: *(\d+)", head, re.I | re.M)
        if length:
            size = end + int(length.group(1))
            whole = self.need(lambda data: size if len(data) >= size else None)
        elif re.search(r"^transfer-encoding: *chunked", head, re.I | re.M):
            whole = self.need(lambda data: data.find(b"\r\n0\r\n\r\n", end - 2) + 7
                              if b"\r\n0\r\n\r\n" in data[end - 2:] else None)
        else:
            whole = end
        if whole is None:
            return None
        body, self.unread = self.unread[end:whole], self.unread[whole:]
        match = METHOD.search(body)
        name = match.group(1).decode() if match else head.split()[1]
        self.log.write("request", connection=self.number, method=name,
                       line=head.splitlines()[0], bytes=whole,
                       cookies=re.findall(r"^cookie: *(.*?)\r?$", head, re.I | re.M))
        return name

    def send(self, data):
        """Send all bytes."""
        self.sock.sendall(data)
        self.sent += len(data)

    def answer(self, body, status="200 OK", kind="text/xml; charset=utf-8", headers=""):
        """Send a complete answer."""
        self.send((f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
                   f"{headers}\r\n").encode() + body)

    def wait_for_end(self):
        """Read until the other side gives up."""
        while self.read():
            pass

    def reset(self):
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw = self.sock.detach()
        socket.close(raw)


# The modes: each takes the peer and the options once a request has been read, and returns True
# when the connection may serve another.

def html(peer, _):
    """A web page where SOAP is expected."""
    peer.answer(HTML, kind="text/html; charset=utf-8")
    return True


def http_status(status, text):
    """Make a mode that answers with an error status."""
    def mode(peer, _):
        peer.answer(f"<html><body>{text}</body></html>".encode(), f"{status} {text}", "text/html",
                    'WWW-Authenticate: Basic realm="x"\r\n' if status == 401 else "")
        return True
    return mode


def proxmox(peer, _):
    """The API of Proxmox VE, which says why in the status line alone."""
    peer.answer(b"", "501 Method 'POST /sdk' not implemented", "text/html",
                "Server: pve-api-daemon/3.0\r\n")
    return True


def xapi(peer, _):
    """XenServer, which takes the request for one of XML-RPC."""
    peer.answer(b"<html><body><h1>HTTP 500 internal server error</h1>An unexpected error occurred;"
                b" please wait a while and try again.<hr><address>Xapi Server</address></body>"
                b"</html>", "500 Internal Error", "text/html")
    return True


def redirect(peer, _):
    """Sends the client elsewhere, to a port where nobody listens."""
    peer.answer(b"", "302 Found", headers="Location: https://127.0.0.1:9/sdk\r\n")
    return True


def redirect_http(peer, options):
    """Sends the client to the same server, in clear."""
    peer.answer(b"", "307 Temporary Redirect",
                headers=f"Location: http://127.0.0.1:{options.bound}/clear\r\n")
    return True


def truncated_length(peer, _):
    """The body is shorter than its Content-Length."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 100000\r\n\r\n"
              + ENVELOPE + b"<RetrieveServiceContentResponse xmlns=")


def truncated_chunked(peer, _):
    """A chunked body is cut in the middle of a chunk."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
              b"4000\r\n" + ENVELOPE + b"<RetrieveServiceContentResponse")


CUT = (ENVELOPE + b"<RetrieveServiceContentResponse xmlns='urn:vim25'><returnval>"
       b"<rootFolder type='Folder'>group-d1</rootFolder><propertyCol")


def cut_length(peer, _):
    """The body is as long as its Content-Length says, and ends in the middle of its XML."""
    peer.answer(CUT)
    return True


def cut_chunked(peer, _):
    """The same in chunks, the last one included."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
              + b"%x\r\n%s\r\n0\r\n\r\n" % (len(CUT), CUT))
    return True


def cut_gzip(peer, _):
    """The same compressed."""
    peer.answer(gzip.compress(CUT), headers="Content-Encoding: gzip\r\n")
    return True


def empty(peer, _):
    """A body of no bytes."""
    peer.answer(b"")
    return True


def truncated_header(peer, _):
    """The connection ends within the header."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: tex")


def closes(_peer, _options):
    """Closes without an answer."""


def silent(peer, _):
    """Reads the request and says nothing."""
    peer.wait_for_end()


def drip(peer, options):
    """A good header, then one byte of body a second, for ever."""
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 1000000\r\n\r\n")
    peer.send(ENVELOPE)
    while True:
        time.sleep(options.interval)
        peer.send(b" ")


def drip_header(peer, options):
    """One byte of header a second, for ever."""
    peer.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        time.sleep(options.interval)
        peer.send(b"x")


def endless(peer, options):
    """A body of gigabytes."""
    chunk = b"100000\r\n" + b"<a>b</a>" * (MEGABYTE // 8) + b"\r\n"
    start = ENVELOPE + b"<RetrieveServiceContentResponse xmlns='urn:vim25'><returnval>"
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
              + b"%x\r\n%s\r\n" % (len(start), start))
    while peer.sent < options.limit:
        peer.send(chunk)


def endless_header(peer, options):
    """Header lines without end."""
    peer.send(b"HTTP/1.1 200 OK\r\n")
    line = b"X-Line: " + b"y" * 120 + b"\r\n"
    while peer.sent < options.limit:
        peer.send(line * 512)


def resets(peer, _):
    """Resets the connection after the request."""
    peer.reset()


def junk(peer, _):
    """An envelope whose body is nothing that was asked for."""
    peer.answer(ENVELOPE + b'<Surprise xmlns="urn:other"><a b="c">1<d/></a>&amp;&#xFC;</Surprise>'
                + ENVELOPE_END)
    return True


def not_xml(peer, _):
    """Says text/xml and sends bytes."""
    peer.answer(bytes(range(256)) * 16)
    return True


def bomb(peer, _):
    """Entities that expand to gigabytes where a parser expands them."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 11))
    body = ENVELOPE.replace(b"?>\n", f"?>\n<!DOCTYPE x [{entities}]>\n".encode(), 1)
    peer.answer(body + b"<RetrieveServiceContentResponse xmlns='urn:vim25'><returnval>"
                b"<rootFolder type='Folder'>&a10;</rootFolder></returnval>"
                b"</RetrieveServiceContentResponse>" + ENVELOPE_END)
    return True


def damaged_gzip(peer, _):
    """Says gzip, begins so, and goes on with something else."""
    body = bytearray(gzip.compress(ENVELOPE + b"<a>1</a>" * 9999 + ENVELOPE_END))
    body[len(body) // 2:] = bytes(byte ^ 0x5a for byte in body[len(body) // 2:])
    peer.answer(bytes(body), headers="Content-Encoding: gzip\r\n")
    return True


def deep(peer, _):
    """A million elements, each within the one before."""
    peer.answer(ENVELOPE + b"<a>" * 1000000)
    return True


MODES = {
    "html": html, "redirect": redirect, "redirect-http": redirect_http,
    "http-401": http_status(401, "Unauthorized"), "http-404": http_status(404, "Not Found"),
    "http-503": http_status(503, "Service Unavailable"), "proxmox": proxmox, "xapi": xapi,
    "truncated-length": truncated_length, "truncated-chunked": truncated_chunked,
    "cut-length": cut_length, "cut-chunked": cut_chunked, "cut-gzip": cut_gzip, "empty": empty,
    "truncated-header": truncated_header, "close": closes, "silent": silent,
    "drip": drip, "drip-header": drip_header, "endless": endless, "endless-header": endless_header,
    "reset": resets, "junk": junk, "not-xml": not_xml, "bomb": bomb, "deep": deep,
    "damaged-gzip": damaged_gzip,
}

# These need no request.
CONNECTION_MODES = {
    "plain-http": "plain HTTP, where a client that expects TLS gets 400",
    "no-handshake": "accepts TCP and never speaks",
    "reset-accept": "resets each connection at once",
    "garbage": "bytes that are neither TLS nor HTTP",
    "replay": "recorded answers only",
}


class Replay:
    """Serves METHOD.xml, or METHOD.1.xml, METHOD.2.xml … call by call, from a directory."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.calls = {}
        self.lock = threading.Lock()

    def find(self, name):
        """Return the file of this call, or None."""
        with self.lock:
            self.calls[name] = count = self.calls.get(name, 0) + 1
        for candidate in (f"{name}.{count}.xml", f"{name}.xml"):
            path = self.directory / candidate
            if path.is_file():
                return path
        return None

    def serve(self, peer, name):
        """Answer one request."""
        path = self.find(name.rsplit("/", 1)[-1].removesuffix(".xml"))
        if path is None:
            peer.answer(b"no recorded answer\n", "404 Not Found", "text/plain")
            return
        body = path.read_bytes()
        fault = re.search(rb"<(\w+:)?Fault\b", body)
        headers = f"X-Long: {'y' * 20000}\r\nSet-Cookie: balancer=node.7; Path=/\r\n"
        if name == "Login":
            headers += 'Set-Cookie: vmware_soap_session="replay"; Path=/; HttpOnly; Secure\r\n'
        peer.answer(body, "500 Internal Server Error" if fault else "200 OK", headers=headers)


def serve_requests(peer, options):
    """Answer requests until the mode or the client ends the connection."""
    while True:
        name = peer.request()
        if name is None:
            return
        if options.mode == "replay" or (options.only and name != options.only):
            options.replay.serve(peer, name)
        elif not MODES[options.mode](peer, options):
            return


def serve_connection(peer, options):
    """Do what the mode does with a new connection."""
    if options.mode == "reset-accept":
        peer.reset()
    elif options.mode == "no-handshake":
        peer.wait_for_end()
    elif options.mode == "garbage":
        peer.send(b"\x00\x01SSH-2.0-nothing\r\n" * 100)
        peer.wait_for_end()
    elif options.mode == "plain-http":
        peer.read()
        peer.answer(b"This is plain HTTP.\n", "400 Bad Request", "text/plain")
        peer.wait_for_end()
    else:
        if options.tls:
            peer.sock = options.tls.wrap_socket(peer.sock, server_side=True)
            peer.log.write("handshake", connection=peer.number)
        serve_requests(peer, options)


def handle(sock, number, options, log):
    """Serve one connection and log how it ended."""
    peer = Peer(sock, number, log)
    log.write("accept", connection=number)
    why = "end"
    try:
        serve_connection(peer, options)
        peer.sock.close()
    except OSError as error:  # ssl.SSLError is one
        why = str(error)
        peer.sock.close()
    log.write("close", connection=number, received=peer.received, sent=peer.sent,
              credential=peer.credential, why=why)


def summary(name):
    """Sum a log file up; `application` tells whether a byte other than a TLS hello arrived."""
    total = {"connections": 0, "handshakes": 0, "received": 0, "sent": 0, "requests": [],
             "application": False, "credential": False}
    whole, _, _ = pathlib.Path(name).read_bytes().rpartition(b"\n")  # the last may be half written
    for line in whole.splitlines():
        event = json.loads(line)
        kind = event["event"]
        total["connections"] += kind == "accept"
        total["handshakes"] += kind == "handshake"
        total["application"] |= kind == "bytes" and not event["tls_hello"]
        total["credential"] |= kind == "credential"
        if kind == "request":
            total["requests"].append(event["method"])
        if kind == "close":
            total["received"] += event["received"]
            total["sent"] += event["sent"]
    return total


def end_with_parent():
    """End the process when the one that started it is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


def parse_options(arguments):
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=sorted(MODES) + sorted(CONNECTION_MODES))
    parser.add_argument("--cert", help="server certificate; without it there is no TLS")
    parser.add_argument("--key")
    parser.add_argument("--old-tls", action="store_true", help="TLS 1.1 at most")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="write events to this file")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between drips")
    parser.add_argument("--limit", type=int, default=8 << 30, help="bytes of an endless answer")
    parser.add_argument("--answers", help="directory of recorded answers, METHOD[.N].xml")
    parser.add_argument("--only", metavar="METHOD",
                        help="fail at this method alone and replay --answers otherwise")
    options = parser.parse_args(arguments)
    if (options.mode == "replay" or options.only) and not options.answers:
        parser.error("recorded answers are needed: --answers DIR")
    options.tls = None
    if options.cert:
        options.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if options.old_tls:
            options.tls.set_ciphers("ALL:@SECLEVEL=0")
            options.tls.minimum_version = ssl.TLSVersion.TLSv1
            options.tls.maximum_version = ssl.TLSVersion.TLSv1_1
        else:
            options.tls.set_ciphers("DEFAULT:@SECLEVEL=1")  # for weak keys
        options.tls.load_cert_chain(options.cert, options.key)
    options.replay = Replay(options.answers) if options.answers else None
    return options


def main():
    """Serve until SIGTERM."""
    options = parse_options(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_parent, daemon=True).start()
    log = Log(options.log)
    with socket.create_server(("127.0.0.1", options.port), backlog=64) as listener:
        options.bound = listener.getsockname()[1]
        print(f"listening 127.0.0.1:{options.bound}", flush=True)
        number = 0
        while True:
            sock, _ = listener.accept()
            number += 1
            threading.Thread(target=handle, args=(sock, number, options, log),
                             daemon=True).start()


if __name__ == "__main__":
    main()
