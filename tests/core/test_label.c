/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists of labels: which are wrong, what stands in them, and which of two values counts. */
#include "core/label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/entity_field.h"

static void test_check(void **state) {
    static const struct {
        const char *list;
        const char *reason; /* NULL: it is right */
    } rows[] = {
        {"site=fra", NULL},
        {"site=fra,_r2=a=b c", NULL},
        {"", "expected KEY=VALUE"},
        {",", "expected KEY=VALUE"},
        {"site", "expected KEY=VALUE"},
        {"site=", "expected KEY=VALUE"},
        {"=fra", "expected KEY=VALUE"},
        {"site=fra,", "expected KEY=VALUE"},
        {"site=fra,,rack=1", "expected KEY=VALUE"},
        {"site=\xff", "UTF-8"},
        {"site=a\nb", "control characters"},
        {"2site=fra", "expected KEY=VALUE"},
        {"my-site=fra", "expected KEY=VALUE"},
        {"site =fra", "expected KEY=VALUE"},
        {"a=1,b=2,a=3", "a stands twice"},
        {"source=x", "rows have a source already"},
        {"host=x", "rows have a host already"},
        {"vmname=x", "rows have a vmname already"},
        {"target=x", "rows have a target already"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        if (labels_check(rows[i].list, &error) != !rows[i].reason)
            fail_msg("'%s': %s", rows[i].list, error.message);
        if (rows[i].reason && !strstr(error.message, rows[i].reason))
            fail_msg("'%s': %s", rows[i].list, error.message);
    }
}

static void check_merged(const char *nearer, const char *farther, const char *expected) {
    char *merged = labels_merge(nearer, farther);
    assert_string_equal(merged, expected);
    free(merged);
}

static void test_merge(void **state) {
    (void)state;
    check_merged(NULL, "a=1,b=2", "a=1,b=2");
    check_merged("b=3", "a=1,b=2", "b=3,a=1");
    check_merged("a=1", NULL, "a=1");
    check_merged("ab=1", "a=2", "ab=1,a=2");
    check_merged(NULL, NULL, "");
}

static void test_field(void **state) {
    const struct entity_field field = {.name = "site", .label = true};
    const struct entity named = {.labels = "rack=1,site=fra,row=7"}, other = {.labels = "sites=x"},
                        none = {0};
    GString *text = g_string_new(NULL);
    (void)state;
    entity_field_append(text, &field, &other);
    entity_field_append(text, &field, &none);
    assert_string_equal(text->str, "");
    entity_field_append(text, &field, &named);
    assert_string_equal(text->str, "fra");
    g_string_free(text, TRUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
