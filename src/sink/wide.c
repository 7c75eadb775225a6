/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Wide CSV: one row per time and entity, one column per counter and instance. All columns have to
 * be known before the first row: a bounded run is written at its end, with what does not fit into
 * memory in a temporary file; an endless one has the columns of the first rounds of its targets.
 */
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/grouped.h"
#include "core/memory.h"
#include "core/value.h"
#include "sink/csv_text.h"
#include "sink/formats.h"
#include "sink/wide_columns.h"

enum { MEMORY_LIMIT = 16 << 20, TEXT_SIZE = 1 << 16, MOST_TOLD = 20 };

/* In front of the samples of a series. */
struct record {
    uint64_t column;
    uint64_t count;
};

/* The samples of a column of one entity, and the next one to be written. */
struct run {
    size_t position;
    bool hundredths;
    size_t next; /* of the samples */
    size_t end;
};

struct wide {
    struct wide_columns *columns;
    struct grouped *rows; /* one group per entity */
    GHashTable *entities; /* numbers of groups, plus 1, by key and cells */
    GPtrArray *heads;     /* the cells of entities, by number */
    struct entity *entity;
    const struct entity *address;
    size_t number; /* of that entity */
    GString *key;
    GString *text;
    GArray *runs; /* by position */
    GArray *samples;
    GHashTable *late;    /* names of columns that the header lacks, and that were told */
    GByteArray *awaited; /* for each target, whether its first round is over */
    struct error lost;
};

static void free_head(gpointer data) {
    g_string_free(data, TRUE);
}

static struct wide *wide_of(struct sink *sink) {
    if (sink->state)
        return sink->state;
    struct wide *wide = memory_alloc(sizeof *wide);
    wide->columns = wide_columns_new();
    wide->rows = grouped_new(MEMORY_LIMIT);
    wide->entities = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    wide->heads = g_ptr_array_new_with_free_func(free_head);
    wide->key = g_string_new(NULL);
    wide->text = g_string_new(NULL);
    wide->runs = g_array_new(FALSE, FALSE, sizeof(struct run));
    wide->samples = g_array_new(FALSE, FALSE, sizeof(struct sample));
    wide->awaited = g_byte_array_new();
    wide->late = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    sink->state = wide;
    return wide;
}

static void wide_done(struct sink *sink) {
    struct wide *wide = sink->state;
    if (!wide)
        return;
    wide_columns_free(wide->columns);
    grouped_free(wide->rows);
    g_hash_table_destroy(wide->entities);
    g_ptr_array_free(wide->heads, TRUE);
    free(wide->entity);
    g_string_free(wide->key, TRUE);
    g_string_free(wide->text, TRUE);
    g_array_free(wide->runs, TRUE);
    g_array_free(wide->samples, TRUE);
    g_byte_array_free(wide->awaited, TRUE);
    g_hash_table_destroy(wide->late);
    free(wide);
}

static void append_cell(GString *text, const char *value, bool safe) {
    g_string_append_c(text, ',');
    csv_append(text, value, safe);
}

static void append_head(GString *text, const struct entity *entity,
                        const struct sink_options *options) {
    const char *const cells[] = {entity->source, entity->hypervisor, entity_type_name(entity->type),
                                 entity->name, entity->id};
    GString *value = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cells); i++)
        append_cell(text, cells[i], options->spreadsheet_safe);
    for (size_t i = 0; i < options->field_count; i++) {
        const struct entity_field *field = options->fields[i];
        g_string_truncate(value, 0);
        entity_field_append(value, field, entity);
        append_cell(text, value->str, options->spreadsheet_safe && !field->number);
    }
    g_string_free(value, TRUE);
}

/* The group of the entity. One that is called otherwise has other rows. */
static size_t group_of(struct wide *wide, const struct entity *entity,
                       const struct sink_options *options) {
    if (wide->entity && wide->address == entity && entity_same(wide->entity, entity))
        return wide->number;
    free(wide->entity);
    wide->entity = entity_copy(entity);
    wide->address = entity;
    GString *head = g_string_new(NULL);
    append_head(head, entity, options);
    entity_key(entity, wide->key);
    g_string_append(wide->key, head->str);
    wide->number = GPOINTER_TO_SIZE(g_hash_table_lookup(wide->entities, wide->key->str));
    if (wide->number) {
        g_string_free(head, TRUE);
        return --wide->number;
    }
    wide->number = wide->heads->len;
    g_ptr_array_add(wide->heads, head);
    g_hash_table_insert(wide->entities, memory_strdup(wide->key->str),
                        GSIZE_TO_POINTER(wide->heads->len));
    return wide->number;
}

/* Each column that the header lacks is told once, up to MOST_TOLD of them. */
static void tell_late(struct sink *sink, struct wide *wide, const struct series *series) {
    const char *instance = series->instance;
    g_string_assign(wide->key, series->counter->name);
    if (*instance)
        g_string_append_printf(wide->key, "[%s]", instance);
    guint told = g_hash_table_size(wide->late);
    if (told >= MOST_TOLD || g_hash_table_contains(wide->late, wide->key->str))
        return;
    g_hash_table_add(wide->late, memory_strdup(wide->key->str));
    report(sink->reporter, REPORT_WARNING,
           "%s of %s '%s' came after the header was written: it has no column; its values are left "
           "out%s",
           wide->key->str, entity_type_name(series->entity->type), series->entity->name,
           told + 1 < MOST_TOLD ? "" : ", and so are those of other columns, which are not named");
}

/* Too many columns end the run. */
static void leave_out(struct sink *sink, struct wide *wide, const struct series *series) {
    if (wide_columns_fixed(wide->columns)) {
        sink->omitted += series->count;
        tell_late(sink, wide, series);
        return;
    }
    error_set(&wide->lost, ERROR_OUTPUT,
              "wide has room for %d columns: choose by --counter, --type or --instance aggregate",
              WIDE_MOST_COLUMNS);
}

static void wide_write(struct sink *sink, const struct series *series) {
    struct wide *wide = wide_of(sink);
    bool found = false;
    if (!series->count || wide->lost.kind != ERROR_NONE)
        return;
    struct record record = {.count = series->count};
    record.column = wide_columns_of(wide->columns, series, sink->options.raw, &found);
    if (!found) {
        leave_out(sink, wide, series);
        return;
    }
    size_t group = group_of(wide, series->entity, &sink->options);
    if (!grouped_add(wide->rows, group, &record, sizeof record, &wide->lost) ||
        !grouped_add(wide->rows, group, series->samples, series->count * sizeof *series->samples,
                     &wide->lost))
        return;
}

/* Where the samples of a record are, and of which column. */
struct piece {
    const struct wide_column *column;
    const char *samples;
    uint64_t count;
};

static int compare_pieces(gconstpointer a, gconstpointer b) {
    const struct piece *left = a, *right = b;
    size_t mine = left->column->position, other = right->column->position;
    return mine < other ? -1 : mine > other;
}

/* Sorted by column; those of one column stay in the order in which they came. */
static GArray *pieces_in(const struct wide *wide, const char *bytes, size_t size) {
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(struct piece));
    for (size_t at = 0; at < size;) {
        struct record record;
        memcpy(&record, bytes + at, sizeof record);
        at += sizeof record;
        const struct wide_column *column = wide_columns_at(wide->columns, record.column);
        const struct piece piece = {column, bytes + at, record.count};
        g_array_append_val(pieces, piece);
        at += record.count * sizeof(struct sample);
    }
    g_array_sort(pieces, compare_pieces);
    return pieces;
}

static gint compare_times(gconstpointer a, gconstpointer b, gpointer context) {
    (void)context;
    const struct sample *left = a, *right = b;
    return left->time < right->time ? -1 : left->time > right->time;
}

/* Of two of one time, the one that came later counts. */
static void order(struct wide *wide, struct run *run) {
    struct sample *samples = &g_array_index(wide->samples, struct sample, run->next);
    size_t count = run->end - run->next, kept = 0;
    bool ascends = true;
    for (size_t i = 1; i < count; i++)
        ascends &= samples[i - 1].time < samples[i].time;
    if (ascends)
        return;
    g_qsort_with_data(samples, (gint)count, sizeof *samples, compare_times, NULL);
    for (size_t i = 0; i < count; i++)
        if (i + 1 == count || samples[i].time != samples[i + 1].time)
            samples[kept++] = samples[i];
    run->end = run->next + kept;
}

static void read_runs(struct wide *wide, const char *bytes, size_t size) {
    GArray *pieces = pieces_in(wide, bytes, size);
    g_array_set_size(wide->runs, 0);
    g_array_set_size(wide->samples, 0);
    for (guint i = 0; i < pieces->len;) {
        const struct wide_column *column = g_array_index(pieces, struct piece, i).column;
        struct run run = {column->position, column->hundredths, wide->samples->len, 0};
        for (; i < pieces->len && g_array_index(pieces, struct piece, i).column == column; i++) {
            const struct piece *piece = &g_array_index(pieces, struct piece, i);
            g_array_append_vals(wide->samples, piece->samples, (guint)piece->count);
        }
        run.end = wide->samples->len;
        order(wide, &run);
        g_array_append_val(wide->runs, run);
    }
    g_array_free(pieces, TRUE);
}

static void fill(GString *text, char byte, size_t count) {
    size_t before = text->len;
    g_string_set_size(text, before + count);
    memset(text->str + before, byte, count);
}

static void begin_row(GString *text, int64_t time, const GString *head) {
    char digits[TIME_TEXT_SIZE];
    g_string_append_len(text, digits, (gssize)time_text(digits, time));
    g_string_append_len(text, head->str, (gssize)head->len);
}

/* The earliest time that has no row yet; false when there is none. */
static bool next_time(const struct wide *wide, int64_t *time) {
    bool found = false;
    for (guint i = 0; i < wide->runs->len; i++) {
        const struct run *run = &g_array_index(wide->runs, struct run, i);
        if (run->next == run->end)
            continue;
        int64_t own = g_array_index(wide->samples, struct sample, run->next).time;
        *time = found ? MIN(*time, own) : own;
        found = true;
    }
    return found;
}

static void append_row(struct wide *wide, int64_t time, const GString *head) {
    size_t filled = 0;
    begin_row(wide->text, time, head);
    for (guint i = 0; i < wide->runs->len; i++) {
        struct run *run = &g_array_index(wide->runs, struct run, i);
        char digits[VALUE_TEXT_SIZE];
        if (run->next == run->end)
            continue;
        const struct sample *sample = &g_array_index(wide->samples, struct sample, run->next);
        if (sample->time != time)
            continue;
        fill(wide->text, ',', run->position + 1 - filled);
        size_t length = value_digits(digits, sample->value, run->hundredths);
        g_string_append_len(wide->text, digits, (gssize)length);
        filled = run->position + 1;
        run->next++;
    }
    fill(wide->text, ',', wide_columns_count(wide->columns) - filled);
    g_string_append_c(wide->text, '\n');
}

static void flush(GString *text, FILE *stream) {
    fwrite_unlocked(text->str, 1, text->len, stream);
    g_string_truncate(text, 0);
}

/* Entities come and go, and move, as long as an endless run takes. */
static void forget_rows(struct wide *wide) {
    grouped_clear(wide->rows);
    g_hash_table_remove_all(wide->entities);
    g_ptr_array_set_size(wide->heads, 0);
    free(wide->entity);
    wide->entity = NULL;
}

static bool write_rows(struct wide *wide, FILE *stream) {
    for (size_t i = 0; i < grouped_count(wide->rows); i++) {
        size_t size = 0;
        const char *bytes = grouped_read(wide->rows, i, &size, &wide->lost);
        if (!bytes)
            return false;
        int64_t time = 0;
        read_runs(wide, bytes, size);
        while (next_time(wide, &time)) {
            append_row(wide, time, g_ptr_array_index(wide->heads, i));
            if (wide->text->len >= TEXT_SIZE)
                flush(wide->text, stream);
        }
    }
    flush(wide->text, stream);
    forget_rows(wide);
    return true;
}

/* The file that comes after one that is moved away begins with the same header. */
static void write_header(struct sink *sink, struct wide *wide) {
    const struct sink_options *options = &sink->options;
    wide_columns_fix(wide->columns);
    g_string_assign(wide->text, "timestamp,source,hypervisor,type,\"name\",id");
    for (size_t i = 0; i < options->field_count; i++)
        g_string_append_printf(wide->text, ",%s", options->fields[i]->name);
    wide_columns_append(wide->columns, wide->text, options);
    g_string_append_c(wide->text, '\n');
    if (sink->output && sink->output->header) {
        free(sink->output->header);
        sink->output->header = memory_strdup(wide->text->str);
        sink->output->row = NULL;
    }
    flush(wide->text, sink->stream);
}

static bool write_out(struct sink *sink, struct wide *wide) {
    if (wide->lost.kind != ERROR_NONE || !grouped_prepare(wide->rows, &wide->lost))
        return false;
    if (!wide_columns_fixed(wide->columns))
        write_header(sink, wide);
    return write_rows(wide, sink->stream);
}

/* A target that cannot be reached is not waited for. */
static void settle(struct wide *wide, const struct sink *sink) {
    size_t count = MAX(sink->options.targets, sink->target + 1);
    guint before = wide->awaited->len;
    if (before < count) {
        g_byte_array_set_size(wide->awaited, (guint)count);
        memset(wide->awaited->data + before, 1, count - before);
    }
    wide->awaited->data[sink->target] = 0;
}

static bool is_settled(const struct wide *wide) {
    return !memchr(wide->awaited->data, 1, wide->awaited->len);
}

static void wide_event(struct sink *sink, const struct sink_event *event) {
    if (sink->options.endless && (event->kind == SINK_ROUND || event->kind == SINK_LOST))
        settle(wide_of(sink), sink);
}

static bool fail(const struct wide *wide, struct error *error) {
    return error_set(error, wide->lost.kind, "%s", wide->lost.message);
}

static bool wide_check(struct sink *sink, struct error *error) {
    const struct wide *wide = sink->state;
    if (wide && wide->lost.kind != ERROR_NONE)
        return fail(wide, error);
    return !sink->output || output_check(sink->output, error);
}

static bool wide_round_end(struct sink *sink, struct error *error) {
    struct wide *wide = wide_of(sink);
    wide->address = NULL;
    if (!sink->options.endless || !wide->awaited->len || !is_settled(wide))
        return true;
    if (!write_out(sink, wide))
        return fail(wide, error);
    return !sink->output || output_flush(sink->output, error);
}

static void wide_end(struct sink *sink) {
    (void)write_out(sink, wide_of(sink));
}

static void wide_begin(struct sink *sink) {
    (void)sink;
}

const struct sink_ops sink_wide = {
    .name = "wide",
    .endings = "wide.csv",
    .row = "\n", /* nothing begins so: a file that holds something may have other columns */
    .takes = SINK_TAKES_RAW | SINK_TAKES_SPREADSHEET_SAFE | SINK_TAKES_UNITS,
    .begin = wide_begin,
    .write = wide_write,
    .check = wide_check,
    .round_end = wide_round_end,
    .end = wide_end,
    .done = wide_done,
    .event = wide_event,
};
