/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/inventory/files.h"

#include <glib.h>

#include "source/vsphere/wire/wire_walk.h"

/* file {key, size}, disk {chain {fileKey}}, snapshot {dataKey, memoryKey, disk {chain {fileKey}}}
 */
struct layout {
    GHashTable *sizes;     /* by key of a file, which stands for itself; pointers are numbers */
    GHashTable *snapshots; /* keys of the files that count */
    int layer;             /* of the disk at hand; 0 is the lowest */
    int64_t key, size;     /* of the file at hand */
};

static gpointer of_key(int64_t key) {
    return GSIZE_TO_POINTER((gsize)key);
}

static void begin(void *context, const struct wire_step *step) {
    struct layout *layout = context;
    if (step->depth == 0)
        layout->key = layout->size = -1;
    if (wire_step_is(step, "disk"))
        layout->layer = -1;
    else if (wire_step_is(step, "chain"))
        layout->layer++;
}

static void end_file(struct layout *layout, const struct wire_step *step) {
    int64_t *size = NULL;
    if (!wire_step_is(step, "file") || layout->key < 0 || layout->size < 0)
        return;
    size = g_new(int64_t, 1);
    *size = layout->size;
    g_hash_table_replace(layout->sizes, of_key(layout->key), size);
}

static void end(void *context, const struct wire_step *step) {
    struct layout *layout = context;
    int64_t number = 0;
    if (step->depth == 0)
        end_file(layout, step);
    else if (step->depth == 1 && wire_step_is(step, "key"))
        (void)wire_step_number(step, &layout->key);
    else if (step->depth == 1 && wire_step_is(step, "size"))
        (void)wire_step_number(step, &layout->size);
    else if ((wire_step_is(step, "dataKey") || wire_step_is(step, "memoryKey") ||
              (wire_step_is(step, "fileKey") && layout->layer > 0)) &&
             wire_step_number(step, &number) && number >= 0)
        g_hash_table_add(layout->snapshots, of_key(number));
}

int64_t files_sum(int64_t left, int64_t right) {
    return left > INT64_MAX - right ? INT64_MAX : left + right;
}

int64_t files_snapshot_bytes(const char *xml) {
    struct layout layout = {.sizes = g_hash_table_new_full(NULL, NULL, NULL, g_free),
                            .snapshots = g_hash_table_new(NULL, NULL),
                            .layer = -1};
    GHashTableIter iter;
    gpointer key = NULL;
    int64_t bytes = 0;
    wire_walk(xml, &(struct wire_visitor){&layout, begin, end});
    g_hash_table_iter_init(&iter, layout.snapshots);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const int64_t *size = g_hash_table_lookup(layout.sizes, key);
        bytes = files_sum(bytes, size ? *size : 0);
    }
    g_hash_table_destroy(layout.sizes);
    g_hash_table_destroy(layout.snapshots);
    return bytes;
}
