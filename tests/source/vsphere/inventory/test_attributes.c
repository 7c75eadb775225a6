/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Custom attributes: their order, values that XML has to escape, and keys without a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "source/vsphere/inventory/attributes.h"

#define VALUE(key, value)                                                                          \
    "<CustomFieldValue xsi:type=\"CustomFieldStringValue\"><key>" key "</key><value>" value        \
    "</value></CustomFieldValue>"

static void test_texts(void **state) {
    static const char *const cases[][2] = {
        {"", ""},
        {VALUE("1", "bob"), "owner=bob"},
        {VALUE("2", "7 &amp; 8") VALUE("1", "<![CDATA[a;b]]>"), "cost=7 & 8; owner=a;b"},
        {VALUE("1", ""), "owner="},
        {VALUE("9", "x"), "9=x"},
        {"<CustomFieldValue><key>1</key></CustomFieldValue>" VALUE("2", "3"), "cost=3"},
    };
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    (void)state;
    g_hash_table_insert(names, (gpointer) "1", (gpointer) "owner");
    g_hash_table_insert(names, (gpointer) "2", (gpointer) "cost");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = attributes_text(cases[i][0], names);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
    g_hash_table_destroy(names);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts)};
    return cmocka_run_group_tests_name("attributes", tests, NULL, NULL);
}
