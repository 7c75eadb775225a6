/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Compression of a file while it is written: gzip (RFC 1952) and Zstandard (RFC 8878). */
#ifndef VPERF_CORE_COMPRESSION_H
#define VPERF_CORE_COMPRESSION_H

#include <stdbool.h>
#include <stddef.h>

struct compressor;

/* Gets what was compressed; false when it cannot be written. */
typedef bool (*compressed_write)(void *context, const char *bytes, size_t size);

/* How much of what was given is to be written: as much as is handy, all, or all and the end. */
enum compressor_step { COMPRESSOR_GO_ON, COMPRESSOR_FLUSH, COMPRESSOR_END };

/* compression_suffix: ".gz" or ".zst" if the path ends so, in capitals or not, else "". */
const char *compression_suffix(const char *path);

/* compressor_new: for the end of this path; NULL when it names no compression. */
struct compressor *compressor_new(const char *path, compressed_write write, void *context);

/*
 * compressor_run: takes size bytes. After COMPRESSOR_FLUSH, a reader of what was written gets all
 * bytes; after COMPRESSOR_END the next bytes begin another part, which readers take as one with
 * those before. False when write was.
 */
bool compressor_run(struct compressor *compressor, const char *bytes, size_t size,
                    enum compressor_step step) __attribute__((warn_unused_result));

/* compressor_restart: forgets what was not written; the next bytes begin another part. */
void compressor_restart(struct compressor *compressor);

/* compressor_free: takes NULL. */
void compressor_free(struct compressor *compressor);

#endif
