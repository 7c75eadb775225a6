/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What counts as of now, and which targets are up: by a clock of the test's own. */
#include "serve/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

enum { LIVE, OTHER, RECORDED, TARGETS, INTERVAL = 20, NOW = 1800000000 };

static const int64_t second_ns = 1000000000;
static int64_t now_seconds;

int64_t __wrap_clock_boot_ns(void);
int64_t __wrap_clock_real_ns(void);

int64_t __wrap_clock_boot_ns(void) {
    return (1000 + now_seconds) * second_ns;
}

int64_t __wrap_clock_real_ns(void) {
    return (NOW + now_seconds) * second_ns;
}

static const struct entity web = {.type = ENTITY_VM, .source = "esx01", .name = "web", .id = "1"};
static const struct counter usage = {.name = "cpu.usage.average", .unit = "percent"};
static const struct counter space = {.name = "space.used", .unit = "kiloBytes", .reading = true};

struct world {
    struct target_plan plans[TARGETS];
    struct store store;
};

static int set_up(void **state) {
    static const char *const texts[TARGETS] = {"https://root@esx01", "https://esx02:8443", "x.db"};
    static struct world world;
    struct error error = {0};
    world = (struct world){0};
    struct options options = {.plans = world.plans, .target_count = TARGETS};
    options.timing.interval = INTERVAL;
    for (size_t i = 0; i < TARGETS; i++)
        assert_true(target_init(&world.plans[i].target, texts[i], &error));
    now_seconds = 0;
    store_init(&world.store, &options, true);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    store_done(&world->store);
    for (size_t i = 0; i < TARGETS; i++)
        target_done(&world->plans[i].target);
    return 0;
}

static void give(struct store *store, unsigned target, const struct counter *counter,
                 int64_t time) {
    const struct sample sample = {time, 7};
    const struct series series = {.entity = &web,
                                  .counter = counter,
                                  .instance = "",
                                  .interval = INTERVAL,
                                  .count = 1,
                                  .samples = &sample};
    store->sink.target = target;
    store->sink.ops->write(&store->sink, &series);
}

static void happen(struct store *store, unsigned target, enum sink_event_kind kind) {
    const struct sink_event event = {.kind = kind, .entity = &web, .duration_ns = second_ns};
    store->sink.target = target;
    store->sink.ops->event(&store->sink, &event);
}

static bool up(const struct store *store, unsigned target) {
    return store_up(&store->targets[target], __wrap_clock_boot_ns());
}

static size_t fresh(const struct store *store) {
    size_t count = 0;
    const struct latest_entity *entity = latest_first(store->latest);
    for (; entity; entity = latest_next(entity))
        for (const struct latest_series *series = latest_series_first(entity); series;
             series = latest_series_next(series))
            count += store_fresh(store, series, __wrap_clock_boot_ns(), NOW + now_seconds);
    return count;
}

/* A target that fails is down at once; its values go after two intervals. */
static void test_a_target_is_lost(void **state) {
    struct store *store = &((struct world *)*state)->store;
    assert_false(up(store, LIVE));
    give(store, LIVE, &usage, NOW);
    assert_int_equal(fresh(store), 0); /* its round has not ended */
    happen(store, LIVE, SINK_ROUND);
    assert_true(up(store, LIVE));
    assert_false(up(store, OTHER));
    assert_int_equal(fresh(store), 1);
    uint64_t generation = store->generation;
    now_seconds = 21;
    happen(store, LIVE, SINK_LOST);
    assert_true(store->generation > generation);
    assert_false(up(store, LIVE));
    assert_int_equal(fresh(store), 1);
    now_seconds = 39;
    assert_int_equal(fresh(store), 1);
    now_seconds = 40;
    assert_int_equal(fresh(store), 0);
    now_seconds = 100;
    give(store, LIVE, &usage, NOW + 100);
    happen(store, LIVE, SINK_ROUND);
    assert_true(up(store, LIVE));
    assert_int_equal(fresh(store), 1);
    assert_int_equal(store->targets[LIVE].losses, 1);
    assert_int_equal(store->targets[LIVE].rounds, 2);
    assert_int_equal(store->targets[LIVE].newest, NOW + 100);
}

/* One that hangs reports nothing at all. */
static void test_a_target_hangs(void **state) {
    struct store *store = &((struct world *)*state)->store;
    give(store, LIVE, &usage, NOW);
    happen(store, LIVE, SINK_ROUND);
    assert_int_equal(store_changes_ns(store, __wrap_clock_boot_ns()),
                     __wrap_clock_boot_ns() + 20 * second_ns);
    now_seconds = 25;
    assert_int_equal(store_changes_ns(store, __wrap_clock_boot_ns()), (1000 + 40) * second_ns);
    now_seconds = 40;
    assert_false(up(store, LIVE));
    assert_int_equal(fresh(store), 0);
}

/* Rounds that ask for nothing show that the target answers, and no more. */
static void test_idle_rounds(void **state) {
    struct store *store = &((struct world *)*state)->store;
    give(store, LIVE, &usage, NOW);
    happen(store, LIVE, SINK_ROUND);
    for (now_seconds = 5; now_seconds < 40; now_seconds += 5)
        happen(store, LIVE, SINK_IDLE);
    assert_int_equal(fresh(store), 0);
    assert_true(up(store, LIVE));
    happen(store, LIVE, SINK_LOST);
    happen(store, LIVE, SINK_IDLE);
    assert_true(up(store, LIVE));
}

/* What does not come any more goes in the second round; what comes seldom, later. */
static void test_series_end(void **state) {
    struct store *store = &((struct world *)*state)->store;
    store->targets[LIVE].by_default = false;
    give(store, LIVE, &usage, NOW);
    give(store, LIVE, &space, NOW);
    happen(store, LIVE, SINK_ROUND);
    assert_int_equal(fresh(store), 2);
    now_seconds = 20;
    happen(store, LIVE, SINK_ROUND);
    assert_int_equal(fresh(store), 2);
    now_seconds = 40;
    happen(store, LIVE, SINK_ROUND);
    assert_int_equal(fresh(store), 1);
    for (int round = 0; round < 20; round++)
        happen(store, LIVE, SINK_ROUND);
    assert_int_equal(fresh(store), 0);
    assert_int_equal(latest_entities(store->latest), 0);
}

/* A round that takes longer than two intervals has values until the next one is over. */
static void test_slow_rounds(void **state) {
    struct store *store = &((struct world *)*state)->store;
    const struct sink_event event = {.kind = SINK_ROUND, .duration_ns = 50 * second_ns};
    give(store, LIVE, &usage, NOW);
    store->sink.target = LIVE;
    store->sink.ops->event(&store->sink, &event);
    now_seconds = 99;
    assert_true(up(store, LIVE));
    assert_int_equal(fresh(store), 1);
    now_seconds = 100;
    assert_int_equal(fresh(store), 0);
}

/* What a recorder that died left is not of now, though it can be read. */
static void test_recorded(void **state) {
    struct store *store = &((struct world *)*state)->store;
    give(store, RECORDED, &usage, NOW - 1000);
    happen(store, RECORDED, SINK_ROUND);
    assert_false(up(store, RECORDED));
    assert_int_equal(fresh(store), 0);
    give(store, RECORDED, &usage, NOW - 30);
    happen(store, RECORDED, SINK_ROUND);
    assert_true(up(store, RECORDED));
    assert_int_equal(fresh(store), 1);
    for (now_seconds = 5; now_seconds <= 40; now_seconds += 5)
        happen(store, RECORDED, SINK_IDLE);
    assert_false(up(store, RECORDED));
    assert_int_equal(fresh(store), 0);
}

/* A history may have times of any year. */
static void test_recorded_far_ahead(void **state) {
    static const int64_t times[] = {INT64_MAX / 1000000000 + 1, INT64_MAX};
    struct store *store = &((struct world *)*state)->store;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        give(store, RECORDED, &usage, times[i]);
        happen(store, RECORDED, SINK_ROUND);
        assert_true(up(store, RECORDED));
        assert_int_equal(fresh(store), 1);
    }
}

static void test_names(void **state) {
    struct store *store = &((struct world *)*state)->store;
    struct entity other = web;
    size_t number = 0;
    assert_true(store_find(store, "https://root@esx01", &number));
    assert_int_equal(number, LIVE);
    assert_true(store_find(store, "esx02:8443", &number));
    assert_int_equal(number, OTHER);
    assert_false(store_find(store, "esx03", &number));
    assert_false(store_find(store, "", &number));
    give(store, RECORDED, &usage, NOW);
    assert_string_equal(store->targets[RECORDED].source, "esx01");
    other.source = "esx09";
    const struct sink_event event = {.kind = SINK_PRESENT, .entity = &other};
    store->sink.ops->event(&store->sink, &event);
    assert_true(store->targets[RECORDED].several);
    assert_string_equal(store->targets[RECORDED].source, "esx01");
}

/* By default, of a guest's CPUs the sum alone; of its disks each. */
static void test_default_counters(void **state) {
    static const struct {
        const char *counter, *instance;
        enum entity_type type;
        bool kept;
    } rows[] = {
        {"cpu.usage.average", "", ENTITY_VM, true},
        {"cpu.usage.average", "0", ENTITY_VM, false},
        {"virtualDisk.totalReadLatency.average", "scsi0:0", ENTITY_VM, true},
        {"virtualDisk.totalReadLatency.average", "scsi0:0", ENTITY_HOST, false},
        {"cpu.utilization.average", "", ENTITY_VM, false},
        {"cpu.utilization.average", "", ENTITY_HOST, true},
        {"cpu.usage.minimum", "", ENTITY_VM, false},
    };
    struct store *store = &((struct world *)*state)->store;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct counter counter = {.name = rows[i].counter, .unit = "percent"};
        const struct entity entity = {.type = rows[i].type, .source = "esx01", .id = "1"};
        const struct sample sample = {NOW, 1};
        const struct series series = {.entity = &entity,
                                      .counter = &counter,
                                      .instance = rows[i].instance,
                                      .interval = INTERVAL,
                                      .count = 1,
                                      .samples = &sample};
        uint64_t before = store->targets[LIVE].samples;
        store->sink.target = LIVE;
        store->sink.ops->write(&store->sink, &series);
        assert_int_equal(store->targets[LIVE].samples - before, rows[i].kept);
    }
}

/* Another target gets the number of one that has ended, and nothing of what that one gave. */
static void test_other_targets(void **state) {
    struct world *world = *state;
    struct store *store = &world->store;
    struct options options = {.plans = world->plans, .target_count = TARGETS};
    size_t number = 0;
    options.timing.interval = INTERVAL;
    give(store, LIVE, &usage, NOW);
    happen(store, LIVE, SINK_ROUND);
    uint64_t before = store->generation;
    store_end(store, LIVE);
    assert_true(store->generation > before);
    assert_null(latest_first(store->latest));
    assert_null(store->targets[LIVE].name);
    assert_false(store_find(store, "esx01", &number));
    assert_true(store_find(store, "esx02:8443", &number));
    store_begin(store, LIVE, &options, OTHER, false);
    assert_int_equal(store->count, TARGETS);
    assert_int_equal(store->targets[LIVE].rounds, 0);
    assert_false(store_up(&store->targets[LIVE], __wrap_clock_boot_ns()));
    options.timing.interval = 1;
    store_begin(store, TARGETS + 2, &options, LIVE, false);
    assert_int_equal(store->count, TARGETS + 3);
    assert_null(store->targets[TARGETS].name);
    assert_true(store_find(store, "esx01", &number));
    assert_int_equal(number, TARGETS + 2);
    assert_int_equal(store->reading_rounds, 151);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_target_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_target_hangs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_idle_rounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_series_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_rounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_recorded_far_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_targets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_default_counters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
