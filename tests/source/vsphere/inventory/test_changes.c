/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Each arrival and each end is told once, whatever else changes. */
#include "source/vsphere/inventory/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char told[256];

static bool measured(const void *context, const struct entity *entity) {
    (void)context;
    return entity->state == STATE_ON;
}

static void arrived(void *context, const struct entity *entity) {
    (void)context;
    snprintf(told + strlen(told), sizeof told - strlen(told), "+%s ", entity->id);
}

static void ended(void *context, const struct entity *before, const struct entity *now) {
    (void)context;
    snprintf(told + strlen(told), sizeof told - strlen(told), "-%s: %s ", before->id,
             changes_reason(now));
}

/* An inventory such as "a1 b0": entities that are on (1) or off (0), suspended (s) or lost (d). */
static struct inventory *make(const char *text) {
    struct inventory *inventory = inventory_new();
    for (; *text; text += text[2] ? 3 : 2) {
        char id[] = {text[0], '\0'};
        const char *states = "?10sd";
        struct entity entity = {
            .id = id, .name = id, .state = (enum entity_state)(strchr(states, text[1]) - states)};
        inventory_add(inventory, &entity);
    }
    return inventory;
}

static void test_changes(void **state) {
    static const struct {
        const char *before, *after, *told;
    } cases[] = {
        {"", "", ""},
        {"a1 b0", "b0 a1", ""},
        {"a1", "a1 b1 c0", "+b "},
        {"a1 b1 c0", "b1", "-a: it is no longer there "},
        {"a1 b1", "a0 bs", "-a: it is powered off -b: it is suspended "},
        {"a0", "a1", "+a "},
        {"z1 a1", "b1 y1", "-z: it is no longer there -a: it is no longer there +b +y "},
        {"a1", "ad", "-a: it is disconnected "},
        {"ad", "", ""},
    };
    const struct changes_visitor visitor = {NULL, measured, arrived, ended};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct inventory *before = make(cases[i].before), *after = make(cases[i].after);
        told[0] = '\0';
        changes_visit(before, after, &visitor);
        assert_string_equal(told, cases[i].told);
        inventory_free(before);
        inventory_free(after);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
