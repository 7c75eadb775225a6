/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Opening is service content and login; closing is logout, whatever happened before. */
#include "source/vsphere/session/session.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "source/tls/proxy.h"
#include "source/vsphere/session/rest.h"
#include "source/vsphere/session/retry.h"
#include "source/vsphere/wire/wire.h"

enum {
    CLOSING_SECONDS = 5,
    INTERRUPTED_CLOSING_SECONDS = 1,
    MAX_VERSIONS_BYTES = 1 << 20,
    MAX_VERSION_LENGTH = 16,
};

/* All servers since this version take it, and tell theirs. */
static const char first_version[] = "6.0";

const struct session_moref session_service_instance = {(char *)"ServiceInstance",
                                                       (char *)"ServiceInstance"};

struct vim25__ManagedObjectReference session_reference(const struct session_moref *moref) {
    return (struct vim25__ManagedObjectReference){.type = moref->type, .__item = moref->value};
}

bool session_established(const struct session *session) {
    return atomic_load(&session->generation) > 0;
}

void session_copy_cookies(struct session *session, struct channel *channel) {
    pthread_mutex_lock(&session->cookie_lock);
    if (channel->generation != session->generation) {
        cookies_copy(channel->cookies, session->cookies);
        channel->generation = session->generation;
    }
    pthread_mutex_unlock(&session->cookie_lock);
}

static void publish_cookie(struct session *session, struct channel *channel) {
    pthread_mutex_lock(&session->cookie_lock);
    cookies_copy(session->cookies, channel->cookies);
    channel->generation = ++session->generation;
    pthread_mutex_unlock(&session->cookie_lock);
}

/* A login under a session that is still alive is refused: the old cookie is not sent. */
static int call_login(struct session *session, struct channel *channel) {
    struct vim25__ManagedObjectReference self = session_reference(&session->session_manager);
    struct vim25__LoginRequestType request = {
        ._USCOREthis = &self,
        .userName = session->credentials.username,
        .password = session->credentials.password,
        .locale = (char *)"en", /* of fault messages, some of which are looked for */
    };
    struct _vim25__LoginResponse response = {0};
    if (session_established(session))
        cookies_drop(channel->cookies, COOKIES_SESSION);
    channel_begin(channel);
    int result = soap_call___vim25__Login(channel->soap, session->endpoint, session->action,
                                          &request, &response);
    if (result == SOAP_OK)
        publish_cookie(session, channel);
    else if (result != SOAP_FAULT)
        soap_force_closesock(channel->soap);
    return result;
}

static void note_login(struct session *session, int result) {
    atomic_store(&session->refused, result == SOAP_FAULT);
    if (result == SOAP_FAULT)
        retry_login_refused(&session->refusal, clock_boot_ns());
    else if (result == SOAP_OK)
        session->refusal = (struct backoff){0};
}

bool session_renew(struct session *session, struct channel *channel, int *result) {
    pthread_mutex_lock(&session->login_lock);
    enum renewal renewal = retry_renewal(channel->generation, atomic_load(&session->generation),
                                         &session->refusal, clock_boot_ns());
    bool renewed = renewal == RENEWAL_DONE;
    if (renewal == RENEWAL_LOGIN) {
        channel->renewed = true;
        *result = call_login(session, channel);
        renewed = *result == SOAP_OK;
        note_login(session, *result);
    }
    pthread_mutex_unlock(&session->login_lock);
    return renewed;
}

static int get_versions(struct session *session, struct vim_versions *versions) {
    struct soap *soap = session->main->soap;
    char *url = memory_printf("%s/vimServiceVersions.xml", session->endpoint);
    uint64_t limit = soap->recv_maxlength;
    soap->recv_maxlength = MAX_VERSIONS_BYTES;
    int result = soap_GET(soap, url, NULL);
    if (result == SOAP_OK)
        result = wire_versions_read(soap, versions);
    soap->recv_maxlength = limit;
    if (result != SOAP_OK)
        soap_force_closesock(soap);
    free(url);
    return result;
}

bool session_is_version(const char *text) {
    size_t length = text ? strlen(text) : 0;
    return length > 0 && length <= MAX_VERSION_LENGTH && *text != '.' &&
           strspn(text, "0123456789.") == length;
}

static void set_version(struct session *session, const char *version) {
    free(session->action);
    session->action = memory_printf("urn:vim25/%s", version);
}

/* Asks for the versions that the server speaks; one that does not tell them is asked all the same.
 */
static bool learn_version(struct session *session, struct error *error) {
    struct vim_versions versions = {0};
    struct error failure = {0};
    channel_first(session->main);
    channel_begin(session->main);
    int result = get_versions(session, &versions);
    if (!channel_end(session->main, "vimServiceVersions.xml", result, &failure) &&
        failure.kind != ERROR_PROTOCOL) {
        *error = failure;
        return false;
    }
    for (size_t i = 0; result == SOAP_OK && i < versions.count; i++)
        if (strcmp(versions.namespaces[i].name, "urn:vim25") == 0 &&
            session_is_version(versions.namespaces[i].version)) {
            set_version(session, versions.namespaces[i].version);
            break;
        }
    return true;
}

static void keep_moref(struct session_moref *kept,
                       const struct vim25__ManagedObjectReference *got) {
    if (!got)
        return;
    kept->type = memory_strdup(got->type ? got->type : "");
    kept->value = memory_strdup(got->__item ? got->__item : "");
}

static bool ask_service_content(struct session *session,
                                struct _vim25__RetrieveServiceContentResponse *response,
                                struct error *error) {
    struct vim25__ManagedObjectReference self = session_reference(&session_service_instance);
    struct vim25__RetrieveServiceContentRequestType request = {._USCOREthis = &self};
    *response = (struct _vim25__RetrieveServiceContentResponse){0};
    return CALL(session->main, RetrieveServiceContent, &request, response, error);
}

/* Keeps what the service content tells; *versioned becomes whether that is a version. */
static bool keep_service_content(struct session *session,
                                 const struct vim25__ServiceContent *content, bool *versioned,
                                 struct error *error) {
    if (!content || !content->rootFolder || !content->propertyCollector ||
        !content->sessionManager || !content->viewManager || !content->perfManager)
        return error_set(error, ERROR_PROTOCOL,
                         "%s: the server offers no performance data: is it ESXi or vCenter?",
                         session->label);
    keep_moref(&session->root_folder, content->rootFolder);
    keep_moref(&session->property_collector, content->propertyCollector);
    keep_moref(&session->session_manager, content->sessionManager);
    keep_moref(&session->view_manager, content->viewManager);
    keep_moref(&session->performance_manager, content->perfManager);
    keep_moref(&session->option_manager, content->setting);
    keep_moref(&session->custom_fields_manager, content->customFieldsManager);
    const struct vim25__AboutInfo *about = content->about;
    session->is_vcenter = about && about->apiType && strcmp(about->apiType, "VirtualCenter") == 0;
    session->api_version = memory_strdup(about ? about->apiVersion : NULL);
    session->product = memory_strdup(about ? about->fullName : NULL);
    *versioned = session_is_version(session->api_version);
    if (*versioned)
        set_version(session, session->api_version);
    if (about && about->fullName)
        report(session->reporter, REPORT_DETAIL, "%s: %s, asked as %s", session->label,
               about->fullName, session->action);
    return true;
}

/*
 * The service content has the version that the server is asked in from then on. Only a server that
 * refuses the first question, or names no version, is asked which ones it speaks.
 */
static bool retrieve_service_content(struct session *session, struct error *error) {
    struct _vim25__RetrieveServiceContentResponse response;
    bool versioned = false, learnt = false;
    set_version(session, first_version);
    if (!ask_service_content(session, &response, error)) {
        if (error->kind != ERROR_FAULT)
            return false;
        error_clear(error);
        learnt = true;
        if (!learn_version(session, error) || !ask_service_content(session, &response, error))
            return false;
    }
    return keep_service_content(session, response.returnval, &versioned, error) &&
           (versioned || learnt || learn_version(session, error));
}

static bool login(struct session *session, struct error *error) {
    struct channel *channel = session->main;
    channel_first(channel);
    bool succeeded = channel_end(channel, "Login", call_login(session, channel), error);
    session->logged_in = succeeded || channel->interrupted;
    return succeeded;
}

/* From now on, signals end no calls, which have little time. */
static void begin_closing(struct session *session) {
    int limit = cancel_requested(session->cancel) ? INTERRUPTED_CLOSING_SECONDS : CLOSING_SECONDS;
    if (session->timeout_seconds > limit)
        session->timeout_seconds = limit;
    session->main->closing = true;
}

static void logout(struct session *session) {
    struct vim25__ManagedObjectReference self = session_reference(&session->session_manager);
    struct vim25__LogoutRequestType request = {._USCOREthis = &self};
    struct _vim25__LogoutResponse response;
    struct error error = {0};
    /* NotAuthenticated: there is no session any more, or the interrupted login made none. */
    if (!CALL(session->main, Logout, &request, &response, &error) && error.kind != ERROR_AUTH)
        report(session->reporter, REPORT_WARNING, "not logged out: %s", error.message);
}

static int port_of(const struct target *target) {
    return target->port ? target->port : TARGET_HTTPS_PORT;
}

static char *address_of(const struct target *target) {
    bool is_v6 = strchr(target->host, ':') != NULL;
    return memory_printf("%s%s%s:%d", is_v6 ? "[" : "", target->host, is_v6 ? "]" : "",
                         port_of(target));
}

static void set_address(struct session *session, const struct target *target) {
    char *address = address_of(target);
    size_t length = 0;
    const char *path = target_sdk_path(target, &length);
    if (strcmp(target->scheme, "https") != 0 && target->path[strspn(target->path, "/")])
        report(session->reporter, REPORT_WARNING,
               "%s: the path chooses nothing: all of the target is taken; choose "
               "with --type and --name",
               target->text);
    session->origin = memory_concat("https://", address, NULL);
    session->endpoint = memory_printf("%s%.*s", session->origin, (int)length, path);
    session->label = memory_strdup(port_of(target) == TARGET_HTTPS_PORT ? target->host : address);
    free(address);
}

static bool check_target(struct session *session, const struct target *target,
                         struct error *error) {
    if (!*target->host)
        return error_set(error, ERROR_USAGE, "%s: the host name is missing", target->text);
    if (strcmp(target->scheme, "http") == 0)
        return error_set(error, ERROR_USAGE, "%s: http would send the password in clear: use https",
                         target->text);
    const char *parameters = strchr(target->uri, '?');
    session->unverified = parameters && strcmp(parameters, "?no_verify=1") == 0;
    if (parameters && !session->unverified)
        return error_set(error, ERROR_USAGE,
                         "%s: no parameter but libvirt's no_verify=1 is known: use options",
                         target->text);
    return true;
}

/* Those that were asked for before are not asked for again. */
static bool find_credentials(struct session *session, const struct target *target,
                             const struct source_options *options, struct error *error) {
    if (!options->kept || !options->kept->password)
        return credentials_init(&session->credentials, target, options->password_file, error);
    credentials_move(&session->credentials, options->kept);
    return true;
}

static bool establish(struct session *session, const struct target *target,
                      const struct source_options *options, struct error *error) {
    if (!check_target(session, target, error))
        return false;
    set_address(session, target);
    if (!proxy_find(&session->proxy, target->host, port_of(target), error))
        return false;
    if (!find_credentials(session, target, options, error))
        return false;
    struct source_options trust = *options;
    trust.insecure |= session->unverified;
    session->tls = tls_new(target->host, port_of(target), &trust, error);
    if (!session->tls)
        return false;
    session->main = channel_new(session);
    return retrieve_service_content(session, error) && login(session, error);
}

struct session *session_open(const struct target *target, const struct source_options *options,
                             struct error *error) {
    struct session *session = memory_alloc(sizeof *session);
    pthread_mutex_init(&session->login_lock, NULL);
    pthread_mutex_init(&session->cookie_lock, NULL);
    session->cookies = cookies_new();
    session->reporter = options->reporter;
    session->cancel = options->cancel;
    session->timeout_seconds = options->timeout_seconds;
    if (establish(session, target, options, error))
        return session;
    if (options->kept)
        credentials_move(options->kept, &session->credentials);
    session_close(session);
    return NULL;
}

static void free_moref(struct session_moref *moref) {
    free(moref->type);
    free(moref->value);
}

void session_close(struct session *session) {
    if (!session)
        return;
    if (session->main && session->logged_in) {
        begin_closing(session);
        rest_close(session->rest, session->main);
        logout(session);
    }
    channel_free(session->main);
    pthread_mutex_destroy(&session->login_lock);
    pthread_mutex_destroy(&session->cookie_lock);
    tls_free(session->tls);
    proxy_free(session->proxy);
    credentials_done(&session->credentials);
    free_moref(&session->root_folder);
    free_moref(&session->property_collector);
    free_moref(&session->session_manager);
    free_moref(&session->view_manager);
    free_moref(&session->performance_manager);
    free_moref(&session->option_manager);
    free_moref(&session->custom_fields_manager);
    free(session->api_version);
    free(session->product);
    cookies_free(session->cookies);
    free(session->action);
    free(session->origin);
    free(session->endpoint);
    free(session->label);
    free(session);
}
