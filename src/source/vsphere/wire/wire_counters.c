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
