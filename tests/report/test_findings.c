/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The window of a report: that of the samples when they are younger, unless earlier ones are lost.
 */
#include "report/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1795725000, INTERVAL = 300, SAMPLES = 12, SECONDS = SAMPLES * INTERVAL };

static const double no_limits[USAGE_METRICS];
static const struct entity guest = {
    .type = ENTITY_VM, .source = "esx01", .name = "web", .id = "vm-1", .cpus = 2};

/* An hour of samples until NOW. */
static struct usage *measured(void) {
    const struct counter counter = {
        .name = "cpu.usage.average", .unit = "", .stats = "", .rollup = ""};
    struct usage *usage = usage_new(no_limits);
    struct sample samples[SAMPLES];
    for (int i = 0; i < SAMPLES; i++)
        samples[i] = (struct sample){NOW - (int64_t)(SAMPLES - 1 - i) * INTERVAL, 1000};
    usage_write(usage, &(struct series){.entity = &guest,
                                        .counter = &counter,
                                        .instance = "",
                                        .interval = INTERVAL,
                                        .count = SAMPLES,
                                        .samples = samples});
    return usage;
}

static void test_window(void **state) {
    static const struct {
        int64_t asked;
        int64_t lost_until; /* end of a gap of an hour, before NOW; 0: none */
        int64_t window;
        bool told;
    } cases[] = {
        {SECONDS, 0, SECONDS, false},
        {SECONDS + INTERVAL, 0, SECONDS + INTERVAL, false}, /* the grid of the samples */
        {86400, 0, SECONDS, true},
        {86400, SECONDS, 86400, false},
        {86400, 2 * 86400, SECONDS, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct findings_gap gap = {.after = NOW - cases[i].lost_until - 3600,
                                   .until = NOW - cases[i].lost_until};
        GPtrArray *gaps = g_ptr_array_new();
        if (cases[i].lost_until)
            g_ptr_array_add(gaps, &gap);
        struct usage *usage = measured();
        struct findings findings;
        struct findings_order order = {.seconds = cases[i].asked, .gaps = gaps};
        sizing_rules_init(&order.rules);
        findings_init(&findings, usage, &order);
        const char *scope = g_ptr_array_index(findings.summary, 0);
        assert_int_equal(findings.window_seconds, cases[i].window);
        assert_int_equal(strstr(scope, "were asked for") != NULL, cases[i].told);
        assert_non_null(strstr(scope, "averages of 5 min"));
        assert_non_null(strstr(findings.title, "Capacity report of esx01, 2026-11-2"));
        findings_done(&findings);
        usage_free(usage);
        g_ptr_array_free(gaps, TRUE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_window)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
