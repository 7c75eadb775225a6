/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Reads PerfEntityMetric and PerfEntityMetricCSV, the bulk of what vperf receives, from gSOAP's
 * buffer straight into arrays of numbers. Both formats go through the same code: a normal series is
 * a list of one number in each of several elements.
 */
#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <stdlib.h>
#include <string.h>

enum { SLAB_SIZE = 4096 };

/* A list that grows on the heap and is used again for the next series. */
struct numbers {
    int64_t *item;
    size_t count;
    size_t room;
};

/* What reading one entity needs; `slab` is memory of the soap context, handed out in pieces. */
struct reader {
    struct scan scan;
    struct numbers values;
    struct numbers times;
    struct numbers intervals;
    struct soap_blist *series;
    size_t series_count;
    char *slab;
    size_t slab_left;
    bool bad_samples;
};

static bool numbers_grow(struct reader *reader, struct numbers *list) {
    size_t room = list->room ? list->room * 2 : 64;
    int64_t *item = realloc(list->item, room * sizeof *item);
    if (!item) {
        reader->scan.soap->error = SOAP_EOM;
        return false;
    }
    list->item = item;
    list->room = room;
    return true;
}

static inline bool numbers_push(struct reader *reader, struct numbers *list, int64_t value) {
    if (list->count == list->room && !numbers_grow(reader, list))
        return false;
    list->item[list->count++] = value;
    return true;
}

static void *allocate(struct reader *reader, size_t size) {
    size = (size + 7) & ~(size_t)7;
    if (size > reader->slab_left) {
        size_t fresh = size > SLAB_SIZE ? size : SLAB_SIZE;
        reader->slab = soap_malloc(reader->scan.soap, fresh);
        reader->slab_left = reader->slab ? fresh : 0;
        if (!reader->slab) {
            reader->scan.soap->error = SOAP_EOM;
            return NULL;
        }
    }
    void *piece = reader->slab;
    reader->slab += size;
    reader->slab_left -= size;
    return piece;
}

static const char *copy_text(struct reader *reader, const char *text) {
    size_t size = strlen(text) + 1;
    if (size == 1)
        return "";
    char *copy = allocate(reader, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

/* Reads digits into `value`; false when there are none or they do not fit. */
static bool read_digits(struct scan *scan, int64_t *value) {
    uint64_t number = 0;
    size_t digits = 0;
    do {
        const char *at = scan->at;
        while (at < scan->end && *at >= '0' && *at <= '9')
            number = number * 10 + (uint64_t)(*at++ - '0');
        digits += (size_t)(at - scan->at);
        scan->at = at;
    } while (scan->at == scan->end && scan_refill(scan));
    /* 19 digits fit into 64 bits without a sign. */
    if (digits == 0 || digits > 19 || number > INT64_MAX)
        return false;
    *value = (int64_t)number;
    return true;
}

/* Skips white space and returns the byte behind it, not taken. */
static inline int skip_blanks(struct scan *scan) {
    int c = scan_peek(scan);
    while (c <= ' ' && scan_blank(c)) {
        scan->at++;
        c = scan_peek(scan);
    }
    return c;
}

/* Reads one number of a list, up to the ',' or '<' behind it; false for junk. */
static bool read_field(struct scan *scan, int64_t *value) {
    int c = skip_blanks(scan);
    bool negative = c == '-';
    if (c == ',' || c == '<') {
        *value = VIM_ABSENT;
        return true;
    }
    if (negative)
        scan->at++;
    if (!read_digits(scan, value))
        return false;
    if (negative)
        *value = -*value;
    c = skip_blanks(scan);
    return c == ',' || c == '<';
}

/* Reads a number of 32 bits that must be there. */
static bool read_int32(struct scan *scan, int32_t *value) {
    int64_t number;
    if (scan->empty || !read_field(scan, &number) || number < INT32_MIN || number > INT32_MAX)
        return false;
    *value = (int32_t)number;
    return true;
}

/* Steps over a ',' and tells whether there was one. */
static bool read_comma(struct scan *scan) {
    if (scan_peek(scan) != ',')
        return false;
    scan->at++;
    return true;
}

/* Reads a time up to the ',' or '<' behind it. */
static bool read_time(struct scan *scan, int64_t *seconds) {
    char text[48];
    size_t length = 0;
    int c;
    while ((c = scan_peek(scan)) >= 0 && c != ',' && c != '<') {
        if (length + 1 == sizeof text)
            return false;
        text[length++] = (char)c;
        scan->at++;
    }
    text[length] = '\0';
    return wire_time_parse(text, seconds);
}

static bool add_sample(struct reader *reader, int64_t time, int32_t interval) {
    return numbers_push(reader, &reader->times, time) &&
           numbers_push(reader, &reader->intervals, interval);
}

/* <sampleInfo>: one sample of the normal format. */
static bool read_sample(struct reader *reader) {
    struct scan *scan = &reader->scan;
    bool has_time = false, has_interval = false;
    int64_t time = 0;
    int32_t interval = 0;
    while (!scan->empty && scan_child(scan)) {
        if (scan_named(scan, "timestamp"))
            has_time = !scan->empty && read_time(scan, &time);
        else if (scan_named(scan, "interval"))
            has_interval = read_int32(scan, &interval);
        if (!scan_leave(scan))
            return false;
        scan->empty = false;
    }
    if (!has_time || !has_interval)
        reader->bad_samples = true;
    return !scan->soap->error && add_sample(reader, time, interval);
}

/* <sampleInfoCSV>: interval,time,interval,time,… */
static bool read_sample_list(struct reader *reader) {
    struct scan *scan = &reader->scan;
    if (scan->empty || scan_peek(scan) == '<')
        return scan_leave(scan);
    do {
        int64_t time;
        int32_t interval;
        if (!read_int32(scan, &interval) || !read_comma(scan) || !read_time(scan, &time)) {
            reader->bad_samples = true;
            break;
        }
        if (!add_sample(reader, time, interval))
            return false;
    } while (read_comma(scan));
    return scan_leave(scan);
}

/* Behind a list there is its end tag and nothing else; anything else is junk in the list. */
static bool leave_list(struct scan *scan, bool *junk) {
    if (scan_match(scan, "</value>"))
        return true;
    scan->markup = false;
    while (scan_child(scan)) {
        *junk = true;
        if (!scan_leave(scan))
            return false;
    }
    *junk |= scan->markup;
    return !scan->soap->error;
}

/* <value> in a series: one number, or a list of them. */
static bool read_values(struct reader *reader, struct vim_series *series) {
    struct scan *scan = &reader->scan;
    if (scan->empty || series->malformed || scan_peek(scan) == '<')
        return scan_leave(scan);
    do {
        int64_t value;
        if (!read_field(scan, &value)) {
            series->malformed = true;
            break;
        }
        if (!numbers_push(reader, &reader->values, value))
            return false;
    } while (read_comma(scan));
    return leave_list(scan, &series->malformed);
}

/* <id>: the counter and the instance of a series. */
static bool read_id(struct reader *reader, struct vim_series *series, bool *has_counter) {
    struct scan *scan = &reader->scan;
    if (scan->empty)
        return true;
    while (scan_child(scan)) {
        if (scan_named(scan, "instance")) {
            if (!scan_leaf(scan))
                return false;
            series->malformed |= scan->text_cut;
            series->instance = copy_text(reader, scan->text);
            if (!series->instance)
                return false;
            continue;
        }
        if (scan_named(scan, "counterId"))
            *has_counter = read_int32(scan, &series->counter_id);
        if (!scan_leave(scan))
            return false;
    }
    return !scan->soap->error;
}

/* The children of a series, end tag included. */
static bool read_series_content(struct reader *reader, struct vim_series *series) {
    struct scan *scan = &reader->scan;
    bool has_counter = false;
    while (scan_child(scan)) {
        bool good;
        if (scan_named(scan, "value")) {
            do
                good = read_values(reader, series);
            while (good && scan_match(scan, "<value>"));
        } else if (scan_named(scan, "id"))
            good = read_id(reader, series, &has_counter);
        else
            good = scan_leave(scan);
        if (!good)
            return false;
    }
    series->malformed |= !has_counter;
    return !scan->soap->error;
}

static int64_t *copy_numbers(struct reader *reader, const struct numbers *list) {
    if (list->count == 0)
        return NULL;
    int64_t *copy = allocate(reader, list->count * sizeof *copy);
    return copy ? memcpy(copy, list->item, list->count * sizeof *copy) : NULL;
}

/* <value> in an entity: a series. */
static bool read_series(struct reader *reader) {
    struct soap *soap = reader->scan.soap;
    struct vim_series series = {.instance = "", .malformed = reader->scan.empty};
    if (reader->series_count >= soap->maxoccurs) {
        soap->error = SOAP_OCCURS;
        return false;
    }
    reader->values.count = 0;
    if (!reader->scan.empty && !read_series_content(reader, &series))
        return false;
    series.count = reader->values.count;
    series.values = copy_numbers(reader, &reader->values);
    struct vim_series *slot = soap_push_block_max(soap, reader->series, sizeof *slot);
    if (!slot || (series.count && !series.values))
        return false;
    *slot = series;
    reader->series_count++;
    return true;
}

static bool read_entity(struct reader *reader, struct vim_entity_metric *metric) {
    metric->entity.type = copy_text(reader, reader->scan.type);
    if (!scan_leaf(&reader->scan))
        return false;
    metric->entity.value = copy_text(reader, reader->scan.text);
    return metric->entity.type && metric->entity.value;
}

/* The children of an entity's metric, up to its end tag. */
static bool read_content(struct reader *reader, struct vim_entity_metric *metric) {
    struct scan *scan = &reader->scan;
    enum scan_event event;
    while ((event = scan_next(scan)) == SCAN_START) {
        bool good;
        if (scan_named(scan, "value"))
            good = read_series(reader);
        else if (scan_named(scan, "sampleInfo"))
            good = read_sample(reader);
        else if (scan_named(scan, "sampleInfoCSV"))
            good = read_sample_list(reader);
        else if (scan_named(scan, "entity"))
            good = read_entity(reader, metric);
        else
            good = scan_leave(scan);
        if (!good)
            return false;
    }
    return event == SCAN_END;
}

/* Moves what was read into the memory of the soap context. */
static bool publish(struct reader *reader, struct vim_entity_metric *metric) {
    size_t count = reader->bad_samples ? 0 : reader->times.count;
    metric->malformed = reader->bad_samples;
    if (count) {
        metric->times = copy_numbers(reader, &reader->times);
        metric->intervals = allocate(reader, count * sizeof *metric->intervals);
        if (!metric->times || !metric->intervals)
            return false;
        for (size_t i = 0; i < count; i++)
            metric->intervals[i] = (int32_t)reader->intervals.item[i];
        metric->sample_count = count;
    }
    if (reader->series_count) {
        metric->series = soap_save_block(reader->scan.soap, reader->series, NULL, 0);
        reader->series = NULL;
        if (!metric->series)
            return false;
        metric->series_count = reader->series_count;
    }
    return true;
}

static bool read_metric(struct soap *soap, struct vim_entity_metric *metric) {
    struct reader reader = {.series = soap_alloc_block(soap)};
    if (!reader.series)
        return false;
    scan_begin(&reader.scan, soap);
    bool good = read_content(&reader, metric) && publish(&reader, metric);
    if (good)
        scan_return(&reader.scan);
    if (reader.series)
        soap_end_block(soap, reader.series);
    free(reader.values.item);
    free(reader.times.item);
    free(reader.intervals.item);
    if (!good && !soap->error)
        soap->error = SOAP_EOM;
    return good;
}

void soap_default_vim25__PerfEntityMetricBase(struct soap *soap, struct vim_entity_metric *metric) {
    (void)soap;
    memset(metric, 0, sizeof *metric);
    metric->entity.type = "";
    metric->entity.value = "";
}

void soap_serialize_vim25__PerfEntityMetricBase(struct soap *soap,
                                                const struct vim_entity_metric *metric) {
    (void)soap;
    (void)metric;
}

/* Metrics only ever arrive. */
int soap_out_vim25__PerfEntityMetricBase(struct soap *soap, const char *tag, int id,
                                         const struct vim_entity_metric *metric, const char *type) {
    (void)tag;
    (void)id;
    (void)metric;
    (void)type;
    return soap->error = SOAP_PROHIBITED;
}

struct vim_entity_metric *soap_in_vim25__PerfEntityMetricBase(struct soap *soap, const char *tag,
                                                              struct vim_entity_metric *metric,
                                                              const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!metric)
        metric = soap_malloc(soap, sizeof *metric);
    if (!metric)
        return NULL;
    soap_default_vim25__PerfEntityMetricBase(soap, metric);
    if (soap->body && (!read_metric(soap, metric) || soap_element_end_in(soap, tag)))
        return NULL;
    return metric;
}
