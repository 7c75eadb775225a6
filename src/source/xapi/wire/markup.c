/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/wire/markup.h"

#include <string.h>

#include "core/text.h"

/* What comes behind the first error follows from it. */
static void keep_first(void *context, xmlErrorPtr error) {
    struct markup *markup = context;
    if (!markup || *markup->reason || !error->message)
        return;
    char *line = g_strndup(error->message, strcspn(error->message, "\n"));
    text_one_line(line);
    g_strlcpy(markup->reason, line, text_cut(line, sizeof markup->reason - 1) + 1);
    g_free(line);
}

static void ignore_text(void *context, const char *format, ...) {
    (void)context, (void)format;
}

/* Of encodings libxml2 says things to whoever listens to all, and else to stderr. */
static void listen(struct markup *markup) {
    xmlSetStructuredErrorFunc(markup, keep_first);
    xmlSetGenericErrorFunc(NULL, ignore_text);
}

void markup_init(struct markup *markup, const char *bytes, size_t size) {
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    *markup = (struct markup){.text = g_string_new(NULL)};
    listen(markup);
    if (size && size <= INT32_MAX)
        markup->reader = xmlReaderForMemory(bytes, (int)size, NULL, NULL, options);
    if (markup->reader)
        xmlTextReaderSetStructuredErrorHandler(markup->reader, keep_first, markup);
    markup->damaged = !markup->reader;
}

void markup_done(struct markup *markup) {
    if (markup->reader)
        xmlFreeTextReader(markup->reader);
    listen(NULL);
    g_string_free(markup->text, TRUE);
    *markup = (struct markup){0};
}

bool markup_is(const struct markup *markup, const char *name) {
    const xmlChar *own = xmlTextReaderConstLocalName(markup->reader);
    return own && strcmp((const char *)own, name) == 0;
}

int markup_depth(const struct markup *markup) {
    return markup->reader ? xmlTextReaderDepth(markup->reader) : 0;
}

static void keep_text(struct markup *markup) {
    const xmlChar *value = xmlTextReaderConstValue(markup->reader);
    if (value)
        g_string_append(markup->text, (const char *)value);
}

/* The type of the next node; -1 at the end. */
static int next_node(struct markup *markup) {
    int state = markup->damaged ? -1 : xmlTextReaderRead(markup->reader);
    markup->damaged = markup->damaged || state < 0;
    return state == 1 ? xmlTextReaderNodeType(markup->reader) : -1;
}

/* Inside the element at this depth; outside of all with -1. */
static bool find_element(struct markup *markup, int depth) {
    for (;;) {
        int type = next_node(markup);
        switch (type) {
        case XML_READER_TYPE_ELEMENT:
            return true;
        case XML_READER_TYPE_END_ELEMENT:
            if (xmlTextReaderDepth(markup->reader) <= depth)
                return false;
            break;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            keep_text(markup);
            break;
        case XML_READER_TYPE_COMMENT:
        case XML_READER_TYPE_WHITESPACE:
        case XML_READER_TYPE_PROCESSING_INSTRUCTION:
            break;
        default: /* its end, a document type, an entity of one */
            markup->damaged = markup->damaged || type >= 0 || depth >= 0;
            return false;
        }
    }
}

static bool at_empty(const struct markup *markup) {
    return xmlTextReaderNodeType(markup->reader) == XML_READER_TYPE_ELEMENT &&
           xmlTextReaderIsEmptyElement(markup->reader) == 1;
}

bool markup_enter(struct markup *markup, int depth) {
    if (markup->damaged || (markup_depth(markup) == depth && at_empty(markup)))
        return false;
    return find_element(markup, depth);
}

bool markup_begin(struct markup *markup, const char *name) {
    return !markup->damaged && find_element(markup, -1) && markup_is(markup, name);
}

const char *markup_text(struct markup *markup) {
    g_string_truncate(markup->text, 0);
    markup_skip(markup);
    return markup->text->str;
}

void markup_skip(struct markup *markup) {
    int depth = markup_depth(markup);
    while (markup_enter(markup, depth))
        ;
}

bool markup_end(struct markup *markup) {
    return !markup->damaged && !find_element(markup, -1) && !markup->damaged;
}
