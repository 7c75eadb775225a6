/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The few questions that are asked of libvirt's XML, answered by libxml2's XPath. */
#ifndef VPERF_SOURCE_LIBVIRT_XML_H
#define VPERF_SOURCE_LIBVIRT_XML_H

#include <stdbool.h>
#include <stdint.h>

struct xml;

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

#endif
