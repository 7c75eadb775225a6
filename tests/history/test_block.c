/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "history/block_values.h"

enum { SAMPLES = 180, SERIES = 9 };

static const int64_t begin = 1763752640;

struct expected {
    const struct block_series *series;
    size_t count;
    size_t seen;
};

static void on_series(void *context, const struct block_column *series) {
    struct sample samples[SAMPLES];
    struct expected *expected = context;
    assert_true(expected->seen < expected->count);
    const struct block_series *mine = &expected->series[expected->seen++];
    assert_int_equal(series->id, mine->id);
    assert_int_equal(series->count, mine->count);
    block_samples(series, samples);
    assert_memory_equal(samples, mine->samples, mine->count * sizeof *mine->samples);
}

static void decode(GByteArray *bytes, struct expected *expected, int64_t first, int64_t last) {
    struct error error = {0};
    const struct block_visitor visitor = {
        .context = expected, .first = first, .last = last, .series = on_series};
    assert_true(block_decode(bytes->data, bytes->len, &visitor, &error));
    assert_int_equal(expected->seen, expected->count);
}

static uint32_t noise(void) {
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    return state >> 8;
}

/* Constant, growing, noise narrow and wide, both ends of int64_t, negative, huge steps. */
static int64_t value_of(int kind, int64_t i) {
    switch (kind) {
    case 0:
        return 7;
    case 1:
        return 2953459 + 20 * i;
    case 2:
        return noise() % 100;
    case 3:
        return noise() % 65536;
    case 4:
        return i % 2 ? INT64_MAX : INT64_MIN;
    case 5:
        return -i * i;
    case 6:
        return (int64_t)noise() << 38;
    case 7:
        return i == 90 ? 4717 : 0;
    default:
        return INT64_MAX - noise() % 1000;
    }
}

static void fill(struct block_series *series, struct sample (*samples)[SAMPLES]) {
    for (int kind = 0; kind < SERIES; kind++) {
        for (int64_t i = 0; i < SAMPLES; i++)
            samples[kind][i] =
                (struct sample){begin + 20 * i + (kind == 3 && i > 50), value_of(kind, i)};
        series[kind] =
            (struct block_series){100 + 3 * kind, kind == 5 ? 1 : SAMPLES, samples[kind]};
    }
}

static void test_round_trip(void **state) {
    static struct sample samples[SERIES][SAMPLES];
    struct block_series series[SERIES];
    (void)state;
    fill(series, samples);
    for (int level = BLOCK_FAST; level <= BLOCK_SMALL; level += BLOCK_SMALL - BLOCK_FAST) {
        GByteArray *bytes = block_encode(series, SERIES, level);
        decode(bytes, &(struct expected){series, SERIES, 0}, INT64_MIN, INT64_MAX);
        decode(bytes, &(struct expected){series + 2, 2, 0}, 106, 111);
        decode(bytes, &(struct expected){series, 0, 0}, 101, 102);
        g_byte_array_free(bytes, TRUE);
    }
}

static void test_nothing(void **state) {
    (void)state;
    GByteArray *bytes = block_encode(NULL, 0, BLOCK_SMALL);
    decode(bytes, &(struct expected){0}, INT64_MIN, INT64_MAX);
    g_byte_array_free(bytes, TRUE);
}

/* The earliest time is found among those of all series; bytes that are damaged have none. */
static void test_oldest(void **state) {
    const struct sample late[] = {{begin + 60, 1}, {begin + 80, 2}}, early[] = {{begin + 40, 3}};
    const struct block_series series[] = {{1, 2, late}, {2, 1, early}, {3, 2, late}};
    (void)state;
    GByteArray *bytes = block_encode(series, 3, BLOCK_FAST);
    struct block_room *room = block_room_new();
    int64_t time = 0;
    assert_true(block_oldest(bytes->data, bytes->len, room, &time));
    assert_int_equal(time, begin + 40);
    bytes->data[bytes->len / 2] ^= 1;
    assert_false(block_oldest(bytes->data, bytes->len, room, &time));
    g_byte_array_free(bytes, TRUE);
    bytes = block_encode(NULL, 0, BLOCK_FAST);
    assert_false(block_oldest(bytes->data, bytes->len, room, &time));
    g_byte_array_free(bytes, TRUE);
    block_room_free(room);
}

/* A visit that ends with the values of the only series. */
static void take(void *context, const struct block_column *series) {
    block_samples(series, context);
}

/* The bytes that values by chance below an end take, each; they come back as they were. */
static double size_of_noise(uint64_t end, size_t count) {
    static struct sample samples[SAMPLES * 4], found[SAMPLES * 4];
    struct error error = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t wide = (uint64_t)noise() << 48 ^ (uint64_t)noise() << 24 ^ noise();
        samples[i] = (struct sample){begin + 20 * (int64_t)i, (int64_t)(wide % end) - 50};
    }
    const struct block_series series = {1, count, samples};
    const struct block_visitor visitor = {
        .context = found, .first = INT64_MIN, .last = INT64_MAX, .series = take};
    GByteArray *bytes = block_encode(&series, 1, BLOCK_SMALL);
    assert_true(block_decode(bytes->data, bytes->len, &visitor, &error));
    assert_memory_equal(found, samples, count * sizeof *samples);
    double size = (double)bytes->len / (double)count;
    g_byte_array_free(bytes, TRUE);
    return size;
}

/* Also where words do not end with bytes, the last one is not full, or no two numbers fit one. */
static void test_noise(void **state) {
    (void)state;
    for (uint64_t end = 257; end < UINT64_C(1) << 62; end += end * 2 / 5)
        for (size_t count = 2; count < 24; count++)
            size_of_noise(end, count);
    assert_true(size_of_noise(10001, 720) < 1.75);
    assert_true(size_of_noise(65536, 720) < 2.07);
    assert_true(size_of_noise(1 << 28, 720) < 3.57);
}

/* What a block of one series of FORM_DENSE says. */
static bool reads(uint64_t range, const char *words, size_t size, size_t count) {
    int64_t values[8];
    GByteArray *bytes = g_byte_array_new();
    varint_put(bytes, varint_zigzag(-3));
    varint_put(bytes, range);
    g_byte_array_append(bytes, (const guint8 *)words, (guint)size);
    struct varint_reader reader = {bytes->data, bytes->data + bytes->len, false};
    bool good = block_values_read(FORM_DENSE, &reader, values, count);
    g_byte_array_free(bytes, TRUE);
    return good;
}

/* Words that no writer makes: too few, too many, of digits that are too large, or of any range. */
static void test_words(void **state) {
    (void)state;
    assert_true(reads(10000, "\1\0\0\0\0", 5, 3));
    assert_true(reads(10000, "\1\0\0\0\0", 5, 1));
    assert_false(reads(10000, "\1\0\0\0", 4, 3));
    assert_false(reads(10000, "\1\0\0\0\0\0", 6, 3));
    assert_false(reads(10000, "\377\377\377\377\377", 5, 3));
    assert_false(reads(10000, "\377\377\0\0\0", 5, 1));
    assert_false(reads(0, "\0", 1, 1));
    assert_false(reads(UINT64_C(1) << 56, "\0\0\0\0\0\0\0\0", 8, 1));
    assert_false(reads(UINT64_MAX, "\0\0\0\0\0\0\0\0", 8, 1));
}

static void ignore(void *context, const struct block_column *series) {
    (void)context, (void)series;
}

/* Each bit that is wrong, and each byte that is missing, is found. */
static void test_damage(void **state) {
    static struct sample samples[SERIES][SAMPLES];
    struct block_series series[SERIES];
    const struct block_visitor visitor = {
        .context = NULL, .first = INT64_MIN, .last = INT64_MAX, .series = ignore};
    (void)state;
    fill(series, samples);
    GByteArray *bytes = block_encode(series, 3, BLOCK_FAST);
    for (guint i = 0; i < bytes->len * 8; i++) {
        struct error error = {0};
        bytes->data[i / 8] ^= (guint8)(1 << i % 8);
        /* Bits of the frame's head may say the same in another way. */
        bool good = block_decode(bytes->data, bytes->len, &visitor, &error);
        if (good)
            decode(bytes, &(struct expected){series, 3, 0}, INT64_MIN, INT64_MAX);
        bytes->data[i / 8] ^= (guint8)(1 << i % 8);
    }
    for (guint i = 0; i < bytes->len; i++) {
        struct error error = {0};
        assert_false(block_decode(bytes->data, i, &visitor, &error));
        assert_int_equal(error.kind, ERROR_PROTOCOL);
    }
    g_byte_array_free(bytes, TRUE);
}

/* Rows of recorded values, as many as were captured side by side: a byte per sample is the most. */
static void test_size(void **state) {
    const char *folder = getenv("VPERF_RECORDED");
    (void)state;
    if (!folder) {
        print_message("skipped: VPERF_RECORDED is not set\n");
        skip();
    }
    for (const char *const *name = (const char *const[]){"esx65", "vc65", NULL}; *name; name++) {
        char *path = g_strdup_printf("%s/%s.values.tsv", folder, *name), *text = NULL;
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        char **lines = g_strsplit(text, "\n", -1);
        struct block_series series[64];
        size_t count = 0, bytes = 0, total = 0;
        for (char **line = lines + 1; *line && **line; line++) {
            char **values = g_strsplit(strrchr(*line, '\t') + 1, ",", -1);
            size_t length = g_strv_length(values);
            struct sample *samples = g_new0(struct sample, length);
            for (size_t i = 0; i < length; i++)
                samples[i] =
                    (struct sample){begin + 20 * (int64_t)i, g_ascii_strtoll(values[i], NULL, 10)};
            series[count] = (struct block_series){(int64_t)count + 1, length, samples};
            total += length;
            g_strfreev(values);
            if (++count < 64 && line[1] && *line[1])
                continue;
            GByteArray *block = block_encode(series, count, BLOCK_SMALL);
            bytes += block->len;
            g_byte_array_free(block, TRUE);
            while (count)
                g_free((gpointer)series[--count].samples);
        }
        print_message("%s: %.3f bytes per sample\n", *name, (double)bytes / (double)total);
        assert_true(bytes * 4 < total * 3);
        g_strfreev(lines);
        g_free(text);
        g_free(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_oldest),     cmocka_unit_test(test_damage),
        cmocka_unit_test(test_size),       cmocka_unit_test(test_noise),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
