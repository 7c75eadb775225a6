/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * deserialize READER FILE: reads an answer to QueryPerf with vperf's reader or with expat, from the
 * same bytes in the same pieces, and prints how much it found. callgrind counts the instructions
 * of read_vperf(), read_expat() or read_nothing().
 */
#include <expat.h>
#include <soapH.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/vsphere/wire/wire.h"

enum { PIECE = 16384 }; /* what one TLS record holds */

struct answer {
    char *bytes;
    size_t length;
    size_t at;
};

struct found {
    size_t entities;
    size_t series;
    size_t values;
    int64_t sum; /* of values, counters and the lengths of instances */
};

static void load(struct answer *answer, const char *name) {
    FILE *file = fopen(name, "rb");
    size_t room = 0;
    ssize_t length = file ? getdelim(&answer->bytes, &room, '\0', file) : -1;

    if (length <= 0) {
        fprintf(stderr, "deserialize: %s cannot be read\n", name);
        exit(1);
    }
    answer->length = (size_t)length;
    fclose(file);
}

/* vperf: gSOAP on a connection that is the file. */

static size_t receive(struct soap *soap, char *buffer, size_t room) {
    struct answer *answer = soap->user;
    size_t length = answer->length - answer->at;

    if (length > room)
        length = room;
    if (length > PIECE)
        length = PIECE;
    memcpy(buffer, answer->bytes + answer->at, length);
    answer->at += length;
    return length;
}

static __attribute__((noinline)) int read_vperf(struct soap *soap,
                                                struct _vim25__QueryPerfResponse *response) {
    return soap_recv___vim25__QueryPerf(soap, response);
}

static void count_series(const struct vim_series *series, struct found *found) {
    found->series++;
    found->values += series->count;
    found->sum += series->counter_id + (int64_t)strlen(series->instance);
    for (size_t i = 0; i < series->count; i++)
        found->sum += series->values[i];
}

static void run_vperf(struct answer *answer, struct found *found) {
    struct _vim25__QueryPerfResponse response = {0};
    struct soap *soap = soap_new2(SOAP_XML_TREE | SOAP_C_UTFSTRING, SOAP_C_UTFSTRING);

    soap->user = answer;
    soap->frecv = receive;
    soap->maxoccurs = 10000000;
    soap_begin(soap);
    if (read_vperf(soap, &response) != SOAP_OK) {
        soap_print_fault(soap, stderr);
        exit(1);
    }
    for (int i = 0; i < response.__sizereturnval; i++) {
        found->entities++;
        for (size_t k = 0; k < response.returnval[i].series_count; k++)
            count_series(&response.returnval[i].series[k], found);
    }
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

/* expat: handlers that keep what a program needs of a series, and nothing else. */

struct series {
    int32_t counter;
    char *instance;
    int64_t *values;
    size_t count;
};

struct collected {
    struct series *series;
    size_t count;
    size_t room;
    size_t entities;
    int64_t values[1024]; /* of the series being read */
    size_t value_count;
    int depth;
    bool in_series; /* in the <value> that is a series, not the one with its numbers */
    size_t length;
    char text[8192];
};

/* Depths in the document: Envelope 1, Body 2, QueryPerfResponse 3, returnval 4, series 5. */
enum { ENTITY_DEPTH = 4, SERIES_DEPTH = 5 };

static void XMLCALL start(void *data, const XML_Char *name, const XML_Char **attributes) {
    struct collected *all = data;

    (void)attributes;
    all->depth++;
    all->length = 0;
    if (all->depth == ENTITY_DEPTH)
        all->entities++;
    if (all->depth != SERIES_DEPTH || strcmp(name, "value") != 0)
        return;
    if (all->count == all->room) {
        all->room = all->room ? all->room * 2 : 1024;
        all->series = realloc(all->series, all->room * sizeof *all->series);
    }
    all->series[all->count] = (struct series){0};
    all->value_count = 0;
    all->in_series = true;
}

static void XMLCALL characters(void *data, const XML_Char *text, int length) {
    struct collected *all = data;

    if (!all->in_series || all->length + (size_t)length >= sizeof all->text)
        return;
    memcpy(all->text + all->length, text, (size_t)length);
    all->length += (size_t)length;
}

/* Faster than strtoll(), and as trusting. */
static int64_t take_number(const char **at) {
    bool negative = **at == '-';
    int64_t number = 0;

    for (*at += negative; **at >= '0' && **at <= '9'; ++*at)
        number = number * 10 + (**at - '0');
    return negative ? -number : number;
}

static void parse_values(struct collected *all) {
    const char *at = all->text;

    while (all->value_count < sizeof all->values / sizeof *all->values) {
        all->values[all->value_count++] = take_number(&at);
        if (*at++ != ',')
            return;
    }
}

static void finish_series(struct collected *all) {
    struct series *series = &all->series[all->count++];

    series->count = all->value_count;
    series->values = memory_array(all->value_count + 1, sizeof *series->values);
    memcpy(series->values, all->values, all->value_count * sizeof *series->values);
    all->in_series = false;
}

static void XMLCALL end(void *data, const XML_Char *name) {
    struct collected *all = data;

    all->depth--;
    if (!all->in_series)
        return;
    all->text[all->length] = '\0';
    if (all->depth < SERIES_DEPTH)
        finish_series(all);
    else if (strcmp(name, "value") == 0)
        parse_values(all);
    else if (strcmp(name, "counterId") == 0)
        all->series[all->count].counter = (int32_t)take_number(&(const char *){all->text});
    else if (strcmp(name, "instance") == 0)
        all->series[all->count].instance = memory_strdup(all->text);
}

/* Copies each piece into expat's buffer, as a read from a socket does. */
static bool parse(XML_Parser parser, struct answer *answer) {
    const char *body = strstr(answer->bytes, "\r\n\r\n") + 4;
    size_t left = answer->length - (size_t)(body - answer->bytes);

    for (size_t length; left; body += length, left -= length) {
        length = left < PIECE ? left : PIECE;
        void *buffer = XML_GetBuffer(parser, PIECE);
        memcpy(buffer, body, length);
        if (XML_ParseBuffer(parser, (int)length, length == left) != XML_STATUS_OK)
            return false;
    }
    return true;
}

static __attribute__((noinline)) bool read_expat(struct answer *answer, struct collected *all) {
    XML_Parser parser = XML_ParserCreate(NULL);

    XML_SetUserData(parser, all);
    XML_SetElementHandler(parser, start, end);
    XML_SetCharacterDataHandler(parser, characters);
    bool good = parse(parser, answer);
    XML_ParserFree(parser);
    return good;
}

static __attribute__((noinline)) bool read_nothing(struct answer *answer) {
    XML_Parser parser = XML_ParserCreate(NULL);
    bool good = parse(parser, answer);

    XML_ParserFree(parser);
    return good;
}

static void run_expat(struct answer *answer, struct found *found) {
    struct collected *all = memory_alloc(sizeof *all);

    if (!read_expat(answer, all))
        exit(1);
    found->entities = all->entities;
    for (size_t i = 0; i < all->count; i++) {
        const struct series *series = &all->series[i];
        count_series(&(struct vim_series){.instance = series->instance,
                                          .values = series->values,
                                          .count = series->count,
                                          .counter_id = series->counter},
                     found);
        free(series->instance);
        free(series->values);
    }
    free(all->series);
    free(all);
}

static void run_nothing(struct answer *answer, struct found *found) {
    (void)found;
    if (!read_nothing(answer))
        exit(1);
}

static const struct reader {
    const char *name;
    void (*run)(struct answer *answer, struct found *found);
} readers[] = {{"vperf", run_vperf}, {"expat", run_expat}, {"nothing", run_nothing}};

int main(int argc, char **argv) {
    struct answer answer = {0};
    struct found found = {0};

    for (size_t i = 0; argc == 3 && i < sizeof readers / sizeof *readers; i++) {
        if (strcmp(argv[1], readers[i].name) != 0)
            continue;
        load(&answer, argv[2]);
        readers[i].run(&answer, &found);
        free(answer.bytes);
        printf("{\"entities\": %zu, \"series\": %zu, \"values\": %zu, \"sum\": %lld}\n",
               found.entities, found.series, found.values, (long long)found.sum);
        return 0;
    }
    fputs("usage: deserialize vperf|expat|nothing FILE\n", stderr);
    return 2;
}
