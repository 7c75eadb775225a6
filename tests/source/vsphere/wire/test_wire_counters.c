/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The catalogue in every form that XML allows, in pieces of every size. */
#include "test_wire.h"

/* Reads a catalogue of this content; returns the result of the call. */
static int read_catalogue(struct wire *wire, const char *content, struct delivery delivery,
                          const struct vim_counters **counters) {
    struct vim25__RetrievePropertiesExRequestType request = {0};
    struct _vim25__RetrievePropertiesExResponse response = {0};
    char *body = NULL;

    assert_true(asprintf(&body,
                         "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval><objects>"
                         "<obj type=\"PerformanceManager\">PerfMgr</obj><propSet>"
                         "<name>perfCounter</name><val xsi:type=\"ArrayOfPerfCounterInfo\">%s"
                         "</val></propSet></objects></returnval></RetrievePropertiesExResponse>",
                         content) > 0);
    wire_open(wire, wire_envelope(body), 200, delivery);
    free(body);
    int result =
        soap_call___vim25__RetrievePropertiesEx(wire->soap, WIRE_URL, "", &request, &response);
    *counters = result == SOAP_OK ? response.returnval->objects->propSet->val.counters : NULL;
    return result;
}

static const struct {
    const char *xml;
    struct vim_counter counter;
} cases[] = {
    {"<v:PerfCounterInfo xmlns:v='urn:vim25'><v:key> 7 </v:key><v:nameInfo><v:key>a</v:key>"
     "</v:nameInfo></v:PerfCounterInfo>",
     {.key = 7, .name = {.key = "a"}}},
    /* Any order; unknown elements, also with children of known names. */
    {"<PerfCounterInfo><later><key>9</key></later><rollupType>latest</rollupType><key>8</key>"
     "<nameInfo><key>b</key><more/><label>B</label></nameInfo></PerfCounterInfo>",
     {.key = 8, .name = {.key = "b", .label = "B"}, .rollup = "latest"}},
    /* The first of its name counts. */
    {"<PerfCounterInfo><key>1</key><key>2</key><statsType>rate</statsType>"
     "<statsType>delta</statsType></PerfCounterInfo>",
     {.key = 1, .stats = "rate"}},
    {"<PerfCounterInfo><key>1</key><nameInfo><label>a &lt;&#233;\303\251 <![CDATA[<&]]>"
     "<!-- c -->\r\n</label></nameInfo></PerfCounterInfo>",
     {.key = 1, .name = {.label = "a <\303\251\303\251 <&\n"}}},
    {"<PerfCounterInfo/>", {0}},
    {"<PerfCounterInfo><key/><level/><nameInfo/><unitInfo><key/></unitInfo></PerfCounterInfo>",
     {.unit = {.key = ""}}},
    {"<other/><PerfCounterInfo><key>-3</key></PerfCounterInfo>", {.key = -3}},
};

static void assert_same_text(const char *found, const char *expected) {
    if (found && expected)
        assert_string_equal(found, expected);
    else
        assert_ptr_equal(found, expected);
}

static void every_form_is_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases * DELIVERIES; i++) {
        const struct vim_counter *expected = &cases[i / DELIVERIES].counter;
        const struct vim_counters *counters;
        struct wire wire;

        assert_int_equal(
            read_catalogue(&wire, cases[i / DELIVERIES].xml, deliveries[i % DELIVERIES], &counters),
            SOAP_OK);
        assert_int_equal(counters->count, 1);
        assert_int_equal(counters->item->key, expected->key);
        assert_same_text(counters->item->name.key, expected->name.key);
        assert_same_text(counters->item->name.label, expected->name.label);
        assert_same_text(counters->item->unit.key, expected->unit.key);
        assert_same_text(counters->item->rollup, expected->rollup);
        assert_same_text(counters->item->stats, expected->stats);
        wire_close(&wire);
    }
}

static void an_empty_catalogue_has_no_counters(void **state) {
    const struct vim_counters *counters;
    struct wire wire;

    (void)state;
    assert_int_equal(read_catalogue(&wire, "", whole, &counters), SOAP_OK);
    assert_int_equal(counters->count, 0);
    wire_close(&wire);
}

static void a_key_that_is_no_number_is_an_error(void **state) {
    static const char *const keys[] = {"x", "1x", "99999999999", "1 2"};
    const struct vim_counters *counters;

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct wire wire;
        char xml[128];

        snprintf(xml, sizeof xml, "<PerfCounterInfo><key>%s</key></PerfCounterInfo>", keys[i]);
        assert_int_not_equal(read_catalogue(&wire, xml, whole, &counters), SOAP_OK);
        wire_close(&wire);
    }
}

/* Between two characters. */
static void a_long_text_is_cut(void **state) {
    enum { PAIRS = 5000 };
    const struct vim_counters *counters;
    struct wire wire;
    char *xml = NULL;
    size_t size;
    FILE *out = open_memstream(&xml, &size);

    (void)state;
    fputs("<PerfCounterInfo><nameInfo><summary>", out);
    for (int i = 0; i < PAIRS; i++)
        fputs("\303\251", out);
    fputs("</summary><key>k</key></nameInfo></PerfCounterInfo>", out);
    fclose(out);
    assert_int_equal(read_catalogue(&wire, xml, whole, &counters), SOAP_OK);
    assert_int_equal(strlen(counters->item->name.summary), 1022);
    assert_string_equal(counters->item->name.key, "k");
    free(xml);
    wire_close(&wire);
}

static void a_catalogue_takes_bounded_memory(void **state) {
    struct wire_memory memory = {.left = 1 << 20};
    const struct vim_counters *counters;
    struct wire wire;
    char *xml = NULL;
    size_t size;
    FILE *out = open_memstream(&xml, &size);
    struct vim25__RetrievePropertiesExRequestType request = {0};
    struct _vim25__RetrievePropertiesExResponse response = {0};

    (void)state;
    for (int i = 0; i < 20000; i++)
        fputs("<PerfCounterInfo><key>1</key></PerfCounterInfo>", out);
    fclose(out);
    assert_int_equal(read_catalogue(&wire, xml, whole, &counters), SOAP_OK);
    wire.at = 0;
    wire_limit(wire.soap, &memory);
    assert_int_equal(
        soap_call___vim25__RetrievePropertiesEx(wire.soap, WIRE_URL, "", &request, &response),
        SOAP_OCCURS);
    free(xml);
    wire_close(&wire);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(an_empty_catalogue_has_no_counters),
        cmocka_unit_test(a_key_that_is_no_number_is_an_error),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_catalogue_takes_bounded_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
