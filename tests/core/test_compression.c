/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What zlib and libzstd read back are the bytes that went in, after each flush and in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/compression.h"

enum { ROOM = 1 << 20 };

static char plain[ROOM];

static bool append(void *context, const char *bytes, size_t size) {
    g_string_append_len(context, bytes, (gssize)size);
    return true;
}

static bool refuse(void *context, const char *bytes, size_t size) {
    (void)context, (void)bytes;
    return !size;
}

/* How many bytes can be read, which need not have an end. */
static size_t read_gzip(const GString *packed) {
    z_stream stream = {.next_in = (Bytef *)packed->str,
                       .avail_in = (uInt)packed->len,
                       .next_out = (Bytef *)plain,
                       .avail_out = ROOM};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    while (stream.avail_in && inflate(&stream, Z_SYNC_FLUSH) == Z_STREAM_END)
        assert_int_equal(inflateReset(&stream), Z_OK);
    inflateEnd(&stream);
    return ROOM - stream.avail_out;
}

static size_t read_zstd(const GString *packed) {
    ZSTD_inBuffer in = {packed->str, packed->len, 0};
    ZSTD_outBuffer out = {plain, ROOM, 0};
    ZSTD_DCtx *context = ZSTD_createDCtx();
    while (in.pos < in.size)
        assert_false(ZSTD_isError(ZSTD_decompressStream(context, &out, &in)));
    ZSTD_freeDCtx(context);
    return out.pos;
}

static const struct {
    const char *path;
    const char *suffix;
    size_t (*read)(const GString *packed);
} rows[] = {{"x.csv.gz", ".gz", read_gzip}, {"x.zst", ".zst", read_zstd}};

static void test_round_trip(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        GString *packed = g_string_new(NULL), *all = g_string_new(NULL);
        struct compressor *compressor = compressor_new(rows[row].path, append, packed);
        for (int i = 0; i < 3000; i++) {
            char text[64];
            int length = g_snprintf(text, sizeof text, "%d,cpu.usage.average,%d\n", i, i * 7919);
            enum compressor_step step = i % 1000 == 999 ? COMPRESSOR_END
                                        : i % 100 == 99 ? COMPRESSOR_FLUSH
                                                        : COMPRESSOR_GO_ON;
            g_string_append_len(all, text, length);
            assert_true(compressor_run(compressor, text, (size_t)length, step));
            if (step == COMPRESSOR_GO_ON)
                continue;
            assert_int_equal(rows[row].read(packed), all->len);
            assert_memory_equal(plain, all->str, all->len);
        }
        assert_true(packed->len < all->len / 2);
        compressor_free(compressor);
        g_string_free(packed, TRUE);
        g_string_free(all, TRUE);
    }
}

static void test_nothing(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        GString *packed = g_string_new(NULL);
        struct compressor *compressor = compressor_new(rows[row].path, append, packed);
        assert_true(compressor_run(compressor, NULL, 0, COMPRESSOR_FLUSH));
        assert_true(compressor_run(compressor, NULL, 0, COMPRESSOR_END));
        assert_int_equal(packed->len, 0);
        assert_true(compressor_run(compressor, "lost", 4, COMPRESSOR_GO_ON));
        compressor_restart(compressor);
        g_string_truncate(packed, 0);
        assert_true(compressor_run(compressor, "new", 3, COMPRESSOR_END));
        assert_int_equal(rows[row].read(packed), 3);
        assert_memory_equal(plain, "new", 3);
        compressor_free(compressor);
        g_string_free(packed, TRUE);
    }
}

static void test_refused(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct compressor *compressor = compressor_new(rows[row].path, refuse, NULL);
        assert_false(compressor_run(compressor, "text", 4, COMPRESSOR_END));
        compressor_free(compressor);
    }
}

static void test_suffix(void **state) {
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
        assert_string_equal(compression_suffix(rows[row].path), rows[row].suffix);
    assert_string_equal(compression_suffix("X.CSV.GZ"), ".gz");
    static const char *const others[] = {"x.csv", "", ".gz", "gz", "x.gz/y", "x.gzip"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_string_equal(compression_suffix(others[i]), "");
        assert_null(compressor_new(others[i], append, NULL));
    }
    assert_null(compressor_new(NULL, append, NULL));
    compressor_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
