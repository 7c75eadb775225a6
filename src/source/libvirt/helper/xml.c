/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Questions to libvirt's XML, answered by libxml2. */
#include "source/libvirt/helper/xml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct xml {
    xmlDocPtr document;
    xmlXPathContextPtr context;
};

/* A caught error is no news for stderr. */
static void ignore_error(void *context, xmlErrorPtr error) {
    (void)context;
    (void)error;
}

static void ignore_text(void *context, const char *format, ...) {
    (void)context;
    (void)format;
}

void xml_silence(void) {
    xmlInitParser(); /* before there are threads */
    xmlSetGenericErrorFunc(NULL, ignore_text);
}

struct xml *xml_new(const char *text) {
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    size_t length = strlen(text);
    if (length > INT32_MAX)
        return NULL;

    xmlDocPtr document = xmlReadMemory(text, (int)length, NULL, NULL, options);
    if (!document)
        return NULL;
    struct xml *xml = memory_alloc(sizeof *xml);
    xml->document = document;
    xml->context = memory_check(xmlXPathNewContext(document));
    xml->context->error = ignore_error;
    return xml;
}

void xml_free(struct xml *xml) {
    if (!xml)
        return;
    xmlXPathFreeContext(xml->context);
    xmlFreeDoc(xml->document);
    free(xml);
}

static xmlXPathObjectPtr evaluate(struct xml *xml, const char *path) {
    return xmlXPathEvalExpression((const xmlChar *)path, xml->context);
}

int xml_count(struct xml *xml, const char *path) {
    xmlXPathObjectPtr object = evaluate(xml, path);
    int count = object && object->nodesetval ? object->nodesetval->nodeNr : 0;
    xmlXPathFreeObject(object);
    return count;
}

char *xml_text(struct xml *xml, const char *path) {
    xmlXPathObjectPtr object = evaluate(xml, path);
    xmlChar *value = object ? xmlXPathCastToString(object) : NULL;
    char *text = value && *value ? memory_strdup((const char *)value) : NULL;
    xmlFree(value);
    xmlXPathFreeObject(object);
    return text;
}

int64_t xml_number(struct xml *xml, const char *path) {
    char *text = xml_text(xml, path);
    int64_t number = text ? strtoll(text, NULL, 10) : 0;
    free(text);
    return number;
}

bool xml_enter(struct xml *xml, const char *path, int index) {
    xmlXPathObjectPtr object = evaluate(xml, path);
    bool found = object && object->nodesetval && index < object->nodesetval->nodeNr;
    if (found)
        xml->context->node = object->nodesetval->nodeTab[index];
    xmlXPathFreeObject(object);
    return found;
}
