/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/wire/updates.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/budget.h"
#include "source/xapi/wire/markup.h"

/* A host with 1000 VMs of 100 data sources each, and a year by days. */
enum { MOST_COLUMNS = 200000, MOST_VALUES = 50000000 };

enum { COLUMN_BYTES = 128 }; /* about, with its UUID */

/* Of times and steps: seconds until 2096, twice which are still an int64_t of nanoseconds. */
static const int64_t most_seconds = 4000000000;

struct reading {
    struct markup markup;
    struct updates *updates;
    size_t column_capacity;
    size_t row_capacity;
    const char *fault; /* why it cannot be used, or NULL */
    bool refused;      /* by the budget */
};

static bool hold(struct reading *reading, size_t bytes) {
    if (budget_take(bytes)) {
        reading->updates->held += bytes;
        return true;
    }
    reading->refused = true;
    reading->fault = "there is no room for it";
    return false;
}

static bool read_whole(const char *text, int64_t *number) {
    char *end = NULL;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    *number = value;
    return end != text && !*end && value >= 0 && value <= most_seconds;
}

/* NAN for what is no number, and for what is none that is finite. */
static double read_number(const char *text) {
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    return end != text && !*end && isfinite(value) ? value : (double)NAN;
}

/* AVERAGE:vm:UUID:cpu0; a name may hold colons. */
static struct updates_column read_column(const char *text) {
    struct updates_column column = {OWNER_OTHER, NULL, NULL};
    char **parts = g_strsplit(text, ":", 4);
    if (g_strv_length(parts) == 4 && strcmp(parts[0], "AVERAGE") == 0) {
        if (strcmp(parts[1], "host") == 0)
            column.owner = OWNER_HOST;
        else if (strcmp(parts[1], "vm") == 0)
            column.owner = OWNER_VM;
        column.uuid = memory_strdup(parts[2]);
        column.name = memory_strdup(parts[3]);
    }
    g_strfreev(parts);
    return column;
}

static void read_legend(struct reading *reading) {
    struct updates *updates = reading->updates;
    int depth = markup_depth(&reading->markup);
    while (!reading->fault && markup_enter(&reading->markup, depth)) {
        if (!markup_is(&reading->markup, "entry")) {
            markup_skip(&reading->markup);
            continue;
        }
        const char *text = markup_text(&reading->markup);
        if (!hold(reading, COLUMN_BYTES + strlen(text)))
            return;
        updates->columns = memory_grow(updates->columns, updates->column_count,
                                       &reading->column_capacity, sizeof *updates->columns);
        updates->columns[updates->column_count++] = read_column(text);
        if (updates->column_count > MOST_COLUMNS)
            reading->fault = "it has too many columns";
    }
}

static void read_meta(struct reading *reading) {
    static const char wrong[] = "its head has a number that is none";
    struct updates *updates = reading->updates;
    const struct {
        const char *name;
        int64_t *number;
    } numbers[] = {{"start", &updates->start}, {"end", &updates->end}, {"step", &updates->step}};
    int depth = markup_depth(&reading->markup);
    while (!reading->fault && markup_enter(&reading->markup, depth)) {
        size_t i = 0;
        while (i < G_N_ELEMENTS(numbers) && !markup_is(&reading->markup, numbers[i].name))
            i++;
        if (markup_is(&reading->markup, "legend"))
            read_legend(reading);
        else if (i == G_N_ELEMENTS(numbers))
            markup_skip(&reading->markup);
        else if (!read_whole(markup_text(&reading->markup), numbers[i].number))
            reading->fault = wrong;
    }
}

static void read_row(struct reading *reading) {
    struct updates *updates = reading->updates;
    if (!hold(reading, sizeof(struct updates_row) + (updates->column_count + 1) * sizeof(double)))
        return;
    struct updates_row row = {0, memory_array(updates->column_count + 1, sizeof *row.values)};
    size_t count = 0;
    bool timed = false;
    int depth = markup_depth(&reading->markup);
    while (markup_enter(&reading->markup, depth)) {
        if (markup_is(&reading->markup, "t")) {
            timed = read_whole(markup_text(&reading->markup), &row.time);
        } else if (markup_is(&reading->markup, "v") && count <= updates->column_count) {
            row.values[MIN(count, updates->column_count)] =
                read_number(markup_text(&reading->markup));
            count++;
        } else {
            markup_skip(&reading->markup);
        }
    }
    updates->rows = memory_grow(updates->rows, updates->row_count, &reading->row_capacity,
                                sizeof *updates->rows);
    updates->rows[updates->row_count++] = row;
    if (!timed)
        reading->fault = "a row has no time";
    else if (count != updates->column_count)
        reading->fault = "a row has not as many values as there are columns";
    else if (updates->row_count * (updates->column_count + 1) > MOST_VALUES)
        reading->fault = "it has too many values";
}

static void read_data(struct reading *reading) {
    int depth = markup_depth(&reading->markup);
    while (!reading->fault && markup_enter(&reading->markup, depth)) {
        if (markup_is(&reading->markup, "row"))
            read_row(reading);
        else
            markup_skip(&reading->markup);
    }
}

/* The rows need the legend, which stands before them. */
static void read_all(struct reading *reading) {
    struct markup *markup = &reading->markup;
    bool headed = false;
    if (!markup_begin(markup, "xport")) {
        reading->fault = "it is no XML of RRDs";
        return;
    }
    while (!reading->fault && markup_enter(markup, 0)) {
        if (markup_is(markup, "meta") && !headed) {
            read_meta(reading);
            headed = true;
        } else if (markup_is(markup, "data") && headed) {
            read_data(reading);
        } else {
            markup_skip(markup);
        }
    }
    if (!reading->fault && !markup_end(markup))
        reading->fault = "it is damaged, or its end is missing";
    if (!reading->fault && (!headed || reading->updates->step <= 0))
        reading->fault = "it has no step";
}

static int compare_rows(const void *left, const void *right) {
    int64_t a = ((const struct updates_row *)left)->time;
    int64_t b = ((const struct updates_row *)right)->time;
    return (a > b) - (a < b);
}

/* They come newest first. */
static void order(struct updates *updates) {
    size_t count = 0;
    if (updates->row_count)
        qsort(updates->rows, updates->row_count, sizeof *updates->rows, compare_rows);
    for (size_t i = 0; i < updates->row_count; i++) {
        if (count && updates->rows[count - 1].time == updates->rows[i].time)
            free(updates->rows[i].values);
        else
            updates->rows[count++] = updates->rows[i];
    }
    updates->row_count = count;
}

/* An XAPI that is asked for XML gives it, in all its versions; what is between may not. */
static bool is_json(const char *bytes, size_t size) {
    while (size && g_ascii_isspace(*bytes))
        bytes++, size--;
    return size && *bytes == '{';
}

static void refuse(const struct reading *reading, struct error *error) {
    const char *reason = reading->markup.damaged ? reading->markup.reason : "";
    if (reading->refused)
        budget_refuse(error);
    else
        error_set(error, ERROR_PROTOCOL, "the answer to /rrd_updates cannot be read: %s%s%s",
                  reading->fault, *reason ? ": " : "", reason);
}

bool updates_read(struct updates *updates, const char *bytes, size_t size, struct error *error) {
    struct reading reading = {.updates = updates};
    *updates = (struct updates){0};
    markup_init(&reading.markup, bytes, size);
    if (is_json(bytes, size))
        reading.fault =
            "it is JSON, where XML was asked for: look whether a proxy changes requests";
    else
        read_all(&reading);
    if (reading.fault) {
        updates_done(updates);
        refuse(&reading, error);
    } else {
        order(updates);
    }
    markup_done(&reading.markup);
    return !reading.fault;
}

void updates_done(struct updates *updates) {
    for (size_t i = 0; i < updates->column_count; i++) {
        free(updates->columns[i].uuid);
        free(updates->columns[i].name);
    }
    for (size_t i = 0; i < updates->row_count; i++)
        free(updates->rows[i].values);
    free(updates->columns);
    free(updates->rows);
    budget_give(updates->held);
    *updates = (struct updates){0};
}

long updates_find(const struct updates *updates, int64_t time) {
    size_t low = 0, high = updates->row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (updates->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low < updates->row_count && updates->rows[low].time == time ? (long)low : -1;
}
