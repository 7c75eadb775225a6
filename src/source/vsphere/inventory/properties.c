/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* RetrievePropertiesEx, then ContinueRetrievePropertiesEx as long as the server gives a token. */
#include "source/vsphere/inventory/properties.h"

#include <stdlib.h>

#include "core/memory.h"

enum { PAGE_OBJECTS = 1000 };

/* Gives the objects of a page to visit; *token becomes the next page's, or NULL after the last. */
static bool visit_page(const struct vim25__RetrieveResult *page, properties_visit *visit,
                       void *context, char **token) {
    free(*token);
    *token = page && page->token && *page->token ? memory_strdup(page->token) : NULL;
    for (int i = 0; page && i < page->__sizeobjects; i++)
        visit(context, &page->objects[i]);
    return !*token || (page && page->__sizeobjects > 0);
}

static void cancel(struct channel *channel, struct vim25__ManagedObjectReference *collector,
                   char *token) {
    struct vim25__CancelRetrievePropertiesExRequestType request = {collector, token};
    struct _vim25__CancelRetrievePropertiesExResponse response;
    struct error ignored = {0};
    (void)CALL(channel, CancelRetrievePropertiesEx, &request, &response, &ignored);
}

static bool continue_retrieval(struct channel *channel,
                               struct vim25__ManagedObjectReference *collector,
                               properties_visit *visit, void *context, char **token,
                               struct error *error) {
    struct vim25__ContinueRetrievePropertiesExRequestType request = {collector, *token};
    struct _vim25__ContinueRetrievePropertiesExResponse response = {0};
    if (!CALL(channel, ContinueRetrievePropertiesEx, &request, &response, error))
        return false;
    return visit_page(response.returnval, visit, context, token) ||
           error_set(error, ERROR_PROTOCOL, "%s: a page of properties without objects",
                     channel->session->label);
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
    char *token = NULL;
    bool good = CALL(channel, RetrievePropertiesEx, &request, &response, error);
    if (good && !visit_page(response.returnval, visit, context, &token))
        good = error_set(error, ERROR_PROTOCOL, "%s: a page of properties without objects",
                         channel->session->label);
    while (good && token)
        good = continue_retrieval(channel, &collector, visit, context, &token, error);
    if (token && error->kind != ERROR_INTERRUPTED && error->kind != ERROR_TIMEOUT)
        cancel(channel, &collector, token);
    free(token);
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
