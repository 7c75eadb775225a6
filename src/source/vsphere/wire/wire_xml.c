/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XML that is already in memory: entities, names, the fault detail. */
#include "source/vsphere/wire/wire_xml.h"

#include "source/vsphere/wire/wire.h"

#include <ctype.h>
#include <soapH.h>
#include <stdlib.h>
#include <string.h>

static const struct entity {
    const char *name;
    size_t length;
    char value;
} entities[] = {
    {"lt;", 3, '<'}, {"gt;", 3, '>'}, {"amp;", 4, '&'}, {"quot;", 5, '"'}, {"apos;", 5, '\''},
};

static size_t put_utf8(char *out, unsigned long c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned first[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(first[length] | c);
    return length;
}

/* What XML counts as a character. */
static bool is_character(unsigned long c) {
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0xD800) ||
           (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

/* A character reference, behind its '#'. */
static size_t decode_number(const char *in, char *out, size_t *used) {
    bool hex = *in == 'x';
    const char *digits = in + hex;
    char *end;
    unsigned long c = strtoul(digits, &end, hex ? 16 : 10);
    /* strtoul() takes blanks, signs and 0x as well. */
    if (!isxdigit((unsigned char)*digits) || (digits[0] == '0' && (digits[1] | 0x20) == 'x') ||
        *end != ';' || !is_character(c))
        return 0;
    *used = 1 + (size_t)(end + 1 - in);
    return put_utf8(out, c);
}

/* Decodes what stands behind a '&': *used bytes of it; returns 0 when it is no reference. */
static size_t decode_reference(const char *in, char *out, size_t *used) {
    if (*in == '#')
        return decode_number(in + 1, out, used);
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strncmp(in, entities[i].name, entities[i].length) == 0) {
            *out = entities[i].value;
            *used = entities[i].length;
            return 1;
        }
    return 0;
}

size_t wire_xml_reference(const char *text, char out[WIRE_XML_CHARACTER]) {
    size_t used = 0;
    size_t length = decode_reference(text, out, &used);
    return length && text[used] == '\0' ? length : 0;
}

/* What is in markup is no text, but for what is in CDATA. */
static const struct markup {
    const char *begin;
    size_t begin_length;
    const char *end;
    size_t end_length;
    bool is_text;
} markups[] = {
    {"<!--", 4, "-->", 3, false},
    {"<![CDATA[", 9, "]]>", 3, true},
    {"<?", 2, "?>", 2, false},
};

/* The markup that begins at `text`, or NULL. *inside and *end are where its content begins and
 * ends.
 */
static const struct markup *find_markup(const char *text, const char **inside, const char **end) {
    for (size_t i = 0; i < sizeof markups / sizeof *markups; i++) {
        const struct markup *markup = &markups[i];
        if (strncmp(text, markup->begin, markup->begin_length) != 0)
            continue;
        *inside = text + markup->begin_length;
        *end = strstr(*inside, markup->end);
        return *end ? markup : NULL;
    }
    return NULL;
}

/* Copies characters of CDATA, or one of text, to *out, which is never behind them. */
static const char *copy(const char *from, const char *end, char **out) {
    while (from < end) {
        bool is_return = *from == '\r';
        *(*out)++ = is_return ? '\n' : *from;
        from++;
        from += is_return && *from == '\n';
    }
    return from;
}

void wire_xml_decode(char *text) {
    const char *in = text;
    char *out = text;
    while (*in) {
        const char *inside;
        const char *end;
        size_t used;
        size_t length = *in == '&' ? decode_reference(in + 1, out, &used) : 0;
        const struct markup *markup = *in == '<' ? find_markup(in, &inside, &end) : NULL;
        if (markup && markup->is_text)
            copy(inside, end, &out);
        if (markup)
            in = end + markup->end_length;
        else if (length)
            in += 1 + used;
        else
            in = copy(in, in + 1, &out);
        out += length;
    }
    *out = '\0';
}

const char *wire_xml_local(const char *name) {
    const char *colon = strrchr(name, ':');
    return colon ? colon + 1 : name;
}

char *wire_xml_copy(struct soap *soap, const char *text, size_t length) {
    char *copy = soap_malloc(soap, length + 1);
    if (!copy) {
        soap->error = SOAP_EOM;
        return NULL;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void wire_limit(struct soap *soap, struct wire_memory *memory) {
    soap->data[WIRE_MEMORY] = memory;
}

/* Takes from what all connections share; false when there is not so much. */
static bool take_shared(atomic_size_t *used, size_t size) {
    if (!used || atomic_fetch_add(used, size) + size <= WIRE_SHARED_LIMIT)
        return true;
    atomic_fetch_sub(used, size);
    return false;
}

bool wire_spend(struct soap *soap, size_t size) {
    struct wire_memory *memory = soap->data[WIRE_MEMORY];
    if (memory && (memory->left < size || !take_shared(memory->used, size))) {
        soap->error = SOAP_OCCURS;
        return false;
    }
    if (memory)
        memory->left -= size;
    return true;
}

void wire_refund(struct soap *soap, size_t size) {
    struct wire_memory *memory = soap->data[WIRE_MEMORY];
    if (memory)
        memory->left += size;
    if (memory && memory->used)
        atomic_fetch_sub(memory->used, size);
}

const char *wire_xml_tag(const char *xml) {
    while ((xml = strchr(xml, '<')) != NULL) {
        const char *inside;
        const char *end;
        const struct markup *markup = find_markup(xml, &inside, &end);
        if (!markup)
            return xml;
        xml = end + markup->end_length;
    }
    return NULL;
}

/* Finds the next start tag at or behind `xml`; returns what follows its '<'. */
static const char *next_start(const char *xml) {
    while ((xml = wire_xml_tag(xml)) != NULL) {
        xml++;
        if (*xml != '/' && *xml != '!' && *xml != '?')
            return xml;
    }
    return NULL;
}

bool wire_xml_has_elements(const char *xml) {
    return next_start(xml) != NULL;
}

/* The length of the name, prefix included, that a start tag begins with. */
static size_t name_length(const char *tag) {
    return strcspn(tag, " \t\r\n/>");
}

const char *wire_xml_tag_end(const char *tag) {
    while (*(tag += strcspn(tag, ">\"'")) && *tag != '>') {
        tag = strchr(tag + 1, *tag);
        if (!tag)
            return NULL;
        tag++;
    }
    return *tag ? tag : NULL;
}

/* Where the content of the element behind start tag `tag` begins; NULL when it has none. */
static const char *content(const char *tag) {
    const char *end = wire_xml_tag_end(tag);
    return end && end[-1] != '/' ? end + 1 : NULL;
}

/* The text up to the next tag, decoded. */
static const char *copy_text(struct soap *soap, const char *text) {
    const char *end = wire_xml_tag(text);
    char *copied = wire_xml_copy(soap, text, end ? (size_t)(end - text) : strlen(text));
    if (copied)
        wire_xml_decode(copied);
    return copied;
}

const char *wire_xml_text(struct soap *soap, const char *xml, const char *name) {
    size_t length = strlen(name);
    while ((xml = next_start(xml)) != NULL) {
        size_t full = name_length(xml);
        if (full >= length && strncmp(xml + full - length, name, length) == 0 &&
            (full == length || xml[full - length - 1] == ':')) {
            const char *text = content(xml);
            return copy_text(soap, text ? text : "");
        }
    }
    return NULL;
}

/* The local part of the xsi:type in a start tag, or NULL. */
static const char *type_attribute(struct soap *soap, const char *tag) {
    size_t length = strcspn(tag, ">");
    const char *found = strstr(tag, ":type=");
    char *value;
    if (!found || (size_t)(found - tag) >= length)
        return NULL;
    found += strlen(":type=") + 1;
    value = wire_xml_copy(soap, found, strcspn(found, "\"'>"));
    return value ? wire_xml_local(value) : NULL;
}

/* Without an xsi:type the name of the element tells: NotAuthenticatedFault. */
static const char *element_type(struct soap *soap, const char *tag) {
    char *name = wire_xml_copy(soap, tag, name_length(tag));
    size_t length = name ? strlen(name) : 0;
    if (length > 5 && strcmp(name + length - 5, "Fault") == 0)
        name[length - 5] = '\0';
    return name ? wire_xml_local(name) : NULL;
}

/* A message is one line, whatever the server puts into it. */
static const char *one_line(struct soap *soap, const char *message) {
    char *line = wire_xml_copy(soap, message ? message : "", message ? strlen(message) : 0);
    char *out = line;
    for (const char *in = line; in && *in; in++) {
        bool blank = isspace((unsigned char)*in);
        if (!blank || (out > line && out[-1] != ' '))
            *out++ = blank ? ' ' : *in;
    }
    if (line)
        out[-(out > line && out[-1] == ' ')] = '\0';
    return line;
}

bool wire_fault_read(struct soap *soap, struct vim_fault *fault) {
    const char *detail = soap_fault_detail(soap);
    const char *tag = detail ? next_start(detail) : NULL;
    const char *inner = tag ? content(tag) : NULL;
    fault->message = one_line(soap, soap_fault_string(soap));
    fault->type = "";
    fault->xml = "";
    if (tag) {
        fault->type = type_attribute(soap, tag);
        if (!fault->type)
            fault->type = element_type(soap, tag);
    }
    if (inner) {
        const char *end = strrchr(inner, '<');
        fault->xml = wire_xml_copy(soap, inner, end ? (size_t)(end - inner) : strlen(inner));
    }
    return fault->message && fault->type && fault->xml;
}
