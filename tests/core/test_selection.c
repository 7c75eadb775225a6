/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the user asked for, and what a wrong request is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/selection.h"

static void test_defaults(void **state) {
    struct selection selection;
    (void)state;

    selection_init(&selection);
    assert_true(selection_has_entity(&selection, &(struct entity){.type = ENTITY_VM, .name = "a"}));
    assert_true(selection_has_entity(&selection, &(struct entity){.type = ENTITY_HOST}));
    assert_false(selection_has_entity(&selection, &(struct entity){.type = ENTITY_POOL}));
    assert_true(selection_has_counter(&selection, &(struct counter){.name = "cpu.usage.average"}));
    assert_false(selection.aggregate_only);
    selection_done(&selection);
}

static void test_types(void **state) {
    static const struct {
        const char *list;
        unsigned expected; /* bits by type */
    } cases[] = {
        {"vm", 1U << ENTITY_VM},
        {"host", 1U << ENTITY_HOST},
        {"host,vm", 1U << ENTITY_VM | 1U << ENTITY_HOST},
        {",pool,,datastore,", 1U << ENTITY_POOL | 1U << ENTITY_DATASTORE},
        {"datacenter,cluster,vm,vm",
         1U << ENTITY_DATACENTER | 1U << ENTITY_CLUSTER | 1U << ENTITY_VM},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selection selection;
        struct error error = {0};
        selection_init(&selection);
        assert_true(selection_set_types(&selection, cases[i].list, &error));
        for (unsigned type = 0; type < ENTITY_TYPES; type++)
            assert_int_equal(selection.types[type], cases[i].expected >> type & 1);
        selection_done(&selection);
    }
}

static void test_wrong_types(void **state) {
    static const struct {
        const char *list;
        const char *expected;
    } cases[] = {
        {"vms", "no type 'vms'; the types are vm, host, pool, cluster, datastore, datacenter"},
        {"vm,VM,x", "no type 'VM'; the types are vm, host, pool, cluster, datastore, datacenter"},
        {"", "no type ''; the types are vm, host, pool, cluster, datastore, datacenter"},
        {",", "no type ''; the types are vm, host, pool, cluster, datastore, datacenter"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selection selection;
        struct error error = {0};
        selection_init(&selection);
        assert_false(selection_set_types(&selection, cases[i].list, &error));
        assert_int_equal(error.kind, ERROR_USAGE);
        assert_string_equal(error.message, cases[i].expected);
        assert_true(selection.types[ENTITY_HOST]);
        selection_done(&selection);
    }
}

static void test_names(void **state) {
    struct selection selection;
    (void)state;

    selection_init(&selection);
    globs_add(&selection.names, "web-*,!web-9");
    assert_true(
        selection_has_entity(&selection, &(struct entity){.type = ENTITY_VM, .name = "web-1"}));
    assert_false(
        selection_has_entity(&selection, &(struct entity){.type = ENTITY_VM, .name = "web-9"}));
    assert_false(selection_has_entity(&selection, &(struct entity){.type = ENTITY_VM}));
    selection_done(&selection);
}

/* A name is also a title, an id, a UUID or, with a "/" in it, a path. */
static void test_other_names(void **state) {
    static const struct {
        const char *names;
        bool expected;
    } cases[] = {
        {"web", true},         {"Shop*", true},       {"vm-42", true},      {"vm-4*", false},
        {"42300000-AB", true}, {"42300000-*", false}, {"DC0/vm/web", true}, {"/DC0/vm/web", true},
        {"DC0/*", true},       {"*/web", true},       {"DC1/*", false},     {"vm/web", false},
        {"!vm-42", false},     {"!DC0/vm/*", false},  {"!DC1/*", true},     {"DC0*", false},
        {"w*,!Shop*", false},
    };
    const struct entity entity = {.type = ENTITY_VM,
                                  .name = "web",
                                  .id = "vm-42",
                                  .uuid = "42300000-ab",
                                  .title = "Shop front",
                                  .folder = "DC0/vm"};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selection selection;
        selection_init(&selection);
        globs_add(&selection.names, cases[i].names);
        if (selection_has_entity(&selection, &entity) != cases[i].expected)
            fail_msg("--name '%s'", cases[i].names);
        selection_done(&selection);
    }
}

/* What a path needs is only asked for when there is one. */
static void test_context(void **state) {
    struct selection selection;
    (void)state;

    selection_init(&selection);
    globs_add(&selection.names, "web-*,!vm-42");
    assert_int_equal(selection_context(&selection), 0);
    globs_add(&selection.names, "!DC0/*");
    assert_int_equal(selection_context(&selection), CONTEXT_PLACE);
    selection.context = CONTEXT_DETAILS;
    assert_int_equal(selection_context(&selection), CONTEXT_PLACE | CONTEXT_DETAILS);
    selection_done(&selection);
}

static struct catalog *small_catalog(void) {
    static const char *const names[] = {"cpu.usage.average", "cpu.usage.none", "cpu.idle.summation",
                                        "mem.usage.average"};
    struct catalog *catalog = catalog_new();

    for (int32_t i = 0; i < 4; i++)
        catalog_add(catalog, &(struct counter){.id = i + 1, .name = names[i]});
    return catalog;
}

static void test_check_counters(void **state) {
    static const struct {
        const char *list;
        const char *expected; /* NULL: accepted */
    } cases[] = {
        {"", NULL},
        {"cpu.usage.average", NULL},
        {"cpu.*,mem.*", NULL},
        {"!nothing.like.this", NULL},
        {"#10042", NULL},
        {"cpu.usge.average", "no counter matches 'cpu.usge.average'; nearest: cpu.usage.average, "
                             "mem.usage.average"},
        {"cpu.*,disk.*", "no counter matches 'disk.*': 'vperf counters' shows all"},
        {"frobnicate", "no counter matches 'frobnicate': 'vperf counters' shows all"},
        {"cpu.*,!cpu.usage.*", NULL},
        {"!cpu.*", NULL},
        {"!*", "--counter excludes all counters"},
        {"mem.*,cpu.*,!cpu.*", "--counter excludes all counters that match 'cpu.*'"},
        {"USAGE.N", "no counter matches 'USAGE.N'; nearest: cpu.usage.none"},
    };
    struct catalog *catalog = small_catalog();
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selection selection;
        struct error error = {0};
        const char *expected = cases[i].expected;
        selection_init(&selection);
        globs_add(&selection.counters, cases[i].list);
        assert_int_equal(selection_check_counters(&selection, catalog, &error), !expected);
        assert_int_equal(error.kind, expected ? ERROR_USAGE : ERROR_NONE);
        if (expected && strncmp(error.message, expected, strlen(expected)) != 0)
            assert_string_equal(error.message, expected);
        selection_done(&selection);
    }
    catalog_free(catalog);
}

static void test_check_name(void **state) {
    static const struct {
        const char *pattern;
        const char *expected; /* NULL: accepted */
    } cases[] = {
        {"web-1", NULL},
        {"web-*", NULL},
        {"!nobody", NULL},
        {"wep-1", "no vm matches --name 'wep-1'; nearest: web-1"},
        {"esx01", "no vm matches --name 'esx01': 'vperf inventory' shows all"},
    };
    struct inventory *entities = inventory_new();
    (void)state;

    inventory_add(entities, &(struct entity){.type = ENTITY_VM, .name = "web-1"});
    inventory_add(entities, &(struct entity){.type = ENTITY_VM, .name = "db"});
    inventory_add(entities, &(struct entity){.type = ENTITY_VM, .name = "web-1"});
    inventory_add(entities, &(struct entity){.type = ENTITY_VM});
    inventory_add(entities, &(struct entity){.type = ENTITY_HOST, .name = "esx01"});
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct selection selection;
        struct error error = {0};
        selection_init(&selection);
        selection.types[ENTITY_HOST] = false;
        globs_add(&selection.names, cases[i].pattern);
        assert_int_equal(selection_check_name(&selection, 0, entities, &error), !cases[i].expected);
        if (cases[i].expected)
            assert_string_equal(error.message, cases[i].expected);
        selection_done(&selection);
    }
    inventory_free(entities);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),       cmocka_unit_test(test_types),
        cmocka_unit_test(test_wrong_types),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_other_names),    cmocka_unit_test(test_context),
        cmocka_unit_test(test_check_counters), cmocka_unit_test(test_check_name),
    };
    return cmocka_run_group_tests_name("selection", tests, NULL, NULL);
}
