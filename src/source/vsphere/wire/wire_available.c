/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * What an entity offers: a list of a thousand pairs, of which the generated reader takes 8000
 * instructions for each, and this one a quarter.
 */
#include "source/vsphere/wire/wire_number.h"
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

void soap_default_vim_metric_id(struct soap *soap, struct vim25__PerfMetricId *metric) {
    (void)soap;
    *metric = (struct vim25__PerfMetricId){0};
}

void soap_serialize_vim_metric_id(struct soap *soap, const struct vim25__PerfMetricId *metric) {
    (void)soap;
    (void)metric;
}

/* Those of a query are written by wire_metric_id. */
int soap_out_vim_metric_id(struct soap *soap, const char *tag, int id,
                           const struct vim25__PerfMetricId *metric, const char *type) {
    (void)tag;
    (void)id;
    (void)metric;
    (void)type;
    return soap->error = SOAP_PROHIBITED;
}

static bool read_counter(struct scan *scan, int *counter) {
    int32_t number = 0;
    if (scan->empty)
        return true;
    if (!wire_leaf_int32(scan, &number)) {
        scan->soap->error = scan->soap->error ? scan->soap->error : SOAP_TYPE;
        return false;
    }
    *counter = number;
    return scan_leave_text(scan);
}

static bool read_instance(struct scan *scan, char **instance) {
    size_t length = 0;
    const char *text = scan_leaf_plain(scan, &length);
    bool left = text ? true : scan_leaf(scan);
    if (!text)
        length = strlen(text = scan->text);
    *instance =
        left && wire_spend(scan->soap, length + 1) ? wire_xml_copy(scan->soap, text, length) : NULL;
    return *instance && (text == scan->text || scan_leave(scan));
}

/* The first of its name counts. */
static bool read_content(struct scan *scan, struct vim25__PerfMetricId *metric) {
    bool has_counter = false;
    enum scan_event event;
    while ((event = scan_next(scan)) == SCAN_START) {
        bool good;
        if (!has_counter && scan_named(scan, "counterId")) {
            good = read_counter(scan, &metric->counterId);
            has_counter = true;
        } else if (!metric->instance && scan_named(scan, "instance"))
            good = read_instance(scan, &metric->instance);
        else
            good = scan_leave(scan);
        if (!good)
            return false;
    }
    return event == SCAN_END;
}

struct vim25__PerfMetricId *soap_in_vim_metric_id(struct soap *soap, const char *tag,
                                                  struct vim25__PerfMetricId *metric,
                                                  const char *type) {
    struct scan scan;
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!metric)
        metric = soap_malloc(soap, sizeof *metric);
    if (!metric || !wire_spend(soap, sizeof *metric))
        return NULL;
    soap_default_vim_metric_id(soap, metric);
    if (!soap->body)
        return metric;
    scan_begin(&scan, soap);
    if (!read_content(&scan, metric))
        return NULL;
    scan_return(&scan);
    return soap_element_end_in(soap, tag) ? NULL : metric;
}
