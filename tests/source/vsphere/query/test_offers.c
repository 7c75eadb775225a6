/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Members of new groups are asked, refusals noted, the rest taken from what is known. */
#include "source/vsphere/query/offers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/tls/tls.h"
#include "source/vsphere/query/available.h"
#include "source/vsphere/session/session.h"

enum { MAX = 64 };

static struct session session;
static struct catalog *catalog;
static struct selection selection;
static const char *refused, *silent, *broken;
static atomic_int asked, silences;

bool __wrap_available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                          struct _vim25__QueryAvailablePerfMetricResponse *response,
                          struct error *error);

/* An entity of shape "b" lists counter 2, others counter 1. */
bool __wrap_available_ask(struct channel *channel, const struct entity *entity, int32_t interval,
                          struct _vim25__QueryAvailablePerfMetricResponse *response,
                          struct error *error) {
    static struct vim25__PerfMetricId metrics[] = {{.counterId = 1, .instance = (char *)""},
                                                   {.counterId = 2, .instance = (char *)"0"}};
    (void)channel;
    assert_int_equal(interval, 20);
    atomic_fetch_add(&asked, 1);
    if (refused && strcmp(entity->id, refused) == 0)
        return error_set(error, ERROR_FAULT, "host: no permission");
    if (broken && strcmp(entity->id, broken) == 0)
        return error_set(error, ERROR_CONNECT, "host: gone");
    if (silent && strcmp(entity->id, silent) == 0 && atomic_fetch_sub(&silences, 1) > 0)
        return error_set(error, ERROR_TIMEOUT, "host: no answer");
    response->__sizereturnval = 1;
    response->returnval = &metrics[entity->shape && strcmp(entity->shape, "b") == 0];
    return true;
}

static int setup(void **state) {
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    (void)state;
    session.label = (char *)"host";
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    session.main = channel_new(&session);
    selection_init(&selection);
    catalog = catalog_new();
    catalog_add(catalog, &(struct counter){.has_id = true, .id = 1, .name = "one"});
    catalog_add(catalog, &(struct counter){.has_id = true, .id = 2, .name = "two"});
    return 0;
}

static int teardown(void **state) {
    (void)state;
    catalog_free(catalog);
    selection_done(&selection);
    channel_free(session.main);
    tls_free(session.tls);
    return 0;
}

/* A round over entities with these shapes, one letter each. */
struct update {
    struct entity entities[MAX];
    const struct entity *list[MAX];
    char ids[MAX][8], shapes[MAX][2];
    struct group *groups[MAX];
    char *refusals[MAX];
    struct error error;
    bool good;
};

static void update(struct update *update, struct groups *groups, const char *shapes, size_t jobs) {
    struct workers *workers = workers_new(&session, jobs);
    *update = (struct update){.good = false};
    for (size_t i = 0; shapes[i]; i++) {
        snprintf(update->ids[i], sizeof update->ids[i], "vm-%zu", i);
        update->shapes[i][0] = shapes[i];
        update->entities[i] = (struct entity){.type = ENTITY_VM,
                                              .state = STATE_ON,
                                              .id = update->ids[i],
                                              .shape = shapes[i] == '-' ? NULL : update->shapes[i]};
        update->list[i] = &update->entities[i];
    }
    struct offers_order order = {.workers = workers,
                                 .catalog = catalog,
                                 .selection = &selection,
                                 .interval = 20,
                                 .round = 1,
                                 .entities = update->list,
                                 .count = strlen(shapes),
                                 .groups = update->groups,
                                 .refusals = update->refusals};
    asked = 0;
    update->good = offers_update(groups, &order, &update->error);
    workers_free(workers);
}

static void update_done(struct update *update) {
    for (size_t i = 0; i < MAX; i++)
        free(update->refusals[i]);
}

static void test_a_few_speak_for_all(void **state) {
    (void)state;
    for (size_t jobs = 1; jobs <= 4; jobs++) {
        struct groups groups = {0};
        struct update one;
        update(&one, &groups, "aaaaabbbbb--", jobs);
        assert_true(one.good);
        assert_int_equal(asked, 6);
        assert_ptr_equal(one.groups[0], one.groups[4]);
        assert_int_equal(one.groups[0]->offer.counters[0]->id, 1);
        assert_int_equal(one.groups[5]->offer.counters[0]->id, 2);
        assert_int_equal(groups_wanted(&groups, one.groups[0])->count, 2);
        assert_int_equal(groups_wanted(&groups, one.groups[10])->count, 1);
        update_done(&one);
        groups_done(&groups);
    }
}

static void test_only_new_groups_are_asked(void **state) {
    struct groups groups = {0};
    struct update one;
    (void)state;
    update(&one, &groups, "aab", 1);
    update(&one, &groups, "aabaab", 1);
    assert_int_equal(asked, 0);
    update(&one, &groups, "aabc", 1);
    assert_int_equal(asked, 1);
    groups_done(&groups);
}

static void test_refused_members(void **state) {
    struct groups groups = {0};
    struct update one;
    (void)state;
    refused = "vm-0";
    update(&one, &groups, "aaa", 1);
    refused = NULL;
    assert_true(one.good);
    assert_string_equal(one.refusals[0], "no permission");
    assert_null(one.refusals[1]);
    assert_int_equal(one.groups[0]->offer.count, 1);
    update_done(&one);
    groups_done(&groups);
}

static void test_silence_is_borne_once(void **state) {
    struct groups groups = {0};
    struct update one;
    (void)state;
    silent = "vm-0";
    silences = 1;
    update(&one, &groups, "a", 1);
    assert_true(one.good);
    groups_forget(&groups);
    silences = 2;
    update(&one, &groups, "a", 1);
    assert_false(one.good);
    assert_int_equal(one.error.kind, ERROR_TIMEOUT);
    silent = NULL;
    groups_done(&groups);
}

/* A round that breaks asks again for what it has not heard. */
static void test_a_round_that_breaks(void **state) {
    struct groups groups = {0};
    struct update one;
    (void)state;
    broken = "vm-1";
    update(&one, &groups, "ab", 1);
    assert_false(one.good);
    broken = NULL;
    update(&one, &groups, "ab", 1);
    assert_true(one.good);
    assert_int_equal(asked, 1);
    assert_int_equal(groups_wanted(&groups, one.groups[0])->count, 2);
    groups_done(&groups);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_speak_for_all),
        cmocka_unit_test(test_only_new_groups_are_asked),
        cmocka_unit_test(test_refused_members),
        cmocka_unit_test(test_silence_is_borne_once),
        cmocka_unit_test(test_a_round_that_breaks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
