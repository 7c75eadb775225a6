/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What stands at a place is what sorting would put there, whether values are kept or counted. */
#include "report/tally.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PIECES = 6, PIECE = 400, MOST = PIECES * PIECE, RUNS = 400 };

static const struct scale plain = {1, 1};

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Adds a piece, and notes its values behind the others. */
static void add(struct tally *tally, int64_t *all, const int64_t *values, size_t count, bool same) {
    const struct series_columns columns = {all, values, same};
    size_t before = tally->count;
    int64_t highest = values[0];
    for (size_t i = 0; i < count; i++) {
        all[before + i] = values[same ? 0 : i];
        highest = MAX(highest, all[before + i]);
    }
    const struct tally_sum sum = tally_add(tally, &columns, count);
    assert_int_equal(sum.highest, highest);
    assert_int_equal(tally->count, before + count);
}

static void assert_found(const struct tally *tally, int64_t *all) {
    struct place places[MOST];
    double values[MOST];
    qsort(all, tally->count, sizeof *all, compare);
    for (size_t i = 0; i < tally->count; i++)
        places[i].index = i;
    tally_find(tally, &plain, places, tally->count);
    tally_put(tally, &plain, values);
    double sum = 0, expected = 0;
    for (size_t i = 0; i < tally->count; i++) {
        assert_true(places[i].value == (double)all[i]);
        sum += values[i];
        expected += (double)all[i];
    }
    assert_true(sum == expected);
}

/* Pieces of one value, of narrow ranges and of wide ones, here and there. */
static void add_pieces(GRand *dice, struct tally *tally, int64_t *all) {
    static const int32_t widths[] = {1, 2, 300, 5000, 40000};
    int kinds = g_rand_int_range(dice, 1, (int)G_N_ELEMENTS(widths) + 1);
    for (int piece = 0; piece < PIECES; piece++) {
        int64_t values[PIECE] = {0}, base = g_rand_int_range(dice, -500, 500);
        int32_t width = widths[g_rand_int_range(dice, 0, kinds)];
        size_t count = (size_t)g_rand_int_range(dice, 1, PIECE + 1);
        for (size_t i = 0; i < count; i++)
            values[i] = base + g_rand_int_range(dice, 0, width);
        add(tally, all, values, count, g_rand_int_range(dice, 0, 4) == 0);
    }
}

/* One tally after the other has the same memory. */
static void test_places(void **state) {
    GRand *dice = g_rand_new_with_seed(1);
    struct tally tally = {.values = NULL};
    int counted = 0, kept = 0;
    (void)state;
    for (int run = 0; run < RUNS; run++) {
        int64_t all[MOST];
        add_pieces(dice, &tally, all);
        counted += tally.counted;
        kept += !tally.counted && !tally.same;
        assert_found(&tally, all);
        tally_clear(&tally);
    }
    assert_true(counted && kept);
    tally_done(&tally);
    g_rand_free(dice);
}

/* Ranges that are as far apart as numbers can be. */
static void test_extremes(void **state) {
    static const int64_t pieces[][2] = {
        {INT64_MAX - 1, INT64_MAX}, {INT64_MIN, INT64_MIN + 1}, {-1, 0}};
    (void)state;
    for (size_t first = 0; first < G_N_ELEMENTS(pieces); first++) {
        struct tally tally = {.values = NULL};
        int64_t all[MOST];
        for (size_t i = 0; i < 3; i++) {
            const int64_t *piece = pieces[(first + i) % 3];
            add(&tally, all, (const int64_t[]){piece[0], piece[1], piece[1]}, 3, false);
            if (!i)
                assert_true(tally.counted);
        }
        assert_false(tally.counted);
        struct place places[] = {{.index = 0}, {.index = 8}};
        tally_find(&tally, &plain, places, 2);
        assert_true(places[0].value == (double)INT64_MIN && places[1].value == (double)INT64_MAX);
        tally_done(&tally);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
