/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Numbers and times in the text of an element, alone or in a list. Where a function has `c`, it is
 * the byte that scan_text() returned, and becomes the one behind what was read: ',' or, at the end
 * of the text, -1.
 */
#ifndef VPERF_SOURCE_VSPHERE_WIRE_NUMBER_H
#define VPERF_SOURCE_VSPHERE_WIRE_NUMBER_H

#include <stdint.h>

#include "source/vsphere/wire/wire_scan.h"

enum { WIRE_PLAIN_DIGITS = 18 }; /* so many fit whatever they are */

/* wire_read_field: reads one number of a list; VIM_ABSENT when there is none. False for junk. */
bool wire_read_field(struct scan *scan, int *c, int64_t *value);

/* wire_read_int32: reads a number of 32 bits. False for junk, and when there is none. */
bool wire_read_int32(struct scan *scan, int *c, int32_t *value);

/* wire_read_time: reads a time of the years 1970 to 2199. False for anything else. */
bool wire_read_time(struct scan *scan, int *c, int64_t *seconds);

/*
 * wire_leaf_int32: reads the text of an element that is one number of 32 bits and nothing else; the
 * end tag comes next. False for anything else.
 */
bool wire_leaf_int32(struct scan *scan, int32_t *value);

/* wire_leaf_time: the same for a time. */
bool wire_leaf_time(struct scan *scan, int64_t *seconds);

/* wire_is_digit: an ASCII digit. */
static inline bool wire_is_digit(int c) {
    return c >= '0' && c <= '9';
}

/* scan_text_behind: the byte of the text behind the one that scan_text() returned. */
static inline int scan_text_behind(struct scan *scan) {
    scan->at++;
    return scan_text(scan);
}

/*
 * wire_read_plain: reads digits at `at` as nearly all are: few, and followed in the buffer by what
 * ends them. Returns where that is, or NULL for anything else.
 */
static inline const char *wire_read_plain(const struct scan *scan, const char *at, int64_t *value) {
    const char *end = scan->end;
    bool negative = at < end && *at == '-';
    const char *digits = at += negative;
    uint64_t number = 0;
    while (at < end && wire_is_digit(*at))
        number = number * 10 + (uint64_t)(*at++ - '0');
    if (at == digits || at - digits > WIRE_PLAIN_DIGITS || end - at < 2)
        return NULL;
    *value = negative ? -(int64_t)number : (int64_t)number;
    return at;
}

#endif
