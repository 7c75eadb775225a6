/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Strings of JSON (RFC 8259). */
#ifndef VPERF_SINK_JSON_TEXT_H
#define VPERF_SINK_JSON_TEXT_H

#include <glib.h>

/*
 * json_append: the text in quotation marks, put at the end of a line that is assembled in memory.
 * UTF-8 stays as it is; bytes that are not UTF-8 become U+FFFD.
 */
void json_append(GString *line, const char *text);

#endif
