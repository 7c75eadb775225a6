/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Password hashes of crypt(5): whether one can be that of a password, and be checked soon. */
#ifndef VPERF_SERVE_HASHES_H
#define VPERF_SERVE_HASHES_H

/* hashes_fault: what is wrong with a hash and what to do, or NULL; a static text. */
const char *hashes_fault(const char *hash);

#endif
