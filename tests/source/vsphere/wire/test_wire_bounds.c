/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerf answers that are large, endless or cut short. */
#include "test_metric.h"

/* Values before their times, series without values, times: whatever grows counts. */
static const char *const endless[] = {
    "<value>%s0</value>",
    "<value/>%s",
    "<sampleInfoCSV>%s</sampleInfoCSV>",
    "</returnval>%s<returnval>",
};
static const char *const endless_pieces[] = {
    ",",
    "<value/>",
    "20,2026-11-21T21:05:20Z,",
    "<returnval/>",
};

static void an_answer_takes_bounded_memory(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(endless) / sizeof(*endless); i++) {
        struct wire_memory memory = {.left = 1 << 20};
        struct _vim25__QueryPerfResponse response;
        struct wire wire;
        char *many = NULL, *inner = NULL, *xml = NULL;
        size_t size;
        FILE *out = open_memstream(&many, &size);

        for (int k = 0; k < 200000; k++)
            fputs(endless_pieces[i], out);
        fclose(out);
        assert_true(asprintf(&inner, endless[i], many) > 0);
        assert_true(asprintf(&xml, "<returnval>%s%s%s</returnval>", i ? "" : "<value>", inner,
                             i ? "" : "</value>") > 0);
        free(many);
        free(inner);
        open_metrics(&wire, xml, whole);
        wire_limit(wire.soap, &memory);
        if (query(&wire, &response) != SOAP_OCCURS)
            fail_msg("%s: %d", endless[i], wire.soap->error);
        assert_true(memory.left <= 1 << 20);
        wire_close(&wire);
    }
}

/* Several connections at once: what one holds, another cannot have. */
static void answers_share_memory(void **state) {
    atomic_size_t used = WIRE_SHARED_LIMIT - (1 << 20);
    struct wire_memory memory = {SIZE_MAX, &used};
    struct _vim25__QueryPerfResponse response;
    struct wire wire;
    char *zeros = calloc(400000, 2), *xml = NULL;
    (void)state;

    for (int i = 0; i < 399999; i++)
        memcpy(zeros + 2 * i, "0,", 2);
    zeros[2 * 399999 - 1] = '\0';
    assert_true(asprintf(&xml, "<returnval><value><value>%s</value></value></returnval>", zeros) >
                0);
    free(zeros);
    open_metrics(&wire, strdup(xml), whole);
    wire_limit(wire.soap, &memory);
    assert_int_equal(query(&wire, &response), SOAP_OCCURS);
    assert_int_equal(used - (WIRE_SHARED_LIMIT - (1 << 20)), SIZE_MAX - memory.left);
    wire_close(&wire);

    used = 0;
    open_metrics(&wire, xml, whole);
    wire_limit(wire.soap, &memory);
    assert_int_equal(query(&wire, &response), SOAP_OK);
    wire_close(&wire);
}

static void many_samples_and_series_arrive(void **state) {
    enum { SERIES = 300, SAMPLES = 5000 };
    const struct vim_entity_metric *metric;
    struct wire wire;
    char *xml = NULL;
    size_t size;
    FILE *out = open_memstream(&xml, &size);

    (void)state;
    fputs("<returnval><sampleInfoCSV>20,2026-11-21T21:05:20Z", out);
    for (int i = 1; i < SAMPLES; i++)
        fputs(",20,2026-11-21T21:05:20Z", out);
    fputs("</sampleInfoCSV>", out);
    for (int i = 0; i < SERIES; i++) {
        fprintf(out, "<value><id><counterId>%d</counterId><instance>%d</instance></id><value>0", i,
                i);
        for (int j = 1; j < SAMPLES; j++)
            fprintf(out, ",%d", i * j);
        fputs("</value></value>", out);
    }
    fputs("</returnval>", out);
    fclose(out);
    open_metrics(&wire, xml, whole);
    metric = query_one(&wire);
    assert_int_equal(metric->sample_count, SAMPLES);
    assert_int_equal(metric->series_count, SERIES);
    assert_int_equal(metric->series[SERIES - 1].count, SAMPLES);
    assert_int_equal(metric->series[299].values[4999], 299 * 4999);
    assert_string_equal(metric->series[299].instance, "299");
    wire_close(&wire);
}

static void a_server_cannot_send_without_end(void **state) {
    struct _vim25__QueryPerfResponse response;
    struct wire wire;

    (void)state;
    open_metrics(&wire, strdup("<returnval><value/><value/><value/></returnval>"), whole);
    wire.soap->maxoccurs = 2;
    assert_int_equal(query(&wire, &response), SOAP_OCCURS);
    wire_close(&wire);
}

/* Whatever the place where the answer ends, the call fails, and nothing is read beyond. */
static void an_answer_that_ends_early_fails(void **state) {
    struct _vim25__QueryPerfResponse response;
    struct wire wire;
    size_t length;

    (void)state;
    open_metrics(&wire, wire_file("metric_csv.xml"), whole);
    length = wire.length;
    wire_close(&wire);
    for (size_t cut = length - 60; cut > 0; cut--) {
        open_metrics(&wire, wire_file("metric_csv.xml"), whole);
        wire.length = cut;
        assert_int_not_equal(query(&wire, &response), SOAP_OK);
        wire_close(&wire);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_takes_bounded_memory),
        cmocka_unit_test(answers_share_memory),
        cmocka_unit_test(many_samples_and_series_arrive),
        cmocka_unit_test(a_server_cannot_send_without_end),
        cmocka_unit_test(an_answer_that_ends_early_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
