/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The values of one series of a block: how they are written, and how they are read. */
#ifndef VPERF_HISTORY_BLOCK_VALUES_H
#define VPERF_HISTORY_BLOCK_VALUES_H

#include "history/varint.h"

/* How values are written. */
enum block_form {
    FORM_PLAIN,  /* as they are */
    FORM_FIRST,  /* differences */
    FORM_SECOND, /* differences of differences, for what grows steadily */
    FORM_SAME,   /* one value for all */
    FORM_PACKED, /* the lowest, a width, then what each is above it in so many bits, for noise */
    FORMS,
    VARINT_FORMS = FORM_SAME,
};

/*
 * block_values_read: count values, of FORM_SAME one; false when the bytes do not hold just as many.
 */
bool block_values_read(enum block_form form, struct varint_reader *reader, int64_t *values,
                       size_t count);

#endif
