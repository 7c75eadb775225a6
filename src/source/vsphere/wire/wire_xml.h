/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the wire files share for XML that is already in memory. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_XML_H
#define VPERF_SOURCE_VSPHERE_WIRE_XML_H

#include <stddef.h>

struct soap;

/* wire_xml_decode: replaces the entities and character references of XML text by UTF-8, in place.
 */
void wire_xml_decode(char *text);

/* wire_xml_local: returns the part of a qualified name behind its prefix; borrowed. */
const char *wire_xml_local(const char *name);

/* wire_xml_copy: copies `length` bytes of `text` into the soap context. NULL when memory is short.
 */
char *wire_xml_copy(struct soap *soap, const char *text, size_t length);

#endif
