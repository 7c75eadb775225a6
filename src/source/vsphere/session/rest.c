/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Requests and answers of gSOAP's HTTP whose bodies are JSON. */
#include "source/vsphere/session/rest.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/secret.h"
#include "source/vsphere/session/session.h"
#include "source/vsphere/wire/wire_json.h"

enum {
    FIRST_STATUS = 201, /* of gSOAP's results: an HTTP status that is no success */
    LAST_STATUS = 599,
    FIRST_FAILURE = 300,
    API_VERSION = 8, /* the major one from which the newer form is tried first */
    MAX_ID_LENGTH = 1024,
};

/* Both forms have the same resources. */
struct form {
    const char *session;
    const char *root;
    const char *id;     /* before one */
    const char *action; /* before one */
    bool wrapped;       /* an answer is {"value": …} */
};

/* 6.5 to 7.0 have the first one, which is deprecated since 7.0 Update 2; 7.0 and later the other.
 */
static const struct form forms[] = {
    {"/rest/com/vmware/cis/session", "/rest/com/vmware/cis/", "/id:", "?~action=", true},
    {"/api/session", "/api/cis/", "/", "?action=", false},
};

struct rest {
    const struct form *form;
    char *header; /* that says who we are, a secret; NULL: not logged in */
};

/* One request on its way. */
struct exchange {
    const char *name; /* for people */
    int command;      /* of gSOAP */
    char *url;
    const char *header;
    const char *body; /* NULL for none */
    char *text;       /* the answer, borrowed from the channel */
    size_t size;
};

static bool is_status(int result) {
    return result >= FIRST_STATUS && result <= LAST_STATUS;
}

static int send_request(struct soap *soap, const struct exchange *exchange) {
    if (exchange->command != SOAP_POST_FILE)
        return soap_connect_command(soap, exchange->command, exchange->url, NULL);
    if (soap_POST(soap, exchange->url, NULL, "application/json") ||
        (exchange->body && soap_send(soap, exchange->body)))
        return soap->error;
    return soap_end_send(soap);
}

/* gSOAP takes the answers 400 and 500 for faults, which are to be read. */
static int receive_answer(const struct channel *channel, struct exchange *exchange) {
    struct soap *soap = channel->soap;
    int result = soap_begin_recv(soap);
    /* An answer without a body is no error of a logout. */
    if (exchange->command == SOAP_DEL && soap->status >= 200 && soap->status < FIRST_FAILURE)
        result = soap->error = SOAP_OK;
    if (result != SOAP_OK)
        return result;
    if (soap->status >= FIRST_FAILURE)
        return soap->status;
    if (exchange->command == SOAP_DEL)
        return soap_end_recv(soap);
    exchange->text = soap_http_get_body(soap, &exchange->size);
    if (!exchange->text || channel->broken || channel->interrupted || channel->timed_out)
        return soap->error ? soap->error : (soap->error = SOAP_EOF);
    return soap_end_recv(soap);
}

/* What it left in buffers of gSOAP does not stay there. */
static int attempt(struct channel *channel, struct exchange *exchange) {
    struct soap *soap = channel->soap;
    channel_begin(channel);
    const char *cookies = soap->http_extra_header;
    char *header = cookies ? secret_new(strlen(cookies) + strlen(exchange->header) + 3) : NULL;
    if (header)
        stpcpy(stpcpy(stpcpy(header, cookies), "\r\n"), exchange->header);
    soap->http_extra_header = header ? header : exchange->header;
    int result = send_request(soap, exchange);
    if (result == SOAP_OK)
        result = receive_answer(channel, exchange);
    soap->http_extra_header = NULL;
    soap->http_content = NULL;
    secret_free(header);
    if (result != SOAP_OK)
        soap_force_closesock(soap);
    explicit_bzero(soap->buf, sizeof soap->buf);
    return result;
}

/* A status is an answer: the same request would get the same one. */
static int exchange_run(struct channel *channel, struct exchange *exchange) {
    int result = SOAP_OK;
    channel_first(channel);
    do
        result = attempt(channel, exchange);
    while (!is_status(result) && channel_again(channel, exchange->name, &result));
    return result;
}

static const struct {
    int status;
    const char *advice;
} advices[] = {
    {401, "check that the account may log in to it"},
    {403, "give the account the right to read tags, by a global permission with the role "
          "Read-only"},
    {404, "vCenter 6.5 and later have it: check proxies before the server"},
    {503, "check the vCenter's service vmware-vapi-endpoint"},
};

static bool describe(struct channel *channel, const struct exchange *exchange, int result,
                     struct error *error) {
    if (!is_status(result))
        return channel_end(channel, exchange->name, result, error);
    const char *advice = "check the vCenter's log";
    for (size_t i = 0; i < G_N_ELEMENTS(advices); i++)
        if (advices[i].status == result)
            advice = advices[i].advice;
    enum error_kind kind = result == 401   ? ERROR_AUTH
                           : result == 404 ? ERROR_UNAVAILABLE
                                           : ERROR_FAULT;
    return error_set(error, kind, "%s: %s: HTTP status %d: %s", channel->session->label,
                     exchange->name, result, advice);
}

static char *url_of(const struct session *session, const struct form *form,
                    const struct rest_request *request) {
    char *id = request->id ? g_uri_escape_string(request->id, ":", FALSE) : NULL;
    char *url = memory_concat(session->origin, form->root, request->resource, id ? form->id : "",
                              id ? id : "", request->action ? form->action : "",
                              request->action ? request->action : "", NULL);
    g_free(id);
    return url;
}

/* "Authorization: Basic …", a secret. */
static char *basic_header(const struct credentials *credentials) {
    static const char begin[] =
        "vmware-use-header-authn: true\r\nAccept: application/json\r\nAuthorization: Basic ";
    size_t length = strlen(credentials->username) + 1 + strlen(credentials->password);
    char *plain = secret_new(length + 1);
    stpcpy(stpcpy(stpcpy(plain, credentials->username), ":"), credentials->password);
    char *header = secret_new(sizeof begin + (length / 3 + 1) * 4 + 4);
    char *end = stpcpy(header, begin);
    gint state = 0, save = 0;
    end += g_base64_encode_step((const guchar *)plain, length, FALSE, end, &state, &save);
    end += g_base64_encode_close(FALSE, end, &state, &save);
    *end = '\0';
    secret_free(plain);
    return header;
}

static char *session_header(const json_t *id) {
    static const char begin[] = "Accept: application/json\r\nvmware-api-session-id: ";
    const char *text = json_string_value(id);
    size_t length = text ? strlen(text) : 0;
    if (!length || length > MAX_ID_LENGTH)
        return NULL;
    for (const char *at = text; *at; at++)
        if (!g_ascii_isgraph(*at))
            return NULL;
    char *header = secret_new(sizeof begin + length);
    stpcpy(stpcpy(header, begin), text);
    return header;
}

/* The JSON of an answer, without what is around it. */
static json_t *content_of(const struct form *form, const struct exchange *exchange) {
    json_t *whole = wire_json_read(exchange->text, exchange->size);
    if (!whole || !form->wrapped)
        return whole;
    json_t *value = json_is_object(whole) ? json_object_get(whole, "value") : NULL;
    json_incref(value);
    json_decref(whole);
    return value;
}

static bool describe_junk(const struct channel *channel, const struct exchange *exchange,
                          struct error *error) {
    return error_set(error, ERROR_PROTOCOL,
                     "%s: the answer to %s is not the JSON that was expected, or too large: check "
                     "proxies before the server",
                     channel->session->label, exchange->name);
}

static bool login_as(struct channel *channel, struct rest *rest, const struct form *form,
                     struct error *error) {
    const struct session *session = channel->session;
    char *header = basic_header(&session->credentials);
    struct exchange exchange = {.name = "REST session",
                                .command = SOAP_POST_FILE,
                                .url = memory_concat(session->origin, form->session, NULL),
                                .header = header};
    int result = exchange_run(channel, &exchange);
    secret_free(header);
    free(exchange.url);
    if (!describe(channel, &exchange, result, error))
        return false;
    json_t *id = content_of(form, &exchange);
    explicit_bzero(exchange.text, exchange.size);
    rest->form = form;
    rest->header = session_header(id);
    if (json_is_string(id))
        explicit_bzero((char *)json_string_value(id), json_string_length(id));
    json_decref(id);
    return rest->header || describe_junk(channel, &exchange, error);
}

/* The form that a server does not know gives 404; the other one is tried then. */
static bool login(struct channel *channel, struct rest *rest, struct error *error) {
    const char *version = channel->session->api_version;
    size_t first = strtol(version ? version : "", NULL, 10) >= API_VERSION;
    if (login_as(channel, rest, &forms[first], error))
        return true;
    if (error->kind != ERROR_UNAVAILABLE)
        return false;
    error_clear(error);
    if (login_as(channel, rest, &forms[!first], error))
        return true;
    if (error->kind == ERROR_UNAVAILABLE)
        error->kind = ERROR_PROTOCOL;
    return false;
}

static void forget_login(struct rest *rest) {
    secret_free(rest->header);
    rest->header = NULL;
}

static json_t *call(struct channel *channel, struct rest *rest, const struct rest_request *request,
                    struct error *error) {
    char *name = memory_concat("REST ", request->resource, NULL);
    char *body = request->body ? json_dumps(request->body, JSON_COMPACT) : NULL;
    struct exchange exchange = {.name = name,
                                .command = body ? SOAP_POST_FILE : SOAP_GET,
                                .url = url_of(channel->session, rest->form, request),
                                .header = rest->header,
                                .body = body};
    int result = exchange_run(channel, &exchange);
    json_t *answer = NULL;
    if (describe(channel, &exchange, result, error) &&
        !(answer = content_of(rest->form, &exchange)))
        describe_junk(channel, &exchange, error);
    free(exchange.url);
    free(body);
    free(name);
    return answer;
}

json_t *rest_call(struct channel *channel, const struct rest_request *request,
                  struct error *error) {
    struct session *session = channel->session;
    if (!session->rest)
        session->rest = memory_alloc(sizeof *session->rest);
    struct rest *rest = session->rest;
    bool fresh = !rest->header;
    if (fresh && !login(channel, rest, error))
        return NULL;
    json_t *answer = call(channel, rest, request, error);
    if (answer || fresh || error->kind != ERROR_AUTH)
        return answer;
    /* The login has ended, as those do that are not used for a while. */
    error_clear(error);
    forget_login(rest);
    return login(channel, rest, error) ? call(channel, rest, request, error) : NULL;
}

static void logout(struct rest *rest, struct channel *channel) {
    struct exchange exchange = {
        .name = "REST logout",
        .command = SOAP_DEL,
        .url = memory_concat(channel->session->origin, rest->form->session, NULL),
        .header = rest->header,
    };
    struct error error = {0};
    int result = exchange_run(channel, &exchange);
    free(exchange.url);
    /* 401: there is no login any more. */
    if (!describe(channel, &exchange, result, &error) && error.kind != ERROR_AUTH)
        report(channel->session->reporter, REPORT_WARNING, "not logged out: %s", error.message);
}

void rest_close(struct rest *rest, struct channel *channel) {
    if (!rest)
        return;
    if (rest->header)
        logout(rest, channel);
    forget_login(rest);
    free(rest);
}
