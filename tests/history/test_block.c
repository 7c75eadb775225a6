/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/block.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

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
        cmocka_unit_test(test_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
