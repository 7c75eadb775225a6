/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The few questions that are asked of libvirt's XML: by libxml2's XPath, or element by element,
 * which takes a tenth of the instructions.
 */
#ifndef VPERF_SOURCE_LIBVIRT_XML_H
#define VPERF_SOURCE_LIBVIRT_XML_H

#include <stdbool.h>
#include <stdint.h>

struct xml;
struct xml_element;

/* xml_silence: libxml2, which libvirt uses too, prints nothing. */
void xml_silence(void);

/* xml_new: the parsed text, owned by the caller; NULL when it is no XML. */
struct xml *xml_new(const char *text);

/* xml_free: frees the document. Takes NULL. */
void xml_free(struct xml *xml);

/* xml_count: number of nodes that the path selects. */
int xml_count(struct xml *xml, const char *path);

/* xml_text: the text that the path selects, owned by the caller; NULL when empty. */
char *xml_text(struct xml *xml, const char *path);

/* xml_number: the same as a number, 0 when there is none. */
int64_t xml_number(struct xml *xml, const char *path);

/* xml_enter: paths that begin with "." start at this node of a selection, counted from 0. */
bool xml_enter(struct xml *xml, const char *path, int index);

/* xml_root: the element that holds all others; borrowed, like those below, from the document. */
const struct xml_element *xml_root(const struct xml *xml);

/*
 * xml_child: the first child of this name, or NULL; of NULL there is none. Names with a namespace
 * are others.
 */
const struct xml_element *xml_child(const struct xml_element *parent, const char *name);

/* xml_next: the next sibling of the same name, or NULL. */
const struct xml_element *xml_next(const struct xml_element *element);

/* xml_is_empty: NULL, or an element without child elements. */
bool xml_is_empty(const struct xml_element *element);

/* xml_attribute: owned by the caller; NULL when absent or empty, or without element. */
char *xml_attribute(const struct xml_element *element, const char *name);

/* xml_attribute_is: the element has the attribute with this value. */
bool xml_attribute_is(const struct xml_element *element, const char *name, const char *value);

/* xml_attribute_number, xml_content_number: as a number, 0 when there is none. */
int64_t xml_attribute_number(const struct xml_element *element, const char *name);
int64_t xml_content_number(const struct xml_element *element);

#endif
