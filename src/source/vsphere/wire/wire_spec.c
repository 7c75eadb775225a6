/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* SelectionSpec and TraversalSpec, which a request carries under one name. */
#include "source/vsphere/wire/wire.h"

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

/* Specifications only ever leave: one that arrives is skipped. */
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
