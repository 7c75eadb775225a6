/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is remembered of entities ends with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/inventory.h"
#include "source/xapi/tracks.h"

static void test_prune(void **state) {
    (void)state;
    struct tracks *tracks = xapi_tracks_new(3);
    struct inventory *inventory = inventory_new();
    inventory_add(inventory, &(struct entity){.type = ENTITY_VM, .name = "web-1", .id = "stays"});
    xapi_track(tracks, "stays")->mark = 20;
    xapi_track(tracks, "ends")->mark = 20;
    xapi_prune(tracks->by_id, inventory);
    assert_int_equal(g_hash_table_size(tracks->by_id), 1);
    assert_int_equal(xapi_track(tracks, "stays")->mark, 20);
    assert_true(xapi_track(tracks, "ends")->mark == INT64_MIN);
    inventory_free(inventory);
    xapi_tracks_free(tracks);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_prune)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
