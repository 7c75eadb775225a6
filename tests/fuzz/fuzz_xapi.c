/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Bytes as each kind of XAPI's answers: a value, records of each class, and rows of RRDs. */
#include <string.h>

#include "fuzz.h"
#include "source/xapi/counters/figures.h"
#include "source/xapi/wire/answer.h"

static void take_offer(void *context, size_t counter) {
    (void)context;
    CHECK(figures_name(counter));
}

static void take_value(void *context, size_t counter, const char *instance, int64_t value) {
    (void)context;
    CHECK(figures_name(counter) && instance && value >= 0);
}

static void try_records(json_t *value) {
    json_t *records[POOL_CLASSES];
    for (int class = 0; class < POOL_CLASSES; class ++)
        records[class] = value;
    struct pool *pool = pool_new(records);
    for (size_t i = 0; i < pool->vm_count; i++)
        CHECK(*pool->vms[i].uuid && pool->vms[i].name && pool->vms[i].cpus >= 0);
    inventory_free(pool_inventory(pool, "fuzz", true));
    pool_free(pool);
}

static void try_figures(const struct updates *updates, const struct layouts *layouts,
                        const struct updates_column *column, int64_t end) {
    static struct pool pool;
    static const struct pool_vm vm = {.cpus = 1, .devices_known = true};
    static const struct pool_host host = {.threads = 1, .mhz = 1000};
    const struct figures_output output = {.offer = take_offer, .value = take_value};
    const struct subject subject = {
        .updates = updates,
        .layout = layouts_find(layouts, column->owner, column->uuid),
        .pool = &pool,
        .vm = column->owner == OWNER_VM ? &vm : NULL,
        .host = &host,
        .end = end,
        .interval = 20,
        .at_moment = true,
    };
    CHECK(subject.layout);
    if (!pool.sr_numbers)
        pool.sr_numbers = g_hash_table_new(g_str_hash, g_str_equal);
    figures_emit(&subject, &output);
    figures_offer(&subject, &output);
}

static void try_rows(const struct updates *updates) {
    struct layouts *layouts = layouts_new(updates);
    CHECK(updates->step > 0);
    for (size_t i = 1; i < updates->row_count; i++)
        CHECK(updates->rows[i - 1].time < updates->rows[i].time);
    /* Columns of one entity stand together: its figures are made once for each row. */
    const struct updates_column *last = NULL;
    for (size_t i = 0; i < updates->column_count && i < 50; i++) {
        const struct updates_column *column = &updates->columns[i];
        if (column->owner == OWNER_OTHER ||
            (last && last->owner == column->owner && strcmp(last->uuid, column->uuid) == 0))
            continue;
        last = column;
        for (size_t k = 0; k < updates->row_count && k < 50; k++)
            try_figures(updates, layouts, column, updates->rows[k].time);
    }
    layouts_free(layouts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    struct answer answer;
    struct updates updates;
    if (answer_read(&answer, (const char *)data, size, &error)) {
        CHECK(answer.value || *answer_code(&answer));
        try_records(answer.value);
    }
    answer_done(&answer);
    error = (struct error){0};
    if (updates_read(&updates, (const char *)data, size, &error))
        try_rows(&updates);
    updates_done(&updates);
    return 0;
}
