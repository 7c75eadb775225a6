/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/server.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/cancel.h"
#include "core/clock.h"
#include "core/memory.h"
#include "serve/accept.h"
#include "serve/connections.h"

enum {
    THREADS = 4,
    MOST_CONNECTIONS = 4096,
    LEAST_CONNECTIONS = 16,
    OTHER_DESCRIPTORS = 512, /* for targets, libraries and files */
    OWN_DESCRIPTORS = 32,    /* of them, for what runs without targets */
    TARGET_DESCRIPTORS = 4,
    CONNECTION_BYTES = 8192, /* a request's line and headers have to fit */
    IDLE_SECONDS = 75,
};

static const int64_t patience_ns = 3 * 1000000000LL;

struct server {
    struct server_options options;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    atomic_size_t answering;
};

/* What is gathered of the parameters. */
struct parameters {
    const char *target;
    GString *counter;
    const char *unknown;
    bool control;
};

static bool has_control(const char *text) {
    while (*text && !g_ascii_iscntrl(*text))
        text++;
    return *text;
}

static enum MHD_Result note_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    struct parameters *parameters = context;
    (void)kind;
    value = value ? value : "";
    parameters->control |= has_control(name) || has_control(value);
    if (strcmp(name, "counter") == 0) {
        if (parameters->counter)
            g_string_append_printf(parameters->counter, ",%s", value);
        else
            parameters->counter = g_string_new(value);
    } else if (strcmp(name, "target") == 0 && !parameters->target) {
        parameters->target = value;
    } else {
        parameters->unknown = name;
    }
    return MHD_YES;
}

/* A NUL would end the text early: it becomes another byte that no name has. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text) {
    (void)context;
    (void)connection;
    for (char *nul = text; (nul = strstr(nul, "%00"));)
        nul[2] = '1';
    return MHD_http_unescape(text);
}

/* RFC 9112 3.2.2: the path of "http://host/path"; the host does not matter. */
static const char *path_of(const char *target) {
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t length = strlen(schemes[i]);
        if (g_ascii_strncasecmp(target, schemes[i], length) != 0)
            continue;
        const char *path = strchr(target + length, '/');
        return path ? path : "/";
    }
    return target;
}

static const char *header_of(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static struct answer make_answer(const struct server *server, struct MHD_Connection *connection,
                                 const char *path) {
    struct parameters parameters = {0};
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, note_parameter, &parameters);
    const struct request request = {
        .path = path_of(path),
        .target = parameters.target,
        .counter = parameters.counter ? parameters.counter->str : NULL,
        .unknown = parameters.unknown,
        .openmetrics = accept_openmetrics(header_of(connection, "Accept")),
        .gzip = accept_gzip(header_of(connection, "Accept-Encoding")),
    };
    struct answer answer =
        parameters.control || has_control(path)
            ? answers_refuse(MHD_HTTP_BAD_REQUEST, "control characters have no meaning here")
            : answers_get(server->options.answers, &request);
    if (parameters.counter)
        g_string_free(parameters.counter, TRUE);
    return answer;
}

static void free_body(void *body) {
    body_drop(body);
}

/* The response owns the body. */
static struct MHD_Response *response_of(const struct answer *answer) {
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        answer->body->size, answer->body->data, free_body, answer->body);
    if (!response) {
        body_drop(answer->body);
        return NULL;
    }
    MHD_add_response_header(response, "Content-Type", answer->type);
    MHD_add_response_header(response, "Vary", "Accept, Accept-Encoding");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy",
                            "default-src 'none'; style-src 'unsafe-inline'");
    if (answer->gzip)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    return response;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct answer *answer,
                                   const char *name, const char *value) {
    struct MHD_Response *response = response_of(answer);
    if (!response)
        return MHD_NO;
    if (name)
        MHD_add_response_header(response, name, value);
    enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text,
                              const char *name, const char *value) {
    const struct answer answer = answers_refuse(status, text);
    return send_answer(connection, &answer, name, value);
}

static struct connection *connection_of(struct MHD_Connection *connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const struct sockaddr *address_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    return info ? info->client_addr : NULL;
}

static bool has_body(struct MHD_Connection *connection) {
    const char *length = header_of(connection, "Content-Length");
    return header_of(connection, "Transfer-Encoding") || (length && strcmp(length, "0") != 0);
}

static bool is_read(const char *method) {
    return strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/*
 * Who may read is asked before anything else: no path leads around it. What is refused at once is
 * the connection's last request.
 */
static enum MHD_Result begin_request(struct server *server, struct MHD_Connection *connection,
                                     const char *method) {
    struct accounts *accounts = server->options.accounts;
    atomic_fetch_add(&server->answering, 1);
    connections_await_answer(connection_of(connection));
    enum accounts_verdict verdict =
        accounts ? accounts_check(accounts, header_of(connection, "Authorization"),
                                  address_of(connection))
                 : ACCOUNTS_ALLOWED;
    if (verdict == ACCOUNTS_UNKNOWN)
        return refuse(connection, MHD_HTTP_TOO_MANY_REQUESTS,
                      "too many passwords at once: try again", "Retry-After", "1");
    if (verdict != ACCOUNTS_ALLOWED)
        return refuse(connection, MHD_HTTP_UNAUTHORIZED, "user name and password are needed",
                      "WWW-Authenticate", "Basic realm=\"vperf\", charset=\"UTF-8\"");
    if (!is_read(method))
        return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD alone are answered",
                      "Allow", "GET, HEAD");
    if (has_body(connection))
        return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "a request has no content here",
                      "Connection", "close");
    return MHD_YES;
}

/* Called once when the headers are there, and again when the request is complete. */
/* NOLINTNEXTLINE(readability-function-size): the library says so. */
static enum MHD_Result answer_request(void *context, struct MHD_Connection *connection,
                                      const char *path, const char *method, const char *version,
                                      const char *data, size_t *size, void **state) {
    struct server *server = context;
    (void)version;
    (void)data;
    (void)size;
    if (!*state) {
        *state = server;
        return begin_request(server, connection, method);
    }
    const struct answer answer = make_answer(server, connection, path);
    return send_answer(connection, &answer, NULL, NULL);
}

static void end_request(void *context, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode why) {
    struct server *server = context;
    (void)why;
    if (!*state)
        return;
    connections_await_request(connection_of(connection));
    atomic_fetch_sub(&server->answering, 1);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **state,
                            enum MHD_ConnectionNotificationCode what) {
    struct server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED)
        connections_remove(server->connections, *state);
    else
        *state = connections_add(
            server->connections,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
}

/* What clients do wrong is theirs to see. */
static void log_message(void *context, const char *format, va_list arguments) {
    const struct server *server = context;
    char *text = memory_vprintf(format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_debug(server->options.log, "http: %s", text);
    free(text);
}

/* As many descriptors as may be had, up to what is wanted. */
static rlim_t raise_limit(rlim_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur;
}

/* A connection that finds no descriptor is tried again without pause: there is one for each. */
static bool choose_connections(unsigned *most, size_t targets, struct error *error) {
    rlim_t of_targets = TARGET_DESCRIPTORS * (rlim_t)targets, own = OWN_DESCRIPTORS + of_targets;
    rlim_t wanted = MOST_CONNECTIONS + OTHER_DESCRIPTORS + of_targets;
    rlim_t limit = raise_limit(wanted);
    if (limit < own + LEAST_CONNECTIONS)
        return error_set(error, ERROR_UNAVAILABLE,
                         "%llu open files are too few: 'ulimit -n %llu' is needed at least",
                         (unsigned long long)limit, (unsigned long long)own + LEAST_CONNECTIONS);
    *most = limit < wanted ? (unsigned)MIN(limit / 2, limit - own) : MOST_CONNECTIONS;
    return true;
}

static struct MHD_Daemon *start_daemon(struct server *server, unsigned most) {
    const struct server_options *options = &server->options;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG |
                     (options->certificate ? MHD_USE_TLS : 0);
    return MHD_start_daemon(
        flags, 0, NULL, NULL, answer_request, server, /**/
        MHD_OPTION_EXTERNAL_LOGGER, log_message, server, MHD_OPTION_LISTEN_SOCKET,
        options->listener->socket, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_PER_IP_CONNECTION_LIMIT, most / 2,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_SIGPIPE_HANDLED_BY_APP,
        1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_request,
        server, MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_ARRAY,
        options->certificate ? tls : none, MHD_OPTION_END);
}

/* Signals are for the threads that look at their flag. */
struct server *server_start(const struct server_options *options, struct error *error) {
    unsigned most = 0;
    if (!choose_connections(&most, options->targets, error))
        return NULL;
    struct server *server = memory_alloc(sizeof *server);
    sigset_t all, before;
    server->options = *options;
    server->connections = connections_new();
    atomic_init(&server->answering, 0);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    server->daemon = start_daemon(server, most);
    bool watched = server->daemon && connections_watch(server->connections);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (server->daemon && watched)
        return server;
    error_set(error, options->certificate ? ERROR_USAGE : ERROR_UNAVAILABLE,
              options->certificate
                  ? "cannot answer over TLS: are --tls-cert and --tls-key PEM, and of each other?"
                  : "cannot answer over HTTP: threads or memory are short");
    server_stop(server);
    return NULL;
}

static void await_answers(struct server *server) {
    int64_t end_ns = clock_boot_ns() + patience_ns;
    while (atomic_load(&server->answering) && clock_boot_ns() < end_ns)
        g_usleep(G_USEC_PER_SEC / 100);
}

void server_stop(struct server *server) {
    if (!server)
        return;
    if (server->daemon) {
        MHD_quiesce_daemon(server->daemon);
        await_answers(server);
        MHD_stop_daemon(server->daemon);
    }
    connections_free(server->connections);
    free(server);
}
