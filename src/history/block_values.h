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
    FORM_DENSE,  /* the lowest, a range, then what each is above it, several of them a word */
    FORMS,
    VARINT_FORMS = FORM_SAME,
};

/* How FORM_DENSE joins numbers from 0 to a range: as digits, the lowest first, of one number. */
struct block_word {
    uint64_t base;   /* range + 1 */
    unsigned digits; /* of a word; 1: joining them gains nothing */
    unsigned bits;   /* of a word, at most WORD_BITS_MOST */
};

/* A word is read as a whole from any bit of a byte on. */
enum { WORD_BITS_MOST = 56 };

/* block_word_for: the words that take the fewest bits a number. */
struct block_word block_word_for(uint64_t range);

/* block_bits: how many bits hold the value, at least one. */
unsigned block_bits(uint64_t value);

/*
 * block_values_read: count values, of FORM_SAME one; false when the bytes do not hold just as many.
 */
bool block_values_read(enum block_form form, struct varint_reader *reader, int64_t *values,
                       size_t count);

#endif
