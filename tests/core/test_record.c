/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Records come back as they were written; a damaged one is an error, never more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/record.h"

static const int64_t samples[] = {7, -8, INT64_MIN};

static GByteArray *make(void) {
    GByteArray *bytes = g_byte_array_new();
    size_t begin = record_begin(bytes);
    record_add_number(bytes, INT64_MAX);
    record_add_text(bytes, "vm, \"quoted\"\n");
    record_add_text(bytes, NULL);
    record_add_text(bytes, "");
    record_add_block(bytes, samples, sizeof samples);
    record_add_block(bytes, NULL, 0);
    record_add_number(bytes, 2);
    record_add_number(bytes, 40);
    record_add_number(bytes, 41);
    record_end(bytes, begin);
    return bytes;
}

/* Reads what make wrote; true when it is all there. */
static bool read_all(struct record *record) {
    int64_t copy[3] = {0};
    size_t size = 1;
    bool same = record_number(record) == INT64_MAX;
    const char *text = record_text(record);
    same = same && text && strcmp(text, "vm, \"quoted\"\n") == 0;
    same = !record_text(record) && same;
    text = record_text(record);
    same = same && text && !*text;
    record_copy(record, copy, sizeof copy);
    same = memcmp(copy, samples, sizeof copy) == 0 && same;
    record_block(record, &size);
    same = size == 0 && same;
    size_t count = record_count(record, RECORD_NUMBER);
    same = count == 2 && same;
    for (size_t i = 0; i < count; i++)
        same = record_number(record) == 40 + (int64_t)i && same;
    return same;
}

static void test_round_trip(void **state) {
    GByteArray *bytes = make();
    struct record record;
    size_t length;
    (void)state;

    assert_int_equal(record_open(&record, bytes->data, bytes->len, &length), RECORD_WHOLE);
    assert_int_equal(length, bytes->len);
    assert_true(read_all(&record));
    assert_true(record_done(&record));
    g_byte_array_free(bytes, TRUE);
}

/* Two frames behind each other; the second is found after the first. */
static void test_frames(void **state) {
    GByteArray *bytes = make();
    struct record record;
    size_t first, second;
    (void)state;

    size_t begin = record_begin(bytes);
    record_end(bytes, begin);
    assert_int_equal(record_open(&record, bytes->data, bytes->len, &first), RECORD_WHOLE);
    assert_int_equal(record_open(&record, bytes->data + first, bytes->len - first, &second),
                     RECORD_WHOLE);
    assert_int_equal(first + second, bytes->len);
    assert_true(record_done(&record));
    g_byte_array_free(bytes, TRUE);
}

/* A frame whose end is not there yet is waited for, at every byte. */
static void test_incomplete(void **state) {
    GByteArray *bytes = make();
    struct record record;
    size_t length;
    (void)state;

    for (size_t size = 0; size < bytes->len; size++) {
        void *part = g_memdup2(bytes->data, size);
        assert_int_equal(record_open(&record, part, size, &length), RECORD_INCOMPLETE);
        g_free(part);
    }
    g_byte_array_free(bytes, TRUE);
}

/* A frame that ends too early, at every byte, and one that goes on. */
static void test_truncated(void **state) {
    GByteArray *bytes = make();
    (void)state;

    for (size_t size = 0; size <= bytes->len - RECORD_HEAD; size++) {
        /* A copy of just this size, so that a sanitizer sees a read beyond it. */
        unsigned char *part = g_memdup2(bytes->data + RECORD_HEAD, size);
        struct record record = {.next = part, .left = size};
        bool same = read_all(&record);
        assert_int_equal(same && record_done(&record), size == bytes->len - RECORD_HEAD);
        assert_int_equal(record.damaged, size < bytes->len - RECORD_HEAD);
        g_free(part);
    }
    g_byte_array_free(bytes, TRUE);
}

/* Every byte turned over: nothing is read outside the frame, whatever comes of it. */
static void test_damaged(void **state) {
    GByteArray *bytes = make();
    (void)state;

    for (size_t i = RECORD_HEAD; i < bytes->len; i++) {
        struct record record;
        size_t length;
        bytes->data[i] ^= 0xff;
        assert_int_equal(record_open(&record, bytes->data, bytes->len, &length), RECORD_WHOLE);
        assert_false(read_all(&record) && record_done(&record));
        bytes->data[i] ^= 0xff;
    }
    g_byte_array_free(bytes, TRUE);
}

static void test_lies(void **state) {
    const unsigned char endless[] = {0xff, 0xff, 0xff, 0xff, 0};
    GByteArray *bytes = g_byte_array_new();
    struct record record;
    size_t length;
    (void)state;

    assert_int_equal(record_open(&record, endless, sizeof endless, &length), RECORD_DAMAGED);

    /* More things than bytes are left for. */
    record_add_number(bytes, 3);
    record_add_number(bytes, 0);
    record_add_number(bytes, 0);
    record = (struct record){.next = bytes->data, .left = bytes->len};
    assert_int_equal(record_count(&record, RECORD_NUMBER), 0);
    assert_true(record.damaged);

    /* A text with a NUL within, and one without any. */
    g_byte_array_set_size(bytes, 0);
    record_add_block(bytes, "a\0b", 4);
    record = (struct record){.next = bytes->data, .left = bytes->len};
    assert_null(record_text(&record));
    assert_true(record.damaged);
    g_byte_array_set_size(bytes, 0);
    record_add_block(bytes, "ab", 2);
    record = (struct record){.next = bytes->data, .left = bytes->len};
    assert_null(record_text(&record));
    assert_true(record.damaged);
    g_byte_array_free(bytes, TRUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_frames),
        cmocka_unit_test(test_incomplete), cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_damaged),    cmocka_unit_test(test_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
