/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/xapi/wire/answer.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/json.h"
#include "source/xapi/wire/markup.h"

enum { DEEPEST = 32 };

static json_t *read_value(struct markup *markup);

/* NULL only when the text is no UTF-8, which the reader's never is. */
static json_t *text_value(const char *text) {
    json_t *value = json_string(text);
    return value ? value : json_string("");
}

static json_t *scalar(const char *type, const char *text) {
    if (strcmp(type, "boolean") == 0)
        return json_boolean(strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
    return strcmp(type, "nil") == 0 ? json_null() : text_value(text);
}

static void read_member(struct markup *markup, json_t *object) {
    char *name = NULL;
    int depth = markup_depth(markup);
    while (markup_enter(markup, depth)) {
        if (markup_is(markup, "value") && name) {
            json_object_set_new(object, name, read_value(markup));
        } else if (markup_is(markup, "name")) {
            free(name);
            name = memory_strdup(markup_text(markup));
        } else {
            markup_skip(markup);
        }
    }
    free(name);
}

static json_t *read_struct(struct markup *markup) {
    json_t *object = json_object();
    int depth = markup_depth(markup);
    while (markup_enter(markup, depth)) {
        if (markup_is(markup, "member"))
            read_member(markup, object);
        else
            markup_skip(markup);
    }
    return object;
}

/* Its values stand in <data>; the reader is at the next element wherever that is. */
static json_t *read_array(struct markup *markup) {
    json_t *array = json_array();
    int depth = markup_depth(markup);
    while (markup_enter(markup, depth)) {
        if (markup_is(markup, "value"))
            json_array_append_new(array, read_value(markup));
        else if (!markup_is(markup, "data"))
            markup_skip(markup);
    }
    return array;
}

static json_t *read_typed(struct markup *markup) {
    char type[16];
    if (markup_is(markup, "struct"))
        return read_struct(markup);
    if (markup_is(markup, "array"))
        return read_array(markup);
    g_strlcpy(type, (const char *)xmlTextReaderConstLocalName(markup->reader), sizeof type);
    return scalar(type, markup_text(markup));
}

/* The reader is at <value>, and leaves it. Without a type it is a text. */
static json_t *read_value(struct markup *markup) {
    json_t *value = NULL;
    int depth = markup_depth(markup);
    markup->damaged = markup->damaged || depth > DEEPEST * 4 || rest_json_is_refused();
    g_string_truncate(markup->text, 0);
    while (markup_enter(markup, depth)) {
        json_decref(value);
        value = read_typed(markup);
    }
    return value ? value : text_value(markup->text->str);
}

/* methodResponse/params/param/value, or methodResponse/fault/value. */
static json_t *read_response(struct markup *markup, bool *is_fault) {
    json_t *value = NULL;
    *is_fault = false;
    if (!markup_begin(markup, "methodResponse"))
        return NULL;
    while (!value && markup_enter(markup, 0)) {
        *is_fault = *is_fault || markup_is(markup, "fault");
        if (markup_is(markup, "value"))
            value = read_value(markup);
    }
    while (markup_enter(markup, 0))
        markup_skip(markup);
    if (value && markup_end(markup))
        return value;
    json_decref(value);
    return NULL;
}

/* NULL with the error when it is no answer as XML-RPC. */
static json_t *read_xml(const char *bytes, size_t size, bool *is_fault, struct error *error) {
    struct markup markup;
    markup_init(&markup, bytes, size);
    json_t *value = read_response(&markup, is_fault);
    const char *reason = markup.damaged ? markup.reason : "";
    if (!value)
        error_set(error, ERROR_PROTOCOL, "the answer is none of XAPI%s%s", *reason ? ": " : "",
                  reason);
    markup_done(&markup);
    return value;
}

/* What a failure consists of, as texts; NULL when it has no code. */
static json_t *failure_of(const json_t *list) {
    json_t *failure = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) {
        const char *text = json_string_value(item);
        json_array_append_new(failure, text_value(text ? text : ""));
    }
    const char *code = json_string_value(json_array_get(failure, 0));
    if (code && *code)
        return failure;
    json_decref(failure);
    return NULL;
}

/* Status and Value, or ErrorDescription. */
static bool open_status(struct answer *answer, const json_t *body) {
    const char *status = json_string_value(json_object_get(body, "Status"));
    if (status && strcmp(status, "Success") == 0)
        answer->value = json_incref(json_object_get(body, "Value"));
    else if (status && strcmp(status, "Failure") == 0)
        answer->failure = failure_of(json_object_get(body, "ErrorDescription"));
    return answer->value || answer->failure;
}

bool answer_read(struct answer *answer, const char *bytes, size_t size, struct error *error) {
    bool is_fault = false;
    *answer = (struct answer){0};
    rest_json_begin();
    struct error unread = {0};
    json_t *body = read_xml(bytes, size, &is_fault, &unread);
    if (!rest_json_end(error) || !body) {
        json_decref(body);
        return error_set(error, unread.kind, "%s", unread.message);
    }
    bool good = !is_fault && open_status(answer, body);
    const char *reason = json_string_value(json_object_get(body, "faultString"));
    if (is_fault && reason)
        error_set(error, ERROR_PROTOCOL, "XAPI does not know the call: %.200s", reason);
    else if (!good)
        error_set(error, ERROR_PROTOCOL, "the answer is none of XAPI");
    json_decref(body);
    return good;
}

void answer_done(struct answer *answer) {
    json_decref(answer->value);
    json_decref(answer->failure);
    *answer = (struct answer){0};
}

const char *answer_code(const struct answer *answer) {
    const char *code = json_string_value(json_array_get(answer->failure, 0));
    return code ? code : "";
}

const char *answer_argument(const struct answer *answer, size_t index) {
    const char *text = json_string_value(json_array_get(answer->failure, index + 1));
    return text ? text : "";
}

char *answer_call(const char *method, const char *const *arguments) {
    char *body = memory_printf("<?xml version=\"1.0\"?><methodCall><methodName>%s</methodName>"
                               "<params>",
                               method);
    for (; *arguments; arguments++) {
        char *text = g_markup_escape_text(*arguments, -1);
        char *longer =
            memory_concat(body, "<param><value><string>", text, "</string></value></param>", NULL);
        memory_wipe_free(body);
        explicit_bzero(text, strlen(text));
        g_free(text);
        body = longer;
    }
    char *whole = memory_concat(body, "</params></methodCall>", NULL);
    memory_wipe_free(body);
    return whole;
}
