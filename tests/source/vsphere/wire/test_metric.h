/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A call of QueryPerf that is answered with XML. */
#ifndef VPERF_TESTS_WIRE_TEST_METRIC_H
#define VPERF_TESTS_WIRE_TEST_METRIC_H

#include "test_wire.h"

/* Puts the answer of a QueryPerf call with these returnvals behind the wire; takes them. */
static inline void open_metrics(struct wire *wire, char *returnvals, struct delivery delivery) {
    char *body = NULL;

    assert_true(asprintf(&body, "<QueryPerfResponse xmlns=\"urn:vim25\">%s</QueryPerfResponse>",
                         returnvals) > 0);
    wire_open(wire, wire_envelope(body), 200, delivery);
    free(body);
    free(returnvals);
}

static inline int query(struct wire *wire, struct _vim25__QueryPerfResponse *response) {
    struct vim25__ManagedObjectReference manager = {"ha-perfmgr", "PerformanceManager"};
    struct vim25__QueryPerfRequestType request = {._USCOREthis = &manager};

    return soap_call___vim25__QueryPerf(wire->soap, WIRE_URL, "urn:vim25/6.0", &request, response);
}

/* Queries, expects success and one entity, and returns it. */
static inline struct vim_entity_metric *query_one(struct wire *wire) {
    struct _vim25__QueryPerfResponse response;

    assert_int_equal(query(wire, &response), SOAP_OK);
    assert_int_equal(response.__sizereturnval, 1);
    return response.returnval;
}

#endif
