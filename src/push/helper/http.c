/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/http.h"

#include <curl/curl.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/text.h"
#include "version.h"

enum {
    MAX_CONNECT_SECONDS = 10,
    REASON_SIZE = 400,
    MAX_ANSWER = 64 * 1024,
    FIRST_FINAL = 200,
    MS = 1000
};

struct http {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    bool busy;
    bool answered;            /* a status and the end of its headers have come */
    char answer[REASON_SIZE]; /* the beginning of the body */
    size_t answer_size;
    size_t received; /* bytes of the body */
    char failure[CURL_ERROR_SIZE];
    char *reason;
};

/* A new status begins the headers anew. */
static size_t watch_headers(char *bytes, size_t size, size_t count, void *context) {
    static const char version[] = "HTTP/";
    struct http *http = context;
    size_t length = size * count;
    if (length >= strlen(version) && memcmp(bytes, version, strlen(version)) == 0)
        http->answered = false;
    else if (length && (*bytes == '\r' || *bytes == '\n'))
        http->answered = true;
    return length;
}

/* What comes behind the beginning is forgotten, and a body without end is not read to its end. */
static size_t keep_answer(char *bytes, size_t size, size_t count, void *context) {
    struct http *http = context;
    size_t room = sizeof http->answer - 1 - http->answer_size;
    size_t kept = MIN(size * count, room);
    memcpy(http->answer + http->answer_size, bytes, kept);
    http->answer_size += kept;
    http->answer[http->answer_size] = '\0';
    http->received += size * count;
    return http->received > MAX_ANSWER ? 0 : size * count;
}

static void add_header(struct http *http, const char *text) {
    http->headers = memory_check(curl_slist_append(http->headers, text));
}

static void set_headers(struct http *http, const struct push_setup *setup,
                        const struct encoding *encoding) {
    for (size_t i = 0; encoding->headers[i]; i++)
        add_header(http, encoding->headers[i]);
    add_header(http, "Expect:");
    add_header(http, "User-Agent: vperf/" VPERF_VERSION);
    if (setup->token) {
        char *header = memory_printf("Authorization: %s", setup->token);
        add_header(http, header);
        memory_wipe_free(header);
    }
    curl_easy_setopt(http->easy, CURLOPT_HTTPHEADER, http->headers);
}

static void set_trust(struct http *http, const struct push_setup *setup) {
    curl_easy_setopt(http->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (!setup->ca_file)
        return;
    curl_easy_setopt(http->easy, CURLOPT_CAINFO, setup->ca_file);
    curl_easy_setopt(http->easy, CURLOPT_CAPATH, NULL);
}

static void set_login(struct http *http, const struct push_setup *setup) {
    if (!setup->login)
        return;
    curl_easy_setopt(http->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(http->easy, CURLOPT_USERPWD, setup->login);
}

struct http *http_new(const struct push_setup *setup, const struct encoding *encoding) {
    struct http *http = memory_alloc(sizeof *http);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    http->multi = memory_check(curl_multi_init());
    http->easy = memory_check(curl_easy_init());
    long connect = MIN(setup->timeout_seconds, MAX_CONNECT_SECONDS);
    curl_easy_setopt(http->easy, CURLOPT_URL, setup->request);
    curl_easy_setopt(http->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(http->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(http->easy, CURLOPT_TIMEOUT, (long)setup->timeout_seconds);
    curl_easy_setopt(http->easy, CURLOPT_CONNECTTIMEOUT, connect);
    curl_easy_setopt(http->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(http->easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(http->easy, CURLOPT_ERRORBUFFER, http->failure);
    curl_easy_setopt(http->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(http->easy, CURLOPT_HEADERFUNCTION, watch_headers);
    curl_easy_setopt(http->easy, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(http->easy, CURLOPT_WRITEFUNCTION, keep_answer);
    curl_easy_setopt(http->easy, CURLOPT_WRITEDATA, http);
    set_trust(http, setup);
    set_login(http, setup);
    set_headers(http, setup, encoding);
    return http;
}

void http_give_up(struct http *http) {
    if (http->busy)
        curl_multi_remove_handle(http->multi, http->easy);
    http->busy = false;
}

void http_free(struct http *http) {
    if (!http)
        return;
    http_give_up(http);
    curl_easy_cleanup(http->easy);
    curl_multi_cleanup(http->multi);
    curl_slist_free_all(http->headers);
    free(http->reason);
    free(http);
}

void http_send(struct http *http, const GByteArray *body) {
    http->answered = false;
    http->received = 0;
    http->answer_size = 0;
    http->answer[0] = '\0';
    http->failure[0] = '\0';
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    curl_easy_setopt(http->easy, CURLOPT_POSTFIELDS, body->data);
    curl_multi_add_handle(http->multi, http->easy);
    http->busy = true;
}

bool http_busy(const struct http *http) {
    return http->busy;
}

void http_wait(struct http *http, int socket, int timeout_ms, bool *readable) {
    int running = 0;
    struct curl_waitfd end = {.fd = socket, .events = CURL_WAIT_POLLIN};
    curl_multi_perform(http->multi, &running);
    if (http->busy && !running)
        timeout_ms = 0;
    curl_multi_poll(http->multi, &end, socket >= 0 ? 1 : 0, timeout_ms, NULL);
    *readable = end.revents;
    curl_multi_perform(http->multi, &running);
}

/* Without an answer, what another attempt will not change. */
static bool is_hopeless(CURLcode code) {
    static const CURLcode codes[] = {CURLE_URL_MALFORMAT,      CURLE_PEER_FAILED_VERIFICATION,
                                     CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
                                     CURLE_SSL_ISSUER_ERROR,   CURLE_SSL_INVALIDCERTSTATUS};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i] == code)
            return true;
    return false;
}

static void tell_failure(struct http *http, CURLcode code, struct outcome *outcome) {
    outcome->hopeless = is_hopeless(code);
    http->reason = memory_strdup(*http->failure ? http->failure : curl_easy_strerror(code));
}

/* The status, and what the server says in the first line of its answer. */
static void tell_answer(struct http *http, struct outcome *outcome) {
    curl_off_t pause = 0;
    const char *type = NULL;
    char *location = NULL;
    curl_easy_getinfo(http->easy, CURLINFO_CONTENT_TYPE, &type);
    verdict_read(outcome, type, http->answer);
    http->answer[strcspn(http->answer, "\r\n")] = '\0';
    text_one_line(http->answer);
    curl_easy_getinfo(http->easy, CURLINFO_RETRY_AFTER, &pause);
    curl_easy_getinfo(http->easy, CURLINFO_REDIRECT_URL, &location);
    outcome->retry_after_seconds = pause;
    if (location)
        http->reason = memory_printf("%ld, which sends elsewhere: give that URL", outcome->status);
    else if (outcome->page && outcome->status / 100 == 2)
        http->reason = memory_printf("%ld with a web page: this is no database's URL, or a proxy "
                                     "answers in its place",
                                     outcome->status);
    else
        http->reason =
            memory_printf("%ld%s%s", outcome->status, *http->answer ? ": " : "", http->answer);
}

bool http_ended(struct http *http, struct outcome *outcome) {
    int left = 0;
    const CURLMsg *message = NULL;
    while (http->busy && (message = curl_multi_info_read(http->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        *outcome = (struct outcome){0};
        curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &outcome->status);
        if (!http->answered || outcome->status < FIRST_FINAL) /* else, the status says all */
            outcome->status = 0;
        curl_multi_remove_handle(http->multi, http->easy);
        http->busy = false;
        free(http->reason);
        http->reason = NULL;
        if (outcome->status)
            tell_answer(http, outcome);
        else
            tell_failure(http, code, outcome);
        outcome->reason = http->reason;
        return true;
    }
    return false;
}
