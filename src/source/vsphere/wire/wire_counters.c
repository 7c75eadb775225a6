/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The catalogue is most of what a small run reads. The generated reader takes 34 million
 * instructions for it; this one, which knows the elements and copies only texts, a tenth.
 */
#include "source/vsphere/wire/wire_counters.h"

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
    enum kind kind;
    size_t offset;
};

static const struct field description_fields[] = {
    {"label", TEXT, offsetof(struct vim_description, label)},
    {"summary", TEXT, offsetof(struct vim_description, summary)},
    {"key", TEXT, offsetof(struct vim_description, key)},
    {NULL, TEXT, 0},
};

static const struct field counter_fields[] = {
    {"key", NUMBER, offsetof(struct vim_counter, key)},
    {"nameInfo", DESCRIPTION, offsetof(struct vim_counter, name)},
    {"groupInfo", DESCRIPTION, offsetof(struct vim_counter, group)},
    {"unitInfo", DESCRIPTION, offsetof(struct vim_counter, unit)},
    {"rollupType", TEXT, offsetof(struct vim_counter, rollup)},
    {"statsType", TEXT, offsetof(struct vim_counter, stats)},
    {"level", NUMBER, offsetof(struct vim_counter, level)},
    {"perDeviceLevel", NUMBER, offsetof(struct vim_counter, device_level)},
    {NULL, NUMBER, 0},
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
    if (plain) {
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

/* The field of the element that just started, which mostly is the one behind the last one. */
static size_t find_field(const struct scan *scan, const struct field *fields, size_t next) {
    if (fields[next].name && scan_named(scan, fields[next].name))
        return next;
    size_t i = 0;
    while (fields[i].name && !scan_named(scan, fields[i].name))
        i++;
    return i;
}

/* The children of an element, its end tag included. */
static bool read_fields(struct reader *reader, const struct field *fields, void *into) {
    struct scan *scan = &reader->scan;
    unsigned seen = 0;
    size_t next = 0;
    if (scan->empty)
        return true;
    while (scan_child(scan)) {
        size_t i = find_field(scan, fields, next);
        next = fields[i].name ? i + 1 : next;
        bool wanted = fields[i].name && !(seen >> i & 1);
        seen |= 1U << i;
        if (!(wanted ? read_field(reader, &fields[i], into) : scan_leave(scan)))
            return false;
    }
    scan->empty = false;
    return !scan->soap->error;
}

static bool read_list(struct reader *reader, struct soap_blist *list, struct vim_counters *all) {
    struct scan *scan = &reader->scan;
    struct soap *soap = scan->soap;
    enum scan_event event;
    while ((event = scan_next(scan)) == SCAN_START) {
        if (!scan_named(scan, "PerfCounterInfo")) {
            if (!scan_leave(scan))
                return false;
            continue;
        }
        if (all->count >= soap->maxoccurs) {
            soap->error = SOAP_OCCURS;
            return false;
        }
        struct vim_counter *counter = NULL;
        if (wire_spend(soap, sizeof *counter))
            counter = soap_push_block_max(soap, list, sizeof *counter);
        if (!counter)
            return false;
        *counter = (struct vim_counter){0};
        all->count++;
        if (!read_fields(reader, counter_fields, counter))
            return false;
    }
    return event == SCAN_END;
}

struct vim_counters *wire_counters_read(struct soap *soap, const char *tag) {
    struct reader reader = {.slab = {0}};
    struct vim_counters *all = soap_malloc(soap, sizeof *all);
    struct soap_blist *list = all ? soap_alloc_block(soap) : NULL;
    if (!list)
        return NULL;
    *all = (struct vim_counters){0};
    if (soap->body) {
        scan_begin(&reader.scan, soap);
        if (!read_list(&reader, list, all))
            return NULL;
        scan_return(&reader.scan);
    }
    all->item = all->count ? soap_save_block(soap, list, NULL, 0) : NULL;
    if ((all->count && !all->item) || (soap->body && soap_element_end_in(soap, tag)))
        return NULL;
    return all;
}
