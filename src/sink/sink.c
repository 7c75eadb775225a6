/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The table of output formats. */
#include "sink/sink.h"

#include <glib.h>
#include <string.h>

#include "core/compression.h"
#include "core/ending.h"
#include "core/memory.h"
#include "sink/formats.h"

const struct sink_ops *const sink_table[] = {
    &sink_csv,         &sink_wide,       &sink_jsonl,        &sink_influx,
    &sink_openmetrics, &sink_prometheus, &sink_table_format, NULL,
};

const struct sink_ops *sink_find(const char *name, struct error *error) {
    GString *known = g_string_new(NULL);

    for (size_t i = 0; sink_table[i]; i++) {
        if (strcmp(sink_table[i]->name, name) == 0) {
            g_string_free(known, TRUE);
            return sink_table[i];
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "", sink_table[i]->name);
    }
    error_set(error, ERROR_USAGE, "no format '%s'; the formats are %s", name, known->str);
    g_string_free(known, TRUE);
    return NULL;
}

static bool ends_with(const char *path, size_t length, const char *ending, size_t size) {
    return length > size && path[length - size - 1] == '.' &&
           g_ascii_strncasecmp(path + length - size, ending, size) == 0;
}

/* The first length bytes of the path end with a name of the format. */
static bool is_called(const char *path, size_t length, const struct sink_ops *ops) {
    if (ends_with(path, length, ops->name, strlen(ops->name)))
        return true;
    for (const char *ending = ops->endings; ending; ending = strchr(ending, ' ')) {
        ending += *ending == ' ';
        if (ends_with(path, length, ending, strcspn(ending, " ")))
            return true;
    }
    return false;
}

static bool has_right_ending(const char *path, struct error *error) {
    GString *taken = g_string_new(NULL);
    for (size_t i = 0; sink_table[i]; i++)
        g_string_append_printf(taken, "%s%s%s%s", i ? " " : "", sink_table[i]->name,
                               sink_table[i]->endings ? " " : "",
                               sink_table[i]->endings ? sink_table[i]->endings : "");
    bool right = ending_check("--output", path, taken->str, error);
    g_string_free(taken, TRUE);
    return right;
}

const struct sink_ops *sink_choose(const char *name, const char *path, struct error *error) {
    if (name)
        return sink_find(name, error);
    if (!has_right_ending(path, error))
        return NULL;
    size_t length = path ? strlen(path) - strlen(compression_suffix(path)) : 0;
    const struct sink_ops *found = sink_table[0];
    for (size_t i = 0; sink_table[i]; i++)
        if (is_called(path, length, sink_table[i]))
            found = sink_table[i]; /* x.wide.csv is called csv as well: the later one is meant */
    return found;
}

bool sink_accepts(const struct sink_ops *ops, const struct sink_options *options,
                  struct error *error) {
    const struct {
        bool given;
        unsigned taken;
        const char *name;
        const char *why;
    } rows[] = {
        {options->raw, SINK_TAKES_RAW, "--raw", "it has units of its own"},
        {options->spreadsheet_safe, SINK_TAKES_SPREADSHEET_SAFE, "--spreadsheet-safe",
         "no spreadsheet reads it"},
        {options->without_times, SINK_TAKES_NO_TIMESTAMPS, "--no-timestamps",
         "each of its rows has a time"},
        {options->units, SINK_TAKES_UNITS, "--units", "its header has no counters"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].given && !(ops->takes & rows[i].taken))
            return error_set(error, ERROR_USAGE,
                             "%s: not with the format %s: %s: leave the option out, or choose "
                             "another format",
                             rows[i].name, ops->name, rows[i].why);
    return true;
}

static void begin(struct sink *sink) {
    if (!sink->begun)
        sink->ops->begin(sink);
    sink->begun = true;
}

char *sink_header(const struct sink_ops *ops, const struct sink_options *options) {
    char *text = NULL;
    size_t length = 0;
    struct sink sink = {.ops = ops, .options = *options};
    sink.stream = memory_check(open_memstream(&text, &length));
    ops->begin(&sink);
    fclose(sink.stream);
    return text;
}

void sink_write(struct sink *sink, const struct series *series) {
    begin(sink);
    sink->ops->write(sink, series);
}

void sink_entity(struct sink *sink, const struct entity *entity) {
    if (!sink->ops->entity)
        return;
    begin(sink);
    sink->ops->entity(sink, entity);
}

void sink_skipped(struct sink *sink, const struct entity *entity) {
    if (!sink->ops->skipped)
        return;
    begin(sink);
    sink->ops->skipped(sink, entity);
}

bool sink_check(struct sink *sink, struct error *error) {
    if (sink->ops->check)
        return sink->ops->check(sink, error);
    return !sink->output || output_check(sink->output, error);
}

bool sink_round_end(struct sink *sink, struct error *error) {
    begin(sink);
    if (sink->ops->round_end)
        return sink->ops->round_end(sink, error);
    return !sink->output || output_flush(sink->output, error);
}

void sink_end(struct sink *sink) {
    begin(sink);
    sink->ops->end(sink);
}

void sink_done(struct sink *sink) {
    if (sink->ops->done)
        sink->ops->done(sink);
    sink->state = NULL;
}
