/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each section fits into 80 columns: what matters first stands first, and the rest is in the CSV.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "core/value.h"
#include "report/page.h"
#include "sink/records.h"

enum { DEFAULT_WIDTH = 80, TOP = 20, TOP_CONTENTION = 10, PERCENTILE = 95 };

static const double kib_per_gb = 1024.0 * 1024.0, mhz_per_ghz = 1000;

struct table {
    FILE *stream;
    size_t limit;   /* of columns; 0 for all */
    size_t width;   /* of sentences */
    size_t columns; /* of the list that is being written */
    size_t hidden;  /* columns that did not fit */
    struct records *records;
};

static void begin(struct table *table, const char *title, const struct records_column *columns,
                  size_t count) {
    fprintf(table->stream, "\n%s\n", title);
    table->records = records_new(table->stream, RECORDS_TABLE, false, columns, count);
    records_limit(table->records, 1, table->limit);
    records_fit(table->records, table->limit);
    table->columns = count;
}

static void end(struct table *table) {
    records_finish(table->records);
    table->hidden += table->columns - records_shown(table->records);
    records_free(table->records);
    table->records = NULL;
}

static void put(const struct table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put(const struct table *table, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = memory_vprintf(format, arguments);
    va_end(arguments);
    records_text(table->records, text);
    free(text);
}

static void put_number(const struct table *table, bool known, double value, int decimals) {
    if (known)
        put(table, "%.*f", decimals, value);
    else
        records_text(table->records, "-");
}

/* Month, day and minute: the window is told at the top. */
static void put_moment(const struct table *table, bool known, int64_t time) {
    char text[TIME_TEXT_SIZE] = "";
    if (known && time_text(text, time) == 20)
        put(table, "%.5s %.5s", text + 5, text + 11);
    else
        records_text(table->records, "-");
}

static void put_sentence(const struct table *table, const char *text) {
    char *line = memory_strdup(text);
    text_one_line(line);
    for (const char *rest = line; *rest;) {
        size_t length = strlen(rest);
        if (length > table->width) {
            length = table->width;
            while (length && rest[length] != ' ')
                length--;
            length = length ? length : strcspn(rest, " ");
        }
        fprintf(table->stream, "%.*s\n", (int)length, rest);
        rest += length;
        rest += strspn(rest, " ");
    }
    free(line);
}

static void put_sentences(const struct table *table, const GPtrArray *sentences) {
    for (guint i = 0; i < sentences->len; i++)
        put_sentence(table, g_ptr_array_index(sentences, i));
}

static void put_use(const struct table *table, struct measure *measure, double whole) {
    bool known = measure_known(measure) && whole > 0;
    put_number(table, known, known ? 100 * measure_percentile(measure, 50) / whole : 0, 1);
    put_number(table, known, known ? 100 * measure_percentile(measure, PERCENTILE) / whole : 0, 1);
    put_number(table, known, known ? 100 * measure->peak / whole : 0, 1);
}

static void put_hosts(struct table *table, struct findings *findings) {
    static const struct records_column columns[] = {
        {"name", false},     {"cores", true},   {"GB", true},     {"vCPU/core", true},
        {"CPU p50", true},   {"p95", true},     {"peak %", true}, {"at", false},
        {"mem p50", true},   {"p95", true},     {"peak %", true}, {"active GB", true},
        {"guests GB", true}, {"threads", true},
    };
    begin(table, "Hosts and clusters: CPU demand of cores x MHz, memory consumed", columns,
          G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->capacity_count; i++) {
        struct capacity *one = &findings->capacities[i];
        records_text(table->records, one->name);
        put_number(table, one->cores > 0, (double)one->cores, 0);
        put_number(table, one->memory_kib > 0, one->memory_kib / kib_per_gb, 1);
        put_number(table, one->cores > 0, one->cores ? (double)one->vcpus / (double)one->cores : 0,
                   2);
        put_use(table, &one->demand, one->mhz);
        put_moment(table, measure_known(&one->demand), one->demand.peak_time);
        put_use(table, &one->consumed, one->memory_kib);
        put_number(table, one->active_kib > 0, one->active_kib / kib_per_gb, 1);
        put_number(table, true, one->allocated_kib / kib_per_gb, 1);
        put_number(table, one->threads > 0, (double)one->threads, 0);
    }
    end(table);
}

static void put_headroom(const struct table *table, const struct capacity *one, size_t spare,
                         const struct headroom *headroom) {
    records_text(table->records, one->name);
    put(table, "%zu of %zu", spare, one->hosts);
    put_number(table, headroom->has_mhz, headroom->mhz / mhz_per_ghz, 1);
    put_number(table, headroom->has_memory, headroom->memory_kib / kib_per_gb, 1);
    records_text(table->records, !headroom->has_mhz || !headroom->has_memory ? "-"
                                 : headroom->holds_peak                      ? "yes"
                                                                             : "no");
    put_number(table, headroom->has_more, headroom->more_average, 0);
    put_number(table, headroom->has_more, headroom->more_large, 0);
}

static void put_headrooms(struct table *table, struct findings *findings) {
    static const struct records_column columns[] = {
        {"name", false},      {"failed", false},    {"CPU GHz", true},
        {"GB", true},         {"peak fits", false}, {"more average guests", true},
        {"large ones", true},
    };
    begin(table, "Headroom at the p95 of demand, with no host and with the largest hosts failed",
          columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < findings->capacity_count; i++) {
        const struct capacity *one = &findings->capacities[i];
        put_headroom(table, one, 0, &one->now);
        if (one->spare)
            put_headroom(table, one, one->spare, &one->failed);
    }
    end(table);
}

static size_t shown(const struct findings *findings) {
    size_t top = findings->order.top ? findings->order.top : TOP;
    return MIN(top, findings->guest_count);
}

static void put_left_out(const struct table *table, size_t rows, size_t all) {
    if (rows < all)
        fprintf(table->stream, "%zu of %zu are shown: --top N, or --format csv for all.\n", rows,
                all);
}

static void put_percents(const struct table *table, struct measure *measure) {
    bool known = measure_known(measure);
    put_number(table, known, known ? measure_average(measure) : 0, 2);
    put_number(table, known, known ? measure_percentile(measure, 50) : 0, 2);
    put_number(table, known, known ? measure_percentile(measure, PERCENTILE) : 0, 2);
    put_number(table, known, known ? measure_percentile(measure, 99) : 0, 2);
    put_number(table, known, known ? measure->peak : 0, 2);
}

static void put_p95(const struct table *table, struct measure *measure, double unit, int decimals) {
    bool known = measure_known(measure);
    put_number(table, known, known ? measure_percentile(measure, PERCENTILE) / unit : 0, decimals);
}

static void put_guests(struct table *table, struct findings *findings) {
    char *above = memory_printf(">%g %% s", findings->order.rules.value[RULE_CPU_LIMIT]);
    const struct records_column columns[] = {
        {"name", false},         {"vCPUs", true},
        {"CPU avg %", true},     {"p50", true},
        {"p95", true},           {"p99", true},
        {"peak", true},          {"at", false},
        {above, true},           {"ready p95", true},
        {"covered %", true},     {"GB", true},
        {"needed GB p99", true}, {"consumed GB p95", true},
        {"active GB p95", true}, {"disk KB/s p95", true},
        {"net KB/s p95", true},
    };
    begin(table, "Guests by p95 of CPU", columns, G_N_ELEMENTS(columns));
    for (size_t i = 0; i < shown(findings); i++) {
        const struct finding *one = &findings->guests[i];
        struct measure *measures = one->guest->measures;
        const struct entity *entity = one->guest->entity;
        bool known = measure_known(&measures[USAGE_CPU]);
        bool needed = measure_known(&measures[USAGE_NEED]);
        records_text(table->records, entity->name);
        put_number(table, entity->cpus > 0, entity->cpus, 0);
        put_percents(table, &measures[USAGE_CPU]);
        put_moment(table, known, measures[USAGE_CPU].peak_time);
        put_number(table, known, (double)measures[USAGE_CPU].seconds_above, 0);
        put_p95(table, &measures[USAGE_READY], 1, 2);
        put_number(table, true, one->coverage, 0);
        put_number(table, entity->memory_kib > 0, (double)entity->memory_kib / kib_per_gb, 1);
        put_number(table, needed,
                   needed ? measure_percentile(&measures[USAGE_NEED], 99) / kib_per_gb : 0, 1);
        put_p95(table, &measures[USAGE_CONSUMED], kib_per_gb, 1);
        put_p95(table, &measures[USAGE_ACTIVE], kib_per_gb, 1);
        put_p95(table, &measures[USAGE_DISK], 1, 0);
        put_p95(table, &measures[USAGE_NET], 1, 0);
    }
    end(table);
    put_left_out(table, shown(findings), findings->guest_count);
    free(above);
}

static void put_advice(const struct table *table, const struct finding *one) {
    const struct entity *entity = one->guest->entity;
    const struct sizing_advice *advice = &one->advice;
    records_text(table->records, entity->name);
    records_text(table->records, sizing_class_name(advice->class));
    put_number(table, entity->cpus > 0, entity->cpus, 0);
    put_number(table, advice->cpus > 0, advice->cpus, 0);
    put_number(table, entity->memory_kib > 0, (double)entity->memory_kib / kib_per_gb, 1);
    put_number(table, advice->memory_kib > 0, (double)advice->memory_kib / kib_per_gb, 1);
    put_number(table, advice->memory_kib > 0 && advice->class == CLASS_OVERSIZED,
               advice->reclaimed_kib / kib_per_gb, 1);
    records_note(table->records, advice->rule);
}

static void put_sizes(struct table *table, struct findings *findings) {
    static const struct records_column columns[] = {
        {"name", false},     {"class", false},  {"vCPUs", true},    {"advised", true},
        {"memory GB", true}, {"advised", true}, {"frees GB", true},
    };
    size_t top = findings->order.top ? findings->order.top : TOP, rows = 0;
    begin(table, "Right-sizing: - is no change", columns, G_N_ELEMENTS(columns));
    for (enum sizing_class class = 0; class < SIZING_CLASSES; class ++)
        for (size_t i = 0; i < findings->guest_count && rows < top; i++)
            if (findings->guests[i].advice.class == class && ++rows)
                put_advice(table, &findings->guests[i]);
    end(table);
    put_left_out(table, rows, findings->guest_count);
}

static bool is_contended(const struct finding *finding) {
    const struct measure *measures = finding->guest->measures;
    return measures[USAGE_READY].peak > 0 || measures[USAGE_COSTOP].peak > 0 ||
           measures[USAGE_BALLOON].peak > 0 || measures[USAGE_SWAPPED].peak > 0 ||
           measures[USAGE_DROPS].peak > 0;
}

static int compare_ready(const void *a, const void *b) {
    const struct finding *const *left = a, *const *right = b;
    double mine = (*left)->guest->measures[USAGE_READY].peak;
    double other = (*right)->guest->measures[USAGE_READY].peak;
    if (mine != other)
        return mine < other ? 1 : -1;
    return entity_compare((*left)->guest->entity, (*right)->guest->entity);
}

static void put_contended(const struct table *table, const struct finding *one) {
    struct usage_entity *guest = one->guest;
    struct measure *measures = guest->measures, *ready = &measures[USAGE_READY];
    bool latency = weighted_mean_known(&guest->latency);
    records_text(table->records, guest->entity->name);
    put_number(table, measure_known(ready), ready->peak, 2);
    put_moment(table, measure_known(ready), ready->peak_time);
    put_p95(table, ready, 1, 2);
    put_number(table, measure_known(ready), (double)ready->seconds_above, 0);
    put_number(table, measure_known(&measures[USAGE_COSTOP]), measures[USAGE_COSTOP].peak, 2);
    put_number(table, measure_known(&measures[USAGE_BALLOON]),
               measures[USAGE_BALLOON].peak / kib_per_gb, 1);
    put_number(table, measure_known(&measures[USAGE_SWAPPED]),
               measures[USAGE_SWAPPED].peak / kib_per_gb, 1);
    put_number(table, latency, weighted_mean_value(&guest->latency), 1);
    put_number(table, latency, guest->latency_peak, 0);
    put_number(table, measure_known(&measures[USAGE_DROPS]), measures[USAGE_DROPS].peak, 2);
}

static void put_contention(struct table *table, struct findings *findings) {
    char *above = memory_printf(">%g %% s", findings->order.rules.value[RULE_READY_LIMIT]);
    const struct records_column columns[] = {
        {"name", false},      {"ready %", true}, {"at", false},        {"p95", true},
        {above, true},        {"co-stop", true}, {"balloon GB", true}, {"swap GB", true},
        {"latency ms", true}, {"peak", true},    {"drops/s", true},
    };
    GPtrArray *list = g_ptr_array_new();
    for (size_t i = 0; i < findings->guest_count; i++)
        if (is_contended(&findings->guests[i]))
            g_ptr_array_add(list, &findings->guests[i]);
    g_ptr_array_sort(list, compare_ready);
    size_t rows = MIN(list->len, findings->order.top ? findings->order.top : TOP_CONTENTION);
    begin(table, "Contention: highest values", columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < rows; i++)
        put_contended(table, g_ptr_array_index(list, i));
    end(table);
    put_left_out(table, rows, list->len);
    g_ptr_array_free(list, TRUE);
    free(above);
}

static void put_formulas(const struct table *table) {
    fputs("\nFormulas\n", table->stream);
    for (const struct findings_formula *one = findings_formulas; one->name; one++) {
        char *text = memory_printf("%s: %s.", one->name, one->text);
        put_sentence(table, text);
        free(text);
    }
}

void page_table(FILE *stream, struct findings *findings, const struct page_options *options) {
    struct table table = {.stream = stream,
                          .limit = options->width,
                          .width = options->width ? options->width : DEFAULT_WIDTH};
    fputs("Summary\n", stream);
    put_sentences(&table, findings->summary);
    if (findings->capacity_count) {
        put_hosts(&table, findings);
        put_headrooms(&table, findings);
    }
    if (findings->guest_count) {
        put_guests(&table, findings);
        put_sizes(&table, findings);
        put_contention(&table, findings);
    }
    fputs("\nData quality\n", stream);
    put_sentences(&table, findings->quality);
    if (table.hidden)
        fprintf(stream, "%zu columns did not fit: a wider terminal, or --format csv, has them.\n",
                table.hidden);
    put_formulas(&table);
}
