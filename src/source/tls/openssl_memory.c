/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/tls/openssl_memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#include "core/memory.h"

static void *allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return size ? memory_check(malloc(size)) : NULL;
}

static void *reallocate(void *memory, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size)
        return memory_check(realloc(memory, size));
    free(memory);
    return NULL;
}

static void release(void *memory, const char *file, int line) {
    (void)file;
    (void)line;
    free(memory);
}

/*
 * Refused, and of no effect, once OpenSSL has allocated. What it holds when the program ends is not
 * freed one by one: 1.4 million instructions, a thirtieth of a small run. Ciphers are found by
 * fetching them, as TLS does; their old table, which private keys under a password need, is not
 * filled: 2.3 million.
 */
void openssl_memory_init(void) {
    (void)CRYPTO_set_mem_functions(allocate, reallocate, release);
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_ADD_ALL_CIPHERS, NULL);
}
