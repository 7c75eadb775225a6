/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* perfCounter, with names put together as group.name.rollup. */
#include "source/vsphere/inventory/counters.h"

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

/* group.name.rollup */
static const char *compose_name(struct counters_reader *reader, const struct vim_counter *info) {
    GString *name = g_string_assign(reader->name, text_or_empty(info->group.key));
    g_string_append_c(name, '.');
    g_string_append(name, text_or_empty(info->name.key));
    g_string_append_c(name, '.');
    return g_string_append(name, text_or_empty(info->rollup))->str;
}

static void add_counter(void *context, const struct vim_counter *info) {
    struct counters_reader *reader = context;
    const struct counter counter = {
        .has_id = true,
        .id = info->key,
        .name = compose_name(reader, info),
        .unit = text_or_empty(info->unit.key),
        .rollup = text_or_empty(info->rollup),
        .stats = text_or_empty(info->stats),
        .level = info->level,
        .device_level = info->device_level,
        .label = info->name.label,
        .summary = info->name.summary,
    };
    if (reader->wanted && !globs_includes(reader->wanted, counter.name))
        catalog_leave_out(reader->catalog, counter.id);
    else
        catalog_add(reader->catalog, &counter);
}

void counters_begin(struct counters_reader *reader, struct channel *channel,
                    struct catalog *catalog, const struct globs *wanted) {
    *reader = (struct counters_reader){
        .visitor = {add_counter, reader},
        .channel = channel,
        .catalog = catalog,
        .wanted = wanted,
        .name = g_string_new(NULL),
    };
    wire_counters_to(channel->soap, &reader->visitor);
}

void counters_end(struct counters_reader *reader) {
    wire_counters_to(reader->channel->soap, NULL);
    g_string_free(reader->name, TRUE);
}

static void ignore(void *context, const struct vim25__ObjectContent *object) {
    (void)context, (void)object;
}

static bool read_counters(struct channel *channel, struct catalog *into, struct error *error) {
    const struct properties_reader objects = {ignore, NULL};
    struct counters_reader reader;
    counters_begin(&reader, channel, into, NULL);
    bool good =
        properties_of(channel, counters_object(channel), counters_property, &objects, error);
    counters_end(&reader);
    return good;
}

bool counters_check(const struct channel *channel, const struct catalog *catalog,
                    struct error *error) {
    return catalog_defined(catalog) + catalog_left_out(catalog) > 0 ||
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
