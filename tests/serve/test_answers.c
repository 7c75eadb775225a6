/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is answered, and when a page is made anew. */
#include "serve/answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "core/clock.h"

static const struct entity web = {
    .type = ENTITY_VM, .source = "esx01", .hypervisor = "esxi", .name = "w\"e\\b\n", .id = "1"};
static const struct counter usage = {
    .name = "cpu.usage.average", .unit = "percent", .rollup = "average", .stats = "rate"};
static const struct counter ready = {
    .name = "cpu.ready.summation", .unit = "millisecond", .rollup = "summation", .stats = "delta"};

struct world {
    struct target_plan plans[2];
    struct store store;
    struct answers *answers;
};

static int set_up(void **state) {
    static struct world world;
    struct error error = {0};
    world = (struct world){0};
    struct options options = {.plans = world.plans, .target_count = 2};
    options.timing.interval = 20;
    assert_true(target_init(&world.plans[0].target, "https://root@esx01", &error));
    assert_true(target_init(&world.plans[1].target, "https://root@esx02", &error));
    world.plans[1].name = "second";
    store_init(&world.store, &options, false);
    world.answers = answers_new(&world.store, true);
    *state = &world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    answers_free(world->answers);
    store_done(&world->store);
    for (size_t i = 0; i < 2; i++)
        target_done(&world->plans[i].target);
    return 0;
}

static void give(struct store *store, const struct counter *counter, const char *instance,
                 int64_t time, int64_t value) {
    const struct sample sample = {time, value};
    const struct series series = {.entity = &web,
                                  .counter = counter,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    store->sink.target = 0;
    store->sink.ops->write(&store->sink, &series);
}

static void end_round(struct store *store) {
    const struct sink_event event = {.kind = SINK_ROUND, .duration_ns = 1000};
    store->sink.target = 0;
    store->sink.ops->event(&store->sink, &event);
}

/* The body as text, to be freed. */
static char *get(struct world *world, struct request request, unsigned status) {
    request.path = request.path ? request.path : "/metrics";
    struct answer answer = answers_get(world->answers, &request);
    assert_int_equal(answer.status, status);
    char *text = strndup(answer.body->data, answer.body->size);
    body_drop(answer.body);
    return text;
}

static void expect(struct world *world, struct request request, const char *line, bool there) {
    char *text = get(world, request, 200);
    if (!strstr(text, line) == there)
        fail_msg("%s: %s in\n%s", line, there ? "not" : "is", text);
    free(text);
}

static void test_lines(void **state) {
    struct world *world = *state;
    give(&world->store, &usage, "", 1700000000, 459);
    give(&world->store, &usage, "0", 1700000000, 10000);
    give(&world->store, &ready, "", 1700000000, 1500);
    give(&world->store, &ready, "", 1700000020, 250);
    end_round(&world->store);
    static const char *const lines[] = {
        ("vperf_cpu_usage_ratio{source=\"esx01\",hypervisor=\"esxi\",type=\"vm\","
         "name=\"w\\\"e\\\\b\\n\",id=\"1\"} 0.0459 1700000000\n"),
        "id=\"1\",instance=\"0\"} 1 1700000000\n",
        "vperf_cpu_ready_seconds_total{source=\"esx01\",",
        "} 1.75 1700000020\n",
        "vperf_up{target=\"https://root@esx01\",source=\"esx01\"} 1\n",
        "vperf_up{target=\"second\",source=\"esx02\"} 0\n",
        "vperf_target_samples_total{target=\"https://root@esx01\",source=\"esx01\"} 4\n",
        "vperf_entity_info{source=\"esx01\",",
        "vperf_build_info{version=\"",
        "\n# EOF\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        expect(world, (struct request){.openmetrics = true}, lines[i], true);
    expect(world, (struct request){0}, "} 0.0459 1700000000000\n", true);
    expect(world, (struct request){0}, "# TYPE vperf_cpu_ready_seconds_total counter\n", true);
    expect(world, (struct request){0}, "# EOF", false);
}

/* The whole is made once per round; a value that comes within one waits for its end. */
static void test_made_once_per_round(void **state) {
    struct world *world = *state;
    give(&world->store, &usage, "", 1700000000, 100);
    end_round(&world->store);
    const struct request request = {.path = "/metrics"};
    struct answer first = answers_get(world->answers, &request);
    give(&world->store, &usage, "", 1700000020, 200);
    struct answer second = answers_get(world->answers, &request);
    assert_ptr_equal(first.body, second.body);
    end_round(&world->store);
    expect(world, request, "} 0.02 1700000020000\n", true);
    body_drop(first.body); /* it was there as long as it was held */
    body_drop(second.body);
}

static void test_parts(void **state) {
    struct world *world = *state;
    give(&world->store, &usage, "", 1700000000, 100);
    give(&world->store, &ready, "", 1700000000, 100);
    end_round(&world->store);
    const struct request some = {.counter = "cpu.u*"}, others = {.counter = "!cpu.u*"};
    expect(world, some, "vperf_cpu_usage_ratio{", true);
    expect(world, some, "vperf_cpu_ready_seconds_total{", false);
    expect(world, others, "vperf_cpu_usage_ratio{", false);
    expect(world, others, "vperf_cpu_ready_seconds_total{", true);
    expect(world, (struct request){.target = "esx01"}, "vperf_cpu_usage_ratio{", true);
    expect(world, (struct request){.target = "second"}, "vperf_cpu_usage_ratio{", false);
    expect(world, (struct request){.target = "second"}, "vperf_up{target=\"second\"", true);
    expect(world, (struct request){.target = "second"}, "esx01", false);
    free(get(world, (struct request){.target = "third"}, 404));
    free(get(world, (struct request){.counter = ""}, 400));
    free(get(world, (struct request){.unknown = "colour"}, 400));
    free(get(world, (struct request){.path = "/elsewhere"}, 404));
    free(get(world, (struct request){.path = "/health"}, 200));
}

/* Of another entity, and of the second target. */
static void give_second(struct store *store, const struct entity *entity,
                        const struct counter *counter) {
    const struct sample sample = {1700000000, 3};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = "",
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    const struct sink_event event = {.kind = SINK_ROUND, .duration_ns = 1000};
    store->sink.target = 1;
    store->sink.ops->write(&store->sink, &series);
    store->sink.ops->event(&store->sink, &event);
}

/* Two servers' units of one counter are one metric, each value by its own unit. */
static void test_units(void **state) {
    static const struct entity other = {.type = ENTITY_VM, .source = "esx02", .id = "2"};
    static const struct counter used = {.name = "mem.used.average", .unit = "kiloBytes"},
                                used_mib = {.name = "mem.used.average", .unit = "megaBytes"};
    struct world *world = *state;
    give(&world->store, &used, "", 1700000000, 3);
    end_round(&world->store);
    give_second(&world->store, &other, &used_mib);
    expect(world, (struct request){0}, "id=\"1\"} 3072 1700000000000\n", true);
    expect(world, (struct request){0},
           "vperf_mem_used_bytes{source=\"esx02\",type=\"vm\",id=\"2\"} 3145728 1700000000000\n",
           true);
}

/* Two counters are never one metric, and no wish changes their names. */
static void test_names(void **state) {
    static const struct counter average = {.name = "x.y.average", .unit = "percent"},
                                latest = {.name = "x.y.latest", .unit = "percent"};
    struct world *world = *state;
    give(&world->store, &average, "", 1700000000, 100);
    give(&world->store, &latest, "", 1700000000, 200);
    end_round(&world->store);
    const struct request all = {0}, one = {.counter = "x.y.latest"};
    expect(world, one, "vperf_x_y_latest_ratio{", true);
    expect(world, one, "vperf_x_y_ratio{", false);
    expect(world, all, "vperf_x_y_latest_ratio{", true);
    expect(world, all, "vperf_x_y_ratio{", true);
}

/* Compressed, it is the same. */
static void test_gzip(void **state) {
    struct world *world = *state;
    give(&world->store, &usage, "", 1700000000, 100);
    end_round(&world->store);
    static char text[65536];
    struct request request = {.path = "/metrics"};
    struct answer plain = answers_get(world->answers, &request);
    request.gzip = true;
    struct answer packed = answers_get(world->answers, &request);
    assert_true(packed.gzip);
    assert_true(packed.body->size < plain.body->size);
    z_stream stream = {.next_in = (Bytef *)packed.body->data,
                       .avail_in = (uInt)packed.body->size,
                       .next_out = (Bytef *)text,
                       .avail_out = sizeof text};
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, plain.body->size);
    assert_memory_equal(text, plain.body->data, plain.body->size);
    inflateEnd(&stream);
    body_drop(plain.body);
    body_drop(packed.body);
}

/* Before the first round there is nothing but what tells of the targets. */
static void test_nothing_yet(void **state) {
    struct world *world = *state;
    expect(world, (struct request){0}, "vperf_cpu", false);
    expect(world, (struct request){0}, "vperf_up{target=\"second\",source=\"esx02\"} 0\n", true);
    char *text = get(world, (struct request){.path = "/health"}, 503);
    assert_non_null(strstr(text, "second: starting, last round never\n"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_made_once_per_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_gzip, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_yet, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
