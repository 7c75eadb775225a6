/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The catalogue is most of what a small run reads. The generated reader takes 34 million
 * instructions for it, and this one a tenth where a counter has not the usual form. Counters are
 * told as they come: to keep all of them would take 100 pages of memory.
 */
#include "source/vsphere/wire/wire_counters.h"

#include "source/vsphere/wire/wire_counter.h"
#include "source/vsphere/wire/wire_number.h"
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_slab.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

struct reader {
    struct scan scan;
    struct wire_slab slab;
};

enum kind { NUMBER, TEXT, DESCRIPTION };

/* A child that is read; the first of its name counts. */
struct field {
    const char *name;
    const char *tag; /* as it mostly begins */
    enum kind kind;
    size_t offset;
};

static const struct field description_fields[] = {
    {"label", "<label>", TEXT, offsetof(struct vim_description, label)},
    {"summary", "<summary>", TEXT, offsetof(struct vim_description, summary)},
    {"key", "<key>", TEXT, offsetof(struct vim_description, key)},
    {NULL, NULL, TEXT, 0},
};

static const struct field counter_fields[] = {
    {"key", "<key>", NUMBER, offsetof(struct vim_counter, key)},
    {"nameInfo", "<nameInfo>", DESCRIPTION, offsetof(struct vim_counter, name)},
    {"groupInfo", "<groupInfo>", DESCRIPTION, offsetof(struct vim_counter, group)},
    {"unitInfo", "<unitInfo>", DESCRIPTION, offsetof(struct vim_counter, unit)},
    {"rollupType", "<rollupType>", TEXT, offsetof(struct vim_counter, rollup)},
    {"statsType", "<statsType>", TEXT, offsetof(struct vim_counter, stats)},
    {"level", "<level>", NUMBER, offsetof(struct vim_counter, level)},
    {"perDeviceLevel", "<perDeviceLevel>", NUMBER, offsetof(struct vim_counter, device_level)},
    {NULL, NULL, NUMBER, 0},
};

/* Without the beginning of a character whose end was cut off. */
static size_t whole_characters(const char *text, size_t length) {
    size_t begin = length;
    while (begin && ((unsigned char)text[begin - 1] & 0xC0) == 0x80)
        begin--;
    return begin ? begin - 1 : 0;
}

static bool read_text(struct reader *reader, const char **text) {
    struct scan *scan = &reader->scan;
    size_t length = 0;
    const char *plain = scan_leaf_plain(scan, &length);
    if (plain && length >= sizeof scan->text - 1)
        scan->at = plain; /* to be cut */
    else if (plain) {
        *text = wire_slab_text(&reader->slab, scan->soap, plain, length);
        return *text && scan_leave(scan);
    }
    if (!scan_leaf(scan))
        return false;
    length = strlen(scan->text);
    if (length == sizeof scan->text - 1)
        length = whole_characters(scan->text, length);
    *text = wire_slab_text(&reader->slab, scan->soap, scan->text, length);
    return *text;
}

static bool read_number(struct reader *reader, int32_t *number) {
    struct scan *scan = &reader->scan;
    if (scan->empty)
        return true;
    if (!wire_leaf_int32(scan, number)) {
        scan->soap->error = scan->soap->error ? scan->soap->error : SOAP_TYPE;
        return false;
    }
    return scan_leave_text(scan);
}

static bool read_fields(struct reader *reader, const struct field *fields, void *into);

static bool read_field(struct reader *reader, const struct field *field, void *into) {
    void *place = (char *)into + field->offset;
    switch (field->kind) {
    case NUMBER:
        return read_number(reader, place);
    case TEXT:
        return read_text(reader, place);
    default:
        return read_fields(reader, description_fields, place);
    }
}

static size_t find_field(const struct scan *scan, const struct field *fields) {
    size_t i = 0;
    while (fields[i].name && !scan_named(scan, fields[i].name))
        i++;
    return i;
}

/* Takes the next start tag and stores its field, which mostly is the one behind the last one. */
static bool next_field(struct scan *scan, const struct field *fields, size_t *field) {
    size_t next = *field + 1;
    if (fields[*field].name && fields[next].name && scan_match(scan, fields[next].tag)) {
        *field = next;
        return true;
    }
    if (!scan_child(scan))
        return false;
    *field = find_field(scan, fields);
    return true;
}

/* The children of an element, its end tag included; the first one mostly comes first. */
static bool read_fields(struct reader *reader, const struct field *fields, void *into) {
    struct scan *scan = &reader->scan;
    unsigned seen = 0;
    size_t field = 0;
    if (scan->empty)
        return true;
    bool more = scan_match(scan, fields[0].tag) || next_field(scan, fields, &field);
    for (; more; more = next_field(scan, fields, &field)) {
        bool wanted = fields[field].name && !(seen >> field & 1);
        seen |= 1U << field;
        if (!(wanted ? read_field(reader, &fields[field], into) : scan_leave(scan)))
            return false;
    }
    scan->empty = false;
    return !scan->soap->error;
}

/* Of a counter that is read by its fields, the texts are in memory of the context. */
static bool read_counter(struct reader *reader) {
    struct soap *soap = reader->scan.soap;
    const struct vim_counter_visitor *visitor = soap->data[WIRE_COUNTER_VISITOR];
    struct vim_counter counter = {0};
    if (!wire_spend(soap, sizeof counter) || (!wire_counter_take(&reader->scan, &counter) &&
                                              !read_fields(reader, counter_fields, &counter)))
        return false;
    if (visitor)
        visitor->visit(visitor->context, &counter);
    return true;
}

static bool read_list(struct reader *reader) {
    struct scan *scan = &reader->scan;
    enum scan_event event;
    while ((event = scan_next(scan)) == SCAN_START)
        if (!(scan_named(scan, "PerfCounterInfo") ? read_counter(reader) : scan_leave(scan)))
            return false;
    return event == SCAN_END;
}

bool wire_counters_read(struct soap *soap, const char *tag) {
    struct reader reader = {.slab = {0}};
    if (!soap->body)
        return true;
    scan_begin(&reader.scan, soap);
    if (!read_list(&reader))
        return false;
    scan_return(&reader.scan);
    return !soap_element_end_in(soap, tag);
}

void wire_counters_to(struct soap *soap, const struct vim_counter_visitor *visitor) {
    soap->data[WIRE_COUNTER_VISITOR] = (void *)visitor;
}
