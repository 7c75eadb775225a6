/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* JSON of a server, by jansson, which bounds its depth; here its memory is bounded too. */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_JSON_H
#define VPERF_SOURCE_VSPHERE_WIRE_JSON_H

#include <jansson.h>

enum { WIRE_JSON_MAX_MIB = 128 /* of memory that one text may become */ };

/* wire_json_read: owned by the caller; NULL when it is not JSON, or would need too much memory. */
json_t *wire_json_read(const char *text, size_t size);

#endif
