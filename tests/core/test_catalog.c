/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The counters of a server: found by id and by name, unknown ids kept, misspelt names helped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/catalog.h"

static int setup(void **state) {
    static const struct counter counters[] = {
        {.has_id = true, .id = 1, .name = "cpu.usage.none", .unit = "percent", .rollup = "none"},
        {.has_id = true,
         .id = 2,
         .name = "cpu.usage.average",
         .unit = "percent",
         .rollup = "average",
         .level = 1},
        {.has_id = true,
         .id = 6,
         .name = "cpu.usagemhz.average",
         .unit = "megaHertz",
         .rollup = "average"},
        {.has_id = true,
         .id = 24,
         .name = "mem.usage.average",
         .unit = "percent",
         .rollup = "average"},
        {.has_id = true,
         .id = 98,
         .name = "mem.vmfs.pbc.size.latest",
         .unit = "megaBytes",
         .rollup = "latest"},
    };
    struct catalog *catalog = catalog_new();

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        catalog_add(catalog, &counters[i]);
    *state = catalog;
    return 0;
}

static int teardown(void **state) {
    catalog_free(*state);
    return 0;
}

static void test_find(void **state) {
    const struct catalog *catalog = *state;

    assert_string_equal(catalog_by_id(catalog, 2)->name, "cpu.usage.average");
    assert_int_equal(catalog_by_name(catalog, "cpu.usage.average")->id, 2);
    assert_int_equal(catalog_by_name(catalog, "mem.vmfs.pbc.size.latest")->id, 98);
    assert_null(catalog_by_id(catalog, 3));
    assert_null(catalog_by_id(catalog, 0));
    assert_null(catalog_by_name(catalog, "cpu.usage"));
    assert_null(catalog_by_name(catalog, ""));
}

static void test_order_is_kept(void **state) {
    const struct catalog *catalog = *state;

    assert_int_equal(catalog_size(catalog), 5);
    assert_int_equal(catalog_defined(catalog), 5);
    assert_int_equal(catalog_at(catalog, 0)->id, 1);
    assert_int_equal(catalog_at(catalog, 4)->id, 98);
}

static void test_strings_are_copied(void **state) {
    char name[] = "disk.read.average";
    const struct counter *stored =
        catalog_add(*state, &(struct counter){.has_id = true, .id = 130, .name = name, .level = 2});

    memset(name, 'x', sizeof name - 1);
    assert_string_equal(stored->name, "disk.read.average");
    assert_string_equal(stored->unit, "");
    assert_string_equal(stored->summary, "");
    assert_null(stored->formula);
    assert_null(stored->fidelity);
    assert_int_equal(stored->level, 2);
    assert_ptr_equal(catalog_by_name(*state, "disk.read.average"), stored);
}

static void test_the_first_of_two_stays(void **state) {
    const struct counter *first = catalog_by_id(*state, 2);

    assert_ptr_equal(
        catalog_add(*state, &(struct counter){.has_id = true, .id = 2, .name = "other.name.none"}),
        first);
    assert_ptr_equal(catalog_add(*state, &(struct counter){.name = "cpu.usage.average"}), first);
    assert_null(catalog_by_name(*state, "other.name.none"));
    assert_int_equal(catalog_size(*state), 5);
}

/* Both are kept, each with its own unit; the name alone means the first. */
static void test_two_ids_of_one_name(void **state) {
    const struct counter *first = catalog_by_id(*state, 24);
    const struct counter *second = catalog_add(
        *state,
        &(struct counter){.has_id = true, .id = 77, .name = "mem.usage.average", .unit = "number"});

    assert_ptr_not_equal(first, second);
    assert_ptr_equal(catalog_resolve(*state, 77), second);
    assert_string_equal(second->name, "mem.usage.average");
    assert_string_equal(second->unit, "number");
    assert_ptr_equal(catalog_by_name(*state, "mem.usage.average"), first);
    assert_int_equal(catalog_defined(*state), 6);
}

/* ESXi numbers its counters from 0 on. */
static void test_id_0(void **state) {
    const struct counter *first =
        catalog_add(*state, &(struct counter){.has_id = true, .id = 0, .name = "a.b.none"});

    assert_ptr_equal(catalog_by_id(*state, 0), first);
    assert_string_equal(catalog_resolve(*state, 0)->name, "a.b.none");
    assert_int_equal(catalog_size(*state), 6);
}

static void test_counters_without_id(void **state) {
    catalog_add(*state, &(struct counter){.name = "a.b.latest"});
    catalog_add(*state, &(struct counter){.name = "c.d.latest"});

    assert_int_equal(catalog_size(*state), 7);
    assert_null(catalog_by_id(*state, 0));
    assert_non_null(catalog_by_name(*state, "a.b.latest"));
    assert_non_null(catalog_by_name(*state, "c.d.latest"));
}

static void test_unknown_id_is_kept(void **state) {
    const struct counter *unknown = catalog_resolve(*state, 10042);

    assert_string_equal(unknown->name, "#10042");
    assert_string_equal(unknown->unit, "unknown");
    assert_int_equal(unknown->id, 10042);
    assert_ptr_equal(catalog_resolve(*state, 10042), unknown);
    assert_ptr_equal(catalog_by_id(*state, 10042), unknown);
    assert_int_equal(catalog_size(*state), 6);
    assert_int_equal(catalog_defined(*state), 5);
    assert_string_equal(catalog_resolve(*state, 6)->name, "cpu.usagemhz.average");
    assert_ptr_equal(catalog_resolve(*state, 0), catalog_resolve(*state, 0));
}

static void test_nearest(void **state) {
    static const struct {
        const char *misspelt;
        const char *first;
    } cases[] = {
        {"cpu.usge.average", "cpu.usage.average"},
        {"CPU.Usage.Average", "cpu.usage.average"},
        {"cpu.usage.avg", "cpu.usage.average"},
        {"cpu.usage.non", "cpu.usage.none"},
        {"mem.usage.averag", "mem.usage.average"},
        {"usagemhz", "cpu.usagemhz.average"},
        {"PBC", "mem.vmfs.pbc.size.latest"},
        {"mem.vmfs.pbs.size.latest", "mem.vmfs.pbc.size.latest"},
    };

    catalog_resolve(*state, 10042);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *names[3];
        assert_in_range(catalog_nearest(*state, cases[i].misspelt, names, 3), 1, 3);
        assert_string_equal(names[0], cases[i].first);
    }
}

static void test_nearest_is_ordered_and_bounded(void **state) {
    const char *names[16];

    assert_int_equal(catalog_nearest(*state, "cpu.usage", names, 16), 4);
    assert_string_equal(names[0], "cpu.usage.average");
    assert_string_equal(names[1], "cpu.usagemhz.average");
    assert_string_equal(names[2], "cpu.usage.none");
    assert_string_equal(names[3], "mem.usage.average");
    assert_int_equal(catalog_nearest(*state, "cpu.usage", names, 0), 0);
    assert_int_equal(catalog_nearest(*state, "cpu.usage", names, 2), 2);
}

/* What has little in common with any name is near to none. */
static void test_nothing_is_near(void **state) {
    const char *names[16];

    assert_int_equal(catalog_nearest(*state, "nosuch", names, 16), 0);
    assert_int_equal(catalog_nearest(*state, "frobnicate.all.latest", names, 16), 0);
    assert_int_equal(catalog_nearest(*state, "cpu.usagf", names, 1), 1);
    assert_string_equal(names[0], "cpu.usage.average");
}

static void test_nearest_names_only_what_the_server_defines(void **state) {
    const char *names[16];

    catalog_resolve(*state, 10042);
    assert_int_equal(catalog_nearest(*state, "#10042", names, 16), 0);
}

static void test_many(void **state) {
    char name[32];

    for (int i = 1000; i < 6000; i++) {
        snprintf(name, sizeof name, "group.c%d.latest", i);
        catalog_add(*state, &(struct counter){.has_id = true, .id = i, .name = name});
    }
    for (int i = 1000; i < 6000; i++) {
        snprintf(name, sizeof name, "group.c%d.latest", i);
        assert_int_equal(catalog_by_name(*state, name)->id, i);
        assert_string_equal(catalog_by_id(*state, i)->name, name);
    }
}

static void test_empty(void **state) {
    struct catalog *catalog = catalog_new();
    const char *names[1];
    (void)state;

    assert_null(catalog_by_id(catalog, 1));
    assert_null(catalog_by_name(catalog, "x"));
    assert_int_equal(catalog_nearest(catalog, "x", names, 1), 0);
    catalog_free(catalog);
    catalog_free(NULL);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* The catalog is read again, and has this counter, and then another one. */
static const struct counter *renew(struct catalog *catalog, const struct counter *first,
                                   const struct counter *second) {
    struct catalog *now = catalog_new();
    catalog_add(now, first);
    if (second)
        catalog_add(now, second);
    catalog_renew(catalog, now);
    catalog_free(now);
    return catalog_by_name(catalog, first->name);
}

/* A server that was upgraded gives ids another meaning; a counter that was unknown gets its name.
 */
static void test_renew(void **state) {
    struct catalog *catalog = *state;
    const struct counter *unknown = catalog_resolve(catalog, 777);
    const struct counter *before = catalog_by_id(catalog, 2);
    struct counter same = *before;

    assert_ptr_equal(renew(catalog, &same, NULL), before);
    assert_int_equal(catalog_size(catalog), 6);
    const struct counter *named = renew(
        catalog, &(struct counter){.has_id = true, .id = 777, .name = "gpu.usage.average"}, NULL);
    assert_ptr_equal(catalog_resolve(catalog, 777), named);
    assert_string_equal(unknown->name, "#777"); /* those who hold it may go on */
    assert_null(catalog_by_name(catalog, "#777"));
    const struct counter *moved = renew(
        catalog, &(struct counter){.has_id = true, .id = 2, .name = "mem.usage.average"}, NULL);
    assert_ptr_equal(catalog_by_id(catalog, 2), moved);
    assert_string_equal(before->name, "cpu.usage.average");
}

static void test_renew_another_unit(void **state) {
    struct catalog *catalog = *state;
    const struct counter *before = catalog_by_id(catalog, 24);
    struct counter changed = *before;

    changed.unit = "number";
    const struct counter *now = renew(catalog, &changed, NULL);
    assert_string_equal(now->unit, "number");
    assert_ptr_equal(catalog_by_id(catalog, 24), now);
    assert_string_equal(before->unit, "percent");
}

/* As when the catalog is read for the first time, the first one has the name. */
static void test_renew_two_ids_of_one_name(void **state) {
    const struct counter first = {.has_id = true, .id = 5, .name = "a.b.latest"},
                         second = {.has_id = true, .id = 5000, .name = "a.b.latest"};
    struct catalog *catalog = *state;

    for (int i = 0; i < 2; i++) {
        const struct counter *named = renew(catalog, &first, &second);
        assert_int_equal(named->id, 5);
        assert_string_equal(catalog_resolve(catalog, 5000)->name, "a.b.latest");
        assert_int_equal(catalog_defined(catalog), 7);
    }
}

static void test_what_is_left_out_is_not_unknown(void **state) {
    struct catalog *catalog = *state, *now = catalog_new();
    size_t size = catalog_size(catalog);

    assert_int_equal(catalog_left_out(catalog), 0);
    catalog_leave_out(catalog, 4711);
    catalog_leave_out(catalog, 0);
    catalog_leave_out(catalog, 4711);
    assert_int_equal(catalog_left_out(catalog), 2);
    assert_null(catalog_resolve(catalog, 4711));
    assert_null(catalog_by_id(catalog, 4711));
    assert_int_equal(catalog_size(catalog), size);
    catalog_renew(catalog, now);
    assert_int_equal(catalog_left_out(catalog), 0);
    assert_string_equal(catalog_resolve(catalog, 4711)->name, "#4711");
    catalog_leave_out(now, 4712);
    catalog_renew(catalog, now);
    catalog_free(now);
    assert_int_equal(catalog_left_out(catalog), 1);
    assert_null(catalog_resolve(catalog, 4712));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FRESH(test_find),
        FRESH(test_order_is_kept),
        FRESH(test_strings_are_copied),
        FRESH(test_the_first_of_two_stays),
        FRESH(test_two_ids_of_one_name),
        FRESH(test_id_0),
        FRESH(test_counters_without_id),
        FRESH(test_unknown_id_is_kept),
        FRESH(test_nearest),
        FRESH(test_nothing_is_near),
        FRESH(test_nearest_is_ordered_and_bounded),
        FRESH(test_nearest_names_only_what_the_server_defines),
        FRESH(test_many),
        cmocka_unit_test(test_empty),
        FRESH(test_what_is_left_out_is_not_unknown),
        FRESH(test_renew),
        FRESH(test_renew_another_unit),
        FRESH(test_renew_two_ids_of_one_name),
    };
    return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
