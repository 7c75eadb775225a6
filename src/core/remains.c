/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who takes a name out of its slot owns it: a signal handler, which frees nothing, or a thread. */
#include "core/remains.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"

enum { SLOTS = 32 };

static _Atomic(char *) slots[SLOTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of threads; handlers do not take it */

void remains_add(const char *path) {
    char *copy = memory_strdup(path);
    bool kept = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SLOTS && !kept; i++) {
        char *none = NULL;
        kept = atomic_compare_exchange_strong(&slots[i], &none, copy);
    }
    pthread_mutex_unlock(&lock);
    if (!kept)
        free(copy);
}

void remains_drop(const char *path) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < SLOTS; i++) {
        char *name = atomic_load(&slots[i]);
        if (name && strcmp(name, path) == 0 &&
            atomic_compare_exchange_strong(&slots[i], &name, NULL)) {
            free(name);
            break;
        }
    }
    pthread_mutex_unlock(&lock);
}

void remains_remove(void) {
    for (size_t i = 0; i < SLOTS; i++) {
        char *name = atomic_exchange(&slots[i], NULL);
        if (name)
            unlink(name);
    }
}
