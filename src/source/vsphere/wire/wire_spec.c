/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The specifications that requests carry: of objects, and of samples. They only ever leave. */
#include "core/value.h"
#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_query.h"

#include <soapH.h>
#include <string.h>

void soap_default_vim25__SelectionSpec(struct soap *soap, struct vim_selection *selection) {
    (void)soap;
    memset(selection, 0, sizeof *selection);
}

void soap_serialize_vim25__SelectionSpec(struct soap *soap, const struct vim_selection *selection) {
    (void)soap;
    (void)selection;
}

static int send_text(struct soap *soap, const char *tag, const char *text) {
    if (!text)
        return SOAP_OK;
    if (soap_element_begin_out(soap, tag, -1, "") || soap_string_out(soap, text, 0))
        return soap->error;
    return soap_element_end_out(soap, tag);
}

static int send_traversal(struct soap *soap, const struct vim_selection *selection) {
    if (send_text(soap, "vim25:type", selection->type) ||
        send_text(soap, "vim25:path", selection->path) ||
        send_text(soap, "vim25:skip", selection->skip ? "true" : "false"))
        return soap->error;
    for (size_t i = 0; i < selection->select_count; i++)
        if (soap_out_vim25__SelectionSpec(soap, "vim25:selectSet", -1, &selection->select[i], ""))
            return soap->error;
    return SOAP_OK;
}

int soap_out_vim25__SelectionSpec(struct soap *soap, const char *tag, int id,
                                  const struct vim_selection *selection, const char *type) {
    const char *name = selection->path ? "vim25:TraversalSpec" : "vim25:SelectionSpec";
    (void)type;
    if (soap_element_begin_out(soap, tag, id, name) ||
        send_text(soap, "vim25:name", selection->name))
        return soap->error;
    if (selection->path && send_traversal(soap, selection))
        return soap->error;
    return soap_element_end_out(soap, tag);
}

/* One that arrives is skipped. */
struct vim_selection *soap_in_vim25__SelectionSpec(struct soap *soap, const char *tag,
                                                   struct vim_selection *selection,
                                                   const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!selection)
        selection = soap_malloc(soap, sizeof *selection);
    if (!selection)
        return NULL;
    soap_default_vim25__SelectionSpec(soap, selection);
    if (soap->body && (!soap_string_in(soap, 0, -1, -1, NULL) || soap_element_end_in(soap, tag)))
        return NULL;
    return selection;
}

static void append_escaped(GString *xml, const char *text) {
    if (!strpbrk(text, "<>&\"'")) {
        g_string_append(xml, text);
        return;
    }
    char *escaped = g_markup_escape_text(text, -1);
    g_string_append(xml, escaped);
    g_free(escaped);
}

/* Written without printf: there are hundreds of them in each call. */
void wire_metric_id(GString *xml, int32_t counter_id, const char *instance) {
    char id[VALUE_TEXT_SIZE];
    g_string_append(xml, "<metricId><counterId>");
    g_string_append_len(xml, id, (gssize)value_digits(id, counter_id, false));
    g_string_append(xml, "</counterId><instance>");
    append_escaped(xml, instance);
    g_string_append(xml, "</instance></metricId>");
}

void soap_default_vim25__PerfQuerySpec(struct soap *soap, struct vim_query_spec *spec) {
    (void)soap;
    memset(spec, 0, sizeof *spec);
}

void soap_serialize_vim25__PerfQuerySpec(struct soap *soap, const struct vim_query_spec *spec) {
    (void)soap;
    (void)spec;
}

static int send_number(struct soap *soap, const char *tag, int32_t number) {
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    return send_text(soap, tag, text);
}

static int send_entity(struct soap *soap, const struct vim_moref *entity) {
    if (soap_set_attr(soap, "type", entity->type, 1))
        return soap->error;
    return soap_element_begin_out(soap, "entity", -1, "") || soap_string_out(soap, entity->value, 0)
               ? soap->error
               : soap_element_end_out(soap, "entity");
}

/* There are hundreds of metrics for each entity: without prefixes they take a third less. */
int soap_out_vim25__PerfQuerySpec(struct soap *soap, const char *tag, int id,
                                  const struct vim_query_spec *spec, const char *type) {
    (void)type;
    if (soap_set_attr(soap, "xmlns", "urn:vim25", 1) || soap_element_begin_out(soap, tag, id, "") ||
        send_entity(soap, &spec->entity) || send_text(soap, "startTime", spec->start) ||
        send_text(soap, "endTime", spec->end) || send_number(soap, "maxSample", spec->samples) ||
        soap_send_raw(soap, spec->metrics, spec->metrics_length) ||
        send_number(soap, "intervalId", spec->interval) || send_text(soap, "format", "csv"))
        return soap->error;
    return soap_element_end_out(soap, tag);
}

struct vim_query_spec *soap_in_vim25__PerfQuerySpec(struct soap *soap, const char *tag,
                                                    struct vim_query_spec *spec, const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 1, NULL))
        return NULL;
    if (!spec)
        spec = soap_malloc(soap, sizeof *spec);
    if (!spec)
        return NULL;
    soap_default_vim25__PerfQuerySpec(soap, spec);
    if (soap->body && (!soap_string_in(soap, 0, -1, -1, NULL) || soap_element_end_in(soap, tag)))
        return NULL;
    return spec;
}
