/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A page of objects of the property collector. The generated reader looks at the start tag of each
 * object three times, and grows its lists in blocks: 7000 instructions for an object.
 */
#include "source/vsphere/wire/wire_object.h"
#include "source/vsphere/wire/wire_xml.h"

#include <soapH.h>

void soap_default_vim_page(struct soap *soap, struct vim25__RetrieveResult *page) {
    (void)soap;
    *page = (struct vim25__RetrieveResult){0};
}

void soap_serialize_vim_page(struct soap *soap, const struct vim25__RetrieveResult *page) {
    (void)soap;
    (void)page;
}

/* Pages only ever arrive. */
int soap_out_vim_page(struct soap *soap, const char *tag, int id,
                      const struct vim25__RetrieveResult *page, const char *type) {
    (void)tag;
    (void)id;
    (void)page;
    (void)type;
    return soap->error = SOAP_PROHIBITED;
}

/* Takes the objects that come next in the usual form. */
static bool take_objects(struct soap *soap, struct wire_objects *objects, struct soap_blist *list,
                         struct vim25__RetrieveResult *page) {
    struct vim25__ObjectContent object;
    enum wire_taken taken;
    soap->error = SOAP_OK;
    while ((taken = wire_object_take(soap, objects, &object)) == WIRE_TAKEN) {
        struct vim25__ObjectContent *kept = soap_push_block_max(soap, list, sizeof *kept);
        if (!kept)
            return false;
        *kept = object;
        page->__sizeobjects++;
    }
    return taken == WIRE_NOTHING;
}

static bool read_token(struct soap *soap, struct vim25__RetrieveResult *page) {
    return !page->token && soap_in_string(soap, "vim25:token", &page->token, "xsd:string");
}

static bool read_object(struct soap *soap, struct soap_blist *list,
                        struct vim25__RetrieveResult *page) {
    if (soap->error != SOAP_TAG_MISMATCH || soap_element_begin_in(soap, "vim25:objects", 1, NULL))
        return false;
    soap_revert(soap);
    struct vim25__ObjectContent *object = soap_push_block_max(soap, list, sizeof *object);
    if (!object || !soap_in_vim_object(soap, "vim25:objects", object, NULL))
        return false;
    page->__sizeobjects++;
    return true;
}

/* As the generated readers do: what is unknown is skipped, and SOAP_NO_TAG is the end. */
static bool read_children(struct soap *soap, struct wire_objects *objects, struct soap_blist *list,
                          struct vim25__RetrieveResult *page) {
    while (take_objects(soap, objects, list, page)) {
        soap->error = SOAP_TAG_MISMATCH;
        if (read_token(soap, page) || read_object(soap, list, page))
            continue;
        if (soap->error == SOAP_TAG_MISMATCH)
            soap->error = soap_ignore_element(soap);
        if (soap->error)
            return soap->error == SOAP_NO_TAG;
    }
    return false;
}

static bool read_content(struct soap *soap, struct vim25__RetrieveResult *page) {
    struct wire_objects objects = {.slab = {0}};
    struct soap_blist *list = soap_alloc_block(soap);
    bool good = list && read_children(soap, &objects, list, page);
    wire_objects_done(&objects);
    if (good && page->__sizeobjects)
        page->objects = soap_save_block(soap, list, NULL, 1);
    else if (list)
        soap_end_block(soap, list);
    return good && (page->objects || !page->__sizeobjects);
}

struct vim25__RetrieveResult *soap_in_vim_page(struct soap *soap, const char *tag,
                                               struct vim25__RetrieveResult *page,
                                               const char *type) {
    (void)type;
    if (soap_element_begin_in(soap, tag, 0, NULL))
        return NULL;
    if (!page)
        page = soap_malloc(soap, sizeof *page);
    if (!page || !wire_spend(soap, sizeof *page))
        return NULL;
    soap_default_vim_page(soap, page);
    if (soap->body && (!read_content(soap, page) || soap_element_end_in(soap, tag)))
        return NULL;
    return page;
}
