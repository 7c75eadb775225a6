/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Rounds on a scripted libvirt: what they say of guests that come, go, hang and move. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/libvirt/collection.h"
#include "source/libvirt/counters/mapping.h"
#include "source/libvirt/fake.h"

/* A collection, and what it said in the last round. */
struct bench {
    struct poller poller;
    struct selection selection;
    struct catalog *catalog;
    struct inventory *inventory;
    struct collection *collection;
    struct source_options options;
    char text[4096];
    bool fails;
    int renewals;
    int fresh; /* series that do not continue */
};

__attribute__((format(printf, 2, 3))) static void note(struct bench *bench, const char *format,
                                                       ...) {
    size_t used = strlen(bench->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(bench->text + used, sizeof bench->text - used, format, arguments);
    va_end(arguments);
}

static void on_offered(void *context, const struct entity *entity, const struct counter *counter) {
    note(context, "offered %s %s\n", entity->name, counter->name);
}

static bool on_series(void *context, const struct series *series, struct error *error) {
    struct bench *bench = context;
    assert_int_equal(series->count, 1);
    note(bench, "row %s %s\n", series->entity->name, series->counter->name);
    bench->fresh += !series->continues;
    return !bench->fails || error_set(error, ERROR_OUTPUT, "disk full");
}

static void on_skipped(void *context, const struct entity *entity) {
    if (strcmp(entity->name, "shut-off") != 0)
        note(context, "skipped %s\n", entity->name);
}

static void on_missing(void *context, const struct entity *entity, const char *reason) {
    note(context, "missing %s: %s\n", entity ? entity->name : "-", reason);
}

static void on_arrived(void *context, const struct entity *entity) {
    note(context, "arrived %s\n", entity->name);
}

static void on_ended(void *context, const struct entity *entity, const char *reason) {
    note(context, "%s %s\n", entity->name, reason);
}

static bool renew(void *context, struct error *error) {
    struct bench *bench = context;
    struct record answer;
    if (!poller_call(&bench->poller, message_new(MESSAGE_INVENTORY), "list", &answer, error))
        return false;
    struct inventory *inventory = inventory_read(&answer);
    inventory_sort(inventory);
    bench->renewals++;
    if (bench->collection)
        collection_follow(bench->collection, inventory);
    inventory_free(bench->inventory);
    bench->inventory = inventory;
    return true;
}

static void begin(struct bench *bench, const char *counters) {
    struct error error = {0};
    *bench = (struct bench){.poller = fake_poller(), .catalog = mapping_catalog(NULL)};
    selection_init(&bench->selection);
    bench->selection.types[ENTITY_HOST] = false;
    globs_add(&bench->selection.counters, counters);
    assert_true(renew(bench, &error));
    bench->collection = collection_new(&(struct collection_input){
        .poller = &bench->poller,
        .name = "fake",
        .catalog = bench->catalog,
        .selection = &bench->selection,
        .options = &bench->options,
        .interval = 1,
        .renew = renew,
        .context = bench,
    });
    collection_follow(bench->collection, bench->inventory);
}

static void end(struct bench *bench) {
    collection_free(bench->collection);
    inventory_free(bench->inventory);
    catalog_free(bench->catalog);
    selection_done(&bench->selection);
    poller_done(&bench->poller);
}

/* The next round, at its time; what it said. */
static const char *next_round(struct bench *bench) {
    const struct source_events events = {.context = bench,
                                         .offered = on_offered,
                                         .series = on_series,
                                         .skipped = on_skipped,
                                         .missing = on_missing,
                                         .arrived = on_arrived,
                                         .ended = on_ended};
    struct error error = {0};
    bench->text[0] = '\0';
    fake_wait_until(collection_due(bench->collection).at_ns);
    if (!collection_round(bench->collection, &events, &error))
        note(bench, "lost: %s\n", error.message);
    return bench->text;
}

#define OTHER "running, \"quoted\""
#define STATES "row paused kvm.state.latest\nrow " OTHER " kvm.state.latest\n"

/* The first poll gives no sample; a guest that ends and starts again has one when it is there. */
static void test_come_and_go(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL, ACT_FULL, ACT_GONE, ACT_GONE, ACT_FULL);
    begin(&bench, "kvm.state.latest");
    assert_string_equal(next_round(&bench), "offered paused kvm.state.latest\n"
                                            "offered " OTHER " kvm.state.latest\n");
    assert_string_equal(next_round(&bench), STATES);
    assert_string_equal(next_round(&bench),
                        "paused ended at 2026-11-21T12:00:02Z\nskipped paused\nrow " OTHER
                        " kvm.state.latest\n");
    assert_string_equal(next_round(&bench), "skipped paused\nrow " OTHER " kvm.state.latest\n");
    assert_string_equal(next_round(&bench), "arrived paused\n" STATES);
    assert_int_equal(bench.fresh, 2);
    end(&bench);
}

/* A new run of the same guest goes on; there are no rates over both. */
static void test_restart(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL);
    begin(&bench, "kvm.state.latest,cpu.used.summation");
    next_round(&bench);
    const char *row = "row paused cpu.used.summation\nrow paused kvm.state.latest\n";
    assert_non_null(strstr(next_round(&bench), row));
    fake->run_id = 100;
    assert_string_equal(next_round(&bench), STATES);
    assert_non_null(strstr(next_round(&bench), row));
    end(&bench);
}

/* It comes from another host: no row until it runs here, and its first poll is the baseline. */
static void test_migrated_here(void **state) {
    static const char coming[] =
        "missing paused: it is being migrated here, and does not run here yet\n"
        "row " OTHER " kvm.state.latest\n";
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_GONE, ACT_COMING, ACT_COMING, ACT_CAME, ACT_CAME);
    begin(&bench, "kvm.state.latest");
    next_round(&bench);
    assert_string_equal(next_round(&bench), coming);
    assert_string_equal(next_round(&bench), coming);
    assert_string_equal(next_round(&bench), "arrived paused\noffered paused kvm.state.latest\n"
                                            "row " OTHER " kvm.state.latest\n");
    assert_string_equal(next_round(&bench), STATES);
    end(&bench);
}

static void test_migrated_away(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL, ACT_FULL, ACT_COMING, ACT_GONE);
    begin(&bench, "kvm.state.latest");
    next_round(&bench);
    assert_string_equal(next_round(&bench), STATES);
    assert_string_equal(next_round(&bench), "missing paused: it is being migrated away, and does "
                                            "not run for this moment\n"
                                            "row " OTHER " kvm.state.latest\n");
    assert_string_equal(next_round(&bench), "paused has moved to another host\nskipped paused\n"
                                            "row " OTHER " kvm.state.latest\n");
    end(&bench);
}

/* A guest without a description is named, and not looked for in each poll; its next run is. */
static void test_unlisted(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL);
    fake->unreadable = true;
    begin(&bench, "kvm.state.latest");
    assert_string_equal(next_round(&bench), "offered " OTHER " kvm.state.latest\n");
    for (int i = 0; i < 3; i++)
        assert_string_equal(next_round(&bench),
                            "missing -: libvirt cannot describe the guest paused\n"
                            "row " OTHER " kvm.state.latest\n");
    assert_int_equal(bench.renewals, 2);
    fake->unreadable = false;
    fake->run_id = 100;
    assert_non_null(strstr(next_round(&bench), "arrived paused\n"));
    assert_null(strstr(next_round(&bench), "missing"));
    assert_int_equal(bench.renewals, 3);
    end(&bench);
}

/* A guest that hangs costs the samples of each interval that it hangs in, also the one after. */
static void test_hung(void **state) {
    static const char hung[] =
        "missing paused: QEMU does not answer libvirt: memory and disk values are missing\n";
    struct bench bench;
    (void)state;
    SCRIPT(5000, ACT_FULL, ACT_PARTIAL, ACT_FULL, ACT_FULL);
    begin(&bench, "kvm.state.latest,kvm.memCurrent.average,virtualDisk.read.average");
    next_round(&bench);
    assert_non_null(strstr(next_round(&bench), hung));
    assert_non_null(strstr(bench.text, "row paused kvm.state.latest\n"));
    assert_non_null(strstr(next_round(&bench), hung));
    assert_null(strstr(next_round(&bench), "missing"));
    end(&bench);
}

/* Polls that take longer than the interval: each sample that is lost is told, and what holds. */
static void test_slow(void **state) {
    static const char slow[] =
        "missing -: libvirt takes too long for this interval: --interval 2 holds\n";
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_LONG);
    begin(&bench, "kvm.state.latest");
    next_round(&bench);
    for (int i = 0; i < 2; i++) {
        const char *text = next_round(&bench);
        const char *first = strstr(text, slow);
        assert_non_null(first);
        assert_non_null(strstr(first + strlen(slow), slow));
        assert_null(strstr(first + 2 * strlen(slow), slow));
        assert_non_null(strstr(text, STATES));
    }
    end(&bench);
}

/* A lost poll is an error of its own, and what it costs is not told twice. */
static void test_lost(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL, ACT_FULL, ACT_FULL);
    begin(&bench, "kvm.state.latest");
    next_round(&bench);
    fake->open_hangs = true;
    fake->acts[1] = ACT_DEAD;
    assert_string_equal(next_round(&bench), "lost: the connection was lost: something broke\n");
    fake->open_hangs = false;
    for (int i = 0; i < 2; i++)
        if (bench.poller.helpers[i])
            kill(bench.poller.helpers[i]->process.pid, SIGKILL);
    assert_string_equal(next_round(&bench), STATES);
    end(&bench);
}

static void test_failing_output(void **state) {
    struct bench bench;
    (void)state;
    SCRIPT(0, ACT_FULL);
    begin(&bench, "kvm.state.latest");
    next_round(&bench);
    bench.fails = true;
    assert_string_equal(next_round(&bench), "row paused kvm.state.latest\nlost: disk full\n");
    end(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_come_and_go),    cmocka_unit_test(test_restart),
        cmocka_unit_test(test_migrated_here),  cmocka_unit_test(test_migrated_away),
        cmocka_unit_test(test_hung),           cmocka_unit_test(test_slow),
        cmocka_unit_test(test_unlisted),       cmocka_unit_test(test_lost),
        cmocka_unit_test(test_failing_output),
    };
    return cmocka_run_group_tests(tests, fake_simulate, NULL);
}
