/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The newest value of each series, by key: ageing, arrival, renaming, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "core/latest.h"
#include "core/memory.h"

static const struct counter usage = {
    .id = 1, .name = "cpu.usage.average", .unit = "percent", .label = "Usage"};
static const struct counter memory = {.id = 2, .name = "mem.usage.average", .unit = "percent"};

static struct entity guest(const char *source, const char *name, const char *id) {
    return (struct entity){.type = ENTITY_VM, .source = source, .name = name, .id = id};
}

static void feed(struct latest *latest, uint16_t target, const struct entity *entity,
                 const struct counter *counter, const char *instance, struct sample sample) {
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = instance,
                                  .interval = 20,
                                  .count = 1,
                                  .samples = &sample};
    latest_write(latest, target, &series);
}

static const struct latest_entity *find_entity(struct latest *latest, const struct entity *key) {
    const struct latest_entity *entity = latest_first(latest);
    while (entity && !entity_same(entity->entity, key))
        entity = latest_next(entity);
    return entity;
}

static size_t count_series(struct latest *latest) {
    size_t count = 0;
    for (const struct latest_entity *entity = latest_first(latest); entity;
         entity = latest_next(entity)) {
        const struct latest_series *series = latest_series_first(entity);
        for (; series; series = latest_series_next(series))
            count++;
    }
    return count;
}

/* All that is kept, one line per entity. */
static void expect(struct latest *latest, const char *expected) {
    GString *text = g_string_new(NULL);
    for (const struct latest_entity *entity = latest_first(latest); entity;
         entity = latest_next(entity)) {
        g_string_append_printf(text, "%s/%s", entity->entity->source, entity->entity->name);
        const struct latest_series *series = latest_series_first(entity);
        for (; series; series = latest_series_next(series))
            g_string_append_printf(text, " %s[%s]@%d=%d", series->counter->name, series->instance,
                                   (int)series->sample.time, (int)series->sample.value);
        g_string_append_c(text, '\n');
    }
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
}

static void test_newest_value(void **state) {
    const struct entity web = guest("esx01", "web", "vm-1");
    const struct sample samples[] = {{100, 1}, {120, 2}};
    struct series series = {.entity = &web,
                            .counter = &usage,
                            .instance = "",
                            .interval = 20,
                            .count = 2,
                            .samples = samples};
    struct latest *latest = latest_new(0);
    (void)state;

    expect(latest, "");
    latest_write(latest, 0, &series);
    expect(latest, "esx01/web cpu.usage.average[]@120=2\n");
    feed(latest, 0, &web, &usage, "0", (struct sample){120, 7});
    feed(latest, 0, &web, &usage, "", (struct sample){140, 3});
    series.count = 0;
    latest_write(latest, 0, &series);
    expect(latest, "esx01/web cpu.usage.average[]@140=3 cpu.usage.average[0]@120=7\n");
    feed(latest, 0, &web, &usage, "", (struct sample){140, 4}); /* said again, corrected */
    feed(latest, 0, &web, &usage, "0", (struct sample){100, 9});
    expect(latest, "esx01/web cpu.usage.average[]@140=4 cpu.usage.average[0]@120=7\n");
    assert_int_equal(count_series(latest), 2);
    assert_int_equal(latest_entities(latest), 1);
    assert_int_equal(latest_series_first(latest_first(latest))->interval, 20);
    latest_free(latest);
    latest_free(NULL);
}

static void expect_total(struct latest *latest, int64_t expected) {
    assert_int_equal(latest_series_first(latest_first(latest))->total, expected);
}

/* Each sample counts once, late ones too; one that takes another's place counts in its stead. */
static void test_total(void **state) {
    const struct entity web = guest("esx01", "web", "vm-1");
    const struct sample samples[] = {{100, 1}, {120, 20}, {140, 300}};
    struct series series = {.entity = &web,
                            .counter = &usage,
                            .instance = "",
                            .interval = 20,
                            .count = 3,
                            .samples = samples};
    struct latest *latest = latest_new(1);
    (void)state;

    latest_write(latest, 0, &series);
    expect_total(latest, 321);
    feed(latest, 0, &web, &usage, "", (struct sample){160, 4000});
    feed(latest, 0, &web, &usage, "", (struct sample){80, 50000});
    expect_total(latest, 54321);
    feed(latest, 0, &web, &usage, "", (struct sample){160, 2000});
    expect_total(latest, 52321);
    feed(latest, 0, &web, &usage, "", (struct sample){180, -7});
    expect_total(latest, 52321);
    for (int round = 0; round < 2; round++)
        latest_round_end(latest, 0);
    feed(latest, 0, &web, &usage, "", (struct sample){200, 5});
    expect_total(latest, 5);
    feed(latest, 0, &web, &usage, "", (struct sample){220, INT64_MAX});
    expect_total(latest, INT64_MAX);
    latest_free(latest);
}

static void test_empty_series_is_nothing(void **state) {
    const struct entity web = guest("esx01", "web", "vm-1");
    struct latest *latest = latest_new(0);
    (void)state;

    latest_write(latest, 0, &(struct series){.entity = &web, .counter = &usage, .instance = ""});
    expect(latest, "");
    latest_free(latest);
}

static void test_look_up(void **state) {
    const struct entity web = guest("esx01", "web", "vm-1"), mail = guest("esx01", "mail", "vm-2");
    const struct entity host = {.type = ENTITY_HOST, .source = "esx01", .id = "vm-1"};
    const struct entity elsewhere = guest("esx02", "web", "vm-1");
    struct latest *latest = latest_new(0);
    (void)state;

    feed(latest, 0, &web, &usage, "", (struct sample){100, 1});
    feed(latest, 0, &mail, &usage, "1", (struct sample){100, 2});
    const struct latest_entity *found = find_entity(latest, &web);
    assert_non_null(found);
    assert_string_equal(found->entity->name, "web");
    assert_int_equal(latest_find(latest, found, "cpu.usage.average", "")->sample.value, 1);
    assert_null(latest_find(latest, found, "cpu.usage.average", "1"));
    assert_null(latest_find(latest, found, "mem.usage.average", ""));
    found = find_entity(latest, &mail);
    assert_int_equal(latest_find(latest, found, "cpu.usage.average", "1")->sample.value, 2);
    assert_null(find_entity(latest, &host));
    assert_null(find_entity(latest, &elsewhere));
    latest_free(latest);
}

static void test_stable_order(void **state) {
    static const struct {
        const char *source, *name, *id;
        enum entity_type type;
    } given[] = {{"esx02", "a", "vm-1", ENTITY_VM},   {"esx01", "b", "host-1", ENTITY_HOST},
                 {"esx01", "b", "vm-10", ENTITY_VM},  {"esx01", "b", "vm-9", ENTITY_VM},
                 {"esx01", "a", "vm-100", ENTITY_VM}, {"esx01", NULL, NULL, ENTITY_VM}};
    struct latest *latest = latest_new(0);
    GString *ids = g_string_new(NULL);
    (void)state;

    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        struct entity entity = guest(given[i].source, given[i].name, given[i].id);
        entity.type = given[i].type;
        latest_add_entity(latest, 0, &entity);
    }
    for (const struct latest_entity *entity = latest_first(latest); entity;
         entity = latest_next(entity))
        g_string_append_printf(ids, " %s", entity->entity->id ? entity->entity->id : "-");
    assert_string_equal(ids->str, " - vm-100 vm-9 vm-10 host-1 vm-1");
    g_string_free(ids, TRUE);
    latest_free(latest);
}

/* A target that is away ages by its own rounds, not by those of the others. */
static void test_ageing(void **state) {
    const struct entity a = guest("esx01", "a", "1"), b = guest("esx01", "b", "2");
    const struct entity c = guest("kvm01", "c", "3");
    struct latest *latest = latest_new(2);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){100, 1});
    feed(latest, 0, &a, &memory, "", (struct sample){100, 1});
    feed(latest, 0, &b, &usage, "", (struct sample){100, 1});
    latest_add_entity(latest, 1, &c);
    latest_round_end(latest, 0);
    for (int round = 1; round <= 2; round++) {
        expect(latest, round == 1 ? "esx01/a cpu.usage.average[]@100=1 mem.usage.average[]@100=1\n"
                                    "esx01/b cpu.usage.average[]@100=1\n"
                                    "kvm01/c\n"
                                  : "esx01/a cpu.usage.average[]@120=2 mem.usage.average[]@100=1\n"
                                    "esx01/b cpu.usage.average[]@100=1\n"
                                    "kvm01/c\n");
        feed(latest, 0, &a, &usage, "", (struct sample){100 + 20 * round, 1 + round});
        latest_round_end(latest, 0);
    }
    expect(latest, "esx01/a cpu.usage.average[]@140=3\nkvm01/c\n");
    for (int round = 0; round < 3; round++)
        latest_round_end(latest, 1);
    expect(latest, "esx01/a cpu.usage.average[]@140=3\n");
    feed(latest, 0, &b, &usage, "", (struct sample){160, 4}); /* is back */
    expect(latest, "esx01/a cpu.usage.average[]@140=3\nesx01/b cpu.usage.average[]@160=4\n");
    assert_int_equal(count_series(latest), 2);
    latest_free(latest);
}

static void test_nothing_ages_unless_asked(void **state) {
    const struct entity a = guest("esx01", "a", "1");
    struct latest *latest = latest_new(0);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){100, 1});
    for (int round = 0; round < 70000; round++) /* more than an age can say */
        latest_round_end(latest, 0);
    expect(latest, "esx01/a cpu.usage.average[]@100=1\n");
    latest_free(latest);
}

/* The entity without series that is still there stays. */
static void test_entity_without_series(void **state) {
    const struct entity a = guest("esx01", "a", "1");
    struct latest *latest = latest_new(1);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){100, 1});
    latest_round_end(latest, 0);
    latest_add_entity(latest, 0, &a);
    latest_round_end(latest, 0);
    expect(latest, "esx01/a\n");
    latest_round_end(latest, 0);
    expect(latest, "");
    feed(latest, 0, &a, &usage, "", (struct sample){120, 2}); /* what was the last one is gone */
    expect(latest, "esx01/a cpu.usage.average[]@120=2\n");
    latest_free(latest);
}

/* The server's clock was ahead: its future values do not stay for ever. */
static void test_clock_set_back(void **state) {
    const struct entity a = guest("esx01", "a", "1");
    struct latest *latest = latest_new(2);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){9000, 1});
    latest_round_end(latest, 0);
    for (int round = 0; round < 3; round++) {
        feed(latest, 0, &a, &usage, "", (struct sample){100 + 20 * round, 2});
        latest_round_end(latest, 0);
    }
    expect(latest, "esx01/a cpu.usage.average[]@140=2\n");
    latest_free(latest);
}

static void test_one_id_in_two_sources(void **state) {
    const struct entity a = guest("esx01", "a", "1"), b = guest("esx02", "b", "1");
    struct latest *latest = latest_new(0);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){100, 1});
    feed(latest, 1, &b, &usage, "", (struct sample){120, 2});
    feed(latest, 0, &a, &usage, "", (struct sample){140, 3});
    expect(latest, "esx01/a cpu.usage.average[]@140=3\nesx02/b cpu.usage.average[]@120=2\n");
    latest_free(latest);
}

/* Everything is freed and comes again at the same address as something else. */
static void test_reused_addresses(void **state) {
    struct entity entity = guest("esx01", "a", "1");
    struct counter counter = usage;
    char text[] = "0";
    struct latest *latest = latest_new(0);
    (void)state;

    feed(latest, 0, &entity, &counter, text, (struct sample){100, 1});
    counter = memory;
    feed(latest, 0, &entity, &counter, text, (struct sample){100, 2});
    text[0] = '1';
    feed(latest, 0, &entity, &counter, text, (struct sample){100, 3});
    entity = guest("esx01", "b", "2");
    feed(latest, 0, &entity, &counter, text, (struct sample){100, 4});
    expect(latest, "esx01/a cpu.usage.average[0]@100=1 mem.usage.average[0]@100=2 "
                   "mem.usage.average[1]@100=3\n"
                   "esx01/b mem.usage.average[1]@100=4\n");
    latest_free(latest);
}

/* Two servers number counters each in its own way, and one may mean it another way. */
static void test_counters_by_name(void **state) {
    const struct entity a = guest("esx01", "a", "1"), b = guest("kvm01", "b", "2");
    const struct counter other = {.id = 1, .name = "mem.usage.average", .unit = "percent"};
    const struct counter close = {
        .name = "cpu.usage.average", .unit = "percent", .label = "Usage", .fidelity = "close"};
    struct latest *latest = latest_new(0);
    (void)state;

    feed(latest, 0, &a, &usage, "", (struct sample){100, 1});
    feed(latest, 0, &a, &memory, "", (struct sample){100, 2});
    feed(latest, 1, &b, &other, "", (struct sample){100, 3});
    feed(latest, 1, &b, &close, "", (struct sample){100, 4});
    expect(latest, "esx01/a cpu.usage.average[]@100=1 mem.usage.average[]@100=2\n"
                   "kvm01/b mem.usage.average[]@100=3 cpu.usage.average[]@100=4\n");
    const struct latest_entity *esxi = find_entity(latest, &a);
    const struct latest_entity *kvm = find_entity(latest, &b);
    assert_null(latest_find(latest, esxi, "cpu.usage.average", "")->counter->fidelity);
    assert_string_equal(latest_find(latest, kvm, "cpu.usage.average", "")->counter->fidelity,
                        "close");
    assert_ptr_equal(latest_find(latest, esxi, "mem.usage.average", "")->counter,
                     latest_find(latest, kvm, "mem.usage.average", "")->counter);
    /* An upgraded server: still the same series. */
    feed(latest, 0, &a, &close, "", (struct sample){120, 5});
    assert_string_equal(latest_find(latest, esxi, "cpu.usage.average", "")->counter->fidelity,
                        "close");
    assert_int_equal(count_series(latest), 4);
    latest_free(latest);
}

static void test_context_follows(void **state) {
    struct entity entity = guest("esx01", "b", "1");
    const struct entity second = guest("esx01", "c", "2");
    char host[] = "esx01";
    struct latest *latest = latest_new(0);
    (void)state;

    entity.host = host;
    feed(latest, 0, &entity, &usage, "", (struct sample){100, 1});
    feed(latest, 0, &second, &usage, "", (struct sample){100, 1});
    memcpy(host, "esx02", sizeof host);
    assert_string_equal(find_entity(latest, &entity)->entity->host, "esx01");
    latest_round_end(latest, 0);
    entity.name = "z";
    entity.cpus = 8;
    feed(latest, 0, &entity, &usage, "", (struct sample){120, 2});
    expect(latest, "esx01/c cpu.usage.average[]@100=1\nesx01/z cpu.usage.average[]@120=2\n");
    const struct entity *kept = find_entity(latest, &entity)->entity;
    assert_string_equal(kept->host, "esx02");
    assert_int_equal(kept->cpus, 8);
    assert_null(kept->uuid);
    latest_free(latest);
}

/* Two targets see the same guest: each one's silence ages only what it reported itself. */
static void test_moved_to_another_target(void **state) {
    struct entity entity = guest("kvm", "a", "1");
    struct latest *latest = latest_new(1);
    (void)state;

    entity.host = "old";
    feed(latest, 0, &entity, &usage, "", (struct sample){100, 1});
    feed(latest, 0, &entity, &memory, "", (struct sample){100, 1});
    entity.host = "new";
    feed(latest, 1, &entity, &usage, "", (struct sample){120, 2});
    assert_string_equal(latest_first(latest)->entity->host, "new");
    latest_round_end(latest, 0);
    latest_round_end(latest, 0);
    expect(latest, "kvm/a cpu.usage.average[]@120=2\n");
    latest_round_end(latest, 1);
    latest_round_end(latest, 1);
    expect(latest, "");
    latest_free(latest);
}

/* Under a sanitizer mallinfo2 sees nothing; then this says only that all of it is found again. */
static void test_many_series(void **state) {
    enum { GUESTS = 1000, COUNTERS = 25, INSTANCES = 4, BYTES = 160 };
    static const char *const instances[INSTANCES] = {"", "0", "scsi0:1", "vmnic4000"};
    struct latest *latest = latest_new(2);
    size_t before = mallinfo2().uordblks;
    (void)state;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < GUESTS * COUNTERS * INSTANCES; i++) {
            char id[16], name[32];
            snprintf(id, sizeof id, "vm-%d", i / (COUNTERS * INSTANCES));
            snprintf(name, sizeof name, "group.counter%d.average", i / INSTANCES % COUNTERS);
            const struct entity entity = guest("esx01", id, id);
            const struct counter counter = {.name = name, .unit = "number"};
            feed(latest, 0, &entity, &counter, instances[i % INSTANCES],
                 (struct sample){100 + round, i});
        }
        latest_round_end(latest, 0);
    }
    size_t bytes = mallinfo2().uordblks - before;
    print_message("%zu bytes per series\n", bytes / (GUESTS * COUNTERS * INSTANCES));
    assert_true(bytes < (size_t)BYTES * GUESTS * COUNTERS * INSTANCES);
    assert_int_equal(count_series(latest), GUESTS * COUNTERS * INSTANCES);
    assert_int_equal(latest_entities(latest), GUESTS);
    const struct entity key = guest("esx01", NULL, "vm-999");
    const struct latest_entity *last = find_entity(latest, &key);
    assert_int_equal(latest_find(latest, last, "group.counter24.average", "0")->sample.value,
                     GUESTS * COUNTERS * INSTANCES - 3);
    for (int round = 0; round < 2; round++)
        latest_round_end(latest, 0);
    assert_int_equal(count_series(latest), 0);
    assert_true(mallinfo2().uordblks - before < 65536);
    latest_free(latest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_value),
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_empty_series_is_nothing),
        cmocka_unit_test(test_look_up),
        cmocka_unit_test(test_stable_order),
        cmocka_unit_test(test_ageing),
        cmocka_unit_test(test_nothing_ages_unless_asked),
        cmocka_unit_test(test_entity_without_series),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_one_id_in_two_sources),
        cmocka_unit_test(test_reused_addresses),
        cmocka_unit_test(test_counters_by_name),
        cmocka_unit_test(test_context_follows),
        cmocka_unit_test(test_moved_to_another_target),
        cmocka_unit_test(test_many_series),
    };
    return cmocka_run_group_tests_name("latest", tests, NULL, NULL);
}
