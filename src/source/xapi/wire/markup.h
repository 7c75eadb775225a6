/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XML of a server that is not trusted, element by element, by libxml2's reader. */
#ifndef VPERF_SOURCE_XAPI_MARKUP_H
#define VPERF_SOURCE_XAPI_MARKUP_H

#include <glib.h>
#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stddef.h>

/* No entity is expanded, nothing is loaded, and a document type is refused. */
struct markup {
    xmlTextReaderPtr reader;
    GString *text;    /* what stood between elements since this was last emptied */
    bool damaged;     /* the text is no XML, or its end is missing */
    char reason[100]; /* libxml2's first complaint; empty without */
};

/*
 * markup_init: begins before the first element of the bytes, which are borrowed. What libxml2 says
 * goes to reason and not to stderr; one markup at a time, which does not move.
 */
void markup_init(struct markup *markup, const char *bytes, size_t size);

/* markup_done: frees what the reader holds. */
void markup_done(struct markup *markup);

/* markup_is: the element that the reader is at has this name, whatever its prefix. */
bool markup_is(const struct markup *markup, const char *name);

/* markup_depth: of the element that the reader is at; the outermost one has 0. */
int markup_depth(const struct markup *markup);

/*
 * markup_enter: the reader goes to the next element inside the one at this depth. False at the end
 * of that one, or when the text is damaged. An element without content has none inside.
 */
bool markup_enter(struct markup *markup, int depth);

/* markup_begin: the outermost element; false when it has another name. */
bool markup_begin(struct markup *markup, const char *name);

/* markup_text: the text in the element that the reader is at, which it leaves. Borrowed. */
const char *markup_text(struct markup *markup);

/* markup_skip: the reader leaves the element that it is at. */
void markup_skip(struct markup *markup);

/* markup_end: there is nothing behind the outermost element, and all of it was XML. */
bool markup_end(struct markup *markup);

#endif
