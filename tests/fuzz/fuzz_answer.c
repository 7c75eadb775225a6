/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Whole answers through the generated readers and ours: the first byte says which, and how they
 * come. */
#include "fuzz.h"
#include "source/vsphere/wire/test_wire.h"

/* Reads all that is reachable, so that the sanitizers see it. */
static void walk_any(const struct vim_any *any) {
    CHECK(any->text && strlen(any->text) < ((size_t)1 << 20));
    for (int i = 0; any->strings && i < any->strings->__sizestring; i++)
        CHECK(any->strings->string[i]);
}

static void walk_counters(const struct wire *wire) {
    const size_t room = sizeof wire->counters / sizeof *wire->counters;
    for (size_t i = 0; i < wire->counter_count && i < room; i++)
        CHECK(!wire->counters[i].name.key || strlen(wire->counters[i].name.key) < 1024);
}

static void walk_properties(struct soap *soap, const struct vim25__RetrieveResult *result) {
    for (int i = 0; result && i < result->__sizeobjects; i++)
        for (int k = 0; k < result->objects[i].__sizepropSet; k++) {
            walk_any(&result->objects[i].propSet[k].val);
            (void)wire_xml_text(soap, result->objects[i].propSet[k].val.text, "name");
        }
}

static int read_properties(struct soap *soap) {
    struct vim25__RetrievePropertiesExRequestType request = {0};
    struct _vim25__RetrievePropertiesExResponse response = {0};
    int result = soap_call___vim25__RetrievePropertiesEx(soap, WIRE_URL, "", &request, &response);
    if (result == SOAP_OK)
        walk_properties(soap, response.returnval);
    return result;
}

static int read_content(struct soap *soap) {
    struct vim25__RetrieveServiceContentRequestType request = {0};
    struct _vim25__RetrieveServiceContentResponse response = {0};
    return soap_call___vim25__RetrieveServiceContent(soap, WIRE_URL, "", &request, &response);
}

static int read_available(struct soap *soap) {
    struct vim25__QueryAvailablePerfMetricRequestType request = {0};
    struct _vim25__QueryAvailablePerfMetricResponse response = {0};
    return soap_call___vim25__QueryAvailablePerfMetric(soap, WIRE_URL, "", &request, &response);
}

static int read_options(struct soap *soap) {
    struct vim25__QueryOptionsRequestType request = {0};
    struct _vim25__QueryOptionsResponse response = {0};
    return soap_call___vim25__QueryOptions(soap, WIRE_URL, "", &request, &response);
}

static int read_metrics(struct soap *soap) {
    struct vim25__QueryPerfRequestType request = {0};
    struct _vim25__QueryPerfResponse response = {0};
    return soap_call___vim25__QueryPerf(soap, WIRE_URL, "", &request, &response);
}

static int (*const readers[])(struct soap *soap) = {read_properties, read_content, read_available,
                                                    read_options, read_metrics};
enum { READERS = sizeof readers / sizeof *readers };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wire_memory memory = {.left = 1 << 20};
    struct vim_fault fault;
    static struct wire wire;
    if (!size)
        return 0;
    wire_reopen(&wire, strndup((const char *)data + 1, size - 1), *data & 128 ? 500 : 200,
                deliveries[*data / READERS % DELIVERIES]);
    wire_limit(wire.soap, &memory);
    if (readers[*data % READERS](wire.soap) == SOAP_FAULT && wire_fault_read(wire.soap, &fault)) {
        CHECK(!strpbrk(fault.message, "\r\n"));
        (void)wire_xml_text(wire.soap, fault.xml, "object");
    }
    walk_counters(&wire);
    return 0;
}
