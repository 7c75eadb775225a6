/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each has pages of its own: no other data's life depends on what is done to them. */
#include "core/secret.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "core/memory.h"

struct secret {
    size_t size; /* of all */
    atomic_size_t owners;
    char text[];
};

static struct secret *of_text(char *text) {
    return (struct secret *)(void *)(text - offsetof(struct secret, text));
}

void secret_protect_process(void) {
    prctl(PR_SET_DUMPABLE, 0);
}

char *secret_new(size_t size) {
    size_t whole = sizeof(struct secret) + size;
    struct secret *secret =
        mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory_check(secret == MAP_FAILED ? NULL : secret);
    /* As far as the system allows. */
    madvise(secret, whole, MADV_DONTDUMP);
    mlock(secret, whole);
    secret_protect_process();
    secret->size = whole;
    atomic_init(&secret->owners, 1);
    return secret->text;
}

char *secret_copy(const char *text) {
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    return memcpy(secret_new(size), text, size);
}

char *secret_share(char *secret) {
    if (secret)
        atomic_fetch_add(&of_text(secret)->owners, 1);
    return secret;
}

void secret_free(char *secret) {
    if (!secret || atomic_fetch_sub(&of_text(secret)->owners, 1) > 1)
        return;
    struct secret *whole = of_text(secret);
    size_t size = whole->size;
    explicit_bzero(whole, size);
    munmap(whole, size);
}
