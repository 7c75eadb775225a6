/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The content of an entity's metric, in pieces of any size, against libxml2: whatever is well
 * formed is read as libxml2 reads it, or told as malformed. The first byte says how it comes.
 */
#include <glib.h>
#include <libxml/parser.h>

#include "fuzz.h"
#include "source/vsphere/wire/test_wire.h"

static const char before[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e:Envelope "
    "xmlns:e=\"http://schemas.xmlsoap.org/soap/"
    "envelope/\"><e:Body><QueryPerfResponse xmlns=\"urn:vim25\"><returnval>";
static const char after[] = "</returnval></QueryPerfResponse></e:Body></e:Envelope>";

static bool is_named(const xmlNode *node, const char *name) {
    const char *colon = strrchr((const char *)node->name, ':');
    return strcmp(colon ? colon + 1 : (const char *)node->name, name) == 0;
}

static bool is_element(const xmlNode *node) {
    return node->type == XML_ELEMENT_NODE;
}

/* The text of an element without elements; the caller frees it. */
static char *text_of(const xmlNode *node) {
    GString *text = g_string_new(NULL);
    for (const xmlNode *child = node->children; child; child = child->next) {
        CHECK(!is_element(child));
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            g_string_append(text, (const char *)child->content);
    }
    return g_string_free(text, FALSE);
}

/* The only child element of that name, or NULL. */
static const xmlNode *only(const xmlNode *node, const char *name) {
    const xmlNode *found = NULL;
    for (const xmlNode *child = node->children; child; child = child->next)
        if (is_element(child) && is_named(child, name)) {
            CHECK(!found);
            found = child;
        }
    return found;
}

static int64_t number_of(const char *text) {
    char *end = NULL;
    int64_t number = g_ascii_strtoll(text, &end, 10);
    CHECK(end != text && !end[strspn(end, " \t\r\n")]);
    return number;
}

static void check_id(const struct vim_series *series, const xmlNode *node) {
    const xmlNode *id = only(node, "id");
    CHECK(id);
    const xmlNode *counter = only(id, "counterId"), *instance = only(id, "instance");
    CHECK(counter);
    char *text = text_of(counter);
    CHECK(number_of(text) == series->counter_id);
    g_free(text);
    text = instance ? text_of(instance) : g_strdup("");
    CHECK(strcmp(text, series->instance) == 0);
    g_free(text);
}

/* Each field of the lists, in their order. */
static void check_values(const struct vim_series *series, const xmlNode *node) {
    size_t count = 0;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (!is_element(child) || !is_named(child, "value"))
            continue;
        char *text = text_of(child);
        char **fields = g_strsplit(text, ",", -1);
        for (char **field = fields; *field; field++) {
            CHECK(count < series->count);
            int64_t value = series->values[count++];
            bool empty = !(*field)[strspn(*field, " \t\r\n")];
            CHECK(empty ? value == VIM_ABSENT : value == number_of(*field));
        }
        g_strfreev(fields);
        g_free(text);
    }
    CHECK(count == series->count);
}

static void check_metric(const struct vim_entity_metric *metric, const xmlNode *node) {
    size_t count = 0;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (!is_element(child) || !is_named(child, "value"))
            continue;
        CHECK(count < metric->series_count);
        const struct vim_series *series = &metric->series[count++];
        if (series->malformed)
            continue;
        check_id(series, child);
        check_values(series, child);
    }
    CHECK(count == metric->series_count);
}

/* The element whose content was made up, unless that content ended it and went on. */
static const xmlNode *find_metric(xmlDoc *document) {
    const xmlNode *node = xmlDocGetRootElement(document);
    for (int depth = 0; depth < 3; depth++) {
        const xmlNode *child = node->children;
        if (!child || child->next || !is_element(child))
            return NULL;
        node = child;
    }
    return node;
}

static void compare(struct wire *wire, const struct _vim25__QueryPerfResponse *response,
                    const char *xml) {
    xmlDoc *document = xmlReadMemory(xml, (int)strlen(xml), "x", NULL,
                                     XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET);
    const xmlNode *node = document ? find_metric(document) : NULL;
    if (node) {
        CHECK(wire->soap->error == SOAP_OK && response->__sizereturnval == 1);
        check_metric(response->returnval, node);
    }
    xmlFreeDoc(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct vim25__QueryPerfRequestType request = {0};
    struct _vim25__QueryPerfResponse response = {0};
    static struct wire wire;
    if (!size)
        return 0;
    char *content = g_strndup((const char *)data + 1, size - 1);
    char *xml = g_strconcat(before, content, after, NULL);
    struct delivery delivery = {*data % 32 + 1, *data / 32};
    wire_reopen(&wire, strdup(xml), 200, delivery);
    soap_call___vim25__QueryPerf(wire.soap, WIRE_URL, "", &request, &response);
    compare(&wire, &response, xml);
    g_free(xml);
    g_free(content);
    return 0;
}
