/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vimServiceVersions.xml: which versions of the API a server speaks. */
#include "source/vsphere/wire/wire.h"
#include "source/vsphere/wire/wire_scan.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>
#include <string.h>

/* Reads the text of the element that just started. */
static const char *read_leaf(struct scan *scan) {
    if (!scan_leaf(scan))
        return NULL;
    return wire_xml_copy(scan->soap, scan->text, strlen(scan->text));
}

/* <priorVersions>: a list of <version>. */
static bool read_prior(struct scan *scan, struct vim_namespace *space) {
    struct soap_blist *list;
    size_t count = 0;
    if (scan->empty)
        return true;
    list = soap_alloc_block(scan->soap);
    while (list && scan_child(scan)) {
        const char **slot = soap_push_block_max(scan->soap, list, sizeof *slot);
        if (!slot || !(*slot = read_leaf(scan)))
            return false;
        count++;
    }
    space->prior = count ? soap_save_block(scan->soap, list, NULL, 0) : NULL;
    space->prior_count = space->prior ? count : 0;
    return !scan->soap->error;
}

static bool read_namespace(struct scan *scan, struct vim_namespace *space) {
    *space = (struct vim_namespace){.name = "", .version = ""};
    if (scan->empty)
        return true;
    while (scan_child(scan)) {
        bool good;
        if (strcmp(scan->name, "name") == 0)
            good = (space->name = read_leaf(scan)) != NULL;
        else if (strcmp(scan->name, "version") == 0)
            good = (space->version = read_leaf(scan)) != NULL;
        else if (strcmp(scan->name, "priorVersions") == 0)
            good = read_prior(scan, space);
        else
            good = scan_leave(scan);
        if (!good)
            return false;
    }
    return !scan->soap->error;
}

static bool read_namespaces(struct scan *scan, struct vim_versions *versions) {
    struct soap_blist *list = soap_alloc_block(scan->soap);
    enum scan_event event = SCAN_FAILED;
    while (list && (event = scan_next(scan)) == SCAN_START) {
        if (strcmp(scan->name, "namespace") != 0) {
            if (!scan_leave(scan))
                return false;
            continue;
        }
        struct vim_namespace *slot = soap_push_block_max(scan->soap, list, sizeof *slot);
        if (!slot || !read_namespace(scan, slot))
            return false;
        versions->count++;
    }
    if (versions->count)
        versions->namespaces = soap_save_block(scan->soap, list, NULL, 0);
    return event == SCAN_END;
}

int wire_versions_read(struct soap *soap, struct vim_versions *versions) {
    struct scan scan;
    *versions = (struct vim_versions){0};
    if (soap_begin_recv(soap) || soap_element_begin_in(soap, "namespaces", 0, NULL))
        return soap->error;
    if (soap->body) {
        scan_begin(&scan, soap);
        if (!read_namespaces(&scan, versions))
            return soap->error ? soap->error : (soap->error = SOAP_EOM);
        scan_return(&scan);
        if (soap_element_end_in(soap, "namespaces"))
            return soap->error;
    }
    return soap_end_recv(soap);
}
