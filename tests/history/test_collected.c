/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Columns hold what samples do, whatever blocks they are gathered from, at once or later. */
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

static void keep(struct collected *collected, const GByteArray *block, int64_t hour) {
    struct error error = {0};
    struct block_room *room = block_room_new();
    collected->room = room;
    assert_true(collected_keep(collected, block->data, block->len, hour, &error));
    block_room_free(room);
}

static void add(struct collected *collected, const GByteArray *block) {
    struct error error = {0};
    if (collected->waiting)
        keep(collected, block, 0);
    else
        assert_true(collected_add(collected, block->data, block->len, &error));
}

/* With memory of its own, as another thread has it. */
static void catch_up(struct collected *collected) {
    struct error damaged = {0};
    struct block_room *room = block_room_new();
    collected->room = room;
    while (collected_next(collected, &damaged))
        assert_int_equal(damaged.kind, ERROR_NONE);
    block_room_free(room);
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

static void run(GRand *dice, bool later) {
    struct sample samples[SERIES][SAMPLES];
    struct block_series series[SERIES];
    struct collected both[2];
    for (size_t i = 0; i < 2; i++) {
        collected_init(&both[i], ids, SERIES);
        both[i].after = 1030;
        both[i].until = 1000 + BLOCKS * SAMPLES * INTERVAL - 50;
    }
    collected_in_columns(&both[1]);
    if (later)
        collected_defer(&both[1], 0);
    for (int64_t block = 0; block < BLOCKS; block++) {
        bool back = g_rand_int_range(dice, 0, 8) == 0;
        if (later && (block + 1 == BLOCKS || g_rand_boolean(dice)))
            catch_up(&both[1]);
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
        run(dice, i % 2);
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

static GByteArray *make_block(int64_t begin) {
    struct sample samples[SAMPLES];
    for (int64_t k = 0; k < SAMPLES; k++)
        samples[k] = (struct sample){begin + INTERVAL * k, k};
    return block_encode(&(struct block_series){ids[0], SAMPLES, samples}, 1, BLOCK_FAST);
}

/* Of the blocks that wait, each is told by its hour; what makes no sense costs no other one. */
static void test_waiting(void **state) {
    struct collected collected;
    struct error damaged = {0};
    (void)state;
    collected_init(&collected, ids, SERIES);
    collected_defer(&collected, 0);
    for (int64_t hour = 0; hour < 3; hour++) {
        GByteArray *bytes = make_block(INTERVAL * SAMPLES * hour);
        keep(&collected, bytes, hour);
        bytes->data[bytes->len - 1] ^= 1;
        struct block_room *room = block_room_new();
        collected.room = room;
        assert_false(collected_keep(&collected, bytes->data, bytes->len, hour, &damaged));
        assert_string_equal(damaged.message, "its checksum does not fit");
        block_room_free(room);
        g_byte_array_free(bytes, TRUE);
    }
    assert_int_equal(collected.series[0].count, 0);
    const struct collected_block *second =
        &g_array_index(collected.waiting, struct collected_block, 1);
    collected.bytes->data[second->begin] = 0x7f; /* more lists of times than there are bytes */
    collected.room = block_room_new();
    for (int64_t hour = 0; hour < 3; hour++) {
        damaged = (struct error){0};
        assert_int_equal(collected_next(&collected, &damaged)->hour, hour);
        assert_int_equal(damaged.kind, hour == 1 ? ERROR_PROTOCOL : ERROR_NONE);
    }
    assert_null(collected_next(&collected, &damaged));
    assert_int_equal(collected.series[0].count, 2 * SAMPLES);
    block_room_free(collected.room);
    collected_done(&collected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
