/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* After a restart a writer knows which series lack a sample, and takes it once. */
#include "history/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/known.h"
#include "history/database.h"
#include "history/fixture.h"

enum { INTERVAL = 20, SERIES = 3, BEFORE = 300, AFTER = 5 };

static const int64_t begin = 1763751600; /* a whole hour */
static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};
static const char *const instances[SERIES] = {"", "0", "1"};
static const struct entity guests[] = {
    {.type = ENTITY_VM, .state = STATE_ON, .source = "esx01", .name = "web", .id = "vm-1"},
    {.type = ENTITY_VM, .state = STATE_ON, .source = "esx01", .name = "db", .id = "vm-2"},
};

static int64_t at(int64_t n) {
    return begin + n * INTERVAL;
}

/* Samples number first to last of a series, but for one of them. */
static void add(struct fixture *fixture, const struct entity *entity, int series,
                const int64_t numbers[3], bool late) {
    struct sample samples[BEFORE + 1];
    size_t count = 0;
    for (int64_t n = numbers[0]; n <= numbers[1]; n++)
        if (n != numbers[2])
            samples[count++] = (struct sample){at(n), n};
    const struct series given = {.entity = entity,
                                 .counter = &usage,
                                 .instance = instances[series],
                                 .interval = INTERVAL,
                                 .late = late,
                                 .count = count,
                                 .samples = samples};
    writer_add(fixture->writer, 0, &given);
}

static void commit(struct fixture *fixture) {
    struct error error = {0};
    assert_true(writer_commit(fixture->writer, 0, &error));
}

/* The first guest has all samples; a series of the second one lacks one of them. */
static void record(struct fixture *fixture, int64_t lacking, int64_t last) {
    for (int64_t n = 1; n <= last; n += AFTER) {
        for (int i = 0; i < 2; i++)
            for (int series = 0; series < SERIES; series++)
                add(fixture, &guests[i], series,
                    (int64_t[]){n, n + AFTER - 1, i && series == 1 ? lacking : 0}, false);
        commit(fixture);
    }
}

static bool lacks(struct fixture *fixture, int guest, int64_t *time) {
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
    return writer_lack(fixture->writer, &guests[guest], INTERVAL, time);
}

static void test_a_series_that_lacks(void **state) {
    struct fixture *fixture = *state;
    int64_t time = 0;
    record(fixture, BEFORE - 10, BEFORE);
    assert_false(lacks(fixture, 0, &time));
    assert_true(lacks(fixture, 1, &time));
    assert_int_equal(time, at(BEFORE - 10));
    assert_false(writer_lack(fixture->writer, &guests[1], 300, &time));
    for (int round = 0; round < 2; round++) {
        for (int series = 0; series < SERIES; series++)
            add(fixture, &guests[1], series, (int64_t[]){BEFORE - 10, BEFORE, 0}, true);
        commit(fixture);
    }
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"),
                     2 * SERIES * BEFORE);
    assert_false(lacks(fixture, 1, &time));
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
}

/* Those that a source has given already in this run come no second time: nobody looks. */
static void test_a_sample_of_this_run(void **state) {
    struct fixture *fixture = *state;
    int64_t time = 0;
    record(fixture, 0, AFTER);
    assert_false(lacks(fixture, 1, &time));
    for (int series = 0; series < SERIES - 1; series++)
        add(fixture, &guests[1], series, (int64_t[]){AFTER + 1, AFTER + 2, 0}, false);
    commit(fixture);
    add(fixture, &guests[1], SERIES - 1, (int64_t[]){AFTER + 1, AFTER + 2, 0}, true);
    commit(fixture);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"),
                     2 * SERIES * AFTER + 2 * SERIES);
}

/* What is older than the times that a source remembers, or than all samples, is not lacked. */
static void test_old_times(void **state) {
    struct fixture *fixture = *state;
    int64_t time = 0;
    record(fixture, BEFORE - KNOWN_TIMES, BEFORE);
    assert_false(lacks(fixture, 1, &time));
    struct entity other = guests[0];
    other.id = "vm-3";
    add(fixture, &other, 0, (int64_t[]){BEFORE - 3, BEFORE, 0}, false);
    commit(fixture);
    assert_false(writer_lack(fixture->writer, &other, INTERVAL, &time));
    other.id = "vm-4";
    assert_false(writer_lack(fixture->writer, &other, INTERVAL, &time));
}

/* Rows that are read for a guest that was away since reach further back than another one's lack. */
static void test_a_neighbour_that_was_away(void **state) {
    struct fixture *fixture = *state;
    int64_t time = 0;
    record(fixture, 0, BEFORE / 2);
    for (int series = 0; series < SERIES; series++)
        add(fixture, &guests[1], series,
            (int64_t[]){BEFORE / 2 + 1, BEFORE, series == 1 ? BEFORE / 2 + 40 : 0}, false);
    commit(fixture);
    assert_false(lacks(fixture, 0, &time));
    assert_false(writer_lack(fixture->writer, &guests[1], INTERVAL, &time));
    for (int series = 0; series < SERIES; series++)
        add(fixture, &guests[1], series, (int64_t[]){BEFORE / 2 + 1, BEFORE, 0}, true);
    commit(fixture);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"),
                     SERIES * (BEFORE / 2 + BEFORE) - 1);
}

/* A whole hour later, the samples before it stand in a block. */
static void test_blocks(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    int64_t time = 0;
    record(fixture, 178, 180);
    writer_close(fixture->writer);
    fixture->writer = NULL;
    struct database *database = database_create(fixture->path, &error);
    assert_non_null(database);
    assert_true(database_run(database, &error,
                             "INSERT INTO block (entity, hour, interval, first, last, samples, "
                             "data) SELECT 1, hour, 20, id, id, samples, data FROM round",
                             ""));
    assert_true(database_run(database, &error, "DELETE FROM round", ""));
    database_close(database);
    assert_false(lacks(fixture, 0, &time));
    assert_true(lacks(fixture, 1, &time));
    assert_int_equal(time, at(178));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_series_that_lacks, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_sample_of_this_run, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_old_times, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_neighbour_that_was_away, fixture_writer,
                                        fixture_done),
        cmocka_unit_test_setup_teardown(test_blocks, fixture_writer, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
