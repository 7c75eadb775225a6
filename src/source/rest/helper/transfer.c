/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "source/rest/helper/budget.h"
#include "source/rest/helper/tunnel.h"
#include "source/tls/tls.h"
#include "version.h"

enum {
    TIMEOUT_SECONDS = 30,
    MAX_CONNECT_SECONDS = 10,
    HEADERS_LIMIT = 64 << 10,
    FIRST_FINAL = 200,
};

static CURLcode use_trust(CURL *easy, void *context, void *argument) {
    const struct http_peer *peer = argument;
    (void)easy;
    return tls_apply(peer->tls, context) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* libcurl says of one that it cannot have that the server cannot be reached. */
static curl_socket_t open_socket(void *context, curlsocktype purpose,
                                 struct curl_sockaddr *address) {
    struct transfer *transfer = context;
    (void)purpose;
    int made = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    transfer->no_socket = made < 0 ? errno : 0;
    return made < 0 ? CURL_SOCKET_BAD : made;
}

/* Also a look-up of a name needs some. */
static bool lacks_descriptors(const struct transfer *transfer, enum error_kind kind) {
    if (kind != ERROR_CONNECT)
        return false;
    int one = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    int failed = one < 0 ? errno : transfer->no_socket;
    if (one >= 0)
        close(one);
    return failed == EMFILE || failed == ENFILE;
}

static size_t limit_of(const struct http_call *call) {
    return call->request.limit ? call->request.limit : HTTP_BODY_LIMIT;
}

static size_t keep_body(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t length = size * count;
    transfer->too_large = transfer->body->len + length > limit_of(transfer->call);
    transfer->refused = !transfer->too_large && !budget_take(length);
    if (transfer->too_large || transfer->refused)
        return 0;
    g_byte_array_append(transfer->body, (const guint8 *)bytes, (guint)length);
    return length;
}

static void replace(char **text, const char *value, size_t length) {
    free(*text);
    *text = memory_strndup(value, length);
    g_strstrip(*text);
    text_one_line(*text);
}

/* "HTTP/1.1 500 text": a new answer begins. */
static void read_status_line(struct http_answer *answer, const char *line, size_t length) {
    const char *end = line + length;
    const char *space = memchr(line, ' ', length);
    const char *reason = space ? memchr(space + 1, ' ', (size_t)(end - space - 1)) : NULL;
    replace(&answer->reason, reason ? reason : end, reason ? (size_t)(end - reason) : 0);
    replace(&answer->type, "", 0);
    replace(&answer->server, "", 0);
    free(answer->location);
    answer->location = NULL;
    answer->date = 0;
}

static void read_header(struct http_answer *answer, const char *line, size_t length) {
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return;
    size_t name = (size_t)(colon - line), value = length - name - 1;
    if (name == 12 && strncasecmp(line, "Content-Type", name) == 0) {
        replace(&answer->type, colon + 1, value);
    } else if (name == 8 && strncasecmp(line, "Location", name) == 0) {
        replace(&answer->location, colon + 1, value);
    } else if (name == 6 && strncasecmp(line, "Server", name) == 0) {
        replace(&answer->server, colon + 1, value);
    } else if (name == 4 && strncasecmp(line, "Date", name) == 0) {
        char *text = memory_strndup(colon + 1, value);
        time_t date = curl_getdate(g_strstrip(text), NULL);
        answer->date = date > 0 ? date : 0;
        free(text);
    }
}

static size_t keep_header(char *bytes, size_t size, size_t count, void *context) {
    struct transfer *transfer = context;
    size_t length = size * count;
    transfer->header_bytes += length;
    transfer->too_large = transfer->header_bytes > HEADERS_LIMIT;
    if (transfer->too_large)
        return 0;
    if (length > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        read_status_line(&transfer->call->answer, bytes, length);
    else
        read_header(&transfer->call->answer, bytes, length);
    return length;
}

static void add_line(struct transfer *transfer, const char *name, const char *value) {
    if (!value)
        return;
    char *line = memory_printf("%s%s", name, value);
    transfer->lines = memory_check(curl_slist_append(transfer->lines, line));
    memory_wipe_free(line);
}

static void set_request(struct transfer *transfer) {
    const struct http_request *request = &transfer->call->request;
    CURL *easy = transfer->easy;
    add_line(transfer, "Accept: ", request->accept);
    add_line(transfer, "Content-Type: ", request->body ? request->type : NULL);
    add_line(transfer, "", request->header);
    add_line(transfer, "Expect:", "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->lines);
    if (request->cookie)
        curl_easy_setopt(easy, CURLOPT_COOKIE, request->cookie);
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(request->body));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    if (request->method)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* Certificates are judged by tls_apply's callback alone. */
static void set_trust(struct transfer *transfer) {
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_trust);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer->call->peer);
}

static long timeout_ms(const struct transfer *transfer) {
    int seconds = transfer->pool->options->timeout_seconds;
    int asked = transfer->call->request.timeout_ms;
    return asked > 0 ? asked : 1000L * (seconds > 0 ? seconds : TIMEOUT_SECONDS);
}

void transfer_start(struct transfer *transfer) {
    struct http_call *call = transfer->call;
    char *url = memory_printf("%s%s", call->peer->origin, call->request.path);
    CURL *easy = memory_check(curl_easy_init());
    long limit_ms = timeout_ms(transfer);
    transfer->easy = easy;
    transfer->too_large = false;
    transfer->header_bytes = 0;
    transfer->no_socket = 0;
    transfer->failure[0] = '\0';
    transfer->refused = false;
    transfer->body = g_byte_array_new();
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "vperf/" VPERF_VERSION);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, MIN(limit_ms, 1000L * MAX_CONNECT_SECONDS));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->failure);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    tunnel_use(easy, call->peer->proxy, call->peer->proxy_lines);
    set_trust(transfer);
    set_request(transfer);
    free(url);
    call->answer.begin_ns = clock_boot_ns();
    curl_multi_add_handle(transfer->pool->multi, easy);
}

/* What was not kept as the answer. */
static void drop_body(struct transfer *transfer) {
    GByteArray *body = transfer->body;
    if (!body)
        return;
    budget_give(body->len);
    if (body->len)
        explicit_bzero(body->data, body->len);
    g_byte_array_free(body, TRUE);
    transfer->body = NULL;
}

void transfer_stop(struct transfer *transfer) {
    curl_multi_remove_handle(transfer->pool->multi, transfer->easy);
    curl_easy_cleanup(transfer->easy);
    transfer->easy = NULL;
    curl_slist_free_all(transfer->lines);
    transfer->lines = NULL;
    drop_body(transfer);
}

static enum error_kind kind_of(CURLcode code) {
    static const struct {
        CURLcode code;
        enum error_kind kind;
    } kinds[] = {
        {CURLE_COULDNT_RESOLVE_HOST, ERROR_CONNECT}, {CURLE_COULDNT_RESOLVE_PROXY, ERROR_CONNECT},
        {CURLE_COULDNT_CONNECT, ERROR_CONNECT},      {CURLE_SEND_ERROR, ERROR_CONNECT},
        {CURLE_RECV_ERROR, ERROR_CONNECT},           {CURLE_GOT_NOTHING, ERROR_CONNECT},
        {CURLE_OPERATION_TIMEDOUT, ERROR_TIMEOUT},   {CURLE_SSL_CONNECT_ERROR, ERROR_TLS},
        {CURLE_SSL_CERTPROBLEM, ERROR_TLS},          {CURLE_SSL_CIPHER, ERROR_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, ERROR_TLS},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return ERROR_PROTOCOL;
}

static void set_failure(struct transfer *transfer, CURLcode code) {
    struct error *error = &transfer->call->error;
    const char *refusal = tls_refusal(transfer->call->peer->tls);
    const char *text = *transfer->failure ? transfer->failure : curl_easy_strerror(code);
    long seconds = timeout_ms(transfer) / 1000;
    enum error_kind kind = kind_of(code);
    if (kind == ERROR_TLS && refusal)
        error_set(error, kind, "%s", refusal);
    else if (kind == ERROR_TLS)
        error_set(error, kind, "TLS handshake failed (%s): check that this port speaks https",
                  text);
    else if (transfer->header_bytes > HEADERS_LIMIT)
        error_set(error, ERROR_PROTOCOL,
                  "the header of the answer is larger than %d KiB: check host and port",
                  HEADERS_LIMIT >> 10);
    else if (transfer->too_large)
        error_set(error, ERROR_PROTOCOL, "the answer is larger than %zu MiB: check host and port",
                  limit_of(transfer->call) >> 20);
    else if (transfer->refused)
        budget_refuse(error);
    else if (kind == ERROR_TIMEOUT)
        error_set(error, kind,
                  "no answer within %ld s: check host, port and firewall, or give a longer "
                  "--timeout",
                  seconds);
    else if (lacks_descriptors(transfer, kind))
        error_set(error, ERROR_FAULT,
                  "cannot connect: too many open files: raise 'ulimit -n', or LimitNOFILE= of the "
                  "unit");
    else if (kind == ERROR_CONNECT && transfer->call->peer->proxy)
        error_set(error, kind, "cannot connect through the proxy %s (HTTPS_PROXY): %s",
                  transfer->call->peer->proxy->name, text);
    else if (kind == ERROR_CONNECT)
        error_set(error, kind, "cannot connect: %s: check host name and port", text);
    else
        error_set(error, ERROR_PROTOCOL, "the answer cannot be read (%s): check host and port",
                  text);
}

/* The time of libcurl's clock between the beginning and this moment, in ns. */
static int64_t moment(CURL *easy, CURLINFO info) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy, info, &microseconds);
    return microseconds * 1000;
}

static void keep_answer(struct transfer *transfer) {
    struct http_call *call = transfer->call;
    struct http_answer *answer = &call->answer;
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->size = transfer->body->len;
    g_byte_array_append(transfer->body, (const guint8 *)"", 1);
    answer->body = (char *)g_byte_array_free(transfer->body, FALSE);
    transfer->body = NULL;
    answer->end_ns = clock_boot_ns();
    answer->arrived_ns = answer->begin_ns + moment(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T);
    answer->begin_ns += moment(transfer->easy, CURLINFO_PRETRANSFER_TIME_T);
    call->done = true;
    if (!answer->reason)
        answer->reason = memory_strdup("");
    if (!answer->type)
        answer->type = memory_strdup("");
    if (!answer->server)
        answer->server = memory_strdup("");
}

static void tell(const struct transfer *transfer) {
    const struct http_call *call = transfer->call;
    const char *method = call->request.body ? "POST" : "GET";
    size_t shown = strcspn(call->request.path, "?");
    report(transfer->pool->options->reporter, REPORT_DETAIL, "%s%.*s: %s %d, %zu bytes in %lld ms",
           call->peer->origin, (int)shown, call->request.path,
           call->request.method ? call->request.method : method, call->answer.status,
           call->answer.size, (long long)(clock_boot_ns() - call->answer.begin_ns) / 1000000);
}

/* The server closed a kept connection at the moment at which it was used. */
static bool is_stale(struct transfer *transfer, CURLcode code) {
    long connects = 1;
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    return !transfer->repeated && connects == 0 && !transfer->header_bytes &&
           (code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR);
}

bool transfer_finish(struct transfer *transfer, CURLcode code) {
    long status = 0;
    bool stale = is_stale(transfer, code);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK && status >= FIRST_FINAL)
        keep_answer(transfer);
    else if (!stale)
        set_failure(transfer, code == CURLE_OK ? CURLE_WEIRD_SERVER_REPLY : code);
    transfer_stop(transfer);
    transfer->repeated = true;
    if (!stale)
        tell(transfer);
    return !stale;
}
