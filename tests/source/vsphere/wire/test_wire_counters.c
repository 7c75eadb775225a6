/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The catalogue in every form that XML allows, in pieces of every size. */
#include "test_wire.h"

/* Reads a catalogue of this content; returns the result of the call. */
static int read_catalogue(struct wire *wire, const char *content, struct delivery delivery) {
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
    return soap_call___vim25__RetrievePropertiesEx(wire->soap, WIRE_URL, "", &request, &response);
}

#define DESCRIPTION(name, type, label, key)                                                        \
    "<" name type "><label>" label "</label><summary>S</summary><key>" key "</key></" name ">"
#define USUAL(type, label, own_type, end)                                                          \
    "<PerfCounterInfo" own_type "><key>2</key>" DESCRIPTION("nameInfo", type, label, "usage")      \
        DESCRIPTION("groupInfo", type, "CPU", "cpu") DESCRIPTION(                                  \
            "unitInfo", type, "%",                                                                 \
            "percent") "<rollupType>average</rollupType><statsType>rate</statsType>" end           \
                       "</PerfCounterInfo>"
#define USUAL_COUNTER(label_)                                                                      \
    .key = 2, .name = {.key = "usage", .label = (label_), .summary = "S"},                         \
    .group = {.key = "cpu"}, .unit = {.key = "percent"}, .rollup = "average", .stats = "rate"

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
    /* As servers write them. */
    {USUAL("", "Usage", "", "<level>1</level><perDeviceLevel>3</perDeviceLevel>"),
     {USUAL_COUNTER("Usage"), .level = 1, .device_level = 3}},
    {USUAL(" xsi:type=\"ElementDescription\"", "", " xsi:type=\"PerfCounterInfo\"",
           "<level>4</level><associatedCounterId>7</associatedCounterId>"
           "<associatedCounterId>8</associatedCounterId>"),
     {USUAL_COUNTER(""), .level = 4}},
    {USUAL("", "Gr\303\266\303\237e", "", ""), {USUAL_COUNTER("Gr\303\266\303\237e")}},
    /* Nearly so. */
    {USUAL("", "R&amp;D", "", ""), {USUAL_COUNTER("R&D")}},
    {USUAL("", "a\r\nb", "", ""), {USUAL_COUNTER("a\nb")}},
    {USUAL("", "a<!-- -->b", "", ""), {USUAL_COUNTER("ab")}},
    {USUAL("", "<![CDATA[a]]>", "", ""), {USUAL_COUNTER("a")}},
    {USUAL("", "a", " later='<>'", "<later><key>9</key></later><level>2</level>"),
     {USUAL_COUNTER("a"), .level = 2}},
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
        struct wire wire;

        assert_int_equal(
            read_catalogue(&wire, cases[i / DELIVERIES].xml, deliveries[i % DELIVERIES]), SOAP_OK);
        assert_int_equal(wire.counter_count, 1);
        assert_int_equal(wire.counters->key, expected->key);
        assert_same_text(wire.counters->name.key, expected->name.key);
        assert_same_text(wire.counters->name.label, expected->name.label);
        assert_same_text(wire.counters->name.summary, expected->name.summary);
        assert_same_text(wire.counters->group.key, expected->group.key);
        assert_same_text(wire.counters->unit.key, expected->unit.key);
        assert_same_text(wire.counters->rollup, expected->rollup);
        assert_same_text(wire.counters->stats, expected->stats);
        assert_int_equal(wire.counters->level, expected->level);
        assert_int_equal(wire.counters->device_level, expected->device_level);
        wire_close(&wire);
    }
}

static void an_empty_catalogue_has_no_counters(void **state) {
    struct wire wire;

    (void)state;
    assert_int_equal(read_catalogue(&wire, "", whole), SOAP_OK);
    assert_int_equal(wire.counter_count, 0);
    wire_close(&wire);
}

/* What is behind a counter that was taken in one piece is read as well. */
static void many_counters_are_told_in_their_order(void **state) {
    static const char xml[] =
        USUAL("", "a", "", "") "<PerfCounterInfo><key>3</key></PerfCounterInfo>" USUAL(
            "", "b", "", "<level>1</level>") USUAL("", "c&lt;", "", "") USUAL("", "d", "", "");
    static const char *const labels[] = {"a", NULL, "b", "c<"};

    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        struct wire wire;

        assert_int_equal(read_catalogue(&wire, xml, deliveries[i]), SOAP_OK);
        assert_int_equal(wire.counter_count, 5);
        for (size_t k = 0; k < 4; k++)
            assert_same_text(wire.counters[k].name.label, labels[k]);
        wire_close(&wire);
    }
}

static void a_key_that_is_no_number_is_an_error(void **state) {
    static const char *const keys[] = {"x", "1x", "99999999999", "1 2"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct wire wire;
        char xml[128];

        snprintf(xml, sizeof xml, "<PerfCounterInfo><key>%s</key></PerfCounterInfo>", keys[i]);
        assert_int_not_equal(read_catalogue(&wire, xml, whole), SOAP_OK);
        wire_close(&wire);
    }
}

/* Between two characters, where some have two bytes. */
static void check_cut(const char *pair, size_t length) {
    enum { PAIRS = 5000 };
    struct wire wire;
    char *xml = NULL;
    size_t size;
    FILE *out = open_memstream(&xml, &size);

    fputs("<PerfCounterInfo><nameInfo><summary>", out);
    for (int i = 0; i < PAIRS; i++)
        fputs(pair, out);
    fputs("</summary><key>k</key></nameInfo></PerfCounterInfo>", out);
    fclose(out);
    assert_int_equal(read_catalogue(&wire, xml, whole), SOAP_OK);
    assert_int_equal(strlen(wire.counters->name.summary), length);
    assert_string_equal(wire.counters->name.key, "k");
    free(xml);
    wire_close(&wire);
}

static void a_long_text_is_cut(void **state) {
    (void)state;
    check_cut("\303\251", 1022);
    check_cut("ab", 1022);
}

static void a_catalogue_takes_bounded_memory(void **state) {
    struct wire_memory memory = {.left = 1 << 20};
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
    assert_int_equal(read_catalogue(&wire, xml, whole), SOAP_OK);
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
        cmocka_unit_test(many_counters_are_told_in_their_order),
        cmocka_unit_test(a_key_that_is_no_number_is_an_error),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_catalogue_takes_bounded_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
