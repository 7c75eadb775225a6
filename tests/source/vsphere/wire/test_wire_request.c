/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What goes out: selections, queries, values of any type. */
#include "test_wire.h"

#include "source/vsphere/wire/wire_query.h"

static void open_empty(struct wire *wire, const char *response) {
    char body[200];

    snprintf(body, sizeof(body), "<%s xmlns=\"urn:vim25\"/>", response);
    wire_open(wire, wire_envelope(body), 200, whole);
}

static void expect_sent(const struct wire *wire, const char *xml) {
    if (!strstr(wire->sent, xml))
        fail_msg("%s is not in %s", xml, wire->sent);
}

static void traversal_is_sent_with_its_type(void **state) {
    struct vim25__ManagedObjectReference view = {"session[1]view-2", "ContainerView"};
    struct vim25__ManagedObjectReference collector = {"ha-property-collector", "PropertyCollector"};
    struct vim_selection back = {.name = "view"};
    struct vim_selection along = {.name = "view",
                                  .type = "ContainerView",
                                  .path = "view",
                                  .select_count = 1,
                                  .select = &back};
    enum xsd__boolean skip = xsd__boolean__true_;
    struct vim25__ObjectSpec object = {
        .obj = &view, .skip = &skip, .__sizeselectSet = 1, .selectSet = &along};
    char *paths[] = {"name", "runtime.powerState"};
    struct vim25__PropertySpec property = {
        .type = "VirtualMachine", .__sizepathSet = 2, .pathSet = paths};
    struct vim25__PropertyFilterSpec filter = {
        .__sizepropSet = 1, .propSet = &property, .__sizeobjectSet = 1, .objectSet = &object};
    int page = 100;
    struct vim25__RetrieveOptions options = {.maxObjects = &page};
    struct vim25__RetrievePropertiesExRequestType request = {
        ._USCOREthis = &collector, .__sizespecSet = 1, .specSet = &filter, .options = &options};
    struct _vim25__RetrievePropertiesExResponse response;
    struct wire wire;

    (void)state;
    open_empty(&wire, "RetrievePropertiesExResponse");
    assert_int_equal(soap_call___vim25__RetrievePropertiesEx(wire.soap, WIRE_URL, "urn:vim25/6.7",
                                                             &request, &response),
                     SOAP_OK);
    assert_null(response.returnval);
    expect_sent(&wire, "SOAPAction: \"urn:vim25/6.7\"");
    expect_sent(&wire, "<vim25:RetrievePropertiesEx><vim25:_this type=\"PropertyCollector\">"
                       "ha-property-collector</vim25:_this><vim25:specSet><vim25:propSet>"
                       "<vim25:type>VirtualMachine</vim25:type><vim25:pathSet>name</vim25:pathSet>"
                       "<vim25:pathSet>runtime.powerState</vim25:pathSet></vim25:propSet>");
    expect_sent(&wire, "<vim25:objectSet><vim25:obj type=\"ContainerView\">session[1]view-2"
                       "</vim25:obj><vim25:skip>true</vim25:skip>"
                       "<vim25:selectSet xsi:type=\"vim25:TraversalSpec\"><vim25:name>view"
                       "</vim25:name><vim25:type>ContainerView</vim25:type><vim25:path>view"
                       "</vim25:path><vim25:skip>false</vim25:skip>"
                       "<vim25:selectSet xsi:type=\"vim25:SelectionSpec\"><vim25:name>view"
                       "</vim25:name></vim25:selectSet></vim25:selectSet></vim25:objectSet>"
                       "</vim25:specSet><vim25:options><vim25:maxObjects>100</vim25:maxObjects>"
                       "</vim25:options></vim25:RetrievePropertiesEx>");
    wire_close(&wire);
}

static void query_leaves_out_what_is_not_set(void **state) {
    struct vim25__ManagedObjectReference manager = {"PerfMgr", "PerformanceManager"};
    GString *metrics = g_string_new(NULL);
    wire_metric_id(metrics, 6, "");
    wire_metric_id(metrics, 7, "a<&b");
    struct vim_query_spec spec = {.entity = {"VirtualMachine", "vm-1"},
                                  .start = "2026-11-21T21:05:20Z",
                                  .samples = 3,
                                  .interval = 20,
                                  .metrics = metrics->str,
                                  .metrics_length = metrics->len};
    struct vim25__QueryPerfRequestType request = {
        ._USCOREthis = &manager, .__sizequerySpec = 1, .querySpec = &spec};
    struct _vim25__QueryPerfResponse response;
    struct wire wire;

    (void)state;
    open_empty(&wire, "QueryPerfResponse");
    assert_int_equal(soap_call___vim25__QueryPerf(wire.soap, WIRE_URL, "", &request, &response),
                     SOAP_OK);
    expect_sent(&wire,
                "<vim25:querySpec xmlns=\"urn:vim25\"><entity type=\"VirtualMachine\">vm-1</entity>"
                "<startTime>2026-11-21T21:05:20Z</startTime>"
                "<maxSample>3</maxSample><metricId>"
                "<counterId>6</counterId><instance></instance>"
                "</metricId><metricId><counterId>7</counterId>"
                "<instance>a&lt;&amp;b</instance></metricId>"
                "<intervalId>20</intervalId>"
                "<format>csv</format></vim25:querySpec>");
    wire_close(&wire);
    g_string_free(metrics, TRUE);
}

static void passwords_are_escaped(void **state) {
    struct vim25__LoginRequestType request = {.userName = "r&d", .password = "<ä\"]]>"};
    struct _vim25__LoginResponse response;
    struct wire wire;

    (void)state;
    open_empty(&wire, "LoginResponse");
    assert_int_equal(soap_call___vim25__Login(wire.soap, WIRE_URL, "", &request, &response),
                     SOAP_OK);
    expect_sent(&wire, "<vim25:userName>r&amp;d</vim25:userName>"
                       "<vim25:password>&lt;ä\"]]&gt;</vim25:password></vim25:Login>");
    wire_close(&wire);
}

static void any_is_sent_as_a_typed_value(void **state) {
    struct vim_any text = {.type = "string", .text = "a<b"};
    struct vim_any moref = {
        .type = "ManagedObjectReference", .moref_type = "HostSystem", .text = "ha-host"};
    struct vim_any bare = {.text = "1"};
    struct wire wire;

    (void)state;
    open_empty(&wire, "x");
    assert_int_equal(soap_connect(wire.soap, WIRE_URL, ""), SOAP_OK);
    assert_int_equal(soap_begin_send(wire.soap), SOAP_OK);
    assert_int_equal(soap_put_xsd__anyType(wire.soap, &text, "vim25:value", ""), SOAP_OK);
    assert_int_equal(soap_put_xsd__anyType(wire.soap, &moref, "vim25:value", ""), SOAP_OK);
    assert_int_equal(soap_put_xsd__anyType(wire.soap, &bare, "vim25:value", ""), SOAP_OK);
    assert_int_equal(soap_end_send(wire.soap), SOAP_OK);
    expect_sent(&wire, "xsi:type=\"xsd:string\">a&lt;b</vim25:value>");
    expect_sent(&wire, "<vim25:value xsi:type=\"vim25:ManagedObjectReference\" type=\"HostSystem\">"
                       "ha-host</vim25:value>");
    expect_sent(&wire, "<vim25:value>1</vim25:value>");
    wire_close(&wire);
}

/* vperf only ever receives these: sending one is a mistake that must show. */
static void metrics_and_faults_are_not_sent(void **state) {
    struct vim_entity_metric metric = {0};
    struct vim_fault fault = {0};
    struct soap *soap = soap_new();

    (void)state;
    assert_int_equal(soap_out_vim25__PerfEntityMetricBase(soap, "x", -1, &metric, ""),
                     SOAP_PROHIBITED);
    assert_int_equal(soap_out_vim25__MethodFault(soap, "x", -1, &fault, ""), SOAP_PROHIBITED);
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(traversal_is_sent_with_its_type),
        cmocka_unit_test(query_leaves_out_what_is_not_set),
        cmocka_unit_test(passwords_are_escaped),
        cmocka_unit_test(any_is_sent_as_a_typed_value),
        cmocka_unit_test(metrics_and_faults_are_not_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
