/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#ifndef VPERF_SOURCE_TLS_OPENSSL_MEMORY_H
#define VPERF_SOURCE_TLS_OPENSSL_MEMORY_H

/*
 * openssl_memory_init: when OpenSSL finds no memory the program ends as it does elsewhere. OpenSSL
 * would go on, and call a certificate's key too weak. To be called before anything of OpenSSL's.
 */
void openssl_memory_init(void);

#endif
