/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Tags of entities: each once, and no more than there may be. */
#include "source/vsphere/inventory/tagged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/memory.h"

static guint tags_of(const struct tagged *tagged, const char *object) {
    return g_hash_table_size(g_hash_table_lookup(tagged->objects, object));
}

static void test_each_once(void **state) {
    struct tagged tagged;
    (void)state;
    tagged_init(&tagged);
    tagged_expect(&tagged, "vm-1");
    tagged_expect(&tagged, "vm-2");
    for (int i = 0; i < 2; i++) {
        assert_true(tagged_add(&tagged, "a", "vm-1"));
        assert_true(tagged_add(&tagged, "b", "vm-1"));
        assert_true(tagged_add(&tagged, "c", "vm-3"));
    }
    assert_int_equal(tags_of(&tagged, "vm-1"), 2);
    assert_int_equal(tags_of(&tagged, "vm-2"), 0);
    assert_int_equal(g_hash_table_size(tagged.tags), 2); /* of no other entity's */
    tagged_done(&tagged);
}

static void test_most(void **state) {
    struct tagged tagged;
    (void)state;
    tagged_init(&tagged);
    tagged_expect(&tagged, "vm-1");
    for (int i = 0; i <= TAGGED_MOST; i++) {
        char *tag = memory_printf("%d", i);
        assert_int_equal(tagged_add(&tagged, tag, "vm-1"), i < TAGGED_MOST);
        free(tag);
    }
    tagged_done(&tagged);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
