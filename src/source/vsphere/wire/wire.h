/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The vim25 types that vperf reads and writes with code of its own instead of generated code, and
 * helpers for what the generated code leaves as text. Whatever these functions return lives in the
 * soap context and goes away with soap_end().
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_H
#define VPERF_SOURCE_VSPHERE_WIRE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct soap;
struct vim25__ArrayOfInt;
struct vim25__ArrayOfLong;
struct vim25__ArrayOfManagedObjectReference;
struct vim25__ArrayOfOptionValue;
struct vim25__ArrayOfPerfInterval;
struct vim25__ArrayOfString;
struct vim25__DynamicProperty;
struct vim25__ManagedObjectReference;
struct vim25__MissingProperty;

/* VIM_ABSENT stands for a value that the server left empty (`1,,3`); never read from digits. */
#define VIM_ABSENT INT64_MIN

/* The text of a value, with its end, is cut to this: a name has 80 characters, a note some 2000. */
enum { VIM_TEXT_SIZE = 4096 };

/*
 * struct vim_any is a value of xsd:anyType. `type` is the local name of its xsi:type (NULL when the
 * server names none), `text` its characters, or its inner XML when it is complex and of a type that
 * is not listed here; never NULL in an answer. Characters are cut to VIM_TEXT_SIZE. `moref_type` is
 * set for a ManagedObjectReference alone. At most one array is set, and `text` is then empty. To
 * send one, set `type` and `text`.
 */
struct vim_any {
    const char *type;
    const char *text;
    const char *moref_type;
    struct vim25__ArrayOfInt *ints;
    struct vim25__ArrayOfLong *longs;
    struct vim25__ArrayOfString *strings;
    struct vim25__ArrayOfManagedObjectReference *morefs;
    struct vim25__ArrayOfOptionValue *options;
    struct vim25__ArrayOfPerfInterval *intervals;
};

/* struct vim_description is what people and programs call a thing; NULL for what is left out. */
struct vim_description {
    const char *key;
    const char *label;
    const char *summary;
};

/*
 * struct vim_counter is a PerfCounterInfo: 0 and NULL for what is left out. Texts are cut to 1022
 * bytes.
 */
struct vim_counter {
    int32_t key;
    int32_t level;
    int32_t device_level;
    struct vim_description name;
    struct vim_description group;
    struct vim_description unit;
    const char *rollup;
    const char *stats;
};

/*
 * struct vim_counter_visitor is who is told of the counters of a catalogue as they are read; their
 * texts are borrowed for the call. An answer that breaks off has told some of them.
 */
struct vim_counter_visitor {
    void (*visit)(void *context, const struct vim_counter *counter);
    void *context;
};

/*
 * struct vim25__ObjectContent is an object of the property collector, with what was asked for. Its
 * members are called as generated ones are.
 */
struct vim25__ObjectContent {
    struct vim25__ManagedObjectReference *obj;
    int __sizepropSet; /* NOLINT(clang-diagnostic-reserved-identifier) */
    struct vim25__DynamicProperty *propSet;
    int __sizemissingSet; /* NOLINT(clang-diagnostic-reserved-identifier) */
    struct vim25__MissingProperty *missingSet;
};

/* struct vim25__RetrieveResult is a page of them; another one follows if there is a token. */
struct vim25__RetrieveResult {
    char *token;
    int __sizeobjects; /* NOLINT(clang-diagnostic-reserved-identifier) */
    struct vim25__ObjectContent *objects;
};

/* struct vim25__PerfMetricId is a counter and an instance that an entity offers. */
struct vim25__PerfMetricId {
    int counterId;
    char *instance;
};

/* struct vim_moref names a managed object: its type ("VirtualMachine") and its id ("vm-42"). */
struct vim_moref {
    const char *type;
    const char *value;
};

/*
 * struct vim_fault is a fault of any type. `type` is its name ("NotAuthenticated"), `message` what
 * the server says to people, on one line, `xml` the fields of the fault as XML (see wire_xml_text).
 * Never NULL: what the server leaves out is "".
 */
struct vim_fault {
    const char *type;
    const char *message;
    const char *xml;
};

/*
 * struct vim_selection is a SelectionSpec (`name` alone) or, when `path` is set, a TraversalSpec:
 * from objects of `type` along their property `path`. NULL members are not sent; `skip` always is.
 */
struct vim_selection {
    const char *name;
    const char *type;
    const char *path;
    bool skip;
    size_t select_count;
    struct vim_selection *select;
};

/*
 * struct vim_query_spec is what QueryPerf asks one entity for. `start` and `end` are xsd:dateTime,
 * or NULL when they are not sent. `metrics` are the metricId elements as XML, made by
 * wire_metric_id.
 */
struct vim_query_spec {
    struct vim_moref entity;
    const char *start;
    const char *end;
    int32_t samples;
    int32_t interval;
    const char *metrics;
    size_t metrics_length;
};

/*
 * struct vim_series holds one counter and instance ("" is the aggregate). `values` are as sent: -1
 * is kept, VIM_ABSENT marks an empty field. `malformed` tells that a number is junk or does not
 * fit, that there are more of them than sample times, or that the series does not say of which
 * counter and instance it is: `values` then ends before it. `count` may be less than the entity's
 * sample_count.
 */
struct vim_series {
    const char *instance;
    int64_t *values;
    size_t count;
    int32_t counter_id;
    bool malformed;
};

/*
 * struct vim_entity_metric is the answer for one entity, whichever format the server chose. Sample
 * i was taken at times[i] (Unix seconds, the end of the interval) and covers intervals[i] seconds;
 * the order is the server's. `malformed` tells that the sample times are unreadable or impossible
 * (years before 1970 or after 2199, intervals of 0 or less): sample_count is 0.
 */
struct vim_entity_metric {
    struct vim_moref entity;
    int64_t *times;
    int32_t *intervals;
    size_t sample_count;
    struct vim_series *series;
    size_t series_count;
    bool malformed;
};

/* struct vim_namespace is one API that a server speaks: its newest version and the earlier ones. */
struct vim_namespace {
    const char *name;
    const char *version;
    const char **prior;
    size_t prior_count;
};

/* struct vim_versions is the document /sdk/vimServiceVersions.xml. */
struct vim_versions {
    struct vim_namespace *namespaces;
    size_t count;
};

/*
 * struct wire_memory is what an answer may still take: bytes of series, samples and properties.
 * `used` is what the answers that are held take together, those of other connections as well, which
 * is never more than WIRE_SHARED_LIMIT; NULL without such a limit.
 */
struct wire_memory {
    size_t left;
    atomic_size_t *used;
};

enum { WIRE_SHARED_LIMIT = 256 << 20 };

/*
 * wire_limit: answers that the context reads end with SOAP_OCCURS when `memory` is used up; to be
 * filled before each call. It is borrowed as long as the context lives.
 */
void wire_limit(struct soap *soap, struct wire_memory *memory);

/*
 * wire_counters_to: from now on, the counters that the context reads are told to the visitor, which
 * is borrowed; to nobody when it is NULL.
 */
void wire_counters_to(struct soap *soap, const struct vim_counter_visitor *visitor);

/*
 * wire_versions_read: reads vimServiceVersions.xml after a successful soap_GET(). Returns SOAP_OK
 * or the soap error. The connection stays the caller's.
 */
int wire_versions_read(struct soap *soap, struct vim_versions *versions);

/*
 * wire_fault_read: tells which fault a call met; only after it returned SOAP_FAULT. A fault without
 * detail has the type "". Returns false when memory is short.
 */
bool wire_fault_read(struct soap *soap, struct vim_fault *fault);

/*
 * wire_xml_text: finds the first element with the local name `name` in a piece of XML and returns
 * its text up to the next tag, decoded. NULL when there is none, or when memory is short.
 */
const char *wire_xml_text(struct soap *soap, const char *xml, const char *name);

/*
 * wire_time_parse: turns an xsd:dateTime into Unix seconds. A time without an offset is UTC; a
 * fraction is cut off. False when the text is anything else.
 */
bool wire_time_parse(const char *text, int64_t *seconds);

#endif
