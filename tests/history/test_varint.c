/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Many numbers at once are what they are one by one, whatever their lengths. */
#include "history/varint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RUNS = 2000, NUMBERS = 40, MOST_BITS = 64 };

/* Of up to so many bits. */
static uint64_t draw(GRand *dice, int bits) {
    uint64_t number = (uint64_t)g_rand_int(dice) << 32 | g_rand_int(dice);
    int width = g_rand_int_range(dice, 1, bits + 1);
    return number >> (MOST_BITS - width);
}

static void compare(const GByteArray *bytes, size_t length, size_t count) {
    /* behind a copy of just this length, nothing may be read */
    uint8_t *copy = g_memdup2(bytes->data, length);
    struct varint_reader one = {copy, copy + length, false}, many = one;
    uint64_t numbers[NUMBERS], number = 0;
    varint_get_many(&many, numbers, count);
    for (size_t i = 0; i < count; i++) {
        number = varint_get(&one);
        assert_true(one.bad || number == numbers[i]);
    }
    assert_int_equal(one.bad, many.bad);
    assert_true(one.bad || one.at == many.at);
    g_free(copy);
}

static void test_many(void **state) {
    static const int widths[] = {7, 8, 14, 15, 21, 64};
    GRand *dice = g_rand_new_with_seed(1);
    (void)state;
    for (size_t run = 0; run < RUNS; run++) {
        GByteArray *bytes = g_byte_array_new();
        size_t count = (size_t)g_rand_int_range(dice, 1, NUMBERS + 1);
        for (size_t i = 0; i < count; i++)
            varint_put(bytes, draw(dice, widths[run % G_N_ELEMENTS(widths)]));
        compare(bytes, bytes->len, count);
        compare(bytes, (size_t)g_rand_int_range(dice, 1, (gint32)bytes->len + 1), count);
        g_byte_array_free(bytes, TRUE);
    }
    g_rand_free(dice);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
