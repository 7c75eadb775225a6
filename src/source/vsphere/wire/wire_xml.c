/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XML that is already in memory: entities, names, the fault detail. */
#include "source/vsphere/wire/wire_xml.h"

#include "source/vsphere/wire/wire.h"

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

static char *put_utf8(char *out, unsigned long c) {
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xE0 | c >> 12);
        } else {
            *out++ = (char)(0xF0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *out++ = (char)(0x80 | (c & 0x3F));
    return out;
}

/* Decodes what stands behind a '&'; returns the text behind it, or NULL when it is no reference. */
static const char *decode_reference(const char *in, char **out) {
    if (*in == '#') {
        bool hex = in[1] == 'x';
        char *end;
        unsigned long c = strtoul(in + 1 + hex, &end, hex ? 16 : 10);
        if (*end != ';' || c == 0 || c > 0x10FFFF)
            return NULL;
        /* The reference is never shorter than its UTF-8: &#9; is 4 bytes, &#x10000; 9. */
        *out = put_utf8(*out, c);
        return end + 1;
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (strncmp(in, entities[i].name, entities[i].length) == 0) {
            *(*out)++ = entities[i].value;
            return in + entities[i].length;
        }
    return NULL;
}

void wire_xml_decode(char *text) {
    const char *in = text;
    char *out = text;
    while (*in) {
        const char *rest = *in == '&' ? decode_reference(in + 1, &out) : NULL;
        if (rest)
            in = rest;
        else
            *out++ = *in++;
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

/* Finds the next start tag at or behind `xml`; returns what follows its '<'. */
static const char *next_start(const char *xml) {
    while ((xml = strchr(xml, '<')) != NULL) {
        xml++;
        if (*xml != '/' && *xml != '!' && *xml != '?')
            return xml;
    }
    return NULL;
}

/* The length of the name, prefix included, that a start tag begins with. */
static size_t name_length(const char *tag) {
    return strcspn(tag, " \t\r\n/>");
}

/* Where the content of the element behind start tag `tag` begins; NULL when it has none. */
static const char *content(const char *tag) {
    const char *end = strchr(tag, '>');
    return end && end[-1] != '/' ? end + 1 : NULL;
}

const char *wire_xml_text(struct soap *soap, const char *xml, const char *name) {
    size_t length = strlen(name);
    while ((xml = next_start(xml)) != NULL) {
        size_t full = name_length(xml);
        if (full >= length && strncmp(xml + full - length, name, length) == 0 &&
            (full == length || xml[full - length - 1] == ':')) {
            const char *text = content(xml);
            char *copy = wire_xml_copy(soap, text ? text : "", text ? strcspn(text, "<") : 0);
            if (copy)
                wire_xml_decode(copy);
            return copy;
        }
    }
    return NULL;
}

/* The local part of the xsi:type in a start tag, or NULL. */
static const char *type_attribute(struct soap *soap, const char *tag) {
    size_t length = strcspn(tag, ">");
    const char *found = strstr(tag, ":type=");
    if (!found || (size_t)(found - tag) >= length)
        return NULL;
    found += strlen(":type=") + 1;
    char *value = wire_xml_copy(soap, found, strcspn(found, "\"'>"));
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

bool wire_fault_read(struct soap *soap, struct vim_fault *fault) {
    const char *detail = soap_fault_detail(soap);
    const char *message = soap_fault_string(soap);
    const char *tag = detail ? next_start(detail) : NULL;
    const char *inner = tag ? content(tag) : NULL;
    fault->message = message ? message : "";
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
    return fault->type && fault->xml;
}
