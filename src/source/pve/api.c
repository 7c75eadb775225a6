/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/pve/api.h"

#include <arpa/inet.h>
#include <glib.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "source/rest/helper/json.h"

enum {
    IN_GROUP = 2,
    PARALLEL = 32,
    MOST_TRIES = 3,
    UNAUTHORIZED = 401,
    FORBIDDEN = 403,
    NOT_THERE = 501
};

static const int64_t ticket_lasts_ns = 3600 * 1000000000LL; /* of its two hours */
static const char base[] = "/api2/json";

/* The proxy of the contacted node had no answer of another node: codes of AnyEvent::HTTP. */
static bool is_of_proxy(int status) {
    return status >= 595 && status <= 599;
}

bool pve_get_is_lost(const struct pve_get *get) {
    return !get->status && get->error.kind != ERROR_NONE;
}

char *pve_node_path(const char *node, const char *format, ...) {
    char *name = g_uri_escape_string(node, NULL, FALSE);
    va_list arguments;
    va_start(arguments, format);
    char *rest = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    char *path = memory_printf("/nodes/%s/%s", name, rest);
    g_free(rest);
    g_free(name);
    return path;
}

void pve_get_release(struct pve_get *get) {
    json_decref(get->root);
    get->root = NULL;
    get->data = NULL;
}

void pve_get_done(struct pve_get *get) {
    free(get->path);
    pve_get_release(get);
    *get = (struct pve_get){0};
}

/* What the server says: in the body from pve-http-server 5.2 on, else in the status line alone. */
static char *message_of(const struct http_answer *answer) {
    struct error ignored = {0};
    json_t *root = rest_json_parse(answer->body, answer->size, "", &ignored);
    const char *text = root ? rest_json_text(root, "message") : NULL;
    char *message = memory_strdup(text && *text ? text : answer->reason);
    json_decref(root);
    g_strstrip(message);
    text_one_line(message);
    return message;
}

static void set_failure(const struct pve_api *api, const char *path,
                        const struct http_answer *answer, struct error *error) {
    char *message = message_of(answer);
    int shown = (int)strcspn(path, "?");
    if (answer->status == UNAUTHORIZED)
        error_set(error, ERROR_AUTH, "login as '%s' refused: %s: check %s", api->username,
                  *message ? message : "no reason given",
                  api->is_token ? "user, realm, name and secret of the API token"
                                : "user, realm and password");
    else if (answer->status == FORBIDDEN)
        error_set(error, ERROR_FAULT,
                  "%.*s is refused: %s: give the %s the role PVEAuditor on /, with propagate",
                  shown, path, message, api->is_token ? "API token" : "user");
    else if (answer->status == NOT_THERE)
        error_set(error, ERROR_UNAVAILABLE, "%.*s is not known: %s", shown, path, message);
    else if (is_of_proxy(answer->status))
        error_set(error, ERROR_CONNECT, "the node does not answer (%d %s)", answer->status,
                  message);
    else
        error_set(error, ERROR_FAULT, "%.*s: status %d %s", shown, path, answer->status, message);
    free(message);
}

static void note_clock(struct pve_api *api, const struct http_answer *answer) {
    if (!answer->date)
        return;
    api->has_clock = true;
    api->clock_offset = answer->date - (int64_t)time(NULL);
}

static void read_answer(struct pve_api *api, const struct http_call *call, struct pve_get *get) {
    const struct http_answer *answer = &call->answer;
    if (!call->done) {
        get->error = call->error;
        return;
    }
    note_clock(api, answer);
    get->status = answer->status;
    get->date = answer->date;
    get->time_ns = answer->begin_ns + (answer->arrived_ns - answer->begin_ns) / 2;
    if (answer->status != 200) {
        set_failure(api, get->path, answer, &get->error);
        return;
    }
    get->root = get->keeps ? rest_json_parse_rows(answer->body, answer->size, get->path, get->keeps,
                                                  &get->error)
                           : rest_json_parse(answer->body, answer->size, get->path, &get->error);
    get->data = json_object_get(get->root, "data");
    get->answered = get->data;
    if (get->root && !get->data)
        error_set(&get->error, ERROR_PROTOCOL,
                  "%s: an answer without data: check that this is Proxmox VE", get->path);
}

/* A request under way. */
struct job {
    struct pve_api *api;
    struct pve_get *get;
    char *path;
};

/* What is read is smaller than what came, or becomes so at once. */
static void on_settled(void *context, struct http_call *call) {
    const struct job *job = context;
    read_answer(job->api, call, job->get);
    http_call_done(call);
    if (job->get->data && job->get->arrived)
        job->get->arrived(job->get);
}

static void run(struct pve_api *api, struct pve_get *gets, size_t count) {
    struct http_call *calls = memory_array(count, sizeof *calls);
    struct job *jobs = memory_array(count, sizeof *jobs);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct job){api, &gets[i], memory_printf("%s%s", base, gets[i].path)};
        calls[i] = (struct http_call){
            .peer = api->peer,
            .group = gets[i].group,
            .settled = on_settled,
            .context = &jobs[i],
            .request = {.path = jobs[i].path,
                        .header = api->header,
                        .cookie = api->cookie,
                        .timeout_ms = gets[i].timeout_ms},
        };
    }
    http_run(api->pool, calls, count, PARALLEL, IN_GROUP);
    for (size_t i = 0; i < count; i++)
        free(jobs[i].path);
    free(jobs);
    free(calls);
}

static bool take_ticket(struct pve_api *api, const json_t *data, struct error *error) {
    const char *ticket = rest_json_text(data, "ticket");
    int64_t second_factor = 0;
    rest_json_integer(data, "NeedTFA", &second_factor);
    if (second_factor || (ticket && g_str_has_prefix(ticket, "PVE:!tfa!")))
        return error_set(error, ERROR_AUTH,
                         "'%s' needs a second factor: make an API token (Datacenter, Permissions, "
                         "API Tokens) and give pve://USER@REALM!TOKEN@HOST with its secret as "
                         "password",
                         api->username);
    if (!ticket)
        return error_set(error, ERROR_PROTOCOL, "the answer to the login has no ticket");
    memory_wipe_free(api->cookie);
    api->cookie = memory_printf("PVEAuthCookie=%s", ticket);
    api->ticket_ns = clock_boot_ns();
    return true;
}

/* With the password, or with a ticket in its place. */
static bool log_in(struct pve_api *api, const char *password, struct error *error) {
    char *user = g_uri_escape_string(api->username, NULL, FALSE);
    char *word = g_uri_escape_string(password, NULL, FALSE);
    char *body = memory_printf("username=%s&password=%s", user, word);
    struct http_call call = {
        .peer = api->peer,
        .request = {.path = "/api2/json/access/ticket",
                    .body = body,
                    .type = "application/x-www-form-urlencoded"},
    };
    bool good = http_ask(api->pool, &call, error);
    json_t *root = NULL;
    if (good && call.answer.status == 200)
        root = rest_json_parse(call.answer.body, call.answer.size, "login", error);
    else if (good)
        set_failure(api, "/access/ticket", &call.answer, error);
    good = root && take_ticket(api, json_object_get(root, "data"), error);
    json_decref(root);
    http_call_done(&call);
    memory_wipe_free(body);
    explicit_bzero(word, strlen(word));
    g_free(word);
    g_free(user);
    return good;
}

/* A ticket is good for another one as long as it has not ended. */
static void renew_ticket(struct pve_api *api) {
    struct error ignored = {0};
    const char *ticket = api->cookie ? strchr(api->cookie, '=') : NULL;
    if (!ticket || clock_boot_ns() - api->ticket_ns < ticket_lasts_ns)
        return;
    if (!log_in(api, ticket + 1, &ignored)) {
        struct error again = {0};
        log_in(api, api->target->password, &again);
    }
}

static bool is_refused(const struct pve_get *gets, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (gets[i].status == UNAUTHORIZED)
            return true;
    return false;
}

/* Those that were refused, once more. */
static void repeat(struct pve_api *api, struct pve_get *gets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (gets[i].status != UNAUTHORIZED)
            continue;
        gets[i].status = 0;
        error_clear(&gets[i].error);
        run(api, &gets[i], 1);
    }
}

static const char *address_of(const json_t *entry) {
    unsigned char bytes[sizeof(struct in6_addr)];
    const char *type = rest_json_text(entry, "type"), *address = rest_json_text(entry, "ip");
    bool whole =
        type && strcmp(type, "node") == 0 && address &&
        (inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1);
    return whole ? address : NULL;
}

void pve_api_learn(struct pve_api *api, const json_t *status) {
    size_t index;
    json_t *entry;
    api->other_count = 0;
    json_array_foreach(status, index, entry) {
        struct error ignored = {0};
        int64_t is_contacted = 0;
        const char *address = address_of(entry);
        rest_json_integer(entry, "local", &is_contacted);
        if (!address || is_contacted || api->other_count == PVE_MOST_OTHERS)
            continue;
        struct pve_other *other = &api->others[api->other_count];
        other->peer = http_peer(api->pool, address, api->port, &ignored);
        g_strlcpy(other->host, address, sizeof other->host);
        api->other_count += other->peer && other->peer != api->peer;
    }
}

/* A certificate that is refused is no silence: it is told, and nobody else is asked. */
static bool is_silent(const struct pve_get *gets, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (gets[i].status ||
            (gets[i].error.kind != ERROR_CONNECT && gets[i].error.kind != ERROR_TIMEOUT))
            return false;
    return count > 0;
}

static bool has_answer(const struct pve_get *gets, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (gets[i].status)
            return true;
    return false;
}

static bool ask_other(struct pve_api *api, struct pve_other *other, struct pve_get *gets,
                      size_t count) {
    for (size_t i = 0; i < count; i++)
        error_clear(&gets[i].error);
    api->peer = other->peer;
    run(api, gets, count);
    if (has_answer(gets, count)) {
        report(api->reporter, REPORT_WARNING, "the node does not answer: %s is asked instead",
               other->host);
        struct pve_other contacted = *other;
        *other = api->contacted;
        api->contacted = contacted;
        return true;
    }
    report(api->reporter, REPORT_DETAIL, "%s: %s", other->host, gets[0].error.message);
    api->peer = api->contacted.peer;
    return false;
}

/* What they fail of is no reason to hide why the contacted node did. */
static void ask_others(struct pve_api *api, struct pve_get *gets, size_t count) {
    const struct error first = gets[0].error;
    size_t tries = MIN(api->other_count, MOST_TRIES);
    for (size_t i = 0; i < tries; i++) {
        struct pve_other *other = &api->others[api->next_other++ % api->other_count];
        if (ask_other(api, other, gets, count))
            return;
    }
    for (size_t i = 0; tries && i < count; i++)
        gets[i].error = first;
}

void pve_api_get(struct pve_api *api, struct pve_get *gets, size_t count) {
    struct error error = {0};
    renew_ticket(api);
    run(api, gets, count);
    if (is_silent(gets, count))
        ask_others(api, gets, count);
    if (api->cookie && is_refused(gets, count) && log_in(api, api->target->password, &error))
        repeat(api, gets, count);
}

bool pve_api_ask(struct pve_api *api, struct pve_get *get, struct error *error) {
    pve_api_get(api, get, 1);
    if (!get->data)
        error_set(error, get->error.kind, "%s", get->error.message);
    return get->data;
}

/* "root" is root@pam, as the login page of Proxmox VE proposes. */
static void choose_user(struct pve_api *api) {
    const char *user = api->target->username;
    const char *realm = strchr(user, '@');
    const char *token = strchr(user, '!');
    if (!realm && token)
        api->user_text = memory_printf("%.*s@pam%s", (int)(token - user), user, token);
    else if (!realm)
        api->user_text = memory_printf("%s@pam", user);
    api->username = api->user_text ? api->user_text : user;
    api->is_token = token;
}

bool pve_api_open(struct pve_api *api, const struct target *target,
                  const struct source_options *options, struct error *error) {
    int port = target->port ? target->port : TARGET_PVE_PORT;
    *api = (struct pve_api){.target = target, .reporter = options->reporter, .port = port};
    choose_user(api);
    api->pool = http_pool_new(options, error);
    api->peer = api->pool ? http_peer(api->pool, target->host, port, error) : NULL;
    if (!api->peer)
        return false;
    api->contacted.peer = api->peer;
    g_strlcpy(api->contacted.host, target->host, sizeof api->contacted.host);
    if (!api->is_token)
        return log_in(api, target->password, error);
    api->header =
        memory_printf("Authorization: PVEAPIToken=%s=%s", api->username, target->password);
    return true;
}

void pve_api_close(struct pve_api *api) {
    http_pool_free(api->pool);
    memory_wipe_free(api->header);
    memory_wipe_free(api->cookie);
    free(api->user_text);
    *api = (struct pve_api){0};
}
