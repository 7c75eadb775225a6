/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* perfCounter, with names put together as group.name.rollup. */
#include "source/vsphere/inventory/counters.h"

#include <stdlib.h>

#include "core/memory.h"
#include "source/vsphere/inventory/properties.h"
#include "source/vsphere/inventory/space.h"
#include "source/vsphere/session/session.h"

const char counters_property[] = "perfCounter";

const struct session_moref *counters_object(const struct channel *channel) {
    return &channel->session->performance_manager;
}

static const char *text_or_empty(const char *text) {
    return text ? text : "";
}

static void add_counter(struct catalog *catalog, const struct vim_counter *info) {
    const char *rollup = text_or_empty(info->rollup);
    char *name = memory_concat(text_or_empty(info->group.key), ".", text_or_empty(info->name.key),
                               ".", rollup, NULL);
    const struct counter counter = {
        .has_id = true,
        .id = info->key,
        .name = name,
        .unit = text_or_empty(info->unit.key),
        .rollup = rollup,
        .stats = text_or_empty(info->stats),
        .level = info->level,
        .device_level = info->device_level,
        .label = info->name.label,
        .summary = info->name.summary,
    };
    catalog_add(catalog, &counter);
    free(name);
}

void counters_add(struct catalog *catalog, const struct vim25__ObjectContent *object) {
    for (int i = 0; i < object->__sizepropSet; i++) {
        const struct vim_counters *counters = object->propSet[i].val.counters;
        for (size_t k = 0; counters && k < counters->count; k++)
            add_counter(catalog, &counters->item[k]);
    }
}

static void visit(void *context, const struct vim25__ObjectContent *object) {
    counters_add(context, object);
}

static bool read_counters(struct channel *channel, struct catalog *into, struct error *error) {
    const struct properties_reader reader = {visit, into};
    return properties_of(channel, counters_object(channel), counters_property, &reader, error);
}

bool counters_check(const struct channel *channel, const struct catalog *catalog,
                    struct error *error) {
    return catalog_defined(catalog) > 0 ||
           error_set(error, ERROR_PROTOCOL,
                     "%s: the server defines no counters: does the "
                     "user have the right to read performance data?",
                     channel->session->label);
}

bool counters_reload(struct channel *channel, struct catalog *catalog, struct error *error) {
    struct catalog *now = catalog_new();
    bool good = read_counters(channel, now, error);
    space_define(now);
    if (good)
        catalog_renew(catalog, now);
    catalog_free(now);
    return good;
}

struct catalog *counters_load(struct channel *channel, struct error *error) {
    struct catalog *catalog = catalog_new();
    bool loaded = read_counters(channel, catalog, error) && counters_check(channel, catalog, error);
    space_define(catalog);
    if (loaded)
        return catalog;
    catalog_free(catalog);
    return NULL;
}
