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

/* Of an ordinary cluster the whole past fits; of a large one less, and the present always. */
static void test_export_is_asked_as_far_as_it_fits(void **state) {
    static const struct {
        size_t entities;
        int64_t seconds;
    } cases[] = {{0, 1800}, {145, 1800}, {500, 550}, {3000, 90}, {1 << 20, 60}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(pve_export_seconds(cases[i].entities), cases[i].seconds);
}

/* What was remembered of two intervals: means, and rates from the value before on. */
static void test_past_of_lost_rounds(void **state) {
    static const struct pve_metric metrics[] = {
        {"node/a", "cpu_current", 0.5, 1010},  {"node/a", "net_in", 1100, 1010},
        {"node/a", "cpu_current", 0.25, 1020}, {"node/a", "net_in", 2100, 1020},
        {"node/a", "cpu_current", 0.75, 1030}, {"node/a", "net_in", 7, 1040},
    };
    struct pve_track track = {0};
    (void)state;
    track.meters[PVE_METER_IN].last = 1000;
    track.meters[PVE_METER_IN].value = 100;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
        pve_track_remember(&track, &metrics[i]);
    assert_true(pve_track_past_mean(&track, PVE_METER_CPU, 1020, 20) == 0.375);
    assert_true(pve_track_past_mean(&track, PVE_METER_CPU, 1040, 20) == 0.75);
    assert_true(isnan(pve_track_past_mean(&track, PVE_METER_CPU, 1060, 20)));
    assert_true(pve_track_past_rate(&track, PVE_METER_IN, 1020, 20) == 100);
    assert_true(isnan(pve_track_past_rate(&track, PVE_METER_IN, 1040, 20)));
    assert_true(isnan(pve_track_past_rate(&track, PVE_METER_OUT, 1020, 20)));
    pve_track_begin(&track);
    assert_null(track.past);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reset_within_a_round),
        cmocka_unit_test(test_export_is_asked_as_far_as_it_fits),
        cmocka_unit_test(test_past_of_lost_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
