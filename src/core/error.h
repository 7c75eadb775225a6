/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The one error type: a kind that decides the exit status, and one sentence for people. */
#ifndef VPERF_CORE_ERROR_H
#define VPERF_CORE_ERROR_H

#include <stdbool.h>

enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,       /* the command line or an input file is wrong */
    ERROR_CONNECT,     /* no connection: name, address, port, network */
    ERROR_AUTH,        /* login refused or impossible */
    ERROR_TLS,         /* the peer's certificate or the handshake */
    ERROR_PROTOCOL,    /* the peer's answer cannot be understood */
    ERROR_FAULT,       /* the peer understood, and refused */
    ERROR_TIMEOUT,     /* no answer in time */
    ERROR_OUTPUT,      /* the output cannot be written */
    ERROR_UNAVAILABLE, /* what was asked for is not to be had: trying again does not help */
    ERROR_READER_GONE, /* nobody reads standard output any more, as with | head: nothing is said */
    ERROR_INTERRUPTED, /* a signal asked for the end */
};

struct error {
    enum error_kind kind;
    char message[1024]; /* one sentence without line break: what, on which object, what to do */
};

/* error_set: records kind and message unless an error is already there. Always false. */
bool error_set(struct error *error, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* error_prefix: puts formatted text and ": " before the message of a recorded error. */
void error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* error_clear: forgets what was recorded. */
void error_clear(struct error *error);

#endif
