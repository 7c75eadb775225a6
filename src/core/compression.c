/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/compression.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* what is compressed is not changed */
#include <zlib.h>
#include <zstd.h>

#include "core/memory.h"

enum { PIECE = 64 * 1024, GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8 };

struct compressor {
    compressed_write write;
    void *context;
    bool begun; /* there is a part without an end */
    bool (*run)(struct compressor *compressor, const char *bytes, size_t size,
                enum compressor_step step);
    z_stream gzip;
    ZSTD_CCtx *zstd;
    char piece[PIECE];
};

static bool run_gzip(struct compressor *compressor, const char *bytes, size_t size,
                     enum compressor_step step) {
    static const int flush[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    z_stream *gzip = &compressor->gzip;
    gzip->next_in = (const Bytef *)bytes;
    gzip->avail_in = (uInt)size;
    do {
        gzip->next_out = (Bytef *)compressor->piece;
        gzip->avail_out = PIECE;
        deflate(gzip, flush[step]);
        if (!compressor->write(compressor->context, compressor->piece, PIECE - gzip->avail_out))
            return false;
    } while (!gzip->avail_out);
    return step != COMPRESSOR_END || deflateReset(gzip) == Z_OK;
}

static bool run_zstd(struct compressor *compressor, const char *bytes, size_t size,
                     enum compressor_step step) {
    static const ZSTD_EndDirective directive[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer in = {bytes, size, 0};
    size_t left = 0;
    do {
        ZSTD_outBuffer out = {compressor->piece, PIECE, 0};
        left = ZSTD_compressStream2(compressor->zstd, &out, &in, directive[step]);
        if (ZSTD_isError(left) ||
            !compressor->write(compressor->context, compressor->piece, out.pos))
            return false;
    } while (step == COMPRESSOR_GO_ON ? in.pos < in.size : left > 0);
    return true;
}

static bool begin_gzip(struct compressor *compressor) {
    compressor->run = run_gzip;
    return deflateInit2(&compressor->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
                        GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
}

static bool begin_zstd(struct compressor *compressor) {
    compressor->run = run_zstd;
    compressor->zstd = ZSTD_createCCtx();
    return compressor->zstd &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_checksumFlag, 1));
}

static const struct {
    const char *suffix;
    bool (*begin)(struct compressor *compressor);
} compressions[] = {{".gz", begin_gzip}, {".zst", begin_zstd}};

static size_t find(const char *path) {
    size_t length = path ? strlen(path) : 0, i = 0;
    for (; i < sizeof compressions / sizeof *compressions; i++) {
        size_t suffix = strlen(compressions[i].suffix);
        if (length > suffix &&
            g_ascii_strcasecmp(path + length - suffix, compressions[i].suffix) == 0)
            break;
    }
    return i;
}

const char *compression_suffix(const char *path) {
    size_t found = find(path);
    return found < sizeof compressions / sizeof *compressions ? compressions[found].suffix : "";
}

struct compressor *compressor_new(const char *path, compressed_write write, void *context) {
    size_t found = find(path);
    if (found == sizeof compressions / sizeof *compressions)
        return NULL;
    struct compressor *compressor = memory_alloc(sizeof *compressor);
    compressor->write = write;
    compressor->context = context;
    /* Nothing but the lack of memory can keep them from beginning. */
    return memory_check(compressions[found].begin(compressor) ? compressor : NULL);
}

bool compressor_run(struct compressor *compressor, const char *bytes, size_t size,
                    enum compressor_step step) {
    if (!size && !compressor->begun)
        return true;
    compressor->begun = step != COMPRESSOR_END;
    return compressor->run(compressor, bytes, size, step);
}

void compressor_restart(struct compressor *compressor) {
    compressor->begun = false;
    if (compressor->zstd)
        ZSTD_CCtx_reset(compressor->zstd, ZSTD_reset_session_only);
    else
        deflateReset(&compressor->gzip);
}

void compressor_free(struct compressor *compressor) {
    if (!compressor)
        return;
    if (compressor->zstd)
        ZSTD_freeCCtx(compressor->zstd);
    else
        deflateEnd(&compressor->gzip);
    free(compressor);
}
