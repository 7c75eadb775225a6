/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a helper process sends: whatever is taken can be written, and read again. */
#include <glib.h>

#include "fuzz.h"
#include "source/helper/message.h"
#include "source/libvirt/host.h"
#include "source/libvirt/sample/sample_record.h"

static void check_snapshot(struct record record) {
    struct snapshot *snapshot = snapshot_read(&record);
    if (record_done(&record)) {
        GByteArray *again = g_byte_array_new();
        snapshot_write(again, snapshot);
        struct record copy = {.next = again->data, .left = again->len};
        snapshot_free(snapshot_read(&copy));
        CHECK(record_done(&copy));
        g_byte_array_free(again, TRUE);
    }
    snapshot_free(snapshot);
}

static void check_inventory(struct record record) {
    struct inventory *inventory = inventory_read(&record);
    for (size_t i = 0; i < inventory->count; i++)
        CHECK(inventory->entities[i]->type < ENTITY_TYPES);
    inventory_free(inventory);
}

static void check_host(struct record record) {
    struct host_facts facts = host_facts_read(&record);
    host_facts_done(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct record record;
    size_t length = 0;
    if (record_open(&record, data, size, &length) == RECORD_WHOLE)
        (void)message_kind(&record);
    /* A copy of its own, so that the sanitizers see its end. */
    unsigned char *bytes = size ? g_memdup2(data, size) : NULL;
    record = (struct record){.next = bytes, .left = size};
    check_snapshot(record);
    check_inventory(record);
    check_host(record);
    g_free(bytes);
    return 0;
}
