/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/wire/wire_json.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* What the thread may still allocate: jansson gives its allocator nothing to keep this in. */
static _Thread_local size_t budget = SIZE_MAX;

static void *allocate(size_t size) {
    if (size > budget)
        return NULL;
    budget -= size;
    return malloc(size);
}

static void install(void) {
    json_set_alloc_funcs(allocate, free);
}

json_t *wire_json_read(const char *text, size_t size) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    budget = (size_t)WIRE_JSON_MAX_MIB << 20;
    json_t *json = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    budget = SIZE_MAX;
    return json;
}
