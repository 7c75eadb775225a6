/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* No two counters have one name; the same counter of two servers has one. */
#include "sink/metric_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_names(void **state) {
    static const struct {
        struct counter counter;
        const char *name;
        int64_t multiplier;
    } rows[] = {
        {{.name = "x.y.average", .unit = "kiloBytes"}, "vperf_x_y_bytes", 1024},
        {{.name = "x.y.latest", .unit = "kiloBytes"}, "vperf_x_y_latest_bytes", 1024},
        {{.name = "x.Y.latest", .unit = "kiloBytes"}, "vperf_x_y_latest_bytes_2", 1024},
        {{.name = "x.y.average", .unit = "megaBytes"}, "vperf_x_y_bytes", 1048576},
        {{.name = "x.Y.latest", .unit = "megaBytes"}, "vperf_x_y_latest_bytes_2", 1048576},
    };
    struct metric_names *names = metric_names_new();
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct metric metric;
        metric_names_init(names, &metric, &rows[i].counter);
        assert_string_equal(metric.name, rows[i].name);
        assert_int_equal(metric.scale.multiplier, rows[i].multiplier);
        metric_done(&metric);
    }
    metric_names_free(names);
    metric_names_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
