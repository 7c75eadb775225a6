/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The digest of a certificate, as people pin it. */
#ifndef VPERF_SOURCE_TLS_THUMBPRINT_H
#define VPERF_SOURCE_TLS_THUMBPRINT_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

enum { THUMBPRINT_MAX = 32, THUMBPRINT_TEXT_SIZE = 3 * THUMBPRINT_MAX };

struct thumbprint {
    unsigned char bytes[THUMBPRINT_MAX];
    size_t length; /* 32 for SHA-256, 20 for SHA-1, 0 for none */
};

/* thumbprint_parse: hex digits in either case, with or without colons; false for other text. */
bool thumbprint_parse(struct thumbprint *thumbprint, const char *text);

/* thumbprint_matches: the certificate's SHA-256 or SHA-1, by the length, is the thumbprint. */
bool thumbprint_matches(const struct thumbprint *thumbprint, const X509 *certificate);

/* thumbprint_text: the certificate's SHA-256 as AA:BB:...; unchanged text when it has none. */
void thumbprint_text(char text[THUMBPRINT_TEXT_SIZE], const X509 *certificate);

/*
 * thumbprint_known_host: the thumbprint of host:port (or of host, for port 443) from files with
 * lines "host[:port] AA:BB:..."; files is a list with colons. A file that does not exist is
 * passed over, as govc does. False when the host is not listed.
 */
bool thumbprint_known_host(struct thumbprint *thumbprint, const char *files, const char *host,
                           int port);

#endif
