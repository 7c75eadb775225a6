/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Servers whose lists of objects never end. */
#include "source/vsphere/inventory/properties.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "source/vsphere/session/session.h"

int __wrap_soap_call___vim25__RetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__RetrievePropertiesExRequestType *request,
    struct _vim25__RetrievePropertiesExResponse *response);
int __wrap_soap_call___vim25__ContinueRetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__ContinueRetrievePropertiesExRequestType *request,
    struct _vim25__ContinueRetrievePropertiesExResponse *response);
int __wrap_soap_call___vim25__CancelRetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__CancelRetrievePropertiesExRequestType *request,
    struct _vim25__CancelRetrievePropertiesExResponse *response);

static struct vim25__ObjectContent objects[20000];
static struct vim25__RetrieveResult page;
static int pages, last_page, cancelled;

static struct vim25__RetrieveResult turn(void) {
    page.objects = objects;
    page.token = (char *)(++pages == last_page ? "" : "more");
    return page;
}

int __wrap_soap_call___vim25__RetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__RetrievePropertiesExRequestType *request,
    struct _vim25__RetrievePropertiesExResponse *response) {
    (void)soap, (void)endpoint, (void)action, (void)request;
    page = turn();
    response->returnval = &page;
    return SOAP_OK;
}

int __wrap_soap_call___vim25__ContinueRetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__ContinueRetrievePropertiesExRequestType *request,
    struct _vim25__ContinueRetrievePropertiesExResponse *response) {
    (void)soap, (void)endpoint, (void)action, (void)request;
    response->returnval = turn();
    return SOAP_OK;
}

int __wrap_soap_call___vim25__CancelRetrievePropertiesEx(
    struct soap *soap, const char *endpoint, const char *action,
    struct vim25__CancelRetrievePropertiesExRequestType *request,
    struct _vim25__CancelRetrievePropertiesExResponse *response) {
    (void)soap, (void)endpoint, (void)action, (void)request, (void)response;
    cancelled++;
    return SOAP_OK;
}

static void count(void *context, const struct vim25__ObjectContent *object) {
    (void)object;
    ++*(size_t *)context;
}

static void test_pages(void **state) {
    static const struct {
        int size, last;
        size_t most; /* objects that are looked at */
        const char *words;
    } cases[] = {
        {1000, 3, 3000, ""},
        {1, -1, 10000, "does not end"},
        {20000, -1, 1000000, "does not end"},
        {0, -1, 0, "without objects"},
    };
    static const struct source_options options = {.insecure = true};
    struct error error = {0};
    struct session session = {.label = (char *)"vc", .timeout_seconds = 5};
    (void)state;
    pthread_mutex_init(&session.cookie_lock, NULL);
    session.cookies = cookies_new();
    session.tls = tls_new("127.0.0.1", 443, &options, &error);
    struct channel *channel = channel_new(&session);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vim25__PropertyFilterSpec spec = {0};
        size_t seen = 0;
        page.__sizeobjects = cases[i].size;
        pages = cancelled = 0;
        last_page = cases[i].last;
        error_clear(&error);
        bool good = properties_retrieve(channel, &spec, count, &seen, &error);
        assert_int_equal(good, !*cases[i].words);
        assert_non_null(strstr(error.message, cases[i].words));
        assert_in_range(seen, 0, cases[i].most);
        assert_int_equal(cancelled, !good);
    }
    channel_free(channel);
    tls_free(session.tls);
    cookies_free(session.cookies);
    pthread_mutex_destroy(&session.cookie_lock);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
