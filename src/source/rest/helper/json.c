/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/json.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/budget.h"

static bool bounded; /* between rest_json_begin and rest_json_end */
static bool refused; /* a block since rest_json_begin */

/* What is made of what was read already is never refused: few of its makers bear it. */
static void *take(size_t size) {
    void *block = malloc(size);
    if (!block || budget_take(malloc_usable_size(block)))
        return block;
    if (!bounded) {
        budget_add(malloc_usable_size(block));
        return block;
    }
    free(block);
    refused = true;
    return NULL;
}

static void give(void *block) {
    budget_give(malloc_usable_size(block));
    free(block);
}

char *rest_json_text_of(const json_t *value, size_t flags) {
    char *text = json_dumps(value, flags);
    char *copy = memory_strdup(text);
    if (text)
        give(text);
    return copy;
}

void rest_json_begin(void) {
    json_set_alloc_funcs(take, give);
    bounded = true;
    refused = false;
}

bool rest_json_is_refused(void) {
    return refused;
}

bool rest_json_end(struct error *error) {
    bounded = false;
    return !refused || budget_refuse(error);
}

/* Three bytes of text may become a hundred of memory. */
json_t *rest_json_parse(const char *text, size_t size, const char *what, struct error *error) {
    json_error_t failure;
    rest_json_begin();
    json_t *json = json_loadb(text, size, 0, &failure);
    if (rest_json_end(error) && !json)
        error_set(error, ERROR_PROTOCOL, "%s: no JSON at byte %d: %s", what, failure.position,
                  failure.text);
    return json;
}

/* A part of a text. */
struct span {
    const char *at;
    const char *end;
};

static bool skip(struct span *span, const char *token) {
    size_t length = strlen(token);
    while (span->at < span->end && strchr(" \t\r\n", *span->at) && *span->at)
        span->at++;
    if ((size_t)(span->end - span->at) < length || memcmp(span->at, token, length) != 0)
        return false;
    span->at += length;
    return true;
}

static bool skip_all(struct span *span, const char *const *tokens) {
    while (*tokens)
        if (!skip(span, *tokens++))
            return false;
    return true;
}

static bool read_row(struct span *span, bool (*keeps)(const json_t *row), json_t *rows) {
    json_error_t end;
    json_t *row =
        json_loadb(span->at, (size_t)(span->end - span->at), JSON_DISABLE_EOF_CHECK, &end);
    if (!row)
        return false;
    span->at += end.position;
    if (keeps(row))
        return json_array_append_new(rows, row) == 0;
    json_decref(row);
    return true;
}

static bool read_rows(struct span *span, bool (*keeps)(const json_t *row), json_t *rows) {
    static const char *const before[] = {"{", "\"data\"", ":", "{", "\"data\"", ":", "[", NULL};
    static const char *const after[] = {"]", "}", "}", "", NULL};
    bool good = rows && skip_all(span, before) && read_row(span, keeps, rows);
    while (good && skip(span, ","))
        good = read_row(span, keeps, rows);
    return good && skip_all(span, after) && span->at == span->end;
}

json_t *rest_json_parse_rows(const char *text, size_t size, const char *what,
                             bool (*keeps)(const json_t *row), struct error *error) {
    struct span span = {text, text + size};
    rest_json_begin();
    json_t *rows = json_array();
    bool good = read_rows(&span, keeps, rows);
    bool fits = rest_json_end(error);
    if (good && fits)
        return json_pack("{s:{s:o}}", "data", "data", rows);
    json_decref(rows);
    return fits ? rest_json_parse(text, size, what, error) : NULL;
}

const char *rest_json_text(const json_t *object, const char *key) {
    return json_string_value(json_object_get(object, key));
}

static bool text_real(const char *text, double *number) {
    char *end = NULL;
    errno = 0;
    *number = strtod(text, &end);
    return *text && !*end && errno == 0 && isfinite(*number);
}

bool rest_json_value_real(const json_t *value, double *number) {
    if (json_is_string(value))
        return text_real(json_string_value(value), number);
    *number = json_number_value(value);
    return json_is_number(value) && isfinite(*number);
}

static bool real_integer(double real, int64_t *number) {
    static const double limit = 9223372036854775808.0; /* 2^63 */
    if (!(real > -limit && real < limit) || real != floor(real))
        return false;
    *number = (int64_t)real;
    return true;
}

static bool text_integer(const char *text, int64_t *number) {
    char *end = NULL;
    double real;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (*text && !*end && errno == 0)
        return true;
    return text_real(text, &real) && real_integer(real, number);
}

bool rest_json_value_integer(const json_t *value, int64_t *number) {
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_INTEGER:
        *number = json_integer_value(value);
        return true;
    case JSON_REAL:
        return real_integer(json_real_value(value), number);
    case JSON_STRING:
        return text_integer(json_string_value(value), number);
    case JSON_TRUE:
    case JSON_FALSE:
        *number = json_is_true(value);
        return true;
    default:
        return false;
    }
}

bool rest_json_integer(const json_t *object, const char *key, int64_t *value) {
    return rest_json_value_integer(json_object_get(object, key), value);
}

bool rest_json_real(const json_t *object, const char *key, double *value) {
    return rest_json_value_real(json_object_get(object, key), value);
}
