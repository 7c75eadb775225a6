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
    xmlThrDefSetGenericErrorFunc(NULL, ignore_text);
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

static const xmlNode *node_of(const struct xml_element *element) {
    return (const xmlNode *)(const void *)element;
}

/* The node, or the first one behind it, that is an element of this name. */
static const struct xml_element *find_named(const xmlNode *node, const char *name) {
    for (; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && !node->ns &&
            strcmp((const char *)node->name, name) == 0)
            return (const struct xml_element *)(const void *)node;
    return NULL;
}

const struct xml_element *xml_root(const struct xml *xml) {
    return (const struct xml_element *)(const void *)xmlDocGetRootElement(xml->document);
}

const struct xml_element *xml_child(const struct xml_element *parent, const char *name) {
    return parent ? find_named(node_of(parent)->children, name) : NULL;
}

const struct xml_element *xml_next(const struct xml_element *element) {
    return find_named(node_of(element)->next, (const char *)node_of(element)->name);
}

bool xml_is_empty(const struct xml_element *element) {
    const xmlNode *child = element ? node_of(element)->children : NULL;
    while (child && child->type != XML_ELEMENT_NODE)
        child = child->next;
    return !child;
}

/* Takes what libxml2 allocated. */
static char *take(xmlChar *value) {
    char *text = value && *value ? memory_strdup((const char *)value) : NULL;
    xmlFree(value);
    return text;
}

static int64_t take_number(xmlChar *value) {
    int64_t number = value ? strtoll((const char *)value, NULL, 10) : 0;
    xmlFree(value);
    return number;
}

static xmlChar *attribute(const struct xml_element *element, const char *name) {
    return element ? xmlGetNoNsProp(node_of(element), (const xmlChar *)name) : NULL;
}

char *xml_attribute(const struct xml_element *element, const char *name) {
    return take(attribute(element, name));
}

bool xml_attribute_is(const struct xml_element *element, const char *name, const char *value) {
    xmlChar *found = attribute(element, name);
    bool same = found && strcmp((const char *)found, value) == 0;
    xmlFree(found);
    return same;
}

int64_t xml_attribute_number(const struct xml_element *element, const char *name) {
    return take_number(attribute(element, name));
}

int64_t xml_content_number(const struct xml_element *element) {
    return element ? take_number(xmlNodeGetContent(node_of(element))) : 0;
}
