/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Which columns a comparison has, their headings, and how their values become one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "command/comparison_columns.h"
#include "source/libvirt/counters/mapping.h"

static void test_set(void **state) {
    size_t count = 0;
    (void)state;

    for (const struct counter *counter = comparison_set; counter->name; counter++, count++) {
        char *heading = column_heading(counter, false);
        assert_true(strlen(heading) <= 12);
        for (size_t i = 0; i < count; i++) {
            char *other = column_heading(&comparison_set[i], false);
            assert_string_not_equal(heading, other);
            free(other);
        }
        free(heading);
    }
    assert_int_equal(count, 20);
}

/* What is compared has to be the same thing on both sides. */
static void test_set_agrees_with_libvirt(void **state) {
    struct catalog *catalog = mapping_catalog(NULL);
    (void)state;

    for (const struct counter *counter = comparison_set; counter->name; counter++) {
        const struct counter *known = catalog_by_name(catalog, counter->name);
        assert_non_null(known);
        assert_string_equal(known->unit, counter->unit);
        assert_string_equal(known->stats, counter->stats);
    }
    catalog_free(catalog);
}

static void test_headings(void **state) {
    static const struct {
        struct counter counter;
        bool raw;
        const char *heading;
        const char *title;
    } cases[] = {
        {{.name = "cpu.usage.average", .unit = "percent", .stats = "rate"},
         false,
         "cpu.usage %",
         "cpu.usage.average [percent]"},
        {{.name = "cpu.usage.average", .unit = "percent", .stats = "rate"},
         true,
         "cpu.usage %/100",
         "cpu.usage.average [percent]"},
        {{.name = "virtualDisk.numberReadAveraged.average", .unit = "number", .stats = "rate"},
         false,
         "reads/s",
         "virtualDisk.numberReadAveraged.average [number]"},
        {{.name = "net.droppedTx.summation", .unit = "number", .stats = "delta"},
         false,
         "net.droppedTx",
         "net.droppedTx.summation [number]"},
        {{.name = "cpu.usage.maximum", .unit = "percent", .stats = "rate"},
         false,
         "cpu.usage.maximum %",
         "cpu.usage.maximum [percent]"},
        {{.name = "virtualDisk.readLatencyUS.latest", .unit = "microsecond", .stats = "absolute"},
         false,
         "virtualDisk.readLatencyUS us",
         "virtualDisk.readLatencyUS.latest [microsecond]"},
        {{.name = "power.x.average", .unit = "celsius", .stats = "absolute"},
         false,
         "power.x celsius",
         "power.x.average [celsius]"},
        {{.name = ".average", .unit = "", .stats = ""}, false, ".average", ".average"},
        {{.name = "no.such", .unit = "", .stats = ""}, false, "no.such", "no.such"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *heading = column_heading(&cases[i].counter, cases[i].raw);
        char *title = column_title(&cases[i].counter, true);
        char *bare = column_title(&cases[i].counter, false);
        assert_string_equal(heading, cases[i].heading);
        assert_string_equal(title, cases[i].title);
        assert_string_equal(bare, cases[i].counter.name);
        free(bare);
        free(heading);
        free(title);
    }
}

static void test_combinations(void **state) {
    static const struct {
        const char *unit;
        const char *stats;
        enum combination expected;
    } cases[] = {
        {"percent", "rate", COMBINE_MEAN},
        {"percent", "absolute", COMBINE_MEAN},
        {"kiloBytes", "absolute", COMBINE_SUM},
        {"kiloBytesPerSecond", "rate", COMBINE_SUM},
        {"millisecond", "delta", COMBINE_SUM},
        {"millisecond", "absolute", COMBINE_LATENCIES},
        {"number", "delta", COMBINE_SUM},
        {"number", "rate", COMBINE_SUM},
        {"number", "absolute", COMBINE_NOT},
        {"second", "absolute", COMBINE_NOT},
        {"microsecond", "absolute", COMBINE_LATENCIES},
        {"", "", COMBINE_NOT},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct counter counter = {.unit = cases[i].unit, .stats = cases[i].stats};
        assert_int_equal(combination_of(&counter), cases[i].expected);
    }
}

static void test_weights(void **state) {
    struct globs counters = {0};
    (void)state;

    assert_null(combination_weight("cpu.usage.average"));
    assert_string_equal(combination_weight("virtualDisk.totalReadLatency.average"),
                        "virtualDisk.numberReadAveraged.average");
    globs_add(&counters, "virtualDisk.totalReadLatency.*");
    combination_add_weights(&counters);
    assert_int_equal(counters.count, 2);
    combination_add_weights(&counters);
    assert_int_equal(counters.count, 2);
    assert_true(globs_match(&counters, "virtualDisk.numberReadAveraged.average"));
    globs_done(&counters);
}

static void check_columns(const char *patterns, const char *expected) {
    static const char *const known[] = {"net.usage.average", "cpu.usage.average",
                                        "cpu.used.summation", "mem.usage.average"};
    struct catalog *catalog = catalog_new();
    struct columns columns = {.count = 0};
    struct globs globs = {0};
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        catalog_add(catalog, &(struct counter){.name = known[i], .unit = "from the server"});
    globs_add(&globs, patterns);
    columns_resolve(&columns, &globs, catalog);
    for (size_t i = 0; i < columns.count; i++)
        g_string_append_printf(text, "%s%s", i ? " " : "", columns.counters[i]->name);
    for (size_t i = 0, place = 0; i < columns.count; i++) {
        assert_true(columns_find(&columns, columns.counters[i]->name, &place));
        assert_int_equal(place, i);
        assert_false(columns_find(&columns, "no.such.average", &place));
    }
    assert_string_equal(text->str, expected);
    g_string_free(text, TRUE);
    columns_done(&columns);
    globs_done(&globs);
    catalog_free(catalog);
}

static void test_resolve(void **state) {
    (void)state;

    check_columns("mem.usage.average,cpu.*", "mem.usage.average cpu.usage.average "
                                             "cpu.used.summation");
    check_columns("cpu.used.summation,*.usage.*", "cpu.used.summation cpu.usage.average "
                                                  "mem.usage.average net.usage.average");
    check_columns("cpu.[u]*,!cpu.usage.*", "cpu.used.summation");
    check_columns("cpu.usage.average,mem.usage.average,!cpu.*", "mem.usage.average");
    check_columns("cpu.usage.average,cpu.usage.average", "cpu.usage.average");
    check_columns("disk.usage.average,x.y", "disk.usage.average x.y");
    check_columns("disk.*", "");
}

static void test_units_are_the_servers(void **state) {
    struct catalog *catalog = catalog_new();
    struct columns columns = {.count = 0};
    struct globs globs = {0};
    (void)state;

    catalog_add(catalog, &(struct counter){.name = "cpu.usage.average", .unit = "other"});
    globs_add(&globs, "cpu.usage.average,cpu.ready.summation,x.y.average");
    columns_resolve(&columns, &globs, catalog);
    assert_int_equal(columns.count, 3);
    assert_string_equal(columns.counters[0]->unit, "other");
    assert_string_equal(columns.counters[1]->unit, "millisecond");
    assert_string_equal(columns.counters[2]->unit, "");
    columns_done(&columns);
    globs_done(&globs);
    catalog_free(catalog);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_agrees_with_libvirt),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_units_are_the_servers),
    };
    return cmocka_run_group_tests_name("comparison columns", tests, NULL, NULL);
}
