/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Values of /cluster/metrics/export from round to round. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "source/pve/tracks.h"

/* A counter that began anew within a round: the rate is that of what came after. */
static void test_reset_within_a_round(void **state) {
    static const struct {
        int64_t time;
        double value;
    } values[] = {{1000, 100}, {1010, 1100}, {1020, 5}, {1030, 2005}};
    struct pve_track track = {0};
    (void)state;
    pve_track_begin(&track);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct pve_metric metric = {"node/a", "net_in", values[i].value, values[i].time};
        pve_track_meter(&track, &metric, 20);
    }
    assert_true(track.meters[PVE_METER_IN].rate == 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reset_within_a_round)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
