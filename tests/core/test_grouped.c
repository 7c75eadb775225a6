/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Records by group, in memory and in a temporary file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "core/grouped.h"

enum { GROUPS = 7, ROUNDS = 100, PART_SIZE = 128 << 10, PARTS = 33280 };

static const off_t far_offset = (off_t)4 << 30;

/* Then the file has no bytes: what is read of the far offset begins with it. */
static bool pretends;

ssize_t __real_pwrite(int file, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int file, const void *bytes, size_t size, off_t offset);
ssize_t __real_pread(int file, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread(int file, void *bytes, size_t size, off_t offset);

ssize_t __wrap_pwrite(int file, const void *bytes, size_t size, off_t offset) {
    return pretends ? (ssize_t)size : __real_pwrite(file, bytes, size, offset);
}

ssize_t __wrap_pread(int file, void *bytes, size_t size, off_t offset) {
    if (!pretends)
        return __real_pread(file, bytes, size, offset);
    if (offset == far_offset)
        memcpy(bytes, &offset, sizeof offset);
    return (ssize_t)size;
}

static void fill(struct grouped *grouped) {
    struct error error = {0};
    for (uint64_t i = 0; i < ROUNDS; i++)
        for (size_t group = 0; group < GROUPS; group++) {
            uint64_t record[] = {group, i};
            assert_true(grouped_add(grouped, 2 * group, record, sizeof record, &error));
        }
}

static void check(struct grouped *grouped) {
    struct error error = {0};
    size_t size = 0;
    for (size_t group = 0; group < GROUPS; group++) {
        const uint64_t *records = grouped_read(grouped, 2 * group, &size, &error);
        assert_int_equal(size, ROUNDS * 2 * sizeof *records);
        for (uint64_t i = 0; i < ROUNDS; i++) {
            assert_int_equal(records[2 * i], group);
            assert_int_equal(records[2 * i + 1], i);
        }
    }
    assert_non_null(grouped_read(grouped, 1, &size, &error));
    assert_int_equal(size, 0);
    assert_non_null(grouped_read(grouped, 1000, &size, &error));
    assert_int_equal(size, 0);
}

/* Whatever the limit, the records come as they went; also when the room is used again. */
static void test_order(void **state) {
    static const size_t limits[] = {0, 16, 1000, SIZE_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct grouped *grouped = grouped_new(limits[i]);
        for (int round = 0; round < 2; round++) {
            fill(grouped);
            check(grouped);
            grouped_clear(grouped);
            assert_int_equal(grouped_count(grouped), 0); /* nothing stays of a group */
        }
        grouped_free(grouped);
    }
    grouped_free(NULL);
}

/* What came of a group so far. */
struct seen {
    size_t group;
    uint64_t count;
    const char *end; /* of the piece before */
};

static void look(void *context, const void *bytes, size_t size) {
    struct seen *seen = context;
    const uint64_t *records = bytes;
    assert_true(size > 0 && size % (2 * sizeof *records) == 0);
    assert_true(!seen->end || (const char *)bytes >= seen->end);
    seen->end = (const char *)bytes + size;
    for (size_t i = 0; i < size / (2 * sizeof *records); i++) {
        assert_int_equal(records[2 * i], seen->group);
        assert_int_equal(records[2 * i + 1], seen->count);
        seen->count++;
    }
}

/* In memory, partly in the file, and again after all was dropped. */
static void test_pieces(void **state) {
    static const size_t limits[] = {1 << 20, 1000, 0};
    struct error error = {0};
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct grouped *grouped = grouped_new(limits[i]);
        for (int times = 0; times < 2; times++) {
            fill(grouped);
            assert_true(grouped_map(grouped, &error));
            for (size_t group = 0; group < GROUPS; group++) {
                struct seen seen = {.group = group}, none = {0};
                grouped_pieces(grouped, 2 * group, look, &seen);
                grouped_pieces(grouped, 2 * group + 1, look, &none);
                assert_int_equal(seen.count, ROUNDS);
                assert_int_equal(none.count, 0);
            }
            grouped_clear(grouped);
        }
        grouped_free(grouped);
    }
}

/* Without a place for them, records are lost, and it is told. */
static void test_no_directory(void **state) {
    struct error error = {0};
    uint64_t record = 1;
    (void)state;
    setenv("TMPDIR", "/nowhere", 1);
    struct grouped *grouped = grouped_new(8);
    assert_true(grouped_add(grouped, 0, &record, sizeof record, &error));
    assert_false(grouped_add(grouped, 0, &record, sizeof record, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_non_null(strstr(error.message, "/nowhere"));
    error_clear(&error);
    assert_false(grouped_add(grouped, 0, &record, sizeof record, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    grouped_free(grouped);
    unsetenv("TMPDIR");
}

/*
 * A group may be larger than 4 GiB; the memory for it is not touched here, but a sanitizer would
 * keep half a GiB about it.
 */
static void test_large(void **state) {
    (void)state;
    if (SANITIZED)
        skip();
    struct grouped *grouped = grouped_new(0);
    char *part = calloc(1, PART_SIZE);
    struct error error = {0};
    size_t size = 0;
    pretends = true;
    for (int i = 0; i < PARTS; i++)
        assert_true(grouped_add(grouped, 0, part, PART_SIZE, &error));
    bool prepared = grouped_prepare(grouped, &error);
    const char *bytes = prepared ? grouped_read(grouped, 0, &size, &error) : NULL;
    if (prepared) {
        off_t found = 0;
        assert_int_equal(size, (size_t)PARTS * PART_SIZE);
        memcpy(&found, bytes + far_offset, sizeof found);
        assert_int_equal(found, far_offset);
    } else {
        assert_int_equal(error.kind, ERROR_OUTPUT);
        assert_non_null(strstr(error.message, "no memory for 4160 MiB"));
    }
    pretends = false;
    grouped_free(grouped);
    free(part);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
