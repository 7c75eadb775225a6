/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The account of a run: its rows, its sums, and how the accounts of several targets are merged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "command/coverage.h"
#include "core/memory.h"

#define HEADER                                                                                     \
    "type,counter,unit,entities_offering,entities_returning,series,samples,status,reason\n"

static const struct counter usage = {.id = 1, .name = "cpu.usage.average", .unit = "percent"};
static const struct counter ready = {.id = 2, .name = "cpu.ready.summation", .unit = "ms"};
static const struct counter unknown = {.id = 9, .name = "#9", .unit = "unknown"};
static const struct entity vm = {.type = ENTITY_VM};
static const struct entity host = {.type = ENTITY_HOST};

static struct coverage *defined_coverage(void) {
    struct coverage *coverage = coverage_new();
    struct catalog *catalog = catalog_new();
    struct selection selection;

    catalog_add(catalog, &usage);
    catalog_add(catalog, &ready);
    selection_init(&selection);
    coverage_define(coverage, catalog, &selection);
    selection_done(&selection);
    catalog_free(catalog);
    return coverage;
}

static void give(struct coverage *coverage, const struct entity *entity,
                 const struct counter *counter, size_t samples, bool continues) {
    const struct series series = {
        .entity = entity, .counter = counter, .count = samples, .continues = continues};
    coverage_series(coverage, &series);
}

static void check(struct coverage *coverage, bool safe, const char *expected) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    coverage_write(coverage, stream, safe);
    fclose(stream);
    assert_string_equal(text, expected);
    free(text);
}

static void check_totals(struct coverage *coverage, struct coverage_totals expected) {
    struct coverage_totals totals = coverage_totals(coverage);
    assert_int_equal(totals.defined, expected.defined);
    assert_int_equal(totals.offered, expected.offered);
    assert_int_equal(totals.returned, expected.returned);
    assert_int_equal(totals.unknown, expected.unknown);
    assert_int_equal(totals.series, expected.series);
    assert_int_equal(totals.samples, expected.samples);
}

static void test_nothing(void **state) {
    struct coverage *coverage = coverage_new();
    (void)state;

    check(coverage, false, HEADER);
    check_totals(coverage, (struct coverage_totals){0});
    assert_false(coverage_matches(coverage, "*"));
    coverage_free(coverage);
    coverage_free(NULL);
}

static void test_every_status(void **state) {
    struct coverage *coverage = defined_coverage();
    (void)state;

    coverage_offered(coverage, &vm, &usage);
    coverage_offered(coverage, &vm, &usage);
    coverage_offered(coverage, &vm, &ready);
    give(coverage, &vm, &usage, 3, false);
    give(coverage, &vm, &usage, 2, true);
    check(coverage, false,
          HEADER "vm,cpu.usage.average,percent,2,1,1,5,collected,\n"
                 "vm,cpu.ready.summation,ms,1,0,0,0,\"offered, no data\",no samples\n"
                 "host,cpu.usage.average,percent,0,0,0,0,not offered,not asked\n"
                 "host,cpu.ready.summation,ms,0,0,0,0,not offered,not asked\n");
    coverage_free(coverage);
}

static void check_reason(enum omission first, enum omission second, bool offered,
                         const char *expected) {
    struct coverage *coverage = coverage_new();
    char *text = memory_printf("%svm,cpu.ready.summation,ms,%d,0,0,0,%s,%s\n", HEADER, offered,
                               offered ? "\"offered, no data\"" : "not offered", expected);
    char *rest = NULL;
    coverage_omitted(coverage, ENTITY_VM, &ready, first);
    coverage_omitted(coverage, ENTITY_VM, &ready, second);
    if (offered)
        coverage_offered(coverage, &vm, &ready);
    else
        coverage_offered(coverage, &vm, &usage);
    rest = offered ? text
                   : memory_printf("%svm,cpu.usage.average,percent,1,0,0,0,\"offered, no "
                                   "data\",no samples\n",
                                   text);
    check(coverage, false, rest);
    if (rest != text)
        free(rest);
    free(text);
    coverage_free(coverage);
}

static void test_every_reason(void **state) {
    (void)state;
    check_reason(OMISSION_NONE, OMISSION_NONE, false, "device or feature absent");
    check_reason(OMISSION_NOT_ASKED, OMISSION_NONE, false, "not asked");
    check_reason(OMISSION_ROLLUP, OMISSION_NOT_ASKED, false, "rollup not kept in real time");
    check_reason(OMISSION_NONE, OMISSION_LEVEL, false, "level");
    check_reason(OMISSION_REFUSED, OMISSION_NOT_ASKED, false, "refused");
    check_reason(OMISSION_REFUSED, OMISSION_NONE, true, "refused");
    check_reason(OMISSION_NOT_ASKED, OMISSION_NONE, true, "no samples");
}

/* A counter counts once, whatever the number of types. */
static void test_totals(void **state) {
    struct coverage *coverage = defined_coverage();
    (void)state;

    check_totals(coverage, (struct coverage_totals){.defined = 2});
    coverage_offered(coverage, &vm, &usage);
    coverage_offered(coverage, &host, &usage);
    coverage_offered(coverage, &host, &unknown);
    give(coverage, &vm, &usage, 3, false);
    give(coverage, &host, &usage, 3, false);
    give(coverage, &host, &unknown, 1, false);
    check_totals(
        coverage,
        (struct coverage_totals){
            .defined = 2, .offered = 1, .returned = 1, .unknown = 1, .series = 3, .samples = 7});
    coverage_free(coverage);
}

static void test_selection_decides_what_is_defined(void **state) {
    struct coverage *coverage = coverage_new();
    struct catalog *catalog = catalog_new();
    struct selection selection;
    (void)state;

    catalog_add(catalog, &usage);
    catalog_add(catalog, &ready);
    selection_init(&selection);
    selection.types[ENTITY_HOST] = false;
    globs_add(&selection.counters, "*.summation");
    coverage_define(coverage, catalog, &selection);
    check(coverage, false, HEADER "vm,cpu.ready.summation,ms,0,0,0,0,not offered,not asked\n");
    assert_true(coverage_matches(coverage, "cpu.r*"));
    assert_false(coverage_matches(coverage, "cpu.usage.average"));
    selection_done(&selection);
    catalog_free(catalog);
    coverage_free(coverage);
}

/* One that returns a second series, be it in another round, is the same one. */
static void test_later_rounds(void **state) {
    struct entity a = {.type = ENTITY_VM, .id = "vm-1"}, b = {.type = ENTITY_VM, .id = "vm-11"};
    struct entity moved = a;
    struct coverage *coverage = coverage_new();
    (void)state;

    give(coverage, &a, &usage, 1, false);
    give(coverage, &b, &usage, 1, false);
    for (int round = 0; round < 3; round++) {
        give(coverage, &a, &usage, 1, true);
        give(coverage, &b, &usage, 1, true);
    }
    give(coverage, &moved, &usage, 1, false);
    give(coverage, &b, &usage, 1, false);
    check(coverage, false, HEADER "vm,cpu.usage.average,percent,0,2,4,10,collected,\n");
    b.id = "vm-2"; /* another one in the same place */
    give(coverage, &b, &usage, 1, false);
    check(coverage, false, HEADER "vm,cpu.usage.average,percent,0,3,5,11,collected,\n");
    coverage_free(coverage);
}

static void test_merge(void **state) {
    struct coverage *all = defined_coverage(), *other = coverage_new();
    (void)state;

    coverage_offered(all, &vm, &usage);
    give(all, &vm, &usage, 1, false);
    coverage_offered(other, &vm, &usage);
    coverage_offered(other, &vm, &unknown);
    give(other, &vm, &usage, 4, false);
    coverage_merge(all, other);
    coverage_free(other);
    check(all, false,
          HEADER "vm,cpu.usage.average,percent,2,2,2,5,collected,\n"
                 "vm,cpu.ready.summation,ms,0,0,0,0,not offered,device or feature absent\n"
                 "host,cpu.usage.average,percent,0,0,0,0,not offered,not asked\n"
                 "host,cpu.ready.summation,ms,0,0,0,0,not offered,not asked\n"
                 "vm,#9,unknown,1,0,0,0,\"offered, no data\",no samples\n");
    check_totals(
        all,
        (struct coverage_totals){
            .defined = 2, .offered = 1, .returned = 1, .unknown = 1, .series = 2, .samples = 5});
    coverage_free(all);
}

/* Merging into an empty account keeps what was defined. */
static void test_merge_into_nothing(void **state) {
    struct coverage *all = coverage_new(), *other = defined_coverage();
    (void)state;

    coverage_merge(all, other);
    check_totals(all, (struct coverage_totals){.defined = 2});
    coverage_free(other);
    coverage_free(all);
}

static void test_odd_names(void **state) {
    char name[400];
    const struct counter formula = {.name = "=a,\"b\"", .unit = "+x"};
    const struct counter endless = {.name = name, .unit = "n"};
    struct coverage *coverage = coverage_new();
    (void)state;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    coverage_offered(coverage, &vm, &formula);
    check(coverage, false,
          HEADER "vm,\"=a,\"\"b\"\"\",+x,1,0,0,0,\"offered, no data\",no samples\n");
    check(coverage, true,
          HEADER "vm,\"'=a,\"\"b\"\"\",'+x,1,0,0,0,\"offered, no data\",no samples\n");
    coverage_offered(coverage, &vm, &endless);
    assert_true(coverage_matches(coverage, name));
    coverage_free(coverage);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_every_reason),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_selection_decides_what_is_defined),
        cmocka_unit_test(test_later_rounds),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_merge_into_nothing),
        cmocka_unit_test(test_odd_names),
    };
    return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
