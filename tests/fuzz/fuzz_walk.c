/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Complex properties: elements begin and end in pairs, and what is made of them stays in bounds. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "source/vsphere/inventory/attributes.h"
#include "source/vsphere/inventory/files.h"
#include "source/vsphere/wire/wire_walk.h"

static void begin(void *context, const struct wire_step *step) {
    int *depth = context;
    CHECK(step->depth == *depth);
    ++*depth;
}

static void end(void *context, const struct wire_step *step) {
    int *depth = context;
    int64_t number = 0;
    --*depth;
    CHECK(step->depth == *depth && *depth >= 0);
    CHECK(strlen(step->text) < WIRE_WALK_TEXT);
    (void)wire_step_number(step, &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = g_strndup((const char *)data, size);
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    int depth = 0;
    wire_walk(text, &(struct wire_visitor){&depth, begin, end});
    CHECK(files_snapshot_bytes(text) >= 0);
    free(attributes_text(text, names));
    g_hash_table_destroy(names);
    g_free(text);
    return 0;
}
