/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is written by a writer, in any order and over hours, is what a reader reads. */
#include "history/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/memory.h"
#include "history/check.h"
#include "history/fixture.h"
#include "history/reader.h"
#include "history/retention.h"

enum { INTERVAL = 20, HOUR = 3600 };

static const int64_t begin = 1763751600; /* a whole hour */

static const struct entity guest = {.type = ENTITY_VM,
                                    .state = STATE_ON,
                                    .source = "esx01",
                                    .hypervisor = "esxi",
                                    .name = "web",
                                    .id = "vm-1",
                                    .cpus = 2};
static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};

static void reopen(struct fixture *fixture) {
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
}

static int64_t value_at(int64_t time) {
    return time / INTERVAL % 1000 * 7;
}

/* The samples after from, until until; they wait to be written. */
static void give(struct fixture *fixture, const struct entity *entity, int64_t from, int64_t until,
                 int32_t interval, bool partial) {
    struct sample samples[400];
    size_t count = 0;
    for (int64_t time = from + interval; time <= until; time += interval)
        samples[count++] = (struct sample){time, value_at(time)};
    const struct series series = {.entity = entity,
                                  .counter = &usage,
                                  .instance = "",
                                  .interval = interval,
                                  .count = count,
                                  .samples = samples,
                                  .partial = partial};
    writer_add(fixture->writer, 0, &series);
}

static void add_as(struct fixture *fixture, const struct entity *entity, int64_t from,
                   int64_t until, bool partial) {
    struct error error = {0};
    give(fixture, entity, from, until, INTERVAL, partial);
    assert_true(writer_commit(fixture->writer, 0, &error));
}

static void add(struct fixture *fixture, const struct entity *entity, int64_t from, int64_t until) {
    add_as(fixture, entity, from, until, false);
}

/* Demands one series with all samples after from until until, but those of [hole, hole_end]. */
static void check(const struct fixture *fixture, int64_t from, int64_t until, int64_t hole,
                  int64_t hole_end) {
    struct error error = {0};
    struct reader *reader = reader_open(fixture->path, &error);
    assert_non_null(reader);
    assert_true(reader_begin(reader, &error));
    assert_int_equal(reader->count, 1);
    struct reader_entity *entity = reader->entities[0];
    assert_true(reader_load(reader, entity, &error));
    assert_int_equal(entity->count, 1);
    struct collected collected;
    collected_init(&collected, &entity->series[0].id, 1);
    assert_true(reader_read(reader, entity, &collected, &error));
    size_t i = 0;
    for (int64_t time = from + INTERVAL; time <= until; time += INTERVAL) {
        if (time >= hole && time <= hole_end)
            continue;
        assert_true(i < collected.series[0].count);
        assert_int_equal(collected.series[0].samples[i].time, time);
        assert_int_equal(collected.series[0].samples[i++].value, value_at(time));
    }
    assert_int_equal(i, collected.series[0].count);
    collected_done(&collected);
    reader_end(reader);
    reader_close(reader);
}

static void test_rounds_become_blocks(void **state) {
    struct fixture *fixture = *state;
    for (int64_t time = begin; time < begin + 4 * HOUR; time += 300)
        add(fixture, &guest, time, time + 300);
    check(fixture, begin, begin + 4 * HOUR, 0, -1);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM block"), 2);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM rollup"),
                     2 * HOUR / INTERVAL);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
    struct error error = {0};
    struct check all = {0};
    struct database *database = database_open(fixture->path, &error);
    check_all(database, &all);
    database_close(database);
    assert_int_equal(all.faults, 0);
    assert_int_equal(all.samples, 4 * HOUR / INTERVAL);
}

/* Nothing twice: what is given again, by this run or after a restart. */
static void test_once(void **state) {
    struct fixture *fixture = *state;
    add(fixture, &guest, begin, begin + 600);
    add(fixture, &guest, begin + 300, begin + 900);
    reopen(fixture);
    add(fixture, &guest, begin, begin + 1200);
    check(fixture, begin, begin + 1200, 0, -1);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"), 60);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
}

/* A gap is what is between two samples; a sample that comes late makes it smaller. */
static void test_gaps(void **state) {
    struct fixture *fixture = *state;
    add(fixture, &guest, begin, begin + 600);
    writer_miss(fixture->writer, 0, NULL, "away");
    add(fixture, &guest, begin + 900, begin + 1200);
    assert_int_equal(
        fixture_number(fixture,
                       "SELECT count(*) FROM gap WHERE after = 1763752200 AND until = 1763752500 "
                       "AND reason = 'away'"),
        1);
    check(fixture, begin, begin + 1200, begin + 620, begin + 900);
    add(fixture, &guest, begin + 700, begin + 800);
    assert_int_equal(fixture_number(fixture, "SELECT sum(until - after) FROM gap"), 200);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 2);
    add(fixture, &guest, begin + 600, begin + 900);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
    check(fixture, begin, begin + 1200, 0, -1);
    reopen(fixture);
    add(fixture, &guest, begin + 1240, begin + 1300);
    assert_int_equal(
        fixture_number(fixture, "SELECT count(*) FROM gap WHERE reason = 'vperf did not record'"),
        1);
}

/* Some counters of a lost time came later: they are there, and the time stays a gap. */
static void test_partial(void **state) {
    struct fixture *fixture = *state;
    add(fixture, &guest, begin, begin + 600);
    writer_miss(fixture->writer, 0, NULL, "away");
    add_as(fixture, &guest, begin + 600, begin + 900, true);
    add(fixture, &guest, begin + 900, begin + 1200);
    assert_int_equal(
        fixture_number(fixture,
                       "SELECT count(*) FROM gap WHERE after = 1763752200 AND until = 1763752500 "
                       "AND reason = 'away; some counters could be had later'"),
        1);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 1);
    check(fixture, begin, begin + 1200, 0, -1);
}

/* Several wait for a disk with room, of two intervals: what is whole between them is no gap. */
static void test_partial_times_apart(void **state) {
    static const struct {
        int64_t from, until;
        int32_t interval;
        bool partial;
    } given[] = {
        {600, 700, INTERVAL, true},    {700, 900, INTERVAL, false}, {900, 1000, INTERVAL, true},
        {1000, 1200, INTERVAL, false}, {600, 1200, 300, true},
    };
    struct fixture *fixture = *state;
    struct error error = {0};
    add(fixture, &guest, begin, begin + 600);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        give(fixture, &guest, begin + given[i].from, begin + given[i].until, given[i].interval,
             given[i].partial);
    assert_true(writer_commit(fixture->writer, 0, &error));
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap WHERE interval = 20 AND "
                                             "after = 1763752200 AND until = 1763752300"),
                     1);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap WHERE interval = 20 AND "
                                             "after = 1763752500 AND until = 1763752600"),
                     1);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap WHERE interval = 300 AND "
                                             "after = 1763752200 AND until = 1763752800"),
                     1);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 3);
}

/* Samples that come when their hour is a block already become part of it. */
static void test_late_samples(void **state) {
    struct fixture *fixture = *state;
    add(fixture, &guest, begin, begin + 600);
    for (int64_t time = begin + 2400; time < begin + 4 * HOUR; time += 1200)
        add(fixture, &guest, time, time + 1200);
    int64_t before = fixture_number(fixture, "SELECT samples FROM rollup ORDER BY hour");
    assert_int_equal(before, 90);
    writer_close(fixture->writer);
    struct error error = {0};
    fixture->writer = NULL;
    struct database *database = database_create(fixture->path, &error);
    assert_true(database_run(database, &error, "DELETE FROM mark", ""));
    database_close(database);
    reopen(fixture);
    add(fixture, &guest, begin + 600, begin + 2400);
    add(fixture, &guest, begin + 4 * HOUR, begin + 4 * HOUR + 20);
    check(fixture, begin, begin + 4 * HOUR + 20, 0, -1);
    assert_int_equal(fixture_number(fixture, "SELECT samples FROM rollup ORDER BY hour"), 180);
}

static void test_marks(void **state) {
    struct fixture *fixture = *state;
    struct mark mark;
    assert_false(writer_mark(fixture->writer, &guest, INTERVAL, &mark));
    add(fixture, &guest, begin, begin + 100);
    add(fixture, &guest, begin + 140, begin + 200);
    reopen(fixture);
    assert_true(writer_mark(fixture->writer, &guest, INTERVAL, &mark));
    assert_int_equal(mark_after(&mark), begin + 200);
    assert_true(mark_has(&mark, begin + 100));
    assert_false(mark_has(&mark, begin + 120));
    assert_false(writer_mark(fixture->writer, &guest, 300, &mark));
}

static const struct counter used = {.name = "space.used.latest",
                                    .unit = "kiloBytes",
                                    .rollup = "latest",
                                    .stats = "absolute",
                                    .reading = true};

static void read_space(struct fixture *fixture, int64_t time) {
    struct error error = {0};
    const struct sample sample = {time, 4096};
    const struct series series = {.entity = &guest,
                                  .counter = &used,
                                  .instance = "",
                                  .interval = INTERVAL,
                                  .count = 1,
                                  .samples = &sample};
    writer_add(fixture->writer, 0, &series);
    assert_true(writer_commit(fixture->writer, 0, &error));
}

/* A reading comes before the sample of its time: both are kept, and the sample is asked for. */
static void test_readings_are_no_samples(void **state) {
    struct fixture *fixture = *state;
    struct mark mark;
    add(fixture, &guest, begin, begin + 100);
    read_space(fixture, begin + 121);
    reopen(fixture);
    assert_true(writer_mark(fixture->writer, &guest, INTERVAL, &mark));
    assert_false(mark_has(&mark, begin + 120));
    writer_miss(fixture->writer, 0, &guest, "away");
    read_space(fixture, begin + 131);
    add(fixture, &guest, begin + 120, begin + 200);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"), 5 + 2 + 4);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM gap WHERE reason = 'away' AND until = "
                                    "after + 20"),
                     1);
    add(fixture, &guest, begin + 100, begin + 120);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"), 5 + 2 + 5);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
}

/* What is off has readings alone: no gaps, and its newest time is known. */
static void test_readings_leave_no_gaps(void **state) {
    struct fixture *fixture = *state;
    for (int64_t time = begin + 7; time < begin + HOUR; time += 60)
        read_space(fixture, time);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM gap"), 0);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"), 60);
    struct error error = {0};
    struct reader *reader = reader_open(fixture->path, &error);
    assert_int_equal(reader->newest, begin + 7 + 59 * 60);
    reader_close(reader);
}

/* A guest that grows, moves and is renamed was another one before. */
static void test_contexts(void **state) {
    struct fixture *fixture = *state;
    struct entity before = guest, grown = guest;
    before.host = "esx01";
    grown.host = "esx02";
    grown.cpus = 8;
    grown.name = "shop";
    writer_note(fixture->writer, WRITER_ARRIVED, 0, "esx01", &before, NULL);
    add(fixture, &before, begin, begin + 100);
    add(fixture, &grown, begin + 100, begin + 200);
    struct error error = {0};
    struct reader *reader = reader_open(fixture->path, &error);
    const struct reader_entity *entity = reader->entities[0];
    assert_int_equal(entity->context_count, 2);
    assert_int_equal(entity->contexts[reader_context(entity, begin + 100)].entity->cpus, 2);
    assert_int_equal(entity->contexts[reader_context(entity, begin + 120)].entity->cpus, 8);
    assert_string_equal(reader_present(entity)->name, "shop");
    reader_close(reader);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT count(*) FROM event WHERE kind = 'arrived' OR (kind = "
                                    "'renamed' AND text = 'from web to shop') OR (kind = 'moved' "
                                    "AND text = 'from esx01 to esx02')"),
                     3);
}

/* A host whose clock is at 2038 makes nothing of another one old, and is not the present. */
static void test_a_clock_ahead(void **state) {
    struct fixture *fixture = *state;
    static const struct entity lost = {
        .type = ENTITY_VM, .source = "esx02", .name = "lost", .id = "vm-1"};
    enum { COMMITS = 31, FUTURE = 2145916800 };
    int64_t now = g_get_real_time() / G_USEC_PER_SEC / HOUR * HOUR;
    for (int64_t i = 0; i < COMMITS; i++) {
        add(fixture, &guest, now - HOUR + i * 2 * INTERVAL, now - HOUR + (i + 1) * 2 * INTERVAL);
        add(fixture, &lost, FUTURE + i * INTERVAL, FUTURE + (i + 1) * INTERVAL);
    }
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM series"), 2);
    assert_int_equal(fixture_number(fixture, "SELECT count(*) FROM block"), 0);
    assert_int_equal(fixture_number(fixture, "SELECT sum(samples) FROM round"), 3 * COMMITS);
    struct error error = {0};
    struct reader *reader = reader_open(fixture->path, &error);
    assert_in_range(reader->newest, now - HOUR, now);
    reader_close(reader);
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* In memory, where the limit does not count. */
struct messages {
    char *text;
    size_t size;
    struct log log;
};

static void open_messages(struct messages *messages) {
    *messages = (struct messages){.log = {.level = LOG_NORMAL}};
    messages->log.stream = open_memstream(&messages->text, &messages->size);
}

static void expect_message(const struct messages *messages, const char *text, bool there) {
    fflush(messages->log.stream);
    assert_int_equal(strstr(messages->text, text) != NULL, there);
}

static void close_messages(struct messages *messages) {
    fclose(messages->log.stream);
    free(messages->text);
}

enum { PART_SAMPLES = 65536, MANY_PARTS = 96, PARTS_WITH_ROOM = 63 };

/* A sample each second of so many instances, not committed. */
static void add_parts(struct fixture *fixture, int64_t from, int parts) {
    struct sample *samples = memory_array(PART_SAMPLES, sizeof *samples);
    for (int64_t i = 0; i < PART_SAMPLES; i++)
        samples[i] = (struct sample){from + i, 1};
    for (int i = 0; i < parts; i++) {
        char *instance = memory_printf("%d", i);
        const struct series series = {.entity = &guest,
                                      .counter = &usage,
                                      .instance = instance,
                                      .interval = 1,
                                      .count = PART_SAMPLES,
                                      .samples = samples};
        writer_add(fixture->writer, 0, &series);
        free(instance);
    }
    free(samples);
}

/* Four million samples wait for a disk with room; how many are lost is told, then or at the end. */
static void test_a_full_disk(void **state) {
    struct fixture *fixture = *state;
    struct messages messages;
    struct error error = {0};
    open_messages(&messages);
    fixture_reopen(fixture, &fixture_long_enough, &messages.log);
    limit_files(4096);
    add(fixture, &guest, begin, begin + INTERVAL);
    add_parts(fixture, begin, 1);
    assert_true(writer_commit(fixture->writer, 0, &error));
    writer_close(fixture->writer);
    limit_files(RLIM_INFINITY);
    expect_message(&messages, ": 65537 samples are lost\n", true);
    fixture->writer = writer_open(fixture->path, &fixture_long_enough, &messages.log, &error);
    limit_files(4096);
    add(fixture, &guest, begin, begin + INTERVAL);
    add_parts(fixture, begin, MANY_PARTS - 1);
    add_parts(fixture, begin + PART_SAMPLES, 1);
    limit_files(RLIM_INFINITY);
    assert_true(writer_commit(fixture->writer, 0, &error));
    char *lost = memory_printf("written again; %d samples are lost\n",
                               (MANY_PARTS - PARTS_WITH_ROOM) * PART_SAMPLES);
    expect_message(&messages, lost, true);
    free(lost);
    add_parts(fixture, begin + 2 * PART_SAMPLES, 1);
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
    close_messages(&messages);
    assert_int_equal(fixture_number(fixture, "SELECT (SELECT sum(samples) FROM round) + "
                                             "(SELECT total(samples) FROM block)"),
                     (PARTS_WITH_ROOM + 1) * PART_SAMPLES + 1);
    assert_int_equal(fixture_number(fixture,
                                    "SELECT until - after FROM gap WHERE reason = 'the history "
                                    "could not be written'"),
                     PART_SAMPLES);
}

/* Of times that come twice before they are written, nothing is lost, and nothing is told. */
static void test_twice_in_a_round(void **state) {
    struct fixture *fixture = *state;
    struct messages messages;
    open_messages(&messages);
    fixture_reopen(fixture, &fixture_long_enough, &messages.log);
    give(fixture, &guest, begin, begin + 3 * INTERVAL, INTERVAL, false);
    add(fixture, &guest, begin, begin + 2 * INTERVAL);
    check(fixture, begin, begin + 3 * INTERVAL, 0, 0);
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
    expect_message(&messages, "lost", false);
    close_messages(&messages);
}

/* Samples are written while hours cannot be folded: it is told once, and nothing is lost. */
static void test_folding_fails(void **state) {
    struct fixture *fixture = *state;
    struct messages messages;
    open_messages(&messages);
    fixture_reopen(fixture, &fixture_long_enough, &messages.log);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                                  "CREATE TRIGGER full BEFORE INSERT ON rollup BEGIN "
                                  "SELECT RAISE(FAIL, 'no room'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    for (int64_t time = begin; time < begin + 4 * HOUR; time += 1200)
        add(fixture, &guest, time, time + 1200);
    expect_message(&messages, "no room; samples are written", true);
    assert_null(strstr(strstr(messages.text, "no room") + 1, "no room"));
    expect_message(&messages, "written again", false);
    assert_int_equal(sqlite3_exec(other, "DROP TRIGGER full", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    check(fixture, begin, begin + 4 * HOUR, 0, -1);
    fixture_reopen(fixture, &fixture_long_enough, &fixture_quiet);
    close_messages(&messages);
}

/* A recorder must not go on in a file that nobody will find. */
static void test_a_file_that_is_gone(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    assert_true(writer_commit(fixture->writer, 0, &error));
    assert_false(writer_is_gone(fixture->writer));
    assert_int_equal(g_unlink(fixture->path), 0);
    assert_true(writer_is_gone(fixture->writer));
    assert_false(writer_commit(fixture->writer, 0, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_non_null(strstr(error.message, "was removed or replaced"));
    assert_true(g_file_set_contents(fixture->path, "", 0, NULL));
    assert_true(writer_is_gone(fixture->writer));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rounds_become_blocks, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_once, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_partial, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_partial_times_apart, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_gaps, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_late_samples, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_marks, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_readings_are_no_samples, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_readings_leave_no_gaps, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_contexts, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_clock_ahead, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_full_disk, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_twice_in_a_round, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_folding_fails, fixture_writer, fixture_done),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_gone, fixture_writer, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
