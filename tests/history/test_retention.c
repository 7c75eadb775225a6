/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is too old goes, however much it is; what comes back is described again. */
#include "history/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "history/check.h"
#include "history/fixture.h"

enum { HOUR = 3600, DAY = 24 * HOUR, BLOCKS = 20000 };

static const struct retention short_time = {2 * DAY, 10 * DAY};
static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};

static int64_t count(struct database *database, const char *sql) {
    struct error error = {0};
    int64_t result = 0;
    assert_true(database_number(database, sql, &result, -1, &error));
    return result;
}

/* More than one part is old, behind a block of a host whose clock is ahead. */
static void test_all_that_is_old(void **state) {
    const struct fixture *fixture = *state;
    struct error error = {0};
    struct database *database = database_create(fixture->path, &error);
    assert_non_null(database);
    int64_t hour = g_get_real_time() / G_USEC_PER_SEC / HOUR;
    assert_true(database_script(
        database, "INSERT INTO entity (id, target, type, key, chunk) VALUES (1, 1, 'vm', 'a', 1)",
        &error));
    assert_true(database_run(
        database, &error,
        "INSERT INTO mark (entity, interval, newest, seen) VALUES (1, 3600, ?, x'00')", "i", hour));
    assert_true(database_run(
        database, &error,
        "WITH RECURSIVE n (i) AS (SELECT -9 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "INSERT INTO block SELECT NULL, 1, ? - i, 20, 1, 1, 1, x'00' FROM n",
        "ii", (int64_t)BLOCKS, hour));
    assert_true(database_script(
        database, "INSERT INTO rollup (hour, series, samples, sum) SELECT hour, 1, 1, 1 FROM block",
        &error));
    GArray *gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool more = false;
    assert_true(retention_apply(database, &short_time, 0, gone, &more, &error));
    assert_true(more);
    assert_in_range(count(database, "SELECT count(*) FROM block"), BLOCKS / 2, BLOCKS);
    assert_true(retention_apply(database, &short_time, clock_now_ns() + INT64_C(60000000000), gone,
                                &more, &error));
    assert_false(more);
    assert_int_equal(count(database, "SELECT count(*) FROM block"), 10 + 48);
    assert_int_equal(gone->len, 0);
    g_array_free(gone, TRUE);
    database_close(database);
}

/* Nobody recorded for a month: what was recorded before it is still what was recorded last. */
static void test_a_recorder_that_was_off(void **state) {
    const struct fixture *fixture = *state;
    struct error error = {0};
    struct database *database = database_create(fixture->path, &error);
    assert_non_null(database);
    int64_t hour = g_get_real_time() / G_USEC_PER_SEC / HOUR, before = hour - 30 * 24;
    assert_true(database_run(
        database, &error,
        "INSERT INTO mark (entity, interval, newest, seen) VALUES (1, 3600, ?, x'00')", "i", hour));
    assert_true(database_run(
        database, &error,
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) "
        "INSERT INTO rollup (hour, series, samples, sum) SELECT CASE WHEN i < 10 THEN ?1 - i ELSE "
        "?2 - i END, 1, 1, 1 FROM n",
        "ii", hour, before));
    assert_true(database_script(
        database,
        "INSERT INTO block SELECT NULL, 1, hour, 20, 1, 1, 1, x'00' FROM rollup; INSERT "
        "INTO entity (id, target, type, key, chunk) VALUES (1, 1, 'vm', 'a', 1)",
        &error));
    GArray *gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool more = false;
    assert_true(retention_apply(database, &short_time, clock_now_ns() + INT64_C(60000000000), gone,
                                &more, &error));
    assert_int_equal(count(database, "SELECT count(*) FROM block"), 48);
    g_array_free(gone, TRUE);
    database_close(database);
}

static void add(struct writer *writer, unsigned target, const char *id, int64_t time) {
    const struct entity guest = {.type = ENTITY_VM, .source = "esx", .name = "web", .id = id};
    const struct sample sample = {time, 1};
    const struct series series = {.entity = &guest,
                                  .counter = &usage,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    writer_add(writer, target, &series);
}

/* Guests that come back have rows again; one has a sample that waits when its rows go. */
static void test_what_comes_back(void **state) {
    const struct fixture *fixture = *state;
    enum { COMMITS = 40 };
    struct error error = {0};
    struct writer *writer = writer_open(fixture->path, &short_time, &fixture_quiet, &error);
    assert_non_null(writer);
    int64_t now = g_get_real_time() / G_USEC_PER_SEC / 20 * 20;
    add(writer, 0, "back", now - 20 * DAY);
    add(writer, 0, "waits", now - 20 * DAY);
    assert_true(writer_commit(writer, 0, &error));
    add(writer, 1, "waits", now);
    for (int64_t i = COMMITS; i; i--) {
        add(writer, 0, "stays", now - 20 * i);
        assert_true(writer_commit(writer, 0, &error));
    }
    add(writer, 0, "back", now);
    assert_true(writer_commit(writer, 0, &error) && writer_commit(writer, 1, &error));
    writer_close(writer);
    struct database *database = database_open(fixture->path, &error);
    assert_int_equal(count(database, "SELECT count(*) FROM entity e JOIN series s ON s.entity = "
                                     "e.id JOIN context c ON c.entity = e.id"),
                     3);
    database_close(database);
}

static int64_t count_pieces(const struct fixture *fixture) {
    return fixture_number(fixture, "SELECT count(*) FROM block") +
           fixture_number(fixture, "SELECT count(*) FROM round");
}

/* Rounds without samples, until a round's time has sufficed for all that was to be done. */
static void settle(const struct fixture *fixture) {
    enum { APPLIED_ROUNDS = 30 };
    struct error error = {0};
    int64_t before, after = count_pieces(fixture);
    do {
        before = after;
        for (int round = 0; round < APPLIED_ROUNDS; round++)
            assert_true(writer_commit(fixture->writer, 0, &error));
        after = count_pieces(fixture);
    } while (after != before);
}

/* A year, four days in each round: what is too old goes, and the file does not grow. */
static void keep_a_year(struct fixture *fixture, const struct retention *retention) {
    enum { ROUNDS = 92, HOURS = 96, MIDDLE = 60, WAITING = 2 }; /* hours are in no block yet */
    static const struct entity guest = {
        .type = ENTITY_VM, .source = "esx", .name = "web", .id = "vm-1"};
    struct error error = {0};
    fixture_reopen(fixture, retention, &fixture_quiet);
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    int64_t size = 0, start = (now / HOUR - ROUNDS * HOURS) * HOUR;
    for (int64_t round = 0; round < ROUNDS; round++) {
        struct sample samples[HOURS];
        for (int64_t i = 0; i < HOURS; i++)
            samples[i] = (struct sample){start + (round * HOURS + i) * HOUR, i};
        const struct series series = {.entity = &guest,
                                      .counter = &usage,
                                      .instance = "",
                                      .interval = HOUR,
                                      .count = HOURS,
                                      .samples = samples};
        writer_add(fixture->writer, 0, &series);
        assert_true(writer_commit(fixture->writer, 0, &error));
        if (round != MIDDLE)
            continue;
        settle(fixture);
        size = fixture_number(fixture, "PRAGMA page_count");
    }
    settle(fixture);
    int64_t samples = retention->samples_seconds / HOUR, hours = retention->hours_seconds / HOUR;
    assert_in_range(count_pieces(fixture), samples, samples + WAITING);
    assert_in_range(fixture_number(fixture, "SELECT max(hour) - min(hour) FROM rollup"),
                    MAX(samples, hours) - 1 - WAITING, MAX(samples, hours));
    assert_true(fixture_number(fixture, "PRAGMA page_count") <= size + size / 4);
}

static void test_retention(void **state) {
    keep_a_year(*state, &(struct retention){2 * 86400, 10 * 86400});
}

static void test_hours_kept_for_less_than_samples(void **state) {
    keep_a_year(*state, &(struct retention){10 * 86400, 2 * 86400});
}

static void note(void *context, const char *text) {
    char **told = context;
    g_free(*told);
    *told = g_strdup(text);
}

/* Rows of hours whose samples are gone have a checksum each. */
static void test_hours_are_checked(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    char *told = NULL;
    struct check check = {.context = &told, .damaged = note};
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
    int64_t now = g_get_real_time() / G_USEC_PER_SEC / HOUR * HOUR;
    for (int64_t time = now - 9 * HOUR; time < now; time += HOUR / 2) {
        add(fixture->writer, 0, "web", time);
        assert_true(writer_commit(fixture->writer, 0, &error));
    }
    writer_close(fixture->writer);
    fixture->writer = NULL;
    struct database *database = database_create(fixture->path, &error);
    assert_true(database_script(database, "DELETE FROM block", &error));
    check_all(database, &check);
    assert_null(told);
    assert_true(database_script(
        database, "UPDATE rollup SET sum = sum + 1 WHERE hour = (SELECT min(hour) FROM rollup)",
        &error));
    check_all(database, &check);
    assert_int_equal(check.faults, 1);
    assert_non_null(strstr(told, "what is kept of series 1 in the hour that begins at"));
    g_free(told);
    database_close(database);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_that_is_old, fixture_folder, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_recorder_that_was_off, fixture_folder, fixture_done),
        cmocka_unit_test_setup_teardown(test_what_comes_back, fixture_folder, fixture_done),
        cmocka_unit_test_setup_teardown(test_retention, fixture_folder, fixture_done),
        cmocka_unit_test_setup_teardown(test_hours_kept_for_less_than_samples, fixture_folder,
                                        fixture_done),
        cmocka_unit_test_setup_teardown(test_hours_are_checked, fixture_folder, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
