/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Series in any order become families; counters add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/metric_families.h"

static const struct counter ready = {.name = "cpu.ready.summation",
                                     .unit = "millisecond",
                                     .stats = "delta"},
                            usage = {.name = "cpu.usage.average", .unit = "percent"},
                            used = {.name = "mem.used.average", .unit = "kiloBytes"},
                            used_mib = {.name = "mem.used.average", .unit = "megaBytes"},
                            same = {.name = "cpu.Usage.latest", .unit = "percent"};
static const struct entity a = {.type = ENTITY_VM, .name = "a", .id = "1"},
                           b = {.type = ENTITY_VM, .name = "b", .id = "2"};
static const struct sample early[] = {{20, 1000}, {40, 500}}, late[] = {{60, 1}, {80, -7}};

static void add(struct metric_families *families, const struct entity *entity,
                const struct counter *counter, const struct sample *samples, bool continues) {
    struct error error = {0};
    const struct series series = {.entity = entity,
                                  .counter = counter,
                                  .instance = "",
                                  .interval = 20,
                                  .continues = continues,
                                  .count = 2,
                                  .samples = samples};
    assert_true(metric_families_add(families, &series, &error));
}

/* The exposition without its comments; the caller frees it. */
static char *written(struct metric_families *families) {
    char *text = NULL, *kept = NULL;
    size_t size = 0;
    struct error error = {0};
    FILE *stream = open_memstream(&text, &size);
    assert_true(metric_families_write(families, stream, &error));
    fclose(stream);
    stream = open_memstream(&kept, &size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (*line != '#' && strncmp(line, "vperf_entity", 12) != 0)
            fprintf(stream, "%s\n", line);
    fclose(stream);
    free(text);
    return kept;
}

static void check(struct metric_families *families, const char *expected) {
    char *text = written(families);
    assert_string_equal(text, expected);
    free(text);
}

#define A "{type=\"vm\",name=\"a\",id=\"1\"} "
#define B "{type=\"vm\",name=\"b\",id=\"2\"} "

static void fill(struct metric_families *families) {
    add(families, &b, &usage, early, false);
    add(families, &b, &ready, early, false);
    add(families, &a, &ready, early, false);
    add(families, &b, &ready, late, true);
    add(families, &a, &ready, late, true);
}

/* A counter does not shrink. */
static void test_rounds(void **state) {
    const struct metric_style style = {.dialect = OPENMETRICS};
    struct metric_families *families = metric_families_new(&style);
    (void)state;
    for (int i = 0; i < 2; i++) {
        fill(families);
        check(families, "vperf_cpu_ready_seconds_total" A "1 20\n"
                        "vperf_cpu_ready_seconds_total" A "1.5 40\n"
                        "vperf_cpu_ready_seconds_total" A "1.501 60\n"
                        "vperf_cpu_ready_seconds_total" A "1.501 80\n"
                        "vperf_cpu_ready_seconds_total" B "1 20\n"
                        "vperf_cpu_ready_seconds_total" B "1.5 40\n"
                        "vperf_cpu_ready_seconds_total" B "1.501 60\n"
                        "vperf_cpu_ready_seconds_total" B "1.501 80\n"
                        "vperf_cpu_usage_ratio" B "0.1 20\n"
                        "vperf_cpu_usage_ratio" B "0.05 40\n");
    }
    metric_families_free(families);
}

static void test_newest(void **state) {
    const struct metric_style style = {
        .dialect = PROMETHEUS, .newest_only = true, .without_times = true};
    struct metric_families *families = metric_families_new(&style);
    (void)state;
    fill(families);
    check(families, "vperf_cpu_ready_seconds_total" A "1.501\n"
                    "vperf_cpu_ready_seconds_total" B "1.501\n"
                    "vperf_cpu_usage_ratio" B "0.05\n");
    metric_families_free(families);
}

/* Two servers' units of one counter are one metric; two counters never are. */
static void test_names(void **state) {
    const struct metric_style style = {.dialect = OPENMETRICS, .newest_only = true};
    struct metric_families *families = metric_families_new(&style);
    (void)state;
    add(families, &a, &used, early, false);
    add(families, &b, &used_mib, early, false);
    add(families, &a, &usage, early, false);
    add(families, &a, &same, early, false);
    check(families, "vperf_cpu_usage_latest_ratio" A "0.05 40\n"
                    "vperf_cpu_usage_ratio" A "0.05 40\n"
                    "vperf_mem_used_bytes" A "512000 40\n"
                    "vperf_mem_used_bytes" B "524288000 40\n");
    metric_families_free(families);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
