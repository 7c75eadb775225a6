/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/protocol.h"

#include <stdlib.h>

#include "core/memory.h"

void rest_target_write(GByteArray *bytes, const struct target *target) {
    record_add_text(bytes, target->text);
    record_add_text(bytes, target->scheme);
    record_add_text(bytes, target->host);
    record_add_number(bytes, target->port);
    record_add_text(bytes, target->path);
}

static char *read_text(struct record *record) {
    const char *text = record_text(record);
    return memory_strdup(text ? text : "");
}

struct target rest_target_read(struct record *record) {
    struct target target = {0};
    target.text = read_text(record);
    target.uri = memory_strdup(target.text);
    target.scheme = read_text(record);
    target.host = read_text(record);
    target.port = (int)record_number(record);
    target.path = read_text(record);
    return target;
}

void rest_options_write(GByteArray *bytes, const struct source_options *options) {
    record_add_text(bytes, options->ca_file);
    record_add_text(bytes, options->thumbprint);
    record_add_text(bytes, options->known_hosts);
    record_add_number(bytes, options->insecure);
    record_add_number(bytes, options->measures);
    record_add_number(bytes, options->timeout_seconds);
    record_add_number(bytes, options->jobs);
    record_add_number(bytes, options->runstates);
    record_add_number(bytes, options->keeps_answers);
}

struct source_options rest_options_read(struct record *record) {
    struct source_options options = {0};
    options.ca_file = memory_strdup(record_text(record));
    options.thumbprint = memory_strdup(record_text(record));
    options.known_hosts = memory_strdup(record_text(record));
    options.insecure = record_number(record);
    options.measures = record_number(record);
    options.timeout_seconds = (int)record_number(record);
    options.jobs = (int)record_number(record);
    options.runstates = record_number(record);
    options.keeps_answers = record_number(record);
    return options;
}

void rest_options_done(struct source_options *options) {
    free((char *)options->ca_file);
    free((char *)options->thumbprint);
    free((char *)options->known_hosts);
    *options = (struct source_options){0};
}

static void write_globs(GByteArray *bytes, const struct globs *globs) {
    record_add_number(bytes, (int64_t)globs->count);
    for (size_t i = 0; i < globs->count; i++) {
        char *text = memory_printf("%s%s", globs->excludes[i] ? "!" : "", globs->patterns[i]);
        record_add_text(bytes, text);
        free(text);
    }
}

static void read_globs(struct record *record, struct globs *globs) {
    size_t count = record_count(record, RECORD_BLOCK);
    for (size_t i = 0; i < count && !record->damaged; i++) {
        const char *text = record_text(record);
        if (text)
            globs_add(globs, text);
    }
}

void rest_selection_write(GByteArray *bytes, const struct selection *selection) {
    for (int type = 0; type < ENTITY_TYPES; type++)
        record_add_number(bytes, selection->types[type]);
    record_add_number(bytes, selection->types_by_default);
    write_globs(bytes, &selection->names);
    write_globs(bytes, &selection->counters);
    record_add_number(bytes, selection->optional);
    record_add_number(bytes, selection->aggregate_only);
    write_globs(bytes, &selection->devices);
    record_add_number(bytes, selection->shard.number);
    record_add_number(bytes, selection->shard.count);
    record_add_number(bytes, selection->context);
}

struct selection rest_selection_read(struct record *record) {
    struct selection selection = {0};
    for (int type = 0; type < ENTITY_TYPES; type++)
        selection.types[type] = record_number(record);
    selection.types_by_default = record_number(record);
    read_globs(record, &selection.names);
    read_globs(record, &selection.counters);
    selection.optional = record_number(record);
    selection.aggregate_only = record_number(record);
    read_globs(record, &selection.devices);
    selection.shard.number = (uint32_t)record_number(record);
    selection.shard.count = (uint32_t)record_number(record);
    selection.context = (unsigned)record_number(record);
    return selection;
}

void rest_window_write(GByteArray *bytes, const struct window *window) {
    record_add_number(bytes, window->after);
    record_add_number(bytes, window->until);
    record_add_number(bytes, window->interval);
    record_add_number(bytes, window->newest);
    record_add_number(bytes, window->kept_only);
    record_add_number(bytes, window->fresh_only);
    record_add_number(bytes, window->now);
    record_add_number(bytes, window->archived);
}

struct window rest_window_read(struct record *record) {
    struct window window = {0};
    window.after = record_number(record);
    window.until = record_number(record);
    window.interval = (int32_t)record_number(record);
    window.newest = (int32_t)record_number(record);
    window.kept_only = record_number(record);
    window.fresh_only = record_number(record);
    window.now = record_number(record);
    window.archived = record_number(record);
    return window;
}

void rest_counter_write(GByteArray *bytes, const struct counter *counter) {
    record_add_number(bytes, counter->has_id);
    record_add_number(bytes, counter->reading);
    record_add_number(bytes, counter->id);
    record_add_number(bytes, counter->level);
    record_add_number(bytes, counter->device_level);
    record_add_text(bytes, counter->name);
    record_add_text(bytes, counter->unit);
    record_add_text(bytes, counter->rollup);
    record_add_text(bytes, counter->stats);
    record_add_text(bytes, counter->label);
    record_add_text(bytes, counter->summary);
    record_add_text(bytes, counter->formula);
    record_add_text(bytes, counter->fidelity);
}

struct counter rest_counter_read(struct record *record) {
    struct counter counter = {0};
    counter.has_id = record_number(record);
    counter.reading = record_number(record);
    counter.id = (int32_t)record_number(record);
    counter.level = (int32_t)record_number(record);
    counter.device_level = (int32_t)record_number(record);
    counter.name = record_text(record);
    counter.unit = record_text(record);
    counter.rollup = record_text(record);
    counter.stats = record_text(record);
    counter.label = record_text(record);
    counter.summary = record_text(record);
    counter.formula = record_text(record);
    counter.fidelity = record_text(record);
    return counter;
}
