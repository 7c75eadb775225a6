/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The text of Prometheus, in both dialects, appended to a text in memory. An exposition is made of
 * families, one after the other, each of which holds all of its series:
 *
 *     openmetrics_family(text, dialect, &metric);
 *     for each series of the family:
 *         openmetrics_sample(text, dialect, &metric, labels, &value);
 *     openmetrics_end(text, dialect);
 *
 * Labels are made once per entity by openmetrics_labels; openmetrics_label adds the instance.
 */
#ifndef VPERF_SINK_OPENMETRICS_TEXT_H
#define VPERF_SINK_OPENMETRICS_TEXT_H

#include <glib.h>
#include <stdint.h>

#include "core/entity.h"
#include "core/entity_field.h"
#include "sink/metric_name.h"

enum openmetrics_dialect {
    OPENMETRICS, /* 1.0: application/openmetrics-text; times in seconds */
    PROMETHEUS,  /* the old text format 0.0.4: text/plain; times in milliseconds */
};

/* Stands for the time of a sample that is written without one. */
#define OPENMETRICS_NO_TIME INT64_MIN

/* openmetrics_family: HELP, TYPE and, in OpenMetrics, UNIT of the metric. */
void openmetrics_family(GString *text, enum openmetrics_dialect dialect,
                        const struct metric *metric);

/*
 * openmetrics_labels: source, hypervisor, type, name and id of the entity, with commas between
 * them; what is not known is left out.
 */
void openmetrics_labels(GString *labels, const struct entity *entity);

/* openmetrics_label: one more label, with a comma before it when there are others; "" is none. */
void openmetrics_label(GString *labels, const char *name, const char *value);

/* A value of a series. */
struct openmetrics_value {
    char text[METRIC_TEXT_SIZE]; /* in the base unit; see metric_text */
    size_t length;
    int64_t seconds; /* its time, or OPENMETRICS_NO_TIME */
};

enum { OPENMETRICS_TIME_SIZE = 40 };

/* openmetrics_series: what the lines of a series begin with, up to the value. */
void openmetrics_series(GString *text, const struct metric *metric, const GString *labels);

/* openmetrics_time: what stands behind the value, a blank and the time; returns its length. */
size_t openmetrics_time(char text[OPENMETRICS_TIME_SIZE], enum openmetrics_dialect dialect,
                        int64_t seconds);

/* openmetrics_sample: one line. */
void openmetrics_sample(GString *text, enum openmetrics_dialect dialect,
                        const struct metric *metric, const GString *labels,
                        const struct openmetrics_value *value);

/* openmetrics_info_family: HELP and TYPE of vperf_entity_info. */
void openmetrics_info_family(GString *text, enum openmetrics_dialect dialect);

/*
 * openmetrics_info: the sample of vperf_entity_info of the entity: its labels and what else is
 * known of it, as OPENMETRICS_CONTEXT asks for it and these fields say.
 */
void openmetrics_info(GString *text, const struct entity *entity,
                      const struct entity_field *const *fields, size_t count);

/* openmetrics_info_at: the same with a time. */
void openmetrics_info_at(GString *text, enum openmetrics_dialect dialect,
                         const struct entity *entity, const struct entity_field *const *fields,
                         size_t count, int64_t seconds);

/* What the info metric tells needs this of enum selection_context. */
#define OPENMETRICS_CONTEXT CONTEXT_PLACE

/* openmetrics_end: what ends an exposition. */
void openmetrics_end(GString *text, enum openmetrics_dialect dialect);

#endif
