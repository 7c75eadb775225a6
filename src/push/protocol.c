/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/protocol.h"

void push_write_setup(GByteArray *bytes, const struct push_setup *setup) {
    record_add_text(bytes, setup->request);
    record_add_text(bytes, setup->shown);
    record_add_text(bytes, setup->login);
    record_add_text(bytes, setup->token);
    record_add_text(bytes, setup->ca_file);
    record_add_text(bytes, setup->fields);
    record_add_number(bytes, setup->protocol);
    record_add_number(bytes, setup->timeout_seconds);
    record_add_number(bytes, setup->endless);
    record_add_number(bytes, setup->patient);
}

struct push_setup push_read_setup(struct record *record) {
    struct push_setup setup = {0};
    setup.request = record_text(record);
    setup.shown = record_text(record);
    setup.login = record_text(record);
    setup.token = record_text(record);
    setup.ca_file = record_text(record);
    setup.fields = record_text(record);
    setup.protocol = record_number(record);
    setup.timeout_seconds = record_number(record);
    setup.endless = record_number(record);
    setup.patient = record_number(record);
    if (!setup.request || !setup.shown || !setup.fields)
        record->damaged = true;
    return setup;
}

enum { COUNTER_STRINGS = 8 };

static void counter_strings(struct counter *counter, const char **strings[COUNTER_STRINGS]) {
    const char **all[COUNTER_STRINGS] = {&counter->name,    &counter->unit,    &counter->rollup,
                                         &counter->stats,   &counter->label,   &counter->summary,
                                         &counter->formula, &counter->fidelity};
    for (size_t i = 0; i < COUNTER_STRINGS; i++)
        strings[i] = all[i];
}

void push_write_counter(GByteArray *bytes, const struct counter *counter) {
    struct counter copy = *counter;
    const char **strings[COUNTER_STRINGS];
    counter_strings(&copy, strings);
    for (size_t i = 0; i < COUNTER_STRINGS; i++)
        record_add_text(bytes, *strings[i]);
    record_add_number(bytes, counter->reading);
}

struct counter push_read_counter(struct record *record) {
    struct counter counter = {0};
    const char **strings[COUNTER_STRINGS];
    counter_strings(&counter, strings);
    for (size_t i = 0; i < COUNTER_STRINGS; i++)
        *strings[i] = record_text(record);
    counter.reading = record_number(record);
    if (!counter.name || !counter.unit)
        record->damaged = true;
    return counter;
}
