/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* RetrievePropertiesEx, then ContinueRetrievePropertiesEx as long as the server gives a token. */
#include "source/vsphere/inventory/properties.h"

#include <stdlib.h>

#include "core/memory.h"

/* A vCenter has less than a tenth of these: more come from a server that never ends. */
enum { PAGE_OBJECTS = 1000, MAX_PAGES = 5000, MAX_OBJECTS = 500000 };

/* A retrieval: where its objects go, and how far it is. */
struct retrieval {
    properties_visit *visit;
    void *context;
    char *token; /* of the next page; NULL after the last */
    size_t pages;
    size_t objects;
};

static bool visit_page(struct retrieval *retrieval, const struct channel *channel,
                       const struct vim25__RetrieveResult *page, struct error *error) {
    const char *label = channel->session->label;
    free(retrieval->token);
    retrieval->token = page && page->token && *page->token ? memory_strdup(page->token) : NULL;
    for (int i = 0; page && i < page->__sizeobjects; i++)
        retrieval->visit(retrieval->context, &page->objects[i]);
    if (retrieval->token && !page->__sizeobjects)
        return error_set(error, ERROR_PROTOCOL, "%s: a page of properties without objects", label);
    retrieval->objects += page ? (size_t)page->__sizeobjects : 0;
    retrieval->pages++;
    return !retrieval->token ||
           (retrieval->pages < MAX_PAGES && retrieval->objects < MAX_OBJECTS) ||
           error_set(error, ERROR_PROTOCOL,
                     "%s: the list of its objects does not end: %zu came in %zu pages", label,
                     retrieval->objects, retrieval->pages);
}

static void cancel(struct channel *channel, struct vim25__ManagedObjectReference *collector,
                   char *token) {
    struct vim25__CancelRetrievePropertiesExRequestType request = {collector, token};
    struct _vim25__CancelRetrievePropertiesExResponse response;
    struct error ignored = {0};
    bool too_long = channel->too_long;
    (void)CALL(channel, CancelRetrievePropertiesEx, &request, &response, &ignored);
    channel->too_long = too_long; /* says why the retrieval failed */
}

static bool continue_retrieval(struct channel *channel,
                               struct vim25__ManagedObjectReference *collector,
                               struct retrieval *retrieval, struct error *error) {
    struct vim25__ContinueRetrievePropertiesExRequestType request = {collector, retrieval->token};
    struct _vim25__ContinueRetrievePropertiesExResponse response = {0};
    return CALL(channel, ContinueRetrievePropertiesEx, &request, &response, error) &&
           visit_page(retrieval, channel, &response.returnval, error);
}

bool properties_retrieve(struct channel *channel, struct vim25__PropertyFilterSpec *spec,
                         properties_visit *visit, void *context, struct error *error) {
    struct vim25__ManagedObjectReference collector =
        session_reference(&channel->session->property_collector);
    int page_objects = PAGE_OBJECTS;
    struct vim25__RetrieveOptions options = {.maxObjects = &page_objects};
    struct vim25__RetrievePropertiesExRequestType request = {
        ._USCOREthis = &collector, .__sizespecSet = 1, .specSet = spec, .options = &options};
    struct _vim25__RetrievePropertiesExResponse response = {0};
    struct retrieval retrieval = {.visit = visit, .context = context};
    bool good = CALL(channel, RetrievePropertiesEx, &request, &response, error) &&
                visit_page(&retrieval, channel, response.returnval, error);
    while (good && retrieval.token)
        good = continue_retrieval(channel, &collector, &retrieval, error);
    if (retrieval.token && error->kind != ERROR_INTERRUPTED && error->kind != ERROR_TIMEOUT)
        cancel(channel, &collector, retrieval.token);
    free(retrieval.token);
    return good;
}

bool properties_of(struct channel *channel, const struct session_moref *moref, const char *path,
                   const struct properties_reader *reader, struct error *error) {
    struct vim25__ManagedObjectReference self = session_reference(moref);
    char *paths = (char *)path;
    struct vim25__PropertySpec property = {
        .type = self.type, .__sizepathSet = 1, .pathSet = &paths};
    struct vim25__ObjectSpec object = {.obj = &self};
    struct vim25__PropertyFilterSpec spec = {
        .__sizepropSet = 1, .propSet = &property, .__sizeobjectSet = 1, .objectSet = &object};
    return properties_retrieve(channel, &spec, reader->visit, reader->context, error);
}
