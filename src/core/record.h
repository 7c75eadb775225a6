/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Records: numbers, texts and blocks in a frame with its length in front, for pipes and temporary
 * files that one version of the program reads and writes on one machine.
 */
#ifndef VPERF_CORE_RECORD_H
#define VPERF_CORE_RECORD_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_HEAD = 4,              /* bytes of the length in front of a frame */
    RECORD_LIMIT = 1 << 30,       /* the longest frame, in bytes */
    RECORD_NUMBER = 8,            /* bytes of a number */
    RECORD_BLOCK = RECORD_NUMBER, /* bytes that an empty block or text takes at least */
};

/* A frame that is read. Once it is damaged, all that is read from it is 0, NULL or empty. */
struct record {
    const unsigned char *next;
    size_t left;
    bool damaged;
};

enum record_state { RECORD_WHOLE, RECORD_INCOMPLETE, RECORD_DAMAGED };

/* record_begin: begins a frame at the end of the bytes; returns its place for record_end. */
size_t record_begin(GByteArray *bytes);

/* record_end: ends the frame that began at this place. */
void record_end(GByteArray *bytes, size_t begin);

/* record_add_number: appends a number. */
void record_add_number(GByteArray *bytes, int64_t number);

/* record_add_text: appends a text; NULL stays NULL. */
void record_add_text(GByteArray *bytes, const char *text);

/* record_add_block: appends size bytes. */
void record_add_block(GByteArray *bytes, const void *block, size_t size);

/*
 * record_open: finds the first frame in the bytes, which are borrowed, and stores how long it is
 * with its head. RECORD_DAMAGED when no frame is that long.
 */
enum record_state record_open(struct record *record, const void *bytes, size_t size,
                              size_t *length);

/* record_number: the next number. */
int64_t record_number(struct record *record);

/* record_text: the next text, borrowed from the frame; NULL when that was stored. */
const char *record_text(struct record *record);

/* record_block: the next block, borrowed from the frame and not aligned, with its size. */
const void *record_block(struct record *record, size_t *size);

/* record_copy: copies the next block, which must have exactly this size. */
void record_copy(struct record *record, void *block, size_t size);

/* record_count: the next number as a count of things that take so many bytes each at least. */
size_t record_count(struct record *record, size_t least);

/* record_done: everything was read, and nothing was damaged. */
bool record_done(const struct record *record);

#endif
