/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/master.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/secret.h"
#include "source/rest/helper/product.h"

enum { HTTP_OK = 200, MOST_ARGUMENTS = 8, LOGOUT_MS = 5000 };

struct master {
    const struct target *target;
    struct source_options options;
    int port;
    struct http_pool *http;
    struct http_peer *home; /* the target */
    struct http_peer *peer; /* where the calls go: the target, or the master that it named */
    struct http_peer *told; /* the master that was named to the user last */
    char *reference;        /* a secret; NULL when not logged in */
};

/* What the call says is a secret: a password, or a session. */
static struct http_call begin(const struct master *master, const char *method,
                              const char *const *arguments) {
    return (struct http_call){
        .peer = master->peer,
        .request = {.path = "/RPC2",
                    .type = "text/xml",
                    .accept = "text/xml",
                    .body = answer_call(method, arguments)},
    };
}

static bool end(struct http_call *call, const char *method, struct answer *answer,
                struct error *error) {
    bool good = call->done;
    if (!good)
        *error = call->error;
    else if (call->answer.status != HTTP_OK)
        good = error_set(error, ERROR_PROTOCOL, "%s: HTTP status %d instead of an answer of XAPI",
                         method, call->answer.status);
    else if (!answer_read(answer, call->answer.body, call->answer.size, error)) {
        error_prefix(error, "%s", method);
        good = false;
    }
    http_call_done(call);
    memory_wipe_free((char *)call->request.body);
    call->request.body = NULL;
    return good;
}

static bool post(struct master *master, const char *method, const char *const *arguments,
                 struct answer *answer, struct error *error) {
    struct http_call call = begin(master, method, arguments);
    http_run(master->http, &call, 1, 1, 1);
    return end(&call, method, answer, error);
}

/* A code is text of the server's. */
static bool refuse(const struct master *master, const char *method, const struct answer *answer,
                   struct error *error) {
    const char *code = answer_code(answer);
    if (strcmp(code, "SESSION_AUTHENTICATION_FAILED") == 0)
        return error_set(error, ERROR_AUTH, "login as '%s' refused: wrong user name or password",
                         master->target->username);
    if (strcmp(code, "RBAC_PERMISSION_DENIED") == 0)
        return error_set(error, ERROR_FAULT,
                         "%s: the user's role is too small: read-only is enough, but for "
                         "--runstates",
                         method);
    return error_set(error, ERROR_FAULT, "%s: XAPI answers %.60s %.100s", method, code,
                     answer_argument(answer, 0));
}

static bool keep_reference(struct master *master, const struct answer *answer,
                           struct error *error) {
    const char *reference = json_string_value(answer->value);
    if (!reference || !g_str_has_prefix(reference, "OpaqueRef:"))
        return error_set(error, ERROR_PROTOCOL, "the login gives no session");
    secret_free(master->reference);
    master->reference = secret_copy(reference);
    return true;
}

static bool login_here(struct master *master, struct answer *answer, struct error *error) {
    const char *const arguments[] = {master->target->username, master->target->password, "1.0",
                                     "vperf", NULL};
    return post(master, "session.login_with_password", arguments, answer, error);
}

/*
 * The address is whatever the target answers, which has seen the password before: it is verified as
 * the target is, and told, for without verification nobody else would notice.
 */
static void tell_master(const struct master *master, const char *address) {
    bool insecure = master->options.insecure;
    report(master->options.reporter, insecure ? REPORT_WARNING : REPORT_INFO,
           "a member of its pool: the login goes on at the master that it names, %s%s", address,
           insecure ? ", which is not verified either" : "");
}

/* The port is the one of the target: XAPI names an address alone. */
static bool follow_slave(struct master *master, const char *address, struct answer *answer,
                         struct error *error) {
    struct http_peer *peer = master_host(master, address, error);
    if (peer) {
        if (peer != master->told)
            tell_master(master, address);
        master->peer = master->told = peer;
        if (login_here(master, answer, error))
            return true;
    }
    master->peer = master->home;
    error_prefix(error, "the master of its pool, '%.100s'", address);
    return false;
}

static bool login(struct master *master, struct error *error) {
    struct answer answer = {0};
    if (!login_here(master, &answer, error))
        return false;
    if (strcmp(answer_code(&answer), "HOST_IS_SLAVE") == 0) {
        char *address = memory_strdup(answer_argument(&answer, 0));
        answer_done(&answer);
        bool moved = follow_slave(master, address, &answer, error);
        free(address);
        if (!moved)
            return false;
    }
    bool good = answer.failure ? refuse(master, "session.login_with_password", &answer, error)
                               : keep_reference(master, &answer, error);
    answer_done(&answer);
    return good;
}

/* One that the target named leaves the target, which knows its successor or is it. */
static bool is_gone(const struct master *master, const struct error *error) {
    return master->peer != master->home &&
           (error->kind == ERROR_CONNECT || error->kind == ERROR_TIMEOUT ||
            error->kind == ERROR_TLS);
}

static bool go_home(struct master *master, struct error *error) {
    if (!is_gone(master, error))
        return false;
    master->peer = master->home;
    error_clear(error);
    return true;
}

bool master_renew(struct master *master, struct error *error) {
    return login(master, error) || (go_home(master, error) && login(master, error));
}

struct master *master_open(const struct target *target, const struct source_options *options,
                           struct error *error) {
    struct master *master = memory_alloc(sizeof *master);
    master->target = target;
    master->port = target->port ? target->port : target_default_port(target);
    master->options = *options;
    master->http = http_pool_new(&master->options, error);
    if (master->http)
        master->home = master->peer = http_peer(master->http, target->host, master->port, error);
    if (master->peer && master_renew(master, error))
        return master;
    if (master->peer)
        product_explain(master->http, master->home, "xapi", error);
    master_close(master);
    return NULL;
}

/* Also of work that is cancelled. It cannot fail: the session ends by itself, in a day. */
static void logout(struct master *master) {
    const char *const arguments[] = {master->reference, NULL};
    struct http_call call = begin(master, "session.logout", arguments);
    struct error ignored = {0};
    struct answer answer = {0};
    call.request.timeout_ms = LOGOUT_MS;
    master->options.cancel = NULL;
    http_run(master->http, &call, 1, 1, 1);
    if (end(&call, "session.logout", &answer, &ignored))
        answer_done(&answer);
}

void master_close(struct master *master) {
    if (!master)
        return;
    if (master->reference)
        logout(master);
    secret_free(master->reference);
    http_pool_free(master->http);
    free(master);
}

struct arguments {
    const char *all[MOST_ARGUMENTS + 2]; /* the session first, up to a NULL */
};

static struct arguments with_session(const struct master *master, const char *const *arguments) {
    struct arguments with = {{master->reference}};
    for (size_t i = 0; i < MOST_ARGUMENTS && arguments[i]; i++)
        with.all[i + 1] = arguments[i];
    return with;
}

static bool ask(struct master *master, const char *method, const char *const *arguments,
                struct answer *answer, struct error *error) {
    const struct arguments with = with_session(master, arguments);
    return post(master, method, with.all, answer, error);
}

/* The master may be another one by now, too. */
static bool has_ended(const struct answer *answer) {
    const char *code = answer_code(answer);
    return strcmp(code, "SESSION_INVALID") == 0 || strcmp(code, "HOST_IS_SLAVE") == 0;
}

static json_t *take_value(const struct master *master, const char *method, struct answer *answer,
                          struct error *error) {
    json_t *value = json_incref(answer->value);
    if (answer->failure)
        refuse(master, method, answer, error);
    answer_done(answer);
    return value;
}

json_t *master_call(struct master *master, const char *method, const char *const *arguments,
                    struct error *error) {
    struct answer answer = {0};
    bool asked = ask(master, method, arguments, &answer, error);
    if (!asked && !go_home(master, error))
        return NULL;
    if (!asked || has_ended(&answer)) {
        answer_done(&answer);
        if (!master_renew(master, error) || !ask(master, method, arguments, &answer, error))
            return NULL;
    }
    return take_value(master, method, &answer, error);
}

struct http_call master_begin(const struct master *master, const char *method,
                              const char *const *arguments) {
    const struct arguments with = with_session(master, arguments);
    return begin(master, method, with.all);
}

json_t *master_end(const struct master *master, struct http_call *call, const char *method,
                   bool *ended, struct error *error) {
    struct answer answer = {0};
    bool asked = end(call, method, &answer, error);
    *ended = asked ? has_ended(&answer) : is_gone(master, error) && error->kind != ERROR_TIMEOUT;
    return asked ? take_value(master, method, &answer, error) : NULL;
}

const char *master_reference(const struct master *master) {
    return master->reference;
}

struct http_pool *master_http(const struct master *master) {
    return master->http;
}

struct http_peer *master_peer(const struct master *master) {
    return master->peer;
}

/* A name of DNS, or an address. */
static bool is_host(const char *text) {
    static const char letters[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-.";
    return g_hostname_is_ip_address(text) ? !strchr(text, '%')
                                          : g_ascii_isalnum(*text) && strlen(text) <= 253 &&
                                                !text[strspn(text, letters)] && !strstr(text, "..");
}

struct http_peer *master_host(const struct master *master, const char *address,
                              struct error *error) {
    if (is_host(address))
        return http_peer(master->http, address, master->port, error);
    error_set(error, ERROR_PROTOCOL, "this is no name or address of a host");
    return NULL;
}
