/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whom to trust: system authorities, an own one, a pinned certificate, or anybody. */
#ifndef VPERF_SOURCE_TLS_TLS_H
#define VPERF_SOURCE_TLS_TLS_H

#include <openssl/ssl.h>
#include <stdint.h>

#include "core/error.h"
#include "source/source.h"

struct tls;

/*
 * tls_new: the trust that the options ask for, for connections to host and port, owned by the
 * caller. TLS 1.2 or later. ERROR_USAGE for a thumbprint that is none or a CA file that cannot be
 * read.
 */
struct tls *tls_new(const char *host, int port, const struct source_options *options,
                    struct error *error);

/* tls_free: takes NULL. */
void tls_free(struct tls *tls);

/* tls_name: the host as certificates and SNI name it, without one dot at its end; the caller's. */
char *tls_name(const char *host);

/* tls_is_address: host is an IPv4 or IPv6 address, not a name. */
bool tls_is_address(const char *host);

/* tls_context: the context for all connections; the caller takes a reference of its own. */
SSL_CTX *tls_context(const struct tls *tls);

/*
 * tls_apply: the connections of this context, which another library has made, are trusted in the
 * same way; tls outlives it. False when OpenSSL refuses.
 */
bool tls_apply(struct tls *tls, SSL_CTX *context) __attribute__((warn_unused_result));

/*
 * tls_refusal: why a certificate was not trusted and what to do, borrowed from tls; NULL when none
 * was refused. Threads may share tls.
 */
const char *tls_refusal(struct tls *tls);

/* tls_certificate_end: when the server's certificate ends, in Unix seconds; 0 when none has come.
 */
int64_t tls_certificate_end(struct tls *tls);

/* tls_forget_refusal: a certificate may have been renewed; only while no connection is used. */
void tls_forget_refusal(struct tls *tls);

#endif
