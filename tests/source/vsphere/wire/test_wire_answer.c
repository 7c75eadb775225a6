/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Answers with types, fields and values that the interface subset lacks, and faults. */
#include "test_wire.h"

static void open_file(struct wire *wire, const char *name, struct delivery delivery) {
    char *body = wire_file(name);

    wire_open(wire, wire_envelope(body), 200, delivery);
    free(body);
}

static struct vim25__RetrieveResult *retrieve(struct wire *wire) {
    struct vim25__RetrieveOptions options = {0};
    struct vim25__RetrievePropertiesExRequestType request = {.options = &options};
    struct _vim25__RetrievePropertiesExResponse response;

    assert_int_equal(
        soap_call___vim25__RetrievePropertiesEx(wire->soap, WIRE_URL, "", &request, &response),
        SOAP_OK);
    assert_non_null(response.returnval);
    return response.returnval;
}

static const struct vim_any *find(const struct vim25__ObjectContent *object, const char *name) {
    for (int i = 0; i < object->__sizepropSet; i++) {
        if (strcmp(object->propSet[i].name, name) == 0)
            return &object->propSet[i].val;
    }
    fail_msg("no property %s", name);
    return NULL;
}

static void check_any(const struct vim_any *any, const char *type, const char *text) {
    assert_string_equal(any->type, type);
    assert_string_equal(any->text, text);
    assert_null(any->moref_type);
}

static void service_content_ignores_what_is_new(void **state) {
    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        struct vim25__RetrieveServiceContentRequestType request = {0};
        struct _vim25__RetrieveServiceContentResponse response;
        const struct vim25__ServiceContent *content;
        struct wire wire;

        open_file(&wire, "service_content.xml", deliveries[i]);
        assert_int_equal(
            soap_call___vim25__RetrieveServiceContent(wire.soap, WIRE_URL, "", &request, &response),
            SOAP_OK);
        content = response.returnval;
        assert_string_equal(content->about->apiType, "HostAgent");
        assert_string_equal(content->about->vendor, "VMware, Inc.");
        assert_null(content->about->instanceUuid);
        assert_string_equal(content->rootFolder->__item, "ha-folder-root");
        assert_string_equal(content->rootFolder->type, "Folder");
        assert_string_equal(content->perfManager->__item, "ha-perfmgr");
        assert_string_equal(content->cryptoManager->__item, "ha-crypto-manager");
        assert_null(content->alarmManager);
        wire_close(&wire);
    }
}

static void check_host(const struct vim25__ObjectContent *host) {
    const struct vim_any *any = find(host, "name");

    check_any(any, "string", "café <a> &amp; \"b\"");
    check_any(find(host, "runtime.connectionState"), "HostSystemConnectionState", "hibernating");
    check_any(find(host, "hardware.memorySize"), "long", "4294430720");
    check_any(find(host, "config.emptyString"), "string", "");
    any = find(host, "parent");
    assert_string_equal(any->type, "ManagedObjectReference");
    assert_string_equal(any->moref_type, "ComputeResource");
    assert_string_equal(any->text, "ha-compute-res");
    any = find(host, "vm");
    check_any(any, "ArrayOfManagedObjectReference", "");
    assert_int_equal(any->morefs->__sizeManagedObjectReference, 2);
    assert_string_equal(any->morefs->ManagedObjectReference[1].__item, "vm-10");
    assert_string_equal(any->morefs->ManagedObjectReference[0].type, "VirtualMachine");
    any = find(host, "tag");
    assert_int_equal(any->strings->__sizestring, 2);
    assert_string_equal(any->strings->string[0], "one");
    any = find(host, "summary.nothing");
    assert_null(any->type);
    assert_string_equal(any->text, "");
}

/* What is unknown and complex stays XML, and its leaves can be read from there. */
static void check_unknown(struct soap *soap, const struct vim25__ObjectContent *host) {
    const struct vim_any *any = find(host, "config.future");

    assert_string_equal(any->type, "HostFutureInfo");
    assert_string_equal(wire_xml_text(soap, any->text, "state"), "on");
    assert_string_equal(wire_xml_text(soap, any->text, "empty"), "");
    assert_string_equal(wire_xml_text(soap, any->text, "name"), "a & b");
    assert_null(wire_xml_text(soap, any->text, "am"));
    any = find(host, "futureList");
    assert_string_equal(any->type, "ArrayOfHostFutureInfo");
    assert_string_equal(any->text, "<HostFutureInfo><level>1</level></HostFutureInfo>");
}

static void properties_of_any_type_are_kept(void **state) {
    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        const struct vim25__RetrieveResult *result;
        const struct vim25__MissingProperty *missing;
        struct wire wire;

        open_file(&wire, "properties.xml", deliveries[i]);
        result = retrieve(&wire);
        assert_string_equal(result->token, "page-2");
        assert_int_equal(result->__sizeobjects, 2);
        assert_string_equal(result->objects[0].obj->__item, "ha-host");
        check_host(&result->objects[0]);
        check_unknown(wire.soap, &result->objects[0]);
        assert_int_equal(result->objects[0].__sizemissingSet, 1);
        missing = result->objects[0].missingSet;
        assert_string_equal(missing->path, "config.secret");
        assert_string_equal(missing->fault->fault.type, "FuturePermissionFault");
        assert_string_equal(missing->fault->localizedMessage, "Permission \"denied\"");
        assert_string_equal(wire_xml_text(wire.soap, missing->fault->fault.xml, "privilegeId"),
                            "System.Read");
        assert_int_equal(result->objects[1].__sizepropSet, 0);
        wire_close(&wire);
    }
}

static void check_counters(const struct wire *wire) {
    const struct vim_counter *info = wire->counters;

    assert_int_equal(wire->counter_count, 3);
    assert_int_equal(info[0].key, 1);
    assert_string_equal(info[0].name.key, "usage");
    assert_string_equal(info[0].name.label, "Usage");
    assert_string_equal(info[0].name.summary, "CPU usage as a percentage during the interval");
    assert_string_equal(info[0].group.summary, "CPU");
    assert_string_equal(info[0].unit.key, "percent");
    assert_int_equal(info[0].level, 1);
    assert_int_equal(info[0].device_level, 3);
    assert_string_equal(info[1].rollup, "percentile");
    assert_string_equal(info[1].stats, "entangled");
    assert_int_equal(info[1].level, 0);
    assert_int_equal(info[2].key, 131073);
}

static void the_catalogue_takes_unknown_rollups(void **state) {
    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        const struct vim25__RetrieveResult *result;
        const struct vim_any *any;
        struct wire wire;

        open_file(&wire, "counters.xml", deliveries[i]);
        result = retrieve(&wire);
        any = find(result->objects, "perfCounter");
        check_any(any, "ArrayOfPerfCounterInfo", "");
        check_counters(&wire);
        any = find(result->objects, "historicalInterval");
        assert_int_equal(any->intervals->__sizePerfInterval, 1);
        assert_int_equal(any->intervals->PerfInterval[0].samplingPeriod, 300);
        wire_close(&wire);
    }
}

static void the_other_arrays_are_read(void **state) {
    struct vim25__QueryOptionsRequestType request = {0};
    struct _vim25__QueryOptionsResponse response;
    const struct vim25__OptionValue *options;
    struct wire wire;

    (void)state;
    wire_open(&wire,
              wire_envelope("<QueryOptionsResponse xmlns=\"urn:vim25\">"
                            "<returnval xsi:type=\"FutureOption\"><key>a</key><value xsi:type="
                            "\"ArrayOfInt\"><int>1</int><int>2</int></value><x/></returnval>"
                            "<returnval><key>b</key><value xsi:type=\"ArrayOfLong\">"
                            "<long>4294967296</long></value></returnval>"
                            "<returnval><key>c</key></returnval>"
                            "<returnval><key>d</key><value xsi:type=\"ArrayOfOptionValue\">"
                            "<OptionValue><key>e</key><value xsi:type=\"xsd:int\">5</value>"
                            "</OptionValue></value></returnval></QueryOptionsResponse>"),
              200, whole);
    assert_int_equal(soap_call___vim25__QueryOptions(wire.soap, WIRE_URL, "", &request, &response),
                     SOAP_OK);
    options = response.returnval;
    assert_int_equal(response.__sizereturnval, 4);
    assert_int_equal(options[0].value->ints->__sizeint_, 2);
    assert_int_equal(options[0].value->ints->int_[1], 2);
    assert_int_equal(options[1].value->longs->long_[0], 4294967296);
    assert_null(options[2].value);
    check_any(options[3].value->options->OptionValue[0].value, "int", "5");
    wire_close(&wire);
}

/* Each row is the detail of a fault, and what wire_fault_read() makes of it. */
static const struct fault_case {
    const char *detail;
    const char *type;
    const char *xml;
} fault_cases[] = {
    {"<detail><InvalidLoginFault xmlns=\"urn:vim25\" xsi:type=\"InvalidLogin\"/></detail>",
     "InvalidLogin", ""},
    {"<detail><InvalidLoginFault xmlns=\"urn:vim25\"></InvalidLoginFault></detail>", "InvalidLogin",
     ""},
    {"<detail><Fault xmlns=\"urn:vim25\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\""
     " i:type=\"QuantumFault\"><qubit>3</qubit></Fault></detail>",
     "QuantumFault", "<qubit>3</qubit>"},
    {"<detail><v:RuntimeFaultFault xmlns:v=\"urn:vim25\" xsi:type=\"v:ManagedObjectNotFound\">"
     "<obj type=\"VirtualMachine\">vm-9</obj></v:RuntimeFaultFault></detail>",
     "ManagedObjectNotFound", "<obj type=\"VirtualMachine\">vm-9</obj>"},
    {"<detail/>", "", ""},
    {"<detail>text</detail>", "", ""},
    {"", "", ""},
};

static void faults_of_any_type_are_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(fault_cases) / sizeof(*fault_cases); i++) {
        struct vim25__LoginRequestType request = {0};
        struct _vim25__LoginResponse response;
        struct vim_fault fault;
        struct wire wire;
        char *body = NULL;

        assert_true(asprintf(&body,
                             "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>"
                             "It &lt;failed&gt;</faultstring>%s</soapenv:Fault>",
                             fault_cases[i].detail) > 0);
        wire_open(&wire, wire_envelope(body), 500, deliveries[i % DELIVERIES]);
        free(body);
        assert_int_equal(soap_call___vim25__Login(wire.soap, WIRE_URL, "", &request, &response),
                         SOAP_FAULT);
        assert_true(wire_fault_read(wire.soap, &fault));
        assert_string_equal(fault.type, fault_cases[i].type);
        assert_string_equal(fault.xml, fault_cases[i].xml);
        assert_string_equal(fault.message, "It <failed>");
        wire_close(&wire);
    }
}

/* Each row is the content of a property of type string, and the text that it is. */
static const struct {
    const char *xml;
    const char *text;
} texts[] = {
    {"<![CDATA[web 1]]>", "web 1"},
    {"a<![CDATA[<b> &amp;]]>&amp;c", "a<b> &amp;&c"},
    {"a<!-- <b> -->b<!---> -->c", "abc"},
    {"<?p > ?>a&#x41;&amp;lt;", "aA&lt;"},
    {"<!-- only -->", ""},
    {"a\r\nb<![CDATA[\r]]>", "a\nb\n"},
    {"&#xD800;&#0;&#+65;&# 65;&#0x41;&#x110000;&nbsp;",
     "&#xD800;&#0;&#+65;&# 65;&#0x41;&#x110000;&nbsp;"},
};

static char *string_property(const char *content) {
    char *body = NULL, *xml;

    assert_true(asprintf(&body,
                         "<RetrievePropertiesExResponse xmlns=\"urn:vim25\"><returnval><objects>"
                         "<obj type=\"HostSystem\">h-1</obj><propSet><name>name</name>"
                         "<val xsi:type=\"xsd:string\">%s</val></propSet></objects></returnval>"
                         "</RetrievePropertiesExResponse>",
                         content) > 0);
    xml = wire_envelope(body);
    free(body);
    return xml;
}

static void properties_are_decoded(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) * DELIVERIES; i++) {
        struct wire wire;

        wire_open(&wire, string_property(texts[i / DELIVERIES].xml), 200,
                  deliveries[i % DELIVERIES]);
        check_any(find(retrieve(&wire)->objects, "name"), "string", texts[i / DELIVERIES].text);
        wire_close(&wire);
    }
}

/* Whatever a server sends, a property holds no more than this, and no half character. */
static void a_long_property_is_cut(void **state) {
    enum { LENGTH = 1 << 20 };
    char *content = malloc(LENGTH + 3);
    const struct vim_any *any;
    struct wire wire;

    (void)state;
    memset(content, 'a', LENGTH);
    strcpy(content + LENGTH, "b");
    memcpy(content + VIM_TEXT_SIZE - 2, "\xC3\xA9", 2);
    wire_open(&wire, string_property(content), 200, whole);
    any = find(retrieve(&wire)->objects, "name");
    assert_int_equal(strlen(any->text), VIM_TEXT_SIZE - 2);
    wire_close(&wire);
    content[VIM_TEXT_SIZE - 1] = '\0';
    memset(content, 'a', VIM_TEXT_SIZE - 1);
    wire_open(&wire, string_property(content), 200, whole);
    any = find(retrieve(&wire)->objects, "name");
    assert_string_equal(any->text, content);
    wire_close(&wire);
    free(content);
}

static void fault_messages_are_one_line(void **state) {
    struct vim25__LoginRequestType request = {0};
    struct _vim25__LoginResponse response;
    struct vim_fault fault;
    struct wire wire;

    (void)state;
    wire_open(&wire,
              wire_envelope("<soapenv:Fault><faultcode>x</faultcode><faultstring>\n A <![CDATA[b]]>"
                            "\r\n\tc&#10;d\n</faultstring><detail><!-- x --><NoPermissionFault "
                            "xsi:type=\"NoPermission\" a='>'><!-- <object>no</object> --><object>"
                            "h<![CDATA[<1>]]>&lt;</object></NoPermissionFault></detail>"
                            "</soapenv:Fault>"),
              500, whole);
    assert_int_equal(soap_call___vim25__Login(wire.soap, WIRE_URL, "", &request, &response),
                     SOAP_FAULT);
    assert_true(wire_fault_read(wire.soap, &fault));
    assert_string_equal(fault.message, "A b c d");
    assert_string_equal(fault.type, "NoPermission");
    assert_string_equal(wire_xml_text(wire.soap, fault.xml, "object"), "h<1><");
    wire_close(&wire);
}

static void a_fault_tells_its_fields(void **state) {
    static const char xml[] = "<a:objx>no</a:objx><!-- <obj>no</obj> --><b:obj type=\"HostSystem\">"
                              "h&#x26;1</b:obj><obj>2</obj>";
    struct soap *soap = soap_new();

    (void)state;
    assert_string_equal(wire_xml_text(soap, xml, "objx"), "no");
    assert_null(wire_xml_text(soap, xml, "invalidProperty"));
    assert_null(wire_xml_text(soap, "", "obj"));
    assert_null(wire_xml_text(soap, "<", "obj"));
    assert_string_equal(wire_xml_text(soap, "<obj", "obj"), "");
    assert_string_equal(wire_xml_text(soap, "<obj>&bogus; &#0; &#xZ; &#", "obj"),
                        "&bogus; &#0; &#xZ; &#");
    soap_destroy(soap);
    soap_end(soap);
    soap_free(soap);
}

static void versions_are_read_after_a_get(void **state) {
    (void)state;
    for (size_t i = 0; i < DELIVERIES; i++) {
        struct vim_versions versions;
        struct wire wire;

        wire_open(&wire, wire_file("versions.xml"), 200, deliveries[i]);
        assert_int_equal(soap_GET(wire.soap, WIRE_URL "/vimServiceVersions.xml", NULL), SOAP_OK);
        assert_int_equal(wire_versions_read(wire.soap, &versions), SOAP_OK);
        assert_int_equal(versions.count, 2);
        assert_string_equal(versions.namespaces[0].name, "urn:vim25");
        assert_string_equal(versions.namespaces[0].version, "8.0.1.0");
        assert_int_equal(versions.namespaces[0].prior_count, 3);
        assert_string_equal(versions.namespaces[0].prior[2], "6.0");
        assert_string_equal(versions.namespaces[1].name, "urn:vim2");
        assert_int_equal(versions.namespaces[1].prior_count, 0);
        wire_close(&wire);
    }
}

static void the_last_list_of_versions_counts(void **state) {
    struct vim_versions versions;
    struct wire wire;

    (void)state;
    wire_open(
        &wire,
        strdup("<namespaces><namespace><priorVersions><version>1</version><version>2</version>"
               "</priorVersions><priorVersions><version>3</version></priorVersions>"
               "</namespace><other><namespace/></other><namespace/></namespaces>"),
        200, whole);
    assert_int_equal(soap_GET(wire.soap, WIRE_URL, NULL), SOAP_OK);
    assert_int_equal(wire_versions_read(wire.soap, &versions), SOAP_OK);
    assert_int_equal(versions.count, 2);
    assert_int_equal(versions.namespaces[0].prior_count, 1);
    assert_string_equal(versions.namespaces[0].prior[0], "3");
    assert_string_equal(versions.namespaces[1].name, "");
    wire_close(&wire);
}

static void other_documents_are_no_versions(void **state) {
    static const char *const documents[] = {"<html><body>no</body></html>", "no", "<namespaces>",
                                            "<namespaces><namespace><name>urn:vim25"};

    (void)state;
    for (size_t i = 0; i < sizeof(documents) / sizeof(*documents); i++) {
        struct vim_versions versions;
        struct wire wire;

        wire_open(&wire, strdup(documents[i]), 200, whole);
        assert_int_equal(soap_GET(wire.soap, WIRE_URL, NULL), SOAP_OK);
        assert_int_not_equal(wire_versions_read(wire.soap, &versions), SOAP_OK);
        wire_close(&wire);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(service_content_ignores_what_is_new),
        cmocka_unit_test(properties_of_any_type_are_kept),
        cmocka_unit_test(the_catalogue_takes_unknown_rollups),
        cmocka_unit_test(the_other_arrays_are_read),
        cmocka_unit_test(faults_of_any_type_are_told),
        cmocka_unit_test(properties_are_decoded),
        cmocka_unit_test(a_long_property_is_cut),
        cmocka_unit_test(fault_messages_are_one_line),
        cmocka_unit_test(a_fault_tells_its_fields),
        cmocka_unit_test(versions_are_read_after_a_get),
        cmocka_unit_test(the_last_list_of_versions_counts),
        cmocka_unit_test(other_documents_are_no_versions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
