/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Prometheus remote write 1.0: protobuf in a block of snappy. A request is a list of time series;
 * two requests one behind the other are one, by the rules of protobuf, so that each series is
 * encoded when it comes.
 */
#include <inttypes.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/total.h"
#include "push/helper/encoding.h"
#include "remote_write.pb-c.h"
#include "sink/metric_names.h"

enum { LABELS = 7, ENTITY_LABELS = 5, SAMPLES_AT_ONCE = 1024 };

static const int64_t second_ms = 1000;

/* What stays the same for an entity, with its UTF-8 made valid. */
struct labelled {
    char *key;
    char *values[ENTITY_LABELS];
    size_t own_count; /* labels of the target */
    char *own_keys[LABELS_MAX];
    char *own_values[LABELS_MAX];
};

struct named {
    struct metric metric;
    char *name; /* that its samples have */
};

/* What the values of a series have added up to. */
struct total {
    int64_t value;
    int64_t time; /* of the newest sample */
};

struct remote_encoder {
    struct encoder base;
    GHashTable *entities; /* struct labelled, by address of the entity */
    GHashTable *metrics;  /* struct named, by address of the counter */
    struct metric_names *names;
    GHashTable *totals; /* struct total, by metric, entity and instance as text */
    GString *key;
    Remote__Sample samples[SAMPLES_AT_ONCE];
    Remote__Sample *pointers[SAMPLES_AT_ONCE];
};

static struct remote_encoder *from_base(struct encoder *encoder) {
    return (struct remote_encoder *)(void *)encoder;
}

static void free_labelled(gpointer data) {
    struct labelled *labelled = data;
    for (size_t i = 0; i < ENTITY_LABELS; i++)
        g_free(labelled->values[i]);
    for (size_t i = 0; i < labelled->own_count; i++) {
        free(labelled->own_keys[i]);
        free(labelled->own_values[i]);
    }
    g_free(labelled->key);
    free(labelled);
}

static void free_named(gpointer data) {
    struct named *named = data;
    metric_done(&named->metric);
    free(named->name);
    free(named);
}

static struct encoder *remote_new(const struct sink_options *options) {
    (void)options;
    struct remote_encoder *remote = memory_alloc(sizeof *remote);
    remote->base.text = g_byte_array_new();
    remote->entities = g_hash_table_new_full(NULL, NULL, NULL, free_labelled);
    remote->metrics = g_hash_table_new_full(NULL, NULL, NULL, free_named);
    remote->names = metric_names_new();
    remote->totals = g_hash_table_new_full(g_str_hash, g_str_equal, free, free);
    remote->key = g_string_new(NULL);
    for (size_t i = 0; i < SAMPLES_AT_ONCE; i++) {
        remote__sample__init(&remote->samples[i]);
        remote->pointers[i] = &remote->samples[i];
    }
    return &remote->base;
}

static void remote_free(struct encoder *encoder) {
    struct remote_encoder *remote = from_base(encoder);
    g_hash_table_destroy(remote->entities);
    g_hash_table_destroy(remote->metrics);
    metric_names_free(remote->names);
    g_hash_table_destroy(remote->totals);
    g_string_free(remote->key, TRUE);
    g_byte_array_free(remote->base.text, TRUE);
    free(remote);
}

static char *valid(const char *text) {
    return g_utf8_make_valid(text ? text : "", -1);
}

static void add_own_labels(struct labelled *labelled, const char *list) {
    struct label label;
    while (labelled->own_count < LABELS_MAX && labels_next(&list, &label)) {
        labelled->own_keys[labelled->own_count] = memory_strndup(label.key, label.key_length);
        labelled->own_values[labelled->own_count++] =
            memory_strndup(label.value, label.value_length);
    }
}

static const struct labelled *labels_of(struct remote_encoder *remote,
                                        const struct entity *entity) {
    struct labelled *labelled = g_hash_table_lookup(remote->entities, entity);
    if (labelled)
        return labelled;
    labelled = memory_alloc(sizeof *labelled);
    entity_key(entity, remote->key);
    labelled->key = g_strdup(remote->key->str);
    const char *const values[ENTITY_LABELS] = {entity->hypervisor, entity->id, entity->name,
                                               entity->source, entity_type_name(entity->type)};
    for (size_t i = 0; i < ENTITY_LABELS; i++)
        labelled->values[i] = valid(values[i]);
    add_own_labels(labelled, entity->labels);
    g_hash_table_insert(remote->entities, (gpointer)entity, labelled);
    return labelled;
}

static const struct named *named_of(struct remote_encoder *remote, const struct counter *counter) {
    struct named *named = g_hash_table_lookup(remote->metrics, counter);
    if (named)
        return named;
    named = memory_alloc(sizeof *named);
    metric_names_init(remote->names, &named->metric, counter);
    named->name = memory_concat(named->metric.name, named->metric.total ? "_total" : "", NULL);
    g_hash_table_insert(remote->metrics, (gpointer)counter, named);
    return named;
}

/* NULL when the values of the series do not add up. */
static struct total *total_of(struct remote_encoder *remote, const struct named *metric,
                              const struct labelled *entity, const char *instance) {
    if (!metric->metric.total)
        return NULL;
    g_string_assign(remote->key, metric->name);
    g_string_append_c(remote->key, '\n');
    g_string_append(remote->key, instance);
    g_string_append_c(remote->key, '\n');
    g_string_append(remote->key, entity->key);
    struct total *total = g_hash_table_lookup(remote->totals, remote->key->str);
    if (total)
        return total;
    total = memory_alloc(sizeof *total);
    total->time = INT64_MIN;
    g_hash_table_insert(remote->totals, memory_strdup(remote->key->str), total);
    return total;
}

static int compare_names(const void *a, const void *b) {
    const Remote__Label *left = *(Remote__Label *const *)a, *right = *(Remote__Label *const *)b;
    return strcmp(left->name, right->name);
}

/* In the order of their names, as the specification says. An empty one is none. */
static size_t set_labels(Remote__Label *labels, Remote__Label **pointers,
                         const struct named *metric, const struct labelled *entity,
                         char *instance) {
    static const char *const names[LABELS] = {"__name__", "hypervisor", "id",  "instance",
                                              "name",     "source",     "type"};
    char *const *values = entity->values;
    char *const all[LABELS] = {metric->name, values[0], values[1], instance,
                               values[2],    values[3], values[4]};
    size_t count = 0;
    for (size_t i = 0; i < LABELS; i++) {
        if (!all[i] || !*all[i])
            continue;
        remote__label__init(&labels[count]);
        labels[count].name = (char *)names[i];
        labels[count].value = all[i];
        pointers[count] = &labels[count];
        count++;
    }
    for (size_t i = 0; i < entity->own_count; i++, count++) {
        remote__label__init(&labels[count]);
        labels[count].name = entity->own_keys[i];
        labels[count].value = entity->own_values[i];
        pointers[count] = &labels[count];
    }
    if (entity->own_count)
        qsort(pointers, count, sizeof *pointers, compare_names);
    return count;
}

static void add(struct remote_encoder *remote, Remote__TimeSeries *series) {
    GByteArray *text = remote->base.text;
    Remote__WriteRequest request = REMOTE__WRITE_REQUEST__INIT;
    request.n_timeseries = 1;
    request.timeseries = &series;
    guint used = text->len;
    size_t size = remote__write_request__get_packed_size(&request);
    g_byte_array_set_size(text, used + (guint)size);
    remote__write_request__pack(&request, text->data + used);
}

/*
 * False when the total is not to be sent with the time of the sample. A late one is in the total
 * from the next newer one on: sent with an older time it would seem to begin anew. The newest one
 * that comes again is in it already.
 */
static bool add_to_total(struct total *total, const struct sample *sample) {
    if (sample->time == total->time)
        return false;
    total->value = total_add(total->value, sample->value);
    if (sample->time < total->time)
        return false;
    total->time = sample->time;
    return true;
}

/* False when there is nothing to send; a damaged history has times that are none. */
static bool set_sample(Remote__Sample *to, const struct named *metric, struct total *total,
                       const struct sample *from) {
    if (__builtin_mul_overflow(from->time, second_ms, &to->timestamp) ||
        (total && !add_to_total(total, from)))
        return false;
    to->value = metric_number(metric->metric.scale, total ? total->value : from->value);
    return true;
}

static void add_samples(struct remote_encoder *remote, Remote__TimeSeries *encoded,
                        const struct named *metric, struct total *total,
                        const struct series *series) {
    encoded->samples = remote->pointers;
    for (size_t i = 0; i < series->count;) {
        for (encoded->n_samples = 0; i < series->count && encoded->n_samples < SAMPLES_AT_ONCE; i++)
            encoded->n_samples += set_sample(&remote->samples[encoded->n_samples], metric, total,
                                             &series->samples[i]);
        if (encoded->n_samples)
            add(remote, encoded);
    }
}

static void remote_series(struct encoder *encoder, unsigned target, const struct series *series) {
    struct remote_encoder *remote = from_base(encoder);
    Remote__Label labels[LABELS + LABELS_MAX], *pointers[LABELS + LABELS_MAX];
    Remote__TimeSeries encoded = REMOTE__TIME_SERIES__INIT;
    const struct labelled *entity = labels_of(remote, series->entity);
    const struct named *metric = named_of(remote, series->counter);
    struct total *total = total_of(remote, metric, entity, series->instance);
    char *instance = valid(series->instance);
    (void)target;
    encoded.n_labels = set_labels(labels, pointers, metric, entity, instance);
    encoded.labels = pointers;
    add_samples(remote, &encoded, metric, total, series);
    g_free(instance);
}

static void remote_forget(struct encoder *encoder) {
    struct remote_encoder *remote = from_base(encoder);
    g_hash_table_remove_all(remote->entities);
    g_hash_table_remove_all(remote->metrics);
    g_hash_table_remove_all(remote->totals);
}

/* Its tag, the length of what follows as a varint, and that. */
static size_t remote_length(const guint8 *items, size_t size) {
    size_t at = 1, length = 0;
    for (unsigned shift = 0; at < size && shift < 32; shift += 7) {
        length |= (size_t)(items[at] & 0x7f) << shift;
        if (!(items[at++] & 0x80))
            break;
    }
    return MIN(at + length, size);
}

static GByteArray *remote_compress(const guint8 *items, size_t size) {
    size_t length = snappy_max_compressed_length(size);
    GByteArray *body = g_byte_array_new();
    g_byte_array_set_size(body, (guint)length);
    snappy_compress((const char *)items, size, (char *)body->data, &length);
    g_byte_array_set_size(body, (guint)length);
    return body;
}

static GByteArray *remote_expand(const GByteArray *body) {
    size_t length = 0;
    const char *bytes = (const char *)body->data;
    GByteArray *items = g_byte_array_new();
    snappy_uncompressed_length(bytes, body->len, &length);
    g_byte_array_set_size(items, (guint)length);
    snappy_uncompress(bytes, body->len, (char *)items->data, &length);
    g_byte_array_set_size(items, (guint)length);
    return items;
}

static void describe_series(GString *text, const Remote__TimeSeries *series) {
    for (size_t i = 0; i < series->n_labels; i++) {
        bool name = strcmp(series->labels[i]->name, "__name__") == 0;
        if (name)
            g_string_append_printf(text, "%s{", series->labels[i]->value);
        else
            g_string_append_printf(text, "%s%s=\"%s\"", i > 1 ? "," : "", series->labels[i]->name,
                                   series->labels[i]->value);
    }
    g_string_append_c(text, '}');
    if (series->n_samples)
        g_string_append_printf(text, " %.17g at %" PRId64, series->samples[0]->value,
                               series->samples[0]->timestamp);
}

static char *remote_describe(const guint8 *items, size_t size) {
    GString *text = g_string_new(NULL);
    Remote__WriteRequest *request =
        remote__write_request__unpack(NULL, remote_length(items, size), items);
    if (request && request->n_timeseries)
        describe_series(text, request->timeseries[0]);
    if (request)
        remote__write_request__free_unpacked(request, NULL);
    char *shown = memory_strdup(text->str);
    g_string_free(text, TRUE);
    return shown;
}

static const char *const headers[] = {"Content-Type: application/x-protobuf",
                                      "Content-Encoding: snappy",
                                      "X-Prometheus-Remote-Write-Version: 0.1.0", NULL};

const struct encoding encoding_remote_write = {
    .headers = headers,
    .new = remote_new,
    .free = remote_free,
    .series = remote_series,
    .forget = remote_forget,
    .length = remote_length,
    .compress = remote_compress,
    .expand = remote_expand,
    .describe = remote_describe,
};
