# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
"""A server that answers a request with TLS records without data, as fast as they are taken. Python's
ssl module cannot send them: OpenSSL is called itself."""

import contextlib
import ctypes
import ctypes.util
import socket
import threading

PEM = 1
BUFFER = 4096


def library():
    """OpenSSL, with the types of what is called."""
    ssl = ctypes.CDLL(ctypes.util.find_library("ssl"))
    for name in ("TLS_server_method", "SSL_CTX_new", "SSL_new"):
        getattr(ssl, name).restype = ctypes.c_void_p
    return ssl


def send_ticket(openssl, ssl):
    """A session ticket."""
    return openssl.SSL_new_session_ticket(ssl) == 1


def send_key_update(openssl, ssl):
    """A change of keys, which the peer has to answer with its own."""
    return openssl.SSL_key_update(ssl, 1) == 1


class Server:
    """Listens on a port; flooding is set once a flood has begun."""

    def __init__(self, cert, send):
        self.openssl, self.send = library(), send
        self.context = ctypes.c_void_p(self.openssl.SSL_CTX_new(
            ctypes.c_void_p(self.openssl.TLS_server_method())))
        self.openssl.SSL_CTX_use_certificate_chain_file(self.context, cert["cert"].encode())
        self.openssl.SSL_CTX_use_PrivateKey_file(self.context, cert["key"].encode(), PEM)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.flooding = threading.Event()
        self.closing = threading.Event()
        self.threads = [threading.Thread(target=self.run)]
        self.threads[0].start()

    def run(self):
        """Take connections until the listener is shut."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.threads.append(threading.Thread(target=self.flood, args=(connection,)))
                self.threads[-1].start()

    def flood(self, connection):
        """One connection: until the peer has gone."""
        ssl = ctypes.c_void_p(self.openssl.SSL_new(self.context))
        with connection:
            self.openssl.SSL_set_fd(ssl, connection.fileno())
            if (self.openssl.SSL_accept(ssl) == 1 and
                    self.openssl.SSL_read(ssl, ctypes.create_string_buffer(BUFFER), BUFFER) > 0):
                # OpenSSL takes tickets for a peer that has gone.
                while (not self.closing.is_set() and self.send(self.openssl, ssl) and
                       self.openssl.SSL_do_handshake(ssl) == 1):
                    self.flooding.set()
            self.openssl.SSL_free(ssl)

    def close(self):
        """Wait for the end of all; the peers have gone."""
        self.closing.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()
        for thread in self.threads[1:]:
            thread.join()
        self.listener.close()
        self.openssl.SSL_CTX_free(self.context)
