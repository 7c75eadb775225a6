/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The one place where output is opened, checked and published. */
#ifndef VPERF_CORE_OUTPUT_H
#define VPERF_CORE_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "core/cancel.h"
#include "core/error.h"

struct output_writer;

struct output {
    FILE *stream; /* has no file descriptor: fileno(3) fails */
    struct output_writer *writer;
    char *path;      /* as given; NULL for stdout */
    char *final;     /* what the temporary file becomes: path with links followed */
    char *temporary; /* NULL for stdout and for what is no regular file */
    bool appends;    /* to a file; what is not flushed is taken back when a write fails */
    char *header;    /* of such a file */
    const char *row; /* that it begins with when it has no header; NULL: it has one */
    bool created;    /* that was not there before */
};

/*
 * A path that ends in .gz or .zst gets compressed data; so far as it was flushed, it can be read
 * while it is written.
 *
 * output_open: stdout when path is NULL or "-", else a temporary file beside path. A path that
 * exists and is no regular file (a pipe, a device) is written directly. A terminal gets '?' for
 * control characters other than tab and line feed, and for what turns the direction of text.
 * ERROR_OUTPUT on failure.
 */
bool output_open(struct output *output, const char *path, struct error *error)
    __attribute__((warn_unused_result));

/*
 * output_append: as output_open, but a regular file keeps what it holds, and no other program may
 * append to it meanwhile. *fresh tells that the header is still to be written. ERROR_OUTPUT when
 * the file does not begin with the header, or its last line has no end. A format that has no header
 * ("") gives what its rows begin with, which is borrowed; else row is NULL.
 */
bool output_append(struct output *output, const char *path, const char *header, const char *row,
                   bool *fresh, struct error *error) __attribute__((warn_unused_result));

/* output_end_with: waiting for a reader ends with this token too. */
void output_end_with(struct output *output, const struct cancel *cancel);

/*
 * output_flush: what has been written so far reaches the file, or the error says why not. A file
 * that was appended to and is no longer there, or was emptied, is begun anew with its header.
 */
bool output_flush(struct output *output, struct error *error) __attribute__((warn_unused_result));

/* output_same: both outputs are files with the same name in the same folder. */
bool output_same(const struct output *a, const struct output *b);

/*
 * output_check: true until a write fails; then the error says why: ERROR_OUTPUT, or of a pipe on
 * stdout ERROR_READER_GONE.
 */
bool output_check(const struct output *output, struct error *error)
    __attribute__((warn_unused_result));

/*
 * output_commit: flushes and closes; renames the temporary file to its name, with the mode and,
 * where permitted, owner and group of the file it replaces; hard links to that one keep the old
 * content. On any write error nothing is renamed, and the error says why, as in
 * output_check.
 */
bool output_commit(struct output *output, struct error *error) __attribute__((warn_unused_result));

/* output_abort: closes and removes the temporary file. Does nothing after a commit. */
void output_abort(struct output *output);

#endif
