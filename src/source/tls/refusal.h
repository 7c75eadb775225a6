/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Why a certificate is not trusted, and what to do about just that. */
#ifndef VPERF_SOURCE_TLS_REFUSAL_H
#define VPERF_SOURCE_TLS_REFUSAL_H

#include <openssl/x509.h>

/*
 * refusal_text: one sentence about a verification that failed, with the certificate's SHA-256;
 * owned by the caller. ca_files is what was given as authorities, or NULL for the system's.
 */
char *refusal_text(X509_STORE_CTX *store, const char *ca_files);

#endif
