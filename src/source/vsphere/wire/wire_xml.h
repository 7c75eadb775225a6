/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the wire files share: XML that is already in memory, and how much of it there may be. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_XML_H
#define VPERF_SOURCE_VSPHERE_WIRE_XML_H

#include <stdbool.h>
#include <stddef.h>

struct soap;

enum { WIRE_XML_CHARACTER = 4 }; /* bytes that a character has at most */

/* Which of the pointers that a soap context has for extensions is whose. */
enum { WIRE_COUNTER_VISITOR = 2, WIRE_MEMORY = 3 };

/*
 * wire_xml_decode: makes characters of the content of an element without elements, in place:
 * references and CDATA sections are replaced, comments and processing instructions dropped.
 */
void wire_xml_decode(char *text);

/*
 * wire_xml_reference: decodes a reference, all of it but its '&', into `out`. Returns the length,
 * or 0 when it is none.
 */
size_t wire_xml_reference(const char *text, char out[WIRE_XML_CHARACTER]);

/* wire_xml_has_elements: tells whether the content of an element has elements. */
bool wire_xml_has_elements(const char *xml);

/* wire_xml_tag: the next tag, of an element's start or end, at or behind `xml`: its '<', or NULL.
 */
const char *wire_xml_tag(const char *xml);

/* wire_xml_tag_end: the '>' of the tag in which `tag` is, or NULL. */
const char *wire_xml_tag_end(const char *tag);

/* wire_xml_local: returns the part of a qualified name behind its prefix; borrowed. */
const char *wire_xml_local(const char *name);

/* wire_xml_copy: copies `length` bytes of `text` into the soap context. NULL when memory is short.
 */
char *wire_xml_copy(struct soap *soap, const char *text, size_t length);

/*
 * wire_spend: counts `size` bytes against the memory that wire_limit() allows for the answer.
 * False, with soap->error set to SOAP_OCCURS, when it is used up.
 */
bool wire_spend(struct soap *soap, size_t size);

/* wire_refund: takes back what wire_spend() counted. */
void wire_refund(struct soap *soap, size_t size);

#endif
