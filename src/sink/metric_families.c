/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A record per series, in the group of its family: labels and raw samples. Numbers become text when
 * the exposition is written: a counter adds up the samples of all records of its series.
 */
#include "sink/metric_families.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/grouped.h"
#include "core/memory.h"
#include "core/total.h"
#include "sink/metric_names.h"

enum { MEMORY_LIMIT = 16 << 20, MAX_COUNTERS = 8192, TEXT_SIZE = 1 << 16, TIMES = 256 };

struct family {
    struct metric metric;
    size_t number; /* of the group */
    bool continues;
};

/* What is known of a counter, found by its address and used while it says the same. */
struct known {
    char *name;
    char *unit;
    char *stats;
    struct metric_scale scale;
    struct family *family;
};

/* A time as it stands behind a value: the series of a run have many in common. */
struct time_text {
    int64_t seconds;
    size_t length; /* 0: not formatted */
    char text[OPENMETRICS_TIME_SIZE];
};

/* In front of samples and labels. */
struct record {
    uint32_t size; /* of all, a multiple of 8 */
    uint32_t labels;
    uint64_t count;
    struct metric_scale scale;
    struct sample samples[];
};

struct metric_families {
    struct metric_style style;
    struct grouped *grouped;
    GHashTable *by_counter; /* struct known */
    struct metric_names *names;
    GHashTable *by_name;   /* struct family */
    GPtrArray *list;       /* of families, by number */
    struct entity *entity; /* a copy of the one whose labels are at hand */
    const struct entity *address;
    GString *labels;
    GHashTable *told; /* labels of entities that the info metric has */
    GString *info;
    GString *text;
    struct time_text times[TIMES];
    GString *begin; /* of the lines of the series at hand */
    struct record *record;
    size_t record_size;
};

static void free_known(gpointer data) {
    struct known *known = data;
    free(known->name);
    free(known->unit);
    free(known->stats);
    free(known);
}

static void free_family(gpointer data) {
    struct family *family = data;
    metric_done(&family->metric);
    free(family);
}

struct metric_families *metric_families_new(const struct metric_style *style) {
    struct metric_families *families = memory_alloc(sizeof *families);
    families->style = *style;
    families->grouped = grouped_new(MEMORY_LIMIT);
    families->by_counter = g_hash_table_new_full(NULL, NULL, NULL, free_known);
    families->names = metric_names_new();
    families->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    families->list = g_ptr_array_new_with_free_func(free_family);
    families->labels = g_string_new(NULL);
    families->told = g_hash_table_new_full(g_str_hash, g_str_equal, free, NULL);
    families->info = g_string_new(NULL);
    families->text = g_string_sized_new(2 * TEXT_SIZE);
    families->begin = g_string_new(NULL);
    return families;
}

void metric_families_free(struct metric_families *families) {
    if (!families)
        return;
    grouped_free(families->grouped);
    g_hash_table_destroy(families->by_counter);
    metric_names_free(families->names);
    g_hash_table_destroy(families->by_name);
    g_ptr_array_free(families->list, TRUE);
    free(families->entity);
    g_string_free(families->labels, TRUE);
    g_hash_table_destroy(families->told);
    g_string_free(families->info, TRUE);
    g_string_free(families->text, TRUE);
    g_string_free(families->begin, TRUE);
    free(families->record);
    free(families);
}

/* It owns the metric. */
static struct family *add_family(struct metric_families *families, const struct metric *metric) {
    struct family *family = memory_alloc(sizeof *family);
    family->metric = *metric;
    family->number = families->list->len;
    g_ptr_array_add(families->list, family);
    g_hash_table_insert(families->by_name, family->metric.name, family);
    return family;
}

static struct family *family_of(struct metric_families *families, const struct counter *counter,
                                struct metric_scale *scale) {
    struct metric metric;
    metric_names_init(families->names, &metric, counter);
    *scale = metric.scale;
    struct family *family = g_hash_table_lookup(families->by_name, metric.name);
    if (!family)
        return add_family(families, &metric);
    metric_done(&metric);
    return family;
}

static bool same_text(const char *left, const char *right) {
    return strcmp(left ? left : "", right ? right : "") == 0;
}

static const struct known *known_of(struct metric_families *families,
                                    const struct counter *counter) {
    struct known *known = g_hash_table_lookup(families->by_counter, counter);
    if (known && same_text(known->name, counter->name) && same_text(known->unit, counter->unit) &&
        same_text(known->stats, counter->stats))
        return known;
    if (g_hash_table_size(families->by_counter) >= MAX_COUNTERS)
        g_hash_table_remove_all(families->by_counter);
    known = memory_alloc(sizeof *known);
    known->name = memory_strdup(counter->name);
    known->unit = memory_strdup(counter->unit);
    known->stats = memory_strdup(counter->stats);
    known->family = family_of(families, counter, &known->scale);
    g_hash_table_replace(families->by_counter, (gpointer)counter, known);
    return known;
}

/* The info metric has each entity once. */
static void tell(struct metric_families *families, const struct series *series) {
    const struct metric_style *style = &families->style;
    const struct sample *newest = &series->samples[series->count - 1];
    if (g_hash_table_contains(families->told, families->labels->str))
        return;
    g_hash_table_add(families->told, memory_strdup(families->labels->str));
    openmetrics_info_at(families->info, style->dialect, series->entity, style->fields,
                        style->field_count,
                        style->without_times ? OPENMETRICS_NO_TIME : newest->time);
}

static void set_labels(struct metric_families *families, const struct series *series) {
    const struct entity *entity = series->entity;
    if (families->entity && families->address == entity && entity_same(families->entity, entity))
        return;
    free(families->entity);
    families->entity = entity_copy(entity);
    families->address = entity;
    g_string_truncate(families->labels, 0);
    openmetrics_labels(families->labels, entity);
    tell(families, series);
}

static struct record *reserve(struct metric_families *families, size_t size) {
    if (size > families->record_size) {
        free(families->record);
        families->record_size = 2 * size;
        families->record = memory_alloc(families->record_size);
    }
    return families->record;
}

bool metric_families_add(struct metric_families *families, const struct series *series,
                         struct error *error) {
    const struct known *known = known_of(families, series->counter);
    set_labels(families, series);
    size_t entity_labels = families->labels->len;
    openmetrics_label(families->labels, "instance", series->instance);
    size_t samples = series->count * sizeof *series->samples, labels = families->labels->len;
    size_t size = (sizeof(struct record) + samples + labels + 7) & ~(size_t)7;
    struct record *record = reserve(families, size);
    record->size = (uint32_t)size;
    record->labels = (uint32_t)labels;
    record->count = series->count;
    record->scale = known->scale;
    memcpy(record->samples, series->samples, samples);
    memcpy((char *)record->samples + samples, families->labels->str, labels);
    g_string_truncate(families->labels, entity_labels);
    known->family->continues |= series->continues;
    return grouped_add(families->grouped, known->family->number, record, size, error);
}

static const char *labels_of(const struct record *record) {
    return (const char *)(record->samples + record->count);
}

static void flush(GString *text, FILE *stream) {
    fwrite_unlocked(text->str, 1, text->len, stream);
    g_string_truncate(text, 0);
}

/* Of one series: what a counter has added up, and the labels. */
struct writer {
    struct metric_families *families;
    const struct metric *metric;
    GString labels; /* borrowed */
    int64_t total;
    FILE *stream;
};

static int64_t value_of(struct writer *writer, const struct sample *sample) {
    if (!writer->metric->total)
        return sample->value;
    return writer->total = total_add(writer->total, sample->value);
}

static char *put_time(struct metric_families *families, char *to, int64_t seconds) {
    /* Neighbours of any interval have places of their own. */
    uint64_t spread = (uint64_t)seconds * UINT64_C(0x9E3779B97F4A7C15);
    struct time_text *time = &families->times[spread >> 32 & (TIMES - 1)];
    if (!time->length || time->seconds != seconds) {
        time->seconds = seconds;
        time->length = openmetrics_time(time->text, families->style.dialect, seconds);
    }
    return mempcpy(to, time->text, time->length);
}

static void write_samples(struct writer *writer, const struct record *record, bool last_record) {
    struct metric_families *families = writer->families;
    const struct metric_style *style = &families->style;
    GString *text = families->text, *begin = families->begin;
    g_string_truncate(begin, 0);
    openmetrics_series(begin, writer->metric, &writer->labels);
    for (uint64_t i = 0; i < record->count; i++) {
        int64_t raw = value_of(writer, &record->samples[i]);
        if (style->newest_only && !(last_record && i + 1 == record->count))
            continue;
        size_t before = text->len;
        g_string_set_size(text, before + begin->len + METRIC_TEXT_SIZE + OPENMETRICS_TIME_SIZE);
        char *to = mempcpy(text->str + before, begin->str, begin->len);
        to += metric_text(to, record->scale, raw);
        if (!style->without_times)
            to = put_time(families, to, record->samples[i].time);
        *to++ = '\n';
        g_string_truncate(text, (gsize)(to - text->str));
        if (text->len >= TEXT_SIZE)
            flush(text, writer->stream);
    }
}

static bool same_labels(const struct record *left, const struct record *right) {
    return left->labels == right->labels &&
           memcmp(labels_of(left), labels_of(right), left->labels) == 0;
}

/* By labels; records of one series stay in the order in which they came. */
static int compare_records(gconstpointer a, gconstpointer b) {
    const struct record *left = *(const struct record *const *)a;
    const struct record *right = *(const struct record *const *)b;
    int order = memcmp(labels_of(left), labels_of(right), MIN(left->labels, right->labels));
    if (order)
        return order;
    if (left->labels != right->labels)
        return left->labels < right->labels ? -1 : 1;
    return left < right ? -1 : left > right;
}

static void note_records(void *records, const void *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        const struct record *record = (const void *)((const char *)bytes + at);
        g_ptr_array_add(records, (gpointer)record);
        at += record->size;
    }
}

static void write_series(struct writer *writer, const GPtrArray *records) {
    for (guint i = 0; i < records->len; i++) {
        const struct record *record = g_ptr_array_index(records, i);
        const struct record *next = i + 1 < records->len ? g_ptr_array_index(records, i + 1) : NULL;
        const struct record *before = i ? g_ptr_array_index(records, i - 1) : NULL;
        writer->labels.str = (char *)labels_of(record);
        writer->labels.len = record->labels;
        if (!before || !same_labels(before, record))
            writer->total = 0;
        write_samples(writer, record, !next || !same_labels(record, next));
    }
}

static void write_family(struct metric_families *families, struct family *family, FILE *stream) {
    struct writer writer = {.families = families, .metric = &family->metric, .stream = stream};
    GPtrArray *records = g_ptr_array_new();
    grouped_pieces(families->grouped, family->number, note_records, records);
    if (family->continues)
        g_ptr_array_sort(records, compare_records);
    family->continues = false;
    if (records->len)
        openmetrics_family(families->text, families->style.dialect, &family->metric);
    write_series(&writer, records);
    flush(families->text, stream);
    g_ptr_array_free(records, TRUE);
}

static void write_info(struct metric_families *families, FILE *stream) {
    if (!families->info->len)
        return;
    openmetrics_info_family(families->text, families->style.dialect);
    flush(families->text, stream);
    flush(families->info, stream);
}

static int compare_families(gconstpointer a, gconstpointer b) {
    const struct family *left = *(const struct family *const *)a;
    const struct family *right = *(const struct family *const *)b;
    return strcmp(left->metric.name, right->metric.name);
}

static GPtrArray *sorted(const GPtrArray *list) {
    GPtrArray *copy = g_ptr_array_new();
    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(copy, g_ptr_array_index(list, i));
    g_ptr_array_sort(copy, compare_families);
    return copy;
}

static void forget(struct metric_families *families) {
    grouped_clear(families->grouped);
    g_hash_table_remove_all(families->told);
    free(families->entity);
    families->entity = NULL;
}

bool metric_families_write(struct metric_families *families, FILE *stream, struct error *error) {
    if (!grouped_map(families->grouped, error))
        return false;
    GPtrArray *list = sorted(families->list);
    write_info(families, stream);
    for (guint i = 0; i < list->len; i++)
        write_family(families, g_ptr_array_index(list, i), stream);
    openmetrics_end(families->text, families->style.dialect);
    flush(families->text, stream);
    g_ptr_array_free(list, TRUE);
    forget(families);
    return true;
}
