/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What is recorded of somebody's servers says nothing of whose they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/rest/helper/disguise.h"

/* Names that stand in odd places are in capitals, apart from addresses. */
static const char pve_body[] =
    "{\"message\":\"Permission check failed (/vms/SECRET1, VM.Audit)\",\"data\":[{"
    "\"id\":\"qemu/100\",\"vmid\":100,\"name\":\"SECRET2\",\"node\":\"SECRET3\","
    "\"tags\":\"SECRET4;prod\",\"description\":\"call SECRET5 at 030 123456\",\"cpu\":\"0.25\","
    "\"status\":\"running\",\"type\":\"qemu\",\"pool\":\"4711\",\"odd\":\"SECRET6\","
    "\"net0\":\"virtio=BC:24:11:AA:BB:CC,bridge=SECRET7,tag=5,firewall=1\","
    "\"scsi0\":\"SECRET8:vm-100-disk-0,size=32G,serial=SECRET9\",\"ide2\":\"none,media=cdrom\","
    "\"smbios1\":\"uuid=5CA1AB1E-1111-4222-8333-444455556666,serial=SECRET10\","
    "\"ip\":\"10.1.2.3\",\"contact\":\"root@SECRET11.example\",\"mp0\":\"SECRET8:x,mp=/SECRET12\","
    "\"nics\":{\"tap100i0\":{\"netin\":5},\"SECRET13\":{\"netin\":6}},"
    "\"custom\":{\"SECRET14\":1,\"b\":{\"SECRET15\":[\"SECRET16\"]}},"
    "\"blockstat\":{\"scsi0\":{\"rd_bytes\":7}}},"
    "{\"id\":\"storage/SECRET3/SECRET8\",\"node\":\"SECRET3\",\"storage\":\"SECRET8\","
    "\"type\":\"storage\",\"smbios1\":\"uuid=5ca1ab1e-1111-4222-8333-444455556666\"}]}";

static char *body_of(struct disguise *disguise, const char *text) {
    char *body = disguise_body(disguise, text, strlen(text));
    assert_non_null(body);
    return body;
}

static void assert_holds(const char *text, const char *part) {
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
    if (strstr(text, part))
        fail_msg("%s is in %s", part, text);
}

static void test_json(void **state) {
    static const char *const secrets[] = {"SECRET", "4711", "123456",      "10.1.2.3", "BC:24",
                                          "AB1E",   "ab1e", "vm-100-disk", "prod"};
    static const char *const kept[] = {
        "\"qemu/100\"",        "\"vmid\": 100",   "\"0.25\"",     "\"running\"",
        "virtio=02:00:00:00:", "size=32G",        "firewall=1",   "none,media=cdrom",
        "\"tap100i0\"",        "\"rd_bytes\": 7", "\"netin\": 6",
    };
    struct disguise *disguise = disguise_new();
    char *body = body_of(disguise, pve_body);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        assert_lacks(body, secrets[i]);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_holds(body, kept[i]);
    free(body);
    disguise_free(disguise);
    (void)state;
}

/* The same name is the same everywhere, and UUIDs whatever their letters are. */
static void test_names_still_join(void **state) {
    struct disguise *disguise = disguise_new();
    char *body = body_of(disguise, pve_body);
    const char *node = disguise_text(disguise, "SECRET3");
    const char *storage = disguise_text(disguise, "SECRET8");
    char *id = disguise_value(disguise, "id", "storage/SECRET3/SECRET8");
    char *path = disguise_path(disguise, "/api2/json/nodes/SECRET3/qemu/100/config?full=1");
    const char *first = strstr(body, "uuid="), *second = strstr(first + 1, "uuid=");
    assert_memory_equal(first, second, strlen("uuid=") + 36);
    assert_holds(id, node);
    assert_holds(id, storage);
    assert_holds(body, id);
    assert_holds(path, node);
    assert_holds(path, "/qemu/100/config?full=1");
    free(path);
    free(id);
    free(body);
    disguise_free(disguise);
    (void)state;
}

static const char xapi_body[] =
    "<methodResponse><params><param><value><struct><member><name>Status</name>"
    "<value>Success</value></member><member><name>Value</name><value><struct><member>"
    "<name>OpaqueRef:SECRET1</name><value><struct>"
    "<member><name>name_label</name><value>SECRET2</value></member>"
    "<member><name>name_description</name><value>of SECRET3 &amp; SECRET4</value></member>"
    "<member><name>power_state</name><value>Running</value></member>"
    "<member><name>uuid</name><value>aaaa0001-1111-4222-8333-444455556666</value></member>"
    "<member><name>VCPUs_max</name><value>4</value></member>"
    "<member><name>tags</name><value><array><data><value>SECRET5</value></data></array></value>"
    "</member>"
    "<member><name>other_config</name><value><struct><member><name>SECRET6</name>"
    "<value>SECRET7</value></member></struct></value></member>"
    "</struct></value></member></struct></value></member></struct></value></param></params>"
    "</methodResponse>";

static void test_xml(void **state) {
    struct disguise *disguise = disguise_new();
    char *body = body_of(disguise, xapi_body);
    char *legend = disguise_legend(disguise, "AVERAGE:host:AAAA0001-1111-4222-8333-444455556666:"
                                             "read_aaaa0001");
    assert_lacks(body, "SECRET");
    assert_lacks(body, "aaaa0001");
    assert_holds(body, "<value>Running</value>");
    assert_holds(body, "<name>VCPUs_max</name><value>4</value>");
    assert_holds(body, "<value>Success</value>");
    assert_string_equal(legend, "AVERAGE:host:00000001-0000-4000-8000-000000000004:read_00000001");
    free(legend);
    free(body);
    disguise_free(disguise);
    (void)state;
}

/* Fields that people made, with names that the API has as well. */
static void test_custom_fields(void **state) {
    static const char *const bodies[] = {
        "{\"data\":{\"status\":\"SECRET 1\",\"model\":\"SECRET 2 GHz\",\"type\":\"a@SECRET3\","
        "\"custom\":{\"type\":\"SECRET4\",\"version\":\"SECRET5\",\"level\":\"4711\","
        "\"data\":{\"content\":[\"SECRET6\"],\"id\":\"qemu/SECRET\"}}}}",
        "<methodResponse><params><param><value><struct><member><name>Status</name>"
        "<value>Success</value></member><member><name>Value</name><value><struct><member>"
        "<name>OpaqueRef:1</name><value><struct><member><name>other_config</name><value><struct>"
        "<member><name>type</name><value>SECRET1</value></member>"
        "<member><name>vendor</name><value>SECRET 2</value></member>"
        "<member><name>memory</name><value>4711</value></member>"
        "</struct></value></member></struct></value></member></struct></value></member></struct>"
        "</value></param></params></methodResponse>",
        "<methodResponse><params><param><value><struct><member><name>Value</name><value><struct>"
        "<member><name>xenstore_data</name><value><struct>"
        "<member><name>version</name><value>SECRET1</value></member>"
        "</struct></value></member></struct></value></member></struct></value></param></params>"
        "</methodResponse>",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct disguise *disguise = disguise_new();
        char *body = body_of(disguise, bodies[i]);
        assert_lacks(body, "SECRET");
        assert_lacks(body, "4711");
        free(body);
        disguise_free(disguise);
    }
    (void)state;
}

/* What the API has of its own, in maps of the same kind. */
static void test_versions_and_models(void **state) {
    static const char xml[] =
        "<methodResponse><params><param><value><struct><member><name>Value</name><value><struct>"
        "<member><name>OpaqueRef:1</name><value><struct><member><name>cpu_info</name><value>"
        "<struct><member><name>modelname</name><value>AMD EPYC 7302 @ 3 GHz</value></member>"
        "<member><name>cpu_count</name><value>32</value></member>"
        "</struct></value></member><member><name>other_config</name><value><struct>"
        "<member><name>boot_time</name><value>1790000000.</value></member>"
        "</struct></value></member></struct></value></member></struct></value></member></struct>"
        "</value></param></params></methodResponse>";
    static const char json[] =
        "{\"data\":{\"pveversion\":\"pve-manager/8.2.4/faa83925\",\"cpuinfo\":{"
        "\"model\":\"Intel(R) Xeon(R) CPU @ 2.50GHz\"},\"content\":\"images,rootdir\"}}";
    struct disguise *disguise = disguise_new();
    char *of_xml = body_of(disguise, xml), *of_json = body_of(disguise, json);
    assert_holds(of_xml, "AMD EPYC 7302 @ 3 GHz");
    assert_holds(of_xml, "<value>32</value>");
    assert_holds(of_xml, "<value>1790000000.</value>");
    assert_holds(of_json, "pve-manager/8.2.4/faa83925");
    assert_holds(of_json, "Intel(R) Xeon(R) CPU @ 2.50GHz");
    assert_holds(of_json, "images,rootdir");
    free(of_xml);
    free(of_json);
    disguise_free(disguise);
    (void)state;
}

static void test_failure(void **state) {
    static const char text[] =
        "<methodResponse><params><param><value><struct><member><name>Status</name>"
        "<value>Failure</value></member><member><name>ErrorDescription</name><value><array><data>"
        "<value>HANDLE_INVALID</value><value>SECRET</value></data></array></value></member>"
        "</struct></value></param></params></methodResponse>";
    struct disguise *disguise = disguise_new();
    char *body = body_of(disguise, text);
    assert_holds(body, "HANDLE_INVALID");
    assert_lacks(body, "SECRET");
    free(body);
    disguise_free(disguise);
    (void)state;
}

static void test_updates(void **state) {
    static const char text[] =
        "<xport><meta><start>5</start><legend>"
        "<entry>AVERAGE:vm:aaaa0001-1111-4222-8333-444455556666:vbd_xvda_read</entry>"
        "<entry>AVERAGE:host:aaaa0002-1111-4222-8333-444455556666:pif_SECRET_rx</entry>"
        "</legend></meta><data><row><t>10</t><v>NaN</v><v>1.5</v></row></data></xport>";
    struct disguise *disguise = disguise_new();
    char *body = body_of(disguise, text);
    assert_holds(body, ":vbd_xvda_read</entry>");
    assert_holds(body, "<v>NaN</v><v>1.5</v>");
    assert_lacks(body, "SECRET");
    assert_lacks(body, "aaaa");
    free(body);
    disguise_free(disguise);
    (void)state;
}

static void test_requests(void **state) {
    struct disguise *disguise = disguise_new();
    char *path = disguise_path(disguise, "/rrd_updates?session_id=OpaqueRef%3ASECRET&start=5&"
                                         "cf=AVERAGE&host=true&SECRET2=SECRET3");
    char *call =
        disguise_call(disguise, "<methodCall><methodName>VM.record_data_source</methodName>"
                                "<params><param><value><string>OpaqueRef:SECRET</string>"
                                "</value></param><param><value><string>SECRET4</string>"
                                "</value></param></params></methodCall>");
    assert_lacks(path, "SECRET");
    assert_holds(path, "&start=5&cf=AVERAGE&host=true&");
    assert_lacks(call, "SECRET");
    assert_lacks(call, "OpaqueRef");
    assert_holds(call, "VM.record_data_source name");
    free(call);
    free(path);
    disguise_free(disguise);
    (void)state;
}

/* Of what cannot be read, nobody knows what it tells. */
static void test_unreadable(void **state) {
    static const char *const texts[] = {
        "", "SECRET", "{\"data\":", "<a><b></a>", "<a>&secret;</a>", "{\"data\":\"\xff\"}"};
    struct disguise *disguise = disguise_new();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_null(disguise_body(disguise, texts[i], strlen(texts[i])));
    disguise_free(disguise);
    (void)state;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_names_still_join),
        cmocka_unit_test(test_xml),
        cmocka_unit_test(test_custom_fields),
        cmocka_unit_test(test_versions_and_models),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
