/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/changes.h"

#include <string.h>

#include "core/clock.h"
#include "core/memory.h"

enum { MOST_STRANGERS = 10000 };

static const int64_t lost_renewal_ns = 60 * 1000000000LL;

static GHashTable *by_id(const struct inventory *inventory) {
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < inventory->count; i++)
        g_hash_table_insert(table, (char *)inventory->entities[i]->id, inventory->entities[i]);
    return table;
}

static void tell_end(const struct round *round, const struct entity *entity, const char *reason) {
    round->events->ended(round->events->context, entity, reason);
}

/* One of the records read now, against those before. */
static void compare_new(const struct round *round, const struct entity *entity,
                        const struct entity *old) {
    if (!selection_measures(round->selection, entity))
        return;
    if (!old)
        round->events->arrived(round->events->context, entity);
    else if (old->state == STATE_ON && entity->state != STATE_ON && entity->type == ENTITY_VM)
        tell_end(round, entity, "was shut down, suspended or paused");
}

/* A VM or host of the one inventory that the other lacks, or has and does not run there. */
static void compare_inventories(const struct round *round) {
    const struct inventory *before = round->xapi->previous, *now = round->xapi->inventory;
    GHashTable *then = by_id(before), *there = by_id(now);
    for (size_t i = 0; i < now->count; i++)
        compare_new(round, now->entities[i], g_hash_table_lookup(then, now->entities[i]->id));
    for (size_t i = 0; i < before->count; i++)
        if (selection_measures(round->selection, before->entities[i]) &&
            !g_hash_table_contains(there, before->entities[i]->id))
            tell_end(round, before->entities[i], "is no longer in the pool");
    g_hash_table_destroy(then);
    g_hash_table_destroy(there);
}

/* What the records said stays when they cannot be read. */
bool changes_renew(struct round *round, int64_t oldest_ns) {
    struct xapi *xapi = round->xapi;
    struct error lost = {0};
    if (clock_boot_ns() - xapi->read_ns < oldest_ns)
        return false;
    if (!xapi_read_records(xapi, &lost)) {
        round->events->lacking(round->events->context, lost.message);
        xapi->read_ns = clock_boot_ns();
        return false;
    }
    round->events->renewed(round->events->context, xapi->inventory);
    compare_inventories(round);
    return true;
}

/* Whether the records say that the VM runs; where they do not, they are read again once. */
static void check_known(struct xapi *xapi, const char *uuid) {
    const struct pool_vm *vm = pool_vm(xapi->pool, uuid);
    if (vm && vm->state == STATE_ON) {
        g_hash_table_remove(xapi->strangers, uuid);
    } else if (!g_hash_table_contains(xapi->strangers, uuid)) {
        if (g_hash_table_size(xapi->strangers) >= MOST_STRANGERS)
            g_hash_table_remove_all(xapi->strangers);
        g_hash_table_add(xapi->strangers, memory_strdup(uuid));
        xapi->outdated = true;
    }
}

/* A VM that has rows came or was started after the records were read. */
static void find_strangers(const struct round *round) {
    struct xapi *xapi = round->xapi;
    for (size_t i = 0; i < xapi->pool->host_count; i++) {
        const struct updates *updates = &round->rows[i].updates;
        const char *last = "";
        for (size_t k = 0; k < updates->column_count; k++) {
            const struct updates_column *column = &updates->columns[k];
            if (column->owner == OWNER_VM && strcmp(last, column->uuid) != 0)
                check_known(xapi, last = column->uuid);
        }
    }
}

/* One that has none where it is said to run has ended or moved since. */
static void find_lost(const struct round *round) {
    struct xapi *xapi = round->xapi;
    const struct pool *pool = xapi->pool;
    if (clock_boot_ns() - xapi->read_ns < lost_renewal_ns)
        return;
    for (size_t i = 0; i < pool->vm_count && !xapi->outdated; i++) {
        const struct pool_vm *vm = &pool->vms[i];
        if (vm->state != STATE_ON || !vm->host)
            continue;
        const struct host_rows *rows = &round->rows[vm->host - pool->hosts];
        xapi->outdated = rows->layouts && rows->updates.row_count &&
                         !layouts_find(rows->layouts, OWNER_VM, vm->uuid);
    }
}

void changes_find(const struct round *round) {
    find_strangers(round);
    find_lost(round);
}
