/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who vouches for a server's certificate: given CA files, or the system's authorities. */
#ifndef VPERF_SOURCE_TLS_AUTHORITIES_H
#define VPERF_SOURCE_TLS_AUTHORITIES_H

#include <openssl/ssl.h>

#include "core/error.h"

/*
 * authorities_add: the connections of the context trust the CA files, a list with colons as
 * GOVC_TLS_CA_CERTS is, or for NULL the system's hashed directory. ERROR_USAGE for a file that
 * cannot be read.
 */
bool authorities_add(SSL_CTX *context, const char *ca_files, struct error *error);

/*
 * authorities_vouch: verifies the certificate of a handshake with the system's authorities: those
 * of the directory, and if none of them vouches for it, those of the bundle. Not by several threads
 * at once. When false, store has the reason.
 */
bool authorities_vouch(SSL_CTX *context, X509_STORE_CTX *store);

#endif
