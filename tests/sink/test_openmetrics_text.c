/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The text of Prometheus in both dialects, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib.h>

#include "core/selection.h"
#include "sink/openmetrics_text.h"

static const struct counter ready = {.name = "cpu.ready.summation",
                                     .unit = "millisecond",
                                     .stats = "delta",
                                     .summary = "A \"b\" \\ c\nd"};
static const struct entity guest = {.type = ENTITY_VM,
                                    .source = "esx01",
                                    .hypervisor = "esxi",
                                    .name = "a\"b\\c\nd\377",
                                    .id = "vm-9",
                                    .uuid = "u-1",
                                    .title = "t",
                                    .cpus = 2};

#define LABELS                                                                                     \
    "source=\"esx01\",hypervisor=\"esxi\",type=\"vm\",name=\"a\\\"b\\\\c\\nd\357\277\275\","       \
    "id=\"vm-9\""

static char *exposition(enum openmetrics_dialect dialect, int64_t seconds) {
    struct metric metric;
    GString *text = g_string_new(NULL), *labels = g_string_new(NULL);
    metric_init(&metric, &ready, false);
    openmetrics_family(text, dialect, &metric);
    openmetrics_labels(labels, &guest);
    openmetrics_label(labels, "instance", "");
    openmetrics_sample(text, dialect, &metric, labels,
                       &(struct openmetrics_value){"1.25", 3, seconds});
    openmetrics_label(labels, "instance", "0");
    openmetrics_sample(text, dialect, &metric, labels,
                       &(struct openmetrics_value){"7", 1, seconds});
    openmetrics_end(text, dialect);
    metric_done(&metric);
    g_string_free(labels, TRUE);
    return g_string_free(text, FALSE);
}

static void check(char *text, const char *expected) {
    assert_string_equal(text, expected);
    g_free(text);
}

static void test_family(void **state) {
    (void)state;
    check(exposition(OPENMETRICS, 1795288640),
          "# HELP vperf_cpu_ready_seconds cpu.ready.summation: A \\\"b\\\" \\\\ c\\nd\n"
          "# TYPE vperf_cpu_ready_seconds counter\n"
          "# UNIT vperf_cpu_ready_seconds seconds\n"
          "vperf_cpu_ready_seconds_total{" LABELS "} 1.2 1795288640\n"
          "vperf_cpu_ready_seconds_total{" LABELS ",instance=\"0\"} 7 1795288640\n"
          "# EOF\n");
    check(exposition(PROMETHEUS, 1795288640),
          "# HELP vperf_cpu_ready_seconds_total cpu.ready.summation: A \"b\" \\\\ c\\nd\n"
          "# TYPE vperf_cpu_ready_seconds_total counter\n"
          "vperf_cpu_ready_seconds_total{" LABELS "} 1.2 1795288640000\n"
          "vperf_cpu_ready_seconds_total{" LABELS ",instance=\"0\"} 7 1795288640000\n");
    check(exposition(PROMETHEUS, OPENMETRICS_NO_TIME),
          "# HELP vperf_cpu_ready_seconds_total cpu.ready.summation: A \"b\" \\\\ c\\nd\n"
          "# TYPE vperf_cpu_ready_seconds_total counter\n"
          "vperf_cpu_ready_seconds_total{" LABELS "} 1.2\n"
          "vperf_cpu_ready_seconds_total{" LABELS ",instance=\"0\"} 7\n");
}

static void test_info(void **state) {
    struct error error = {0};
    const struct entity_field *const fields[] = {entity_field_find("title", 5, &error),
                                                 entity_field_find("uuid", 4, &error)};
    GString *text = g_string_new(NULL);
    (void)state;
    openmetrics_info_family(text, OPENMETRICS);
    openmetrics_info_family(text, PROMETHEUS);
    openmetrics_info(text, &guest, fields, 2);
    check(g_string_free(text, FALSE),
          "# HELP vperf_entity What is known of an entity\n"
          "# TYPE vperf_entity info\n"
          "# HELP vperf_entity_info What is known of an entity\n"
          "# TYPE vperf_entity_info gauge\n"
          "vperf_entity_info{" LABELS ",uuid=\"u-1\",cpus=\"2\",title=\"t\"} 1\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_family),
        cmocka_unit_test(test_info),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
