/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A gSOAP context whose network is a string: it answers every call with the same XML. All in the
 * header, so that a test stays one source file.
 */
#ifndef VPERF_TEST_WIRE_H
#define VPERF_TEST_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <soapH.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/vsphere/wire/wire.h"

/* How an answer comes: so many bytes a read, in HTTP chunks of a size, or whole (0). */
struct delivery {
    size_t step;
    size_t chunk;
};

/* Every way that the tests try; reads of one byte put each byte at the end of the buffer once. */
static const struct delivery deliveries[] = {{65536, 0}, {1, 0}, {7, 0}, {65536, 13}, {3, 5}};
enum { DELIVERIES = sizeof(deliveries) / sizeof(*deliveries) };

static const struct delivery whole = {65536, 0};

struct wire {
    struct soap *soap;
    char *answer;
    size_t length;
    size_t at;
    size_t step;
    char sent[16384];
    size_t sent_length;
    struct vim_counter_visitor visitor;
    struct vim_counter counters[4]; /* the first ones that came */
    size_t counter_count;           /* of all that came */
};

#define WIRE_URL "http://server/sdk"

/* wire_file returns a file of tests/data/wire; the caller's. */
static inline char *wire_file(const char *name) {
    char path[512];
    char *text = NULL;
    size_t room = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/wire/%s", VPERF_TEST_DATA, name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_true(getdelim(&text, &room, '\0', file) > 0);
    fclose(file);
    return text;
}

/* wire_envelope wraps the content of a SOAP body; the caller's. */
static inline char *wire_envelope(const char *body) {
    char *xml = NULL;

    assert_true(asprintf(&xml,
                         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<soapenv:Envelope"
                         " xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\""
                         " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
                         " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n"
                         "<soapenv:Body>\n%s\n</soapenv:Body>\n</soapenv:Envelope>",
                         body) > 0);
    return xml;
}

static inline SOAP_SOCKET open_string(struct soap *soap, const char *endpoint, const char *host,
                                      int port) {
    struct wire *wire = soap->user;

    (void)endpoint;
    (void)host;
    (void)port;
    wire->at = 0;
    wire->sent_length = 0;
    return 1000000;
}

static inline int close_string(struct soap *soap) {
    soap->socket = SOAP_INVALID_SOCKET;
    return SOAP_OK;
}

static inline int send_string(struct soap *soap, const char *bytes, size_t length) {
    struct wire *wire = soap->user;

    assert_true(wire->sent_length + length < sizeof(wire->sent));
    memcpy(wire->sent + wire->sent_length, bytes, length);
    wire->sent_length += length;
    wire->sent[wire->sent_length] = '\0';
    return SOAP_OK;
}

static inline size_t receive_string(struct soap *soap, char *bytes, size_t room) {
    struct wire *wire = soap->user;
    size_t length = wire->length - wire->at;

    if (length > wire->step)
        length = wire->step;
    if (length > room)
        length = room;
    memcpy(bytes, wire->answer + wire->at, length);
    wire->at += length;
    return length;
}

static inline void write_body(FILE *out, const char *xml, size_t chunk) {
    size_t left = strlen(xml);

    if (!chunk) {
        fprintf(out, "Content-Length: %zu\r\n\r\n%s", left, xml);
        return;
    }
    fputs("Transfer-Encoding: chunked\r\n\r\n", out);
    while (left) {
        size_t length = left < chunk ? left : chunk;

        fprintf(out, "%zx\r\n%.*s\r\n", length, (int)length, xml);
        xml += length;
        left -= length;
    }
    fputs("0\r\n\r\n", out);
}

/* What comes back: `xml` with this HTTP status; takes `xml`. */
static inline void compose_answer(struct wire *wire, char *xml, int status,
                                  struct delivery delivery) {
    FILE *out = open_memstream(&wire->answer, &wire->length);

    assert_non_null(out);
    fprintf(out, "HTTP/1.1 %d x\r\nContent-Type: text/xml; charset=utf-8\r\n", status);
    write_body(out, xml, delivery.chunk);
    fclose(out);
    free(xml);
    wire->step = delivery.step;
}

/* Keeps a counter with copies of its texts, if there is room. */
static inline void keep_counter(void *context, const struct vim_counter *counter) {
    struct wire *wire = context;
    struct vim_counter kept = *counter;
    const char **texts[] = {&kept.name.key,  &kept.name.label,  &kept.name.summary,
                            &kept.group.key, &kept.group.label, &kept.group.summary,
                            &kept.unit.key,  &kept.unit.label,  &kept.unit.summary,
                            &kept.rollup,    &kept.stats};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] ? soap_strdup(wire->soap, *texts[i]) : NULL;
    if (wire->counter_count < sizeof wire->counters / sizeof *wire->counters)
        wire->counters[wire->counter_count] = kept;
    wire->counter_count++;
}

/* wire_open prepares a context that will receive `xml` with this HTTP status; it takes `xml`. */
static inline void wire_open(struct wire *wire, char *xml, int status, struct delivery delivery) {
    memset(wire, 0, sizeof(*wire));
    compose_answer(wire, xml, status, delivery);
    wire->soap = soap_new2(SOAP_XML_TREE | SOAP_C_UTFSTRING, SOAP_IO_STORE | SOAP_C_UTFSTRING);
    assert_non_null(wire->soap);
    wire->soap->user = wire;
    wire->soap->fopen = open_string;
    wire->soap->fclose = close_string;
    wire->soap->fsend = send_string;
    wire->soap->frecv = receive_string;
    wire->visitor = (struct vim_counter_visitor){keep_counter, wire};
    wire_counters_to(wire->soap, &wire->visitor);
}

/* wire_reopen is wire_open with the context that the wire has, if any: to make one takes longer
 * than to read an answer. */
static inline void wire_reopen(struct wire *wire, char *xml, int status, struct delivery delivery) {
    if (!wire->soap) {
        wire_open(wire, xml, status, delivery);
        return;
    }
    soap_destroy(wire->soap);
    soap_end(wire->soap);
    free(wire->answer);
    wire->counter_count = 0;
    compose_answer(wire, xml, status, delivery);
}

static inline void wire_close(struct wire *wire) {
    soap_destroy(wire->soap);
    soap_end(wire->soap);
    soap_free(wire->soap);
    free(wire->answer);
}

#endif
