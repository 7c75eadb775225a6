/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/recorder.h"

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/record.h"
#include "source/rest/helper/disguise.h"
#include "source/rest/helper/json.h"
#include "version.h"

enum { FORMAT = 1, MOST_BYTES = 256 << 20 };

struct file {
    char *name;
    char *text;
};

struct recorder {
    struct disguise *disguise;
    const char *scheme;
    json_t *requests;
    GArray *files; /* of struct file */
    size_t bytes;
    bool too_large;
};

static void file_clear(void *data) {
    struct file *file = data;
    free(file->name);
    free(file->text);
}

struct recorder *recorder_new(const char *scheme) {
    struct recorder *recorder = memory_alloc(sizeof *recorder);
    recorder->disguise = disguise_new();
    recorder->scheme = scheme;
    recorder->requests = json_array();
    recorder->files = g_array_new(FALSE, FALSE, sizeof(struct file));
    g_array_set_clear_func(recorder->files, file_clear);
    return recorder;
}

void recorder_free(struct recorder *recorder) {
    if (!recorder)
        return;
    disguise_free(recorder->disguise);
    json_decref(recorder->requests);
    g_array_free(recorder->files, TRUE);
    free(recorder);
}

/* Neither the request nor the answer of one is for anybody. */
static bool is_login(const struct http_request *request) {
    return strstr(request->path, "/access/ticket") ||
           (request->body && strstr(request->body, "<methodName>session."));
}

/* The words of a status line that stand in RFC 9110; others may say anything. */
static bool is_standard(const char *reason) {
    static const char *const reasons[] = {
        "",
        "OK",
        "Bad Request",
        "Unauthorized",
        "Forbidden",
        "Not Found",
        "Method Not Allowed",
        "Not Acceptable",
        "Internal Server Error",
        "Not Implemented",
        "Bad Gateway",
        "Service Unavailable",
        "Gateway Timeout",
        NULL,
    };
    return g_strv_contains(reasons, reason);
}

static const char *type_of(const char *type) {
    static const char *const types[] = {"application/json", "text/xml", "application/xml",
                                        "text/html", "text/plain"};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_prefix(type, types[i]))
            return types[i];
    return "";
}

static void set_text(json_t *object, const char *key, char *text) {
    if (text)
        json_object_set_new(object, key, json_string(text));
    free(text);
}

static json_t *describe_request(struct recorder *recorder, const char *host,
                                const struct http_request *request) {
    json_t *entry = json_object();
    const char *method = request->body ? "POST" : "GET";
    json_object_set_new(entry, "host", json_string(disguise_text(recorder->disguise, host)));
    json_object_set_new(entry, "method", json_string(request->method ? request->method : method));
    set_text(entry, "path", disguise_path(recorder->disguise, request->path));
    if (request->body)
        set_text(entry, "call", disguise_call(recorder->disguise, request->body));
    return entry;
}

static void keep_body(struct recorder *recorder, json_t *entry, const struct http_answer *answer) {
    char *text = disguise_body(recorder->disguise, answer->body, answer->size);
    if (!text) {
        json_object_set_new(entry, "unreadable", json_integer((json_int_t)answer->size));
        return;
    }
    struct file file = {
        memory_printf("%04u.%s", recorder->files->len + 1, *text == '<' ? "xml" : "json"), text};
    recorder->bytes += strlen(text);
    json_object_set_new(entry, "body", json_string(file.name));
    g_array_append_val(recorder->files, file);
}

static void keep_answer(struct recorder *recorder, json_t *entry,
                        const struct http_answer *answer) {
    const char *reason = answer->reason;
    json_object_set_new(entry, "status", json_integer(answer->status));
    json_object_set_new(
        entry, "reason",
        json_string(is_standard(reason) ? reason : disguise_text(recorder->disguise, reason)));
    json_object_set_new(entry, "type", json_string(type_of(answer->type)));
    json_object_set_new(entry, "date", json_integer(answer->date));
    keep_body(recorder, entry, answer);
}

void recorder_keep(struct recorder *recorder, const char *host, const struct http_call *call) {
    if (!recorder || is_login(&call->request))
        return;
    recorder->too_large = recorder->too_large || recorder->bytes > MOST_BYTES;
    if (recorder->too_large)
        return;
    json_t *entry = describe_request(recorder, host, &call->request);
    if (call->done)
        keep_answer(recorder, entry, &call->answer);
    else
        json_object_set_new(entry, "failed", json_integer(call->error.kind));
    json_array_append_new(recorder->requests, entry);
}

static char *write_index(const struct recorder *recorder) {
    json_t *root = json_object();
    json_object_set_new(root, "format", json_integer(FORMAT));
    json_object_set_new(root, "vperf", json_string(VPERF_VERSION));
    json_object_set_new(root, "scheme", json_string(recorder->scheme));
    json_object_set(root, "requests", recorder->requests);
    char *text = rest_json_text_of(root, JSON_INDENT(1));
    json_decref(root);
    return text;
}

static void pack_file(GByteArray *bytes, const char *name, const char *text) {
    record_add_text(bytes, name);
    record_add_block(bytes, text, strlen(text));
}

bool recorder_pack(const struct recorder *recorder, GByteArray *bytes, struct error *error) {
    if (recorder->too_large)
        return error_set(error, ERROR_UNAVAILABLE, "its answers are larger than %d MiB together",
                         MOST_BYTES >> 20);
    char *index = write_index(recorder);
    record_add_number(bytes, (int64_t)recorder->files->len + 1);
    pack_file(bytes, "requests.json", index);
    for (guint i = 0; i < recorder->files->len; i++) {
        const struct file *file = &g_array_index(recorder->files, struct file, i);
        pack_file(bytes, file->name, file->text);
    }
    free(index);
    return true;
}
