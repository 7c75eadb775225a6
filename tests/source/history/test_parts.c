/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Long histories are given in parts, which a second thread reads: in order, whole, with damage
 * told. */
#include "source/history/parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/fixture.h"

enum { INTERVAL = 20, GUESTS = 2, SERIES = 8, SAMPLES = 40000 };

static const int64_t begin = 1763751600; /* a whole hour */

extern const struct source_ops history_source;

static int64_t value_of(int guest, int series, int64_t time) {
    return time / INTERVAL % 977 * (series + 1) + guest;
}

static void add(struct writer *writer, int guest, int number) {
    char id[16], name[32];
    snprintf(id, sizeof id, "vm-%d", guest);
    snprintf(name, sizeof name, "group.counter%d.average", number);
    struct sample *samples = g_new(struct sample, SAMPLES);
    for (int i = 0; i < SAMPLES; i++) {
        int64_t time = begin + INTERVAL * (i + 1);
        samples[i] = (struct sample){time, value_of(guest, number, time)};
    }
    const struct entity entity = {
        .type = ENTITY_VM, .state = STATE_ON, .source = "esx", .name = id, .id = id};
    const struct counter counter = {
        .name = name, .unit = "number", .rollup = "average", .stats = "rate"};
    const struct series series = {.entity = &entity,
                                  .counter = &counter,
                                  .instance = "",
                                  .interval = INTERVAL,
                                  .count = SAMPLES,
                                  .samples = samples};
    writer_add(writer, 0, &series);
    g_free(samples);
}

static int set_up(void **state) {
    struct error error = {0};
    fixture_writer(state);
    struct fixture *fixture = *state;
    for (int guest = 0; guest < GUESTS; guest++)
        for (int i = 0; i < SERIES; i++)
            add(fixture->writer, guest, i);
    do /* each folds some hours */
        assert_true(writer_commit(fixture->writer, 0, &error));
    while (fixture_number(fixture, "SELECT count(DISTINCT hour) FROM round") > 2);
    return 0;
}

/* What was given. */
struct given {
    int64_t newest[GUESTS][SERIES];
    size_t samples;
    size_t pieces;
    int guest; /* whose samples came last */
    int told;
};

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct given *given = context;
    int guest = series->entity->id[3] - '0';
    int number = series->counter->name[strlen("group.counter")] - '0';
    (void)error;
    assert_true(guest >= given->guest);
    given->guest = guest;
    given->pieces++;
    given->samples += series->count;
    for (size_t i = 0; i < series->count; i++) {
        bool split = series->columns.times;
        int64_t time = split ? series->columns.times[i] : series->samples[i].time;
        int64_t value =
            split ? series_columns_value(&series->columns, i) : series->samples[i].value;
        assert_true(time > given->newest[guest][number]);
        assert_int_equal(value, value_of(guest, number, time));
        given->newest[guest][number] = time;
    }
    return true;
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    (void)context, (void)entity, (void)counter;
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    struct given *given = context;
    (void)entity;
    assert_non_null(strstr(reason, "is damaged: samples of the hour that begins at"));
    given->told++;
}

static void on_progress(void *context, int done, int total) {
    (void)context;
    assert_true(done < total);
}

static struct given read_all(const struct fixture *fixture, bool pieces, bool columns) {
    const struct target target = {.path = fixture->path, .text = fixture->path};
    const struct source_options options = {
        .any_interval = true, .pieces = pieces, .columns = columns};
    const struct window window = {.after = begin, .until = begin + INTERVAL * SAMPLES};
    struct given given = {.samples = 0};
    const struct source_events events = {.context = &given,
                                         .offered = on_offered,
                                         .series = on_series,
                                         .missing = on_missing,
                                         .progress = on_progress};
    struct error error = {0};
    struct selection selection;
    selection_init(&selection);
    struct source *source = history_source.open(&target, &options, &error);
    assert_non_null(source);
    assert_true(history_source.round(source, &selection, &window, &events, &error));
    history_source.close(source);
    selection_done(&selection);
    return given;
}

static void test_all_samples(void **state) {
    struct given given = read_all(*state, false, false);
    assert_int_equal(given.samples, GUESTS * SERIES * SAMPLES);
    assert_int_equal(given.pieces, GUESTS * SERIES);
    for (int columns = 0; columns <= 1; columns++) {
        given = read_all(*state, true, columns);
        assert_int_equal(given.samples, GUESTS * SERIES * SAMPLES);
        assert_int_equal(given.pieces, 2 * GUESTS * SERIES);
        assert_int_equal(given.told, 0);
    }
}

static void no_damage(void *context, const struct reader_entity *entity, const char *text) {
    (void)context, (void)entity;
    fail_msg("%s", text);
}

/* What waits is decoded until that is enough, and the rest by who comes next. */
static void test_waiting(void **state) {
    const struct fixture *fixture = *state;
    struct error error = {0};
    gint enough = 1;
    struct block_room *room = block_room_new();
    const struct reader_decoding part = {room, &enough, no_damage, NULL};
    const struct reader_decoding rest = {room, NULL, no_damage, NULL};
    struct collected collected;
    struct reader *reader = reader_open(fixture->path, &error);
    assert_true(reader && reader_begin(reader, &error));
    struct reader_entity *entity = reader->entities[1];
    assert_true(reader_load(reader, entity, &error));
    collected_init(&collected, &entity->series[2].id, 1);
    collected_in_columns(&collected);
    collected_defer(&collected, 0);
    assert_true(reader_read(reader, entity, &collected, &error));
    assert_false(reader_decode(reader, entity, &collected, &part));
    assert_int_equal(collected.series[0].count, 0);
    assert_true(reader_decode(reader, entity, &collected, &rest));
    assert_true(reader_decode(reader, entity, &collected, &rest));
    assert_int_equal(collected.series[0].count, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++)
        assert_int_equal(collected.series[0].values[i],
                         value_of(1, 2, collected_time(&collected.series[0], i)));
    collected_done(&collected);
    reader_end(reader);
    reader_close(reader);
    block_room_free(room);
}

/* An hour of the last part, and one of the first. */
static void test_damage(void **state) {
    struct fixture *fixture = *state;
    struct error error = {0};
    writer_close(fixture->writer);
    fixture->writer = NULL;
    struct database *database = database_create(fixture->path, &error);
    assert_non_null(database);
    assert_true(database_script(
        database,
        "UPDATE round SET data = x'00' WHERE hour IN (SELECT max(hour) FROM round);"
        "UPDATE block SET data = x'00' WHERE hour IN (SELECT min(hour) FROM block) AND "
        "entity = 1",
        &error));
    database_close(database);
    struct given given = read_all(fixture, true, true);
    assert_true(given.told >= GUESTS);
    assert_in_range(given.samples, GUESTS * SERIES * (SAMPLES - 2 * 180),
                    GUESTS * SERIES * SAMPLES - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_samples, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_waiting, set_up, fixture_done),
        cmocka_unit_test_setup_teardown(test_damage, set_up, fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
