/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* QueryPerf answers in both formats, whole and damaged, in pieces of every size. */
#include "test_metric.h"

static void check_series(const struct vim_series *series, int32_t counter, const char *instance,
                         size_t count, const int64_t *values) {
    assert_int_equal(series->counter_id, counter);
    assert_string_equal(series->instance, instance);
    assert_int_equal(series->count, count);
    if (count)
        assert_memory_equal(series->values, values, count * sizeof(*values));
    assert_false(series->malformed);
}

static void check_normal(const struct vim_entity_metric *metric) {
    static const int64_t times[] = {1795295136, 1795295156, 1795295176};

    assert_string_equal(metric->entity.type, "HostSystem");
    assert_string_equal(metric->entity.value, "ha-host");
    assert_false(metric->malformed);
    assert_int_equal(metric->sample_count, 3);
    assert_memory_equal(metric->times, times, sizeof(times));
    assert_int_equal(metric->intervals[2], 20);
    assert_int_equal(metric->series_count, 3);
    check_series(&metric->series[0], 1, "", 3, (int64_t[]){667, -1, INT64_MAX});
    check_series(&metric->series[1], 2, "*", 0, NULL);
    check_series(&metric->series[2], 10042, "vmhba&0 \"é€", 1, (int64_t[]){0});
}

static void check_csv(const struct vim_entity_metric *metric) {
    static const int64_t times[] = {1795295120, 1795295140, 1795295160};

    assert_string_equal(metric->entity.type, "VirtualMachine");
    assert_string_equal(metric->entity.value, "vm-42");
    assert_false(metric->malformed);
    assert_int_equal(metric->sample_count, 3);
    assert_memory_equal(metric->times, times, sizeof(times));
    assert_int_equal(metric->intervals[0], 20);
    assert_int_equal(metric->series_count, 4);
    check_series(&metric->series[0], 6, "", 3, (int64_t[]){459, -1, 310});
    check_series(&metric->series[1], 12, "4000", 3, (int64_t[]){1, VIM_ABSENT, 3});
    check_series(&metric->series[2], 24, "", 0, NULL);
    check_series(&metric->series[3], 25, "", 3, (int64_t[]){VIM_ABSENT, VIM_ABSENT, VIM_ABSENT});
}

static void both_formats_in_one_answer(void **state) {
    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        char *normal = wire_file("metric_normal.xml");
        char *csv = wire_file("metric_csv.xml");
        struct _vim25__QueryPerfResponse response;
        struct wire wire;
        char *both = NULL;

        assert_true(asprintf(&both, "%s%s<returnval/>%s", normal, csv, normal) > 0);
        free(normal);
        free(csv);
        open_metrics(&wire, both, deliveries[i]);
        assert_int_equal(query(&wire, &response), SOAP_OK);
        assert_int_equal(response.__sizereturnval, 4);
        check_normal(&response.returnval[0]);
        check_csv(&response.returnval[1]);
        assert_int_equal(response.returnval[2].series_count, 0);
        assert_string_equal(response.returnval[2].entity.value, "");
        check_normal(&response.returnval[3]);
        wire_close(&wire);
    }
}

static void nothing_is_an_answer(void **state) {
    struct _vim25__QueryPerfResponse response;
    struct wire wire;

    (void)state;
    open_metrics(&wire, strdup(""), whole);
    assert_int_equal(query(&wire, &response), SOAP_OK);
    assert_int_equal(response.__sizereturnval, 0);
    wire_close(&wire);
}

/* Each row is the inner XML of a <value>, and what the series must be. */
static const struct series_case {
    const char *xml;
    bool malformed;
    size_t count;
    int64_t last;
} series_cases[] = {
    {"<id><counterId>1</counterId></id><value>9223372036854775807</value>", false, 1, INT64_MAX},
    {"<id><counterId>1</counterId></id><value>-9223372036854775807</value>", false, 1, -INT64_MAX},
    {"<id><counterId>1</counterId></id><value>5,9223372036854775808</value>", true, 1, 5},
    {"<id><counterId>1</counterId></id><value>5,-9223372036854775808</value>", true, 1, 5},
    {"<id><counterId>1</counterId></id><value>99999999999999999999999</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>5</value><value>x</value><value>7</value>", true, 1,
     5},
    {"<id><counterId>1</counterId></id><value>1,2,3.5,4</value>", true, 2, 2},
    {"<id><counterId>1</counterId></id><value>1,2e3</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>--1</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>-</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>1 2</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>1&#32;2</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>&#49;&#x2c;&#x32;</value>", false, 2, 2},
    {"<id><counterId>1</counterId></id><value>1,&bogus;2</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,&#0;2</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,&#-50;</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,&amp;</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,&lt;/value></value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>NaN</value>", true, 0, 0},
    {"<id><counterId>1</counterId></id><value>1,2<x/>,3</value>", true, 2, 2},
    {"<id><counterId>1</counterId></id><value>1,2<x>4</x>,3</value>", true, 2, 2},
    {"<id><counterId>1</counterId></id><value>1,2<!-- -->,3<!----></value>", false, 3, 3},
    {"<id><counterId>1</counterId></id><value>1<!-->-> 5,6 -->2</value>", false, 1, 12},
    {"<id><counterId>1</counterId></id><value>1<![CDATA[,2]]></value>", false, 2, 2},
    {"<id><counterId>1</counterId></id><value><![CDATA[1,]]>2<![CDATA[]]><![CDATA[3,4]]></value>",
     false, 3, 4},
    {"<id><counterId>1</counterId></id><value>1,<![CDATA[2]]3]]></value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,<![CDATA[</value>]]></value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value>1,<![CDATA[&#50;]]></value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><value><?p 7 > 8,?>1,<?>?>2</value>", false, 2, 2},
    {"<id><counterId>1</counterId></id><value>+5</value>", false, 1, 5},
    {"<id><counterId>1</counterId></id><value>1,5-</value>", true, 1, 1},
    {"<id><counterId>1</counterId></id><!-- --><value>1,2</value ><!-- -->", false, 2, 2},
    {"<id><counterId>1</counterId></id><value> 1 ,\n 2 </value>", false, 2, 2},
    {"<id><counterId>1</counterId></id><value>007</value>", false, 1, 7},
    {"<id><counterId>1</counterId></id><value>1,</value>", false, 2, VIM_ABSENT},
    {"<id><counterId>1</counterId></id><value/><value/>", false, 0, 0},
    {"<id><counterId>1</counterId></id>", false, 0, 0},
    {"<new a='>' b=\"/>\"><value>9</value></new><id><x><counterId>9</counterId></x>"
     "<counterId>1</counterId></id><!-- <value>8</value> --><n:value>7</n:value><y/>",
     false, 1, 7},
    {"<value>7</value><id><instance></instance><counterId>1</counterId></id>", false, 1, 7},
    {"<value>7</value>", true, 1, 7},
    {"<id/><value>7</value>", true, 1, 7},
    {"<id><counterId/></id><value>7</value>", true, 1, 7},
    {"<id><counterId>2147483648</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId>six</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId>1,2</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId>1x</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId>1<x/></counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId><x>2</x>1</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId><![CDATA[1]]></counterId></id><value>7</value>", false, 1, 7},
    {"<id><counterId> 1<!-- 2 --> </counterId></id><value>7</value>", false, 1, 7},
    {"<id><counterId>1</counterId><counterId>1</counterId></id><value>7</value>", true, 1, 7},
    {"<id><counterId>1</counterId></id><id><counterId>3</counterId></id><value>7</value>", true, 1,
     7},
    {"<id><counterId>1</counterId><instance>a</instance><instance/></id><value>7</value>", true, 0,
     0},
    {"<id><counterId>1</counterId><instance>a<x/></instance></id><value>7</value>", true, 1, 7},
    {"<id><counterId>1</counterId><instance>&nbsp;</instance></id><value>7</value>", true, 1, 7},
    {"", true, 0, 0},
};

static void check_case(const struct series_case *expected, struct delivery delivery) {
    const struct vim_entity_metric *metric;
    const struct vim_series *series;
    struct wire wire;
    char *xml = NULL;

    assert_true(asprintf(&xml,
                         "<returnval xmlns:n=\"urn:vim25\"><entity type=\"VirtualMachine\">vm-1"
                         "</entity><value>%s</value><value><id><counterId>2</counterId></id>"
                         "<value>42</value></value></returnval>",
                         expected->xml) > 0);
    open_metrics(&wire, xml, delivery);
    metric = query_one(&wire);
    series = &metric->series[0];
    assert_int_equal(metric->series_count, 2);
    if (series->malformed != expected->malformed || series->count != expected->count)
        fail_msg("%s: malformed %d, count %zu", expected->xml, series->malformed, series->count);
    if (series->count)
        assert_int_equal(series->values[series->count - 1], expected->last);
    if (!series->malformed)
        assert_int_equal(series->counter_id, 1);
    check_series(&metric->series[1], 2, "", 1, (int64_t[]){42});
    wire_close(&wire);
}

static void a_damaged_series_costs_only_itself(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(series_cases) / sizeof(*series_cases); i++) {
        check_case(&series_cases[i], whole);
        check_case(&series_cases[i], (struct delivery){1, 0});
    }
}

/* Each row is the sample information of an entity; a count of -1 means malformed. */
static const struct sample_case {
    const char *xml;
    int count;
} sample_cases[] = {
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z</sampleInfoCSV>", 1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20.123+05:30,20,2026-11-21T21:05:40Z</sampleInfoCSV>", 2},
    {"<sampleInfoCSV></sampleInfoCSV>", 0},
    {"<sampleInfoCSV/>", 0},
    {"", 0},
    {"<sampleInfoCSV>20</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z,</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z,20</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>,2026-11-21T21:05:20Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,yesterday</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20.0000000000000000000000000000000000000Z</sampleInfoCSV>",
     -1},
    {"<sampleInfoCSV>99999999999,2026-11-21T21:05:20Z</sampleInfoCSV>", -1},
    {"<sampleInfo><interval>20</interval><timestamp>2026-11-21T21:05:20Z</timestamp></sampleInfo>",
     1},
    {"<sampleInfo><timestamp>2026-11-21T21:05:20Z</timestamp><new>1</new><interval>20</interval>"
     "</sampleInfo>",
     1},
    {"<sampleInfo><timestamp>2026-11-21T21:05:20Z</timestamp></sampleInfo>", -1},
    {"<sampleInfo><timestamp/><interval>20</interval></sampleInfo>", -1},
    {"<sampleInfo/>", -1},
    {"<sampleInfoCSV>0,2026-11-21T21:05:20Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>-20,2026-11-21T21:05:20Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,0001-01-01T00:00:00Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,1969-12-31T23:59:59Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,1970-01-01T00:00:00Z</sampleInfoCSV>", 1},
    {"<sampleInfoCSV>20,2199-12-31T23:59:59Z</sampleInfoCSV>", 1},
    {"<sampleInfoCSV>20,9999-12-31T23:59:59Z</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z x</sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z<x/></sampleInfoCSV>", -1},
    {"<sampleInfoCSV>20,2026-11-21T21:05:20Z</sampleInfoCSV><sampleInfoCSV/>", -1},
    {"<sampleInfoCSV> 20 , 2026-11-21T21:05:20Z <!-- , --></sampleInfoCSV>", 1},
    {"<sampleInfoCSV><![CDATA[20,2026-11-21T21:05:20Z]]>&#44;20<?x ,?>,2026-11-21T21:05:40Z"
     "</sampleInfoCSV>",
     2},
    {"<sampleInfo><interval>0</interval><timestamp>2026-11-21T21:05:20Z</timestamp></sampleInfo>",
     -1},
    {"<sampleInfo><interval>20,5</interval><timestamp>2026-11-21T21:05:20Z</timestamp>"
     "</sampleInfo>",
     -1},
    {"<sampleInfo><interval>20</interval><timestamp>2026-11-21T21:05:20Z,</timestamp></sampleInfo>",
     -1},
    {"<sampleInfo><timestamp>2026-11-21T21:05:20Z</timestamp><timestamp>2026-11-21T21:05:20Z"
     "</timestamp></sampleInfo>",
     -1},
    {"<sampleInfo><interval><![CDATA[20]]></interval><timestamp>2026<!-- -->-11-21T21:05:20Z"
     "</timestamp></sampleInfo>",
     1},
};

static void damaged_sample_times_are_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(sample_cases) / sizeof(*sample_cases); i++) {
        const struct sample_case *expected = &sample_cases[i];
        const struct vim_entity_metric *metric;
        struct wire wire;
        char *xml = NULL;

        assert_true(asprintf(&xml,
                             "<returnval><entity type=\"VirtualMachine\">vm-1</entity>%s<value><id>"
                             "<counterId>2</counterId></id><value>4</value></value></returnval>",
                             expected->xml) > 0);
        open_metrics(&wire, xml, whole);
        metric = query_one(&wire);
        if (metric->malformed != (expected->count < 0))
            fail_msg("%s: malformed is %d", expected->xml, metric->malformed);
        assert_int_equal(metric->sample_count, expected->count < 0 ? 0 : expected->count);
        check_series(&metric->series[0], 2, "", 1, (int64_t[]){4});
        wire_close(&wire);
    }
}

/* An instance that does not fit is no name to show: the series counts as damaged. */
static void a_cut_instance_is_malformed(void **state) {
    char instance[3000];
    const struct vim_entity_metric *metric;
    struct wire wire;
    char *xml = NULL;

    (void)state;
    memset(instance, 'a', sizeof(instance));
    assert_true(asprintf(&xml,
                         "<returnval><value><id><counterId>2</counterId><instance>%.1000s"
                         "</instance></id></value><value><id><counterId>2</counterId><instance>"
                         "%.3000s</instance></id></value></returnval>",
                         instance, instance) > 0);
    open_metrics(&wire, xml, whole);
    metric = query_one(&wire);
    assert_int_equal(metric->series_count, 2);
    assert_false(metric->series[0].malformed);
    assert_int_equal(strlen(metric->series[0].instance), 1000);
    assert_true(metric->series[1].malformed);
    wire_close(&wire);
}

/* Each row is the content of an instance, and what it must be. */
static const struct {
    const char *xml;
    const char *instance;
} instances[] = {
    {"<![CDATA[4000]]>", "4000"},
    {"<![CDATA[a&amp;<b>]]>", "a&amp;<b>"},
    {"a<!-- b -->c<![CDATA[d]]>e", "acde"},
    {"<?x y > ?>a", "a"},
    {"<![CDATA[]]]]>]", "]]]"},
    {"<![CDATA[a]b]]c]]]>", "a]b]]c]"},
    {"a]]b", "a]]b"},
    {"&lt;x/>&#x1F600;&quot;", "<x/>\xF0\x9F\x98\x80\""},
    {"a\r\nb\rc&#13;", "a\nb\nc\r"},
    {" a ", " a "},
    {"<![CDATA[\r\n]]>", "\n"},
    {"", ""},
    {"<!-- -->", ""},
};

static void instances_are_decoded(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(instances) / sizeof(*instances) * DELIVERIES; i++) {
        const char *expected = instances[i / DELIVERIES].instance;
        const struct vim_entity_metric *metric;
        struct wire wire;
        char *xml = NULL;

        assert_true(
            asprintf(&xml,
                     "<returnval><entity type='Virtual&#77;achine'>vm<!-- -->-1</entity>"
                     "<value><id><counterId>2</counterId><instance>%s</instance></id><value>"
                     "4</value></value></returnval>",
                     instances[i / DELIVERIES].xml) > 0);
        open_metrics(&wire, xml, deliveries[i % DELIVERIES]);
        metric = query_one(&wire);
        assert_string_equal(metric->entity.value, "vm-1");
        assert_string_equal(metric->entity.type, "VirtualMachine");
        check_series(&metric->series[0], 2, expected, 1, (int64_t[]){4});
        wire_close(&wire);
    }
}

static void latin_answers_are_read(void **state) {
    const struct vim_entity_metric *metric;
    struct wire wire;
    char *xml;

    (void)state;
    xml =
        strdup("<?xml version='1.0' encoding='ISO-8859-1'?><Envelope xmlns='http://schemas.xmlsoap"
               ".org/soap/envelope/'><Body><QueryPerfResponse xmlns='urn:vim25'><returnval><value>"
               "<id><counterId>2</counterId><instance>caf\xe9<![CDATA[\xff]]></instance></id>"
               "<value>4</value></value></returnval></QueryPerfResponse></Body></Envelope>");
    wire_open(&wire, xml, 200, whole);
    metric = query_one(&wire);
    check_series(&metric->series[0], 2, "caf\xc3\xa9\xc3\xbf", 1, (int64_t[]){4});
    wire_close(&wire);
}

/* No more values are kept than there are sample times. */
static void values_without_a_time_are_malformed(void **state) {
    const struct vim_entity_metric *metric;
    struct wire wire;

    (void)state;
    open_metrics(&wire,
                 strdup("<returnval><sampleInfoCSV>20,2026-11-21T21:05:20Z</sampleInfoCSV><value>"
                        "<id><counterId>2</counterId></id><value>4,,,,,,,,,,,,,,,</value></value>"
                        "</returnval>"),
                 whole);
    metric = query_one(&wire);
    assert_true(metric->series[0].malformed);
    assert_int_equal(metric->series[0].count, 1);
    wire_close(&wire);
}

static void composite_metrics_use_the_same_reader(void **state) {
    struct vim25__QueryPerfCompositeRequestType request = {
        .querySpec = {.entity = {"HostSystem", "ha-host"}, .metrics = ""}};
    struct _vim25__QueryPerfCompositeResponse response;
    char *csv = wire_file("metric_csv.xml");
    struct wire wire;
    char *body = NULL;

    (void)state;
    csv[strlen(csv) - strlen("</returnval>\n")] = '\0';
    assert_true(asprintf(&body,
                         "<QueryPerfCompositeResponse xmlns=\"urn:vim25\"><returnval><entity %s"
                         "</entity><childEntity %s</childEntity></returnval>"
                         "</QueryPerfCompositeResponse>",
                         csv + strlen("<returnval "), csv + strlen("<returnval ")) > 0);
    free(csv);
    wire_open(&wire, wire_envelope(body), 200, whole);
    free(body);
    assert_int_equal(
        soap_call___vim25__QueryPerfComposite(wire.soap, WIRE_URL, "", &request, &response),
        SOAP_OK);
    check_csv(response.returnval->entity);
    assert_int_equal(response.returnval->__sizechildEntity, 1);
    check_csv(response.returnval->childEntity);
    wire_close(&wire);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_in_one_answer),
        cmocka_unit_test(nothing_is_an_answer),
        cmocka_unit_test(a_damaged_series_costs_only_itself),
        cmocka_unit_test(damaged_sample_times_are_told),
        cmocka_unit_test(a_cut_instance_is_malformed),
        cmocka_unit_test(instances_are_decoded),
        cmocka_unit_test(latin_answers_are_read),
        cmocka_unit_test(values_without_a_time_are_malformed),
        cmocka_unit_test(composite_metrics_use_the_same_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
