/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Reads PerfEntityMetric and PerfEntityMetricCSV, the bulk of what vperf receives, from gSOAP's
 * buffer straight into arrays of numbers. Both formats go through the same code: a normal series is
 * a list of one number in each of several elements.
 */
#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_number.h"
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_slab.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <stdlib.h>
#include <string.h>

enum { JUNK = 100 }; /* more than an element may have of anything */

/* A list that grows on the heap and is used again for the next series. */
struct numbers {
    int64_t *item;
    size_t count;
    size_t room;
};

/* What reading one entity needs. */
struct reader {
    struct scan scan;
    struct numbers values;
    struct numbers times;
    struct numbers intervals;
    struct vim_series *series; /* on the heap while they grow */
    size_t series_count;
    size_t series_room;
    size_t spent; /* on the room */
    struct wire_slab slab;
    bool has_samples; /* a list of them */
    bool bad_samples;
};

/* What is read counts against the memory of the answer. */
static bool spend(struct reader *reader, size_t size) {
    return wire_spend(reader->scan.soap, size);
}

static bool numbers_grow(struct reader *reader, struct numbers *list) {
    size_t room = list->room ? list->room * 2 : 64;
    if (!spend(reader, (room - list->room) * sizeof *list->item))
        return false;
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

static void numbers_done(struct reader *reader, struct numbers *list) {
    wire_refund(reader->scan.soap, list->room * sizeof *list->item);
    free(list->item);
}

static void *allocate(struct reader *reader, size_t size) {
    return wire_slab_take(&reader->slab, reader->scan.soap, size);
}

static const char *copy_text(struct reader *reader, const char *text) {
    return wire_slab_text(&reader->slab, reader->scan.soap, text, strlen(text));
}

static bool add_sample(struct reader *reader, int64_t time, int32_t interval) {
    return numbers_push(reader, &reader->times, time) &&
           numbers_push(reader, &reader->intervals, interval);
}

/* <sampleInfo>: one sample of the normal format. */
static bool read_sample(struct reader *reader) {
    struct scan *scan = &reader->scan;
    int times = 0, intervals = 0;
    int64_t time = 0;
    int32_t interval = 0;
    scan->unreadable = false;
    while (!scan->empty && scan_child(scan)) {
        bool is_empty = scan->empty;
        if (scan_named(scan, "timestamp"))
            times += !is_empty && wire_leaf_time(scan, &time) ? 1 : JUNK;
        else if (scan_named(scan, "interval"))
            intervals += !is_empty && wire_leaf_int32(scan, &interval) && interval > 0 ? 1 : JUNK;
        else {
            if (!scan_leave(scan))
                return false;
            scan->empty = false;
            continue;
        }
        if (!is_empty && !scan_leave_text(scan))
            return false;
        scan->empty = false;
    }
    if (times != 1 || intervals != 1 || scan->unreadable)
        reader->bad_samples = true;
    return !scan->soap->error && (reader->bad_samples || add_sample(reader, time, interval));
}

/* interval,time,interval,time,… up to the end of the text; false for junk or no memory. */
static bool read_sample_texts(struct reader *reader, int c) {
    struct scan *scan = &reader->scan;
    for (;;) {
        int64_t time;
        int32_t interval;
        if (!wire_read_int32(scan, &c, &interval) || interval <= 0 || c != ',')
            return false;
        c = scan_text_behind(scan);
        if (!wire_read_time(scan, &c, &time) || !add_sample(reader, time, interval))
            return false;
        if (c < 0)
            return true;
        c = scan_text_behind(scan);
    }
}

/* <sampleInfoCSV>; a second one would leave open to which of them the values belong. */
static bool read_sample_list(struct reader *reader) {
    struct scan *scan = &reader->scan;
    reader->bad_samples |= reader->has_samples;
    reader->has_samples = true;
    if (scan->empty)
        return true;
    scan->unreadable = false;
    int c = scan_text(scan);
    if (c >= 0 && !read_sample_texts(reader, c))
        reader->bad_samples = true;
    if (scan->soap->error || !scan_leave_text(scan))
        return false;
    reader->bad_samples |= scan->unreadable;
    return true;
}

/* Reads numbers as long as they are plain; tells whether the list ended with them. */
static bool read_plain_numbers(struct reader *reader, size_t most) {
    struct scan *scan = &reader->scan;
    int64_t value;
    const char *at;
    while (reader->values.count < most && (at = wire_read_plain(scan, scan->at, &value)) != NULL) {
        bool ends = at[0] == '<' && at[1] == '/' && !scan->place;
        if ((*at != ',' && !ends) || !numbers_push(reader, &reader->values, value))
            return false;
        scan->at = at + !ends;
        if (ends)
            return true;
    }
    return false;
}

/* Reads numbers up to the end of the text; false for junk, too many, or no memory. */
static bool read_numbers(struct reader *reader) {
    struct scan *scan = &reader->scan;
    size_t most = reader->times.count ? reader->times.count : SIZE_MAX;
    while (!read_plain_numbers(reader, most)) {
        int c = scan_text(scan);
        int64_t value;
        if (!wire_read_field(scan, &c, &value) || reader->values.count >= most ||
            !numbers_push(reader, &reader->values, value))
            return false;
        if (c < 0)
            return true;
        scan->at++;
    }
    return true;
}

/* Behind a list there is its end tag and nothing else; anything else is junk in the list. */
static bool leave_list(struct scan *scan, struct vim_series *series) {
    if (!series->malformed && scan_match(scan, "</value>"))
        return true;
    if (!scan_leave_text(scan))
        return false;
    series->malformed |= scan->unreadable;
    return true;
}

/* Takes digits that end with this tag. */
static const char *match_number(const struct scan *scan, const char *at, const char *tag,
                                int32_t *number) {
    int64_t value;
    at = wire_read_plain(scan, at, &value);
    size_t length = strlen(tag);
    if (!at || value < INT32_MIN || value > INT32_MAX || (size_t)(scan->end - at) < length ||
        memcmp(at, tag, length) != 0)
        return NULL;
    *number = (int32_t)value;
    return at + length;
}

static const char *match(const struct scan *scan, const char *at, const char *tag) {
    size_t length = strlen(tag);
    return (size_t)(scan->end - at) >= length && memcmp(at, tag, length) == 0 ? at + length : NULL;
}

/*
 * Takes an id that looks, to the byte, like nearly all do: 500 instructions less than the children
 * of an element of any form. False when it does not, with nothing taken, or for no memory.
 */
static bool take_usual_id(struct reader *reader, struct vim_series *series) {
    struct scan *scan = &reader->scan;
    if (scan->place)
        return false;
    const char *at = match(scan, scan->at, "<id><counterId>");
    int32_t counter = 0;
    at = at ? match_number(scan, at, "</counterId><instance>", &counter) : NULL;
    const char *instance = at;
    while (at && at < scan->end && scan_plain[(unsigned char)*at])
        at++;
    const char *behind = at ? match(scan, at, "</instance></id>") : NULL;
    if (!behind || (size_t)(at - instance) >= sizeof scan->text)
        return false;
    series->instance = wire_slab_text(&reader->slab, scan->soap, instance, (size_t)(at - instance));
    series->counter_id = counter;
    scan->at = behind;
    return series->instance;
}

/* <value> in a series: one number, or a list of them. */
static bool read_values(struct reader *reader, struct vim_series *series) {
    struct scan *scan = &reader->scan;
    if (scan->empty || series->malformed)
        return scan_leave(scan);
    if (scan_text(scan) >= 0 && !read_numbers(reader)) {
        series->malformed = true;
        if (scan->soap->error)
            return false;
    }
    return leave_list(scan, series);
}

/* <id>: the counter and the instance of a series. */
static bool read_id(struct reader *reader, struct vim_series *series, int *counters) {
    struct scan *scan = &reader->scan;
    int instances = 0;
    while (!scan->empty && scan_child(scan)) {
        bool is_empty = scan->empty;
        if (scan_named(scan, "instance")) {
            if (!scan_leaf(scan))
                return false;
            series->instance = copy_text(reader, scan->text);
            if (!series->instance)
                return false;
            instances++;
        } else if (scan_named(scan, "counterId")) {
            *counters += !is_empty && wire_leaf_int32(scan, &series->counter_id) ? 1 : JUNK;
            if (!is_empty && !scan_leave_text(scan))
                return false;
        } else if (!scan_leave(scan))
            return false;
        scan->empty = false;
    }
    series->malformed |= instances > 1;
    return !scan->soap->error;
}

/* The children of a series, end tag included. */
static bool read_series_content(struct reader *reader, struct vim_series *series) {
    struct scan *scan = &reader->scan;
    int counters = take_usual_id(reader, series) ? 1 : 0;
    scan->unreadable = false;
    if (scan->soap->error || (scan_match(scan, "<value>") && !read_values(reader, series)))
        return false;
    /* Nearly always that was all. */
    if (counters && scan_match(scan, "</value>"))
        return true;
    while (scan_child(scan)) {
        bool good;
        if (scan_named(scan, "value")) {
            do
                good = read_values(reader, series);
            while (good && scan_match(scan, "<value>"));
        } else if (scan_named(scan, "id"))
            good = read_id(reader, series, &counters);
        else
            good = scan_leave(scan);
        if (!good)
            return false;
    }
    series->malformed |= counters != 1 || scan->unreadable;
    return !scan->soap->error;
}

static int64_t *copy_numbers(struct reader *reader, const struct numbers *list) {
    if (list->count == 0)
        return NULL;
    int64_t *copy = allocate(reader, list->count * sizeof *copy);
    return copy ? memcpy(copy, list->item, list->count * sizeof *copy) : NULL;
}

/* Memory is counted here, and not by series: each count is one of all connections. */
static bool make_room(struct reader *reader) {
    if (reader->series_count < reader->series_room)
        return true;
    size_t room = reader->series_room ? 2 * reader->series_room : 64;
    if (!spend(reader, (room - reader->series_room) * sizeof *reader->series))
        return false;
    reader->spent += (room - reader->series_room) * sizeof *reader->series;
    struct vim_series *series = realloc(reader->series, room * sizeof *series);
    if (!series) {
        reader->scan.soap->error = SOAP_EOM;
        return false;
    }
    reader->series = series;
    reader->series_room = room;
    return true;
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
    if ((series.count && !series.values) || !make_room(reader))
        return false;
    reader->series[reader->series_count++] = series;
    return true;
}

static bool read_entity(struct reader *reader, struct vim_entity_metric *metric) {
    metric->entity.type = copy_text(reader, reader->scan.type);
    if (!scan_leaf(&reader->scan))
        return false;
    metric->entity.value = copy_text(reader, reader->scan.text);
    return metric->entity.type && metric->entity.value;
}

static bool is_usual_series(struct scan *scan) {
    return scan_match(scan, "<value xsi:type=\"PerfMetricSeriesCSV\">") ||
           scan_match(scan, "<value>");
}

/* The children of an entity's metric, up to its end tag. */
static bool read_content(struct reader *reader, struct vim_entity_metric *metric) {
    struct scan *scan = &reader->scan;
    enum scan_event event;
    for (;;) {
        bool good;
        if (is_usual_series(scan)) {
            if (!read_series(reader))
                return false;
            continue;
        }
        event = scan_next(scan);
        if (event != SCAN_START)
            break;
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
        size_t size = reader->series_count * sizeof *metric->series;
        if (!spend(reader, size))
            return false;
        metric->series = soap_malloc(reader->scan.soap, size);
        if (!metric->series)
            return false;
        memcpy(metric->series, reader->series, size);
        metric->series_count = reader->series_count;
    }
    return true;
}

static bool read_metric(struct soap *soap, struct vim_entity_metric *metric) {
    struct reader reader = {.series = NULL};
    scan_begin(&reader.scan, soap);
    bool good = read_content(&reader, metric) && publish(&reader, metric);
    if (good)
        scan_return(&reader.scan);
    free(reader.series);
    wire_refund(soap, reader.spent);
    numbers_done(&reader, &reader.values);
    numbers_done(&reader, &reader.times);
    numbers_done(&reader, &reader.intervals);
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
    if (!metric || !wire_spend(soap, sizeof *metric))
        return NULL;
    soap_default_vim25__PerfEntityMetricBase(soap, metric);
    if (soap->body && (!read_metric(soap, metric) || soap_element_end_in(soap, tag)))
        return NULL;
    return metric;
}
