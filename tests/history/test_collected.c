/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Columns hold what samples do, whatever blocks they are gathered from. */
#include "history/collected.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SERIES = 5, SAMPLES = 6, BLOCKS = 5, RUNS = 300, INTERVAL = 20 };

static const int64_t ids[SERIES] = {3, 4, 7, 8, 9};

/* Some series are not in each block, have gaps, other times, earlier ones, or one value. */
static size_t fill(GRand *dice, struct block_series *series, struct sample (*samples)[SAMPLES],
                   int64_t begin) {
    size_t count = 0;
    for (size_t i = 0; i < SERIES; i++) {
        if (g_rand_int_range(dice, 0, 5) == 0)
            continue;
        bool same = g_rand_int_range(dice, 0, 2), gap = g_rand_int_range(dice, 0, 4) == 0;
        int64_t shift = g_rand_int_range(dice, 0, 6) == 0, value = g_rand_int_range(dice, 0, 2);
        for (size_t k = 0; k < SAMPLES; k++)
            samples[i][k] =
                (struct sample){begin + INTERVAL * (int64_t)(k + (gap && k > 2)) + shift,
                                same ? value : g_rand_int_range(dice, 0, 9)};
        series[count++] = (struct block_series){
            ids[i], (size_t)g_rand_int_range(dice, 1, SAMPLES + 1), samples[i]};
    }
    return count;
}

static void add(struct collected *collected, const GByteArray *block) {
    struct error error = {0};
    assert_true(collected_add(collected, block->data, block->len, &error));
}

/* As what came in after the last block is added. */
static void append(struct collected *collected, const struct block_series *series, size_t count) {
    for (size_t i = 0; i < count; i++)
        collected_append(collected, collected_find(collected, series[i].id), series[i].samples,
                         series[i].count);
}

static void assert_equal(const struct collected *samples, const struct collected *columns) {
    for (size_t i = 0; i < SERIES; i++) {
        const struct collected_series *left = &samples->series[i], *right = &columns->series[i];
        assert_int_equal(left->count, right->count);
        for (size_t k = 0; k < left->count; k++) {
            assert_int_equal(left->samples[k].time, collected_time(right, k));
            assert_int_equal(left->samples[k].value, right->values[right->same ? 0 : k]);
        }
    }
}

static void run(GRand *dice) {
    struct sample samples[SERIES][SAMPLES];
    struct block_series series[SERIES];
    struct collected both[2];
    for (size_t i = 0; i < 2; i++) {
        collected_init(&both[i], ids, SERIES);
        both[i].after = 1030;
        both[i].until = 1000 + BLOCKS * SAMPLES * INTERVAL - 50;
    }
    collected_in_columns(&both[1]);
    for (int64_t block = 0; block < BLOCKS; block++) {
        bool back = g_rand_int_range(dice, 0, 8) == 0;
        size_t count = fill(dice, series, samples, 1000 + (block - back) * SAMPLES * INTERVAL);
        GByteArray *bytes = block_encode(series, count, BLOCK_FAST);
        for (size_t i = 0; i < 2; i++)
            if (block + 1 < BLOCKS)
                add(&both[i], bytes);
            else
                append(&both[i], series, count);
        g_byte_array_free(bytes, TRUE);
    }
    for (size_t i = 0; i < 2; i++)
        collected_sort(&both[i]);
    assert_equal(&both[0], &both[1]);
    for (size_t i = 0; i < 2; i++)
        collected_done(&both[i]);
}

static void test_equal(void **state) {
    GRand *dice = g_rand_new_with_seed(1);
    (void)state;
    for (int i = 0; i < RUNS; i++)
        run(dice);
    g_rand_free(dice);
}

/* Series that have their times in common keep them once, and one that never changes one value. */
static void test_shared(void **state) {
    struct sample samples[SERIES][SAMPLES];
    struct block_series series[SERIES];
    struct collected collected;
    (void)state;
    collected_init(&collected, ids, SERIES);
    collected_in_columns(&collected);
    for (int64_t block = 0; block < BLOCKS; block++) {
        for (size_t i = 0; i < SERIES; i++) {
            for (int64_t k = 0; k < SAMPLES; k++)
                samples[i][k] = (struct sample){INTERVAL * (block * SAMPLES + k), i ? k : 7};
            series[i] = (struct block_series){ids[i], SAMPLES, samples[i]};
        }
        GByteArray *bytes = block_encode(series, SERIES, BLOCK_FAST);
        add(&collected, bytes);
        g_byte_array_free(bytes, TRUE);
    }
    assert_int_equal(collected.times->len, 1);
    for (size_t i = 0; i < SERIES; i++)
        assert_int_equal(collected.series[i].same, i == 0);
    collected_done(&collected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
