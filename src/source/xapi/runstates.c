/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/runstates.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

/* Ready and readiness are made of one. */
static const struct {
    const char *counter;
    const char *source;
    enum field field;
} sources[] = {
    {"cpu.ready.summation", "runnable_vcpus", FIELD_RUNNABLE_VCPUS},
    {"cpu.readiness.average", "runnable_vcpus", FIELD_RUNNABLE_VCPUS},
    {"xen.runnableAny.average", "runnable_any", FIELD_RUNNABLE_ANY},
    {"xen.runstateFullRun.average", "runstate_fullrun", FIELD_FULL_RUN},
    {"xen.runstateFullContention.average", "runstate_full_contention", FIELD_FULL_CONTENTION},
    {"xen.runstateConcurrencyHazard.average", "runstate_concurrency_hazard", FIELD_HAZARD},
    {"xen.runstateBlocked.average", "runstate_blocked", FIELD_BLOCKED},
    {"xen.runstatePartialRun.average", "runstate_partial_run", FIELD_PARTIAL_RUN},
    {"xen.runstatePartialContention.average", "runstate_partial_contention",
     FIELD_PARTIAL_CONTENTION},
};

/* By field: whether a wanted counter needs it. */
static void find_needed(const struct xapi *xapi, const bool *wanted, const char *needed[FIELDS]) {
    for (size_t i = 0; i < catalog_size(xapi->catalog); i++) {
        const char *name = catalog_at(xapi->catalog, i)->name;
        for (size_t k = 0; wanted[i] && k < G_N_ELEMENTS(sources); k++)
            if (strcmp(sources[k].counter, name) == 0)
                needed[sources[k].field] = sources[k].source;
    }
}

/* Of one VM; how many XAPI records from now on. */
static size_t enable(struct xapi *xapi, const struct pool_vm *vm, const struct layout *layout,
                     const char *const needed[FIELDS]) {
    size_t count = 0;
    for (int field = 1; field < FIELDS && !xapi->runstates_refused; field++) {
        if (!needed[field] || layout->columns[field] != NO_COLUMN)
            continue;
        struct error refused = {0};
        const char *const arguments[] = {vm->reference, needed[field], NULL};
        json_t *value = master_call(xapi->master, "VM.record_data_source", arguments, &refused);
        count += value != NULL;
        json_decref(value);
        if (refused.kind == ERROR_NONE)
            continue;
        /* An older XAPI has not all of them. */
        bool unknown = strstr(refused.message, "INTERNAL_ERROR") != NULL;
        xapi->runstates_refused = !unknown;
        report(xapi->options.reporter, unknown ? REPORT_INFO : REPORT_WARNING,
               "--runstates: '%s' of '%s' is not recorded: %s", needed[field], vm->name,
               refused.message);
    }
    return count;
}

void runstates_enable(struct xapi *xapi, const struct selection *selection, const bool *wanted,
                      const struct host_rows *rows) {
    const char *needed[FIELDS] = {NULL};
    size_t vms = 0;
    find_needed(xapi, wanted, needed);
    for (size_t i = 0; i < xapi->inventory->count; i++) {
        const struct entity *entity = xapi->inventory->entities[i];
        const struct pool_vm *vm =
            entity->type == ENTITY_VM ? pool_vm(xapi->pool, entity->id) : NULL;
        if (!vm || vm->state != STATE_ON || !vm->host || !selection_measures(selection, entity) ||
            g_hash_table_contains(xapi->enabled, vm->uuid))
            continue;
        const struct layout *layout =
            layouts_find(rows[vm->host - xapi->pool->hosts].layouts, OWNER_VM, vm->uuid);
        if (!layout)
            continue;
        g_hash_table_add(xapi->enabled, memory_strdup(vm->uuid));
        vms += enable(xapi, vm, layout, needed) > 0;
    }
    if (vms)
        report(xapi->options.reporter, REPORT_WARNING,
               "--runstates: XAPI records the runstates of %zu VMs from now on, also when vperf "
               "has ended",
               vms);
}

static bool has_ready(const struct xapi *xapi, const struct host_rows *rows, size_t *running) {
    *running = 0;
    for (size_t i = 0; i < xapi->pool->vm_count; i++) {
        const struct pool_vm *vm = &xapi->pool->vms[i];
        if (vm->state != STATE_ON || !vm->host || vm->is_host_domain)
            continue;
        const struct layout *layout =
            layouts_find(rows[vm->host - xapi->pool->hosts].layouts, OWNER_VM, vm->uuid);
        if (layout && layout->columns[FIELD_RUNNABLE_VCPUS] != NO_COLUMN)
            return true;
        *running += layout != NULL;
    }
    return false;
}

void runstates_explain(struct xapi *xapi, const struct selection *selection, const bool *wanted,
                       const struct host_rows *rows) {
    const char *needed[FIELDS] = {NULL};
    size_t running = 0;
    find_needed(xapi, wanted, needed);
    if (xapi->told_ready || xapi->options.runstates || !selection->counters.includes ||
        !needed[FIELD_RUNNABLE_VCPUS] || has_ready(xapi, rows, &running) || !running)
        return;
    xapi->told_ready = true;
    report(xapi->options.reporter, REPORT_WARNING,
           "ready time is absent: XAPI does not record it unless --runstates asks for it, which "
           "changes the pool");
}
