/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Fields of XAPI's records. A number may come as a number or as text, and any field may lack. */
#ifndef VPERF_SOURCE_XAPI_MEMBER_H
#define VPERF_SOURCE_XAPI_MEMBER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* member_text: NULL when it is not there, empty, or a reference to nothing. Borrowed. */
const char *member_text(const json_t *record, const char *name);

/* member_number: NAN when it is not there or no number. */
double member_number(const json_t *record, const char *name);

/* member_whole: the number as a whole one, 0 when it is not there, negative or above most. */
int64_t member_whole(const json_t *record, const char *name, int64_t most);

/* member_flag: whether it is there and true. */
bool member_flag(const json_t *record, const char *name);

/* member_time: a date such as 20210831T10:03:28Z in Unix seconds; NAN when it is none, or 1970's.
 */
double member_time(const json_t *record, const char *name);

#endif
