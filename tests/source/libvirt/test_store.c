/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Samples kept, and given away in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/libvirt/counters/mapping.h"
#include "source/libvirt/store.h"

struct heard {
    char text[4096];
    int room; /* series until the output fails */
};

static void offered(void *context, const struct entity *entity, const struct counter *counter) {
    struct heard *heard = context;
    size_t length = strlen(heard->text);
    (void)entity;
    snprintf(heard->text + length, sizeof heard->text - length, "?%s ", counter->name);
}

static bool series(void *context, const struct series *series, struct error *error) {
    struct heard *heard = context;
    size_t length = strlen(heard->text);
    if (heard->room-- == 0)
        return error_set(error, ERROR_OUTPUT, "disk full");
    snprintf(heard->text + length, sizeof heard->text - length,
             "%s%s[%s]=", series->continues ? "+" : "", series->counter->name, series->instance);
    for (size_t i = 0; i < series->count; i++) {
        length = strlen(heard->text);
        snprintf(heard->text + length, sizeof heard->text - length, "%lld@%lld,",
                 (long long)series->samples[i].value, (long long)series->samples[i].time);
    }
    length = strlen(heard->text);
    snprintf(heard->text + length, sizeof heard->text - length, " ");
    return true;
}

static void add(struct store *store, size_t counter, const char *instance, int64_t time,
                int64_t value) {
    const struct sample sample = {time, value};
    store_add(store, counter, instance, &sample);
}

static void test_order(void **state) {
    struct catalog *catalog = mapping_catalog();
    struct heard heard = {.room = 100};
    const struct source_events events = {.context = &heard, .offered = offered, .series = series};
    struct entity entity = {.name = "a"};
    struct error error = {0};
    struct store store;
    (void)state;

    store_init(&store, &entity, catalog_size(catalog));
    store_offer(&store, 4);
    store_begin(&store);
    add(&store, 0, "", 20, 1);
    add(&store, 3, "10", 20, 2);
    store_begin(&store);
    add(&store, 0, "", 40, 3);
    add(&store, 3, "2", 40, 4);
    add(&store, 3, "10", 40, 5);
    add(&store, 3, "", 40, 6);
    assert_int_equal(store.samples, 6);
    assert_true(store_give(&store, catalog, 20, &events, &error));
    assert_string_equal(heard.text,
                        "?cpu.usage.average ?cpu.ready.summation ?cpu.readiness.average "
                        "cpu.usage.average[]=1@20,3@40, cpu.ready.summation[]=6@40, "
                        "cpu.ready.summation[2]=4@40, cpu.ready.summation[10]=2@20,5@40, ");

    /* A second block tells only what is new. */
    heard.text[0] = '\0';
    store_begin(&store);
    add(&store, 0, "", 60, 7);
    add(&store, 5, "", 60, 8);
    assert_int_equal(store.samples, 2);
    assert_true(store_give(&store, catalog, 20, &events, &error));
    assert_string_equal(heard.text,
                        "?cpu.run.summation +cpu.usage.average[]=7@60, cpu.run.summation[]=8@60, ");
    store_done(&store);
    catalog_free(catalog);
}

static void test_failing_output(void **state) {
    struct catalog *catalog = mapping_catalog();
    struct heard heard = {.room = 1};
    const struct source_events events = {.context = &heard, .offered = offered, .series = series};
    struct entity entity = {.name = "a"};
    struct error error = {0};
    struct store store;
    (void)state;

    store_init(&store, &entity, catalog_size(catalog));
    add(&store, 0, "", 20, 1);
    add(&store, 1, "", 20, 1);
    add(&store, 2, "", 20, 1);
    assert_false(store_give(&store, catalog, 20, &events, &error));
    assert_int_equal(error.kind, ERROR_OUTPUT);
    assert_int_equal(heard.room, -1);
    store_done(&store);
    catalog_free(catalog);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_failing_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
