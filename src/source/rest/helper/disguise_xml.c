/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* XML-RPC, and rrd_updates, element by element, by GLib's parser, which expands no entity. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "source/rest/helper/disguise.h"

enum { LONGEST_NAME = 40, DEEPEST = 128 };

struct writer {
    struct disguise *disguise;
    GString *text;    /* what is written */
    GString *content; /* what stands in the element that was begun last */
    GPtrArray *names; /* of the members that are open, the innermost one last */
    GString *call;    /* of a request: its method and arguments; NULL for an answer */
    size_t arguments;
    bool is_leaf; /* no element has ended since the last one began */
    bool is_code; /* the next value is the code of a failure */
    int depth;
};

static void wipe(void *text) {
    memory_wipe_free(text);
}

static bool is_plain(const char *name) {
    return strlen(name) <= LONGEST_NAME &&
           !name[strspn(name, G_CSET_A_2_Z G_CSET_a_2_z "0123456789_.-")];
}

static const char *name_at(const struct writer *writer, size_t index) {
    return g_ptr_array_index(writer->names, index);
}

static const char *top_name(const struct writer *writer) {
    return writer->names->len ? name_at(writer, writer->names->len - 1) : "";
}

/* Status and Value; then references, or what a host tells; then a record's own. What is deeper was
 * named by anybody. */
static char *member_name(struct writer *writer, const char *name) {
    bool of_record = writer->names->len == 2 && g_str_has_prefix(top_name(writer), "OpaqueRef:");
    bool of_api = is_plain(name) && (writer->names->len <= 1 || of_record);
    return memory_strdup(of_api || disguise_knows(name) ? name
                                                        : disguise_text(writer->disguise, name));
}

static char *code(struct writer *writer, const char *content) {
    bool is_code = *content && !content[strspn(content, G_CSET_A_2_Z "_")];
    return memory_strdup(is_code ? content : disguise_text(writer->disguise, content));
}

static char *number(struct writer *writer, const char *content) {
    return memory_strdup(disguise_is_number(content) ? content
                                                     : disguise_text(writer->disguise, content));
}

static char *moment(struct writer *writer, const char *content) {
    bool good = strlen(content) <= 32 && !content[strspn(content, "0123456789TZ:.+-")];
    return memory_strdup(good ? content : disguise_text(writer->disguise, content));
}

/* A map in a record holds what people and guests write, but for a few of XAPI's own. */
static const char *voucher(const struct writer *writer) {
    static const struct {
        const char *map;
        const char *member; /* NULL: all */
    } of_api[] = {
        {"cpu_info", NULL},
        {"software_version", NULL},
        {"other_config", "boot_time"},
        {"other_config", "agent_start_time"},
    };
    size_t field = 1;
    if (writer->names->len > 2 && g_str_has_prefix(name_at(writer, 1), "OpaqueRef:"))
        field = 2;
    if (writer->names->len <= field + 1)
        return top_name(writer);
    for (size_t i = 0; i < G_N_ELEMENTS(of_api); i++)
        if (writer->names->len == field + 2 && strcmp(of_api[i].map, name_at(writer, field)) == 0 &&
            (!of_api[i].member || strcmp(of_api[i].member, top_name(writer)) == 0))
            return top_name(writer);
    return "";
}

/* Status says one of two words; the first word of a failure is its code. */
static char *value_text(struct writer *writer, const char *content) {
    bool is_status = writer->names->len == 1 && strcmp(top_name(writer), "Status") == 0;
    if (is_status && (strcmp(content, "Success") == 0 || strcmp(content, "Failure") == 0))
        return memory_strdup(content);
    return writer->is_code ? code(writer, content)
                           : disguise_value(writer->disguise, voucher(writer), content);
}

static char *content_of(struct writer *writer, const char *element, const char *content) {
    static const struct {
        const char *element;
        char *(*make)(struct writer *writer, const char *content);
    } kinds[] = {
        {"name", member_name}, {"value", value_text}, {"string", value_text},
        {"int", number},       {"i4", number},        {"i8", number},
        {"double", number},    {"boolean", number},   {"dateTime.iso8601", moment},
        {"start", number},     {"step", number},      {"end", number},
        {"rows", number},      {"columns", number},   {"t", number},
        {"v", number},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (strcmp(kinds[i].element, element) == 0)
            return kinds[i].make(writer, content);
    if (strcmp(element, "entry") == 0)
        return disguise_legend(writer->disguise, content);
    return memory_strdup(disguise_text(writer->disguise, content));
}

static void on_start(GMarkupParseContext *context, const char *element, const char **names,
                     const char **values, void *data, GError **error) {
    struct writer *writer = data;
    (void)context, (void)names, (void)values;
    if (!is_plain(element) || ++writer->depth > DEEPEST) {
        g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "no answer");
        return;
    }
    bool of_failure = strcmp(top_name(writer), "ErrorDescription") == 0;
    writer->is_code = writer->is_code || (of_failure && strcmp(element, "data") == 0);
    g_string_truncate(writer->content, 0);
    g_string_append_printf(writer->text, "<%s>", element);
    writer->is_leaf = true;
}

/* The first argument is the session, which is for nobody. */
static void note_call(struct writer *writer, const char *element, const char *text) {
    if (strcmp(element, "methodName") == 0)
        g_string_append(writer->call, writer->content->str);
    else if ((strcmp(element, "string") == 0 || strcmp(element, "value") == 0) &&
             writer->arguments++)
        g_string_append_printf(writer->call, "%c%s", writer->arguments > 2 ? ',' : ' ', text);
}

static void write_leaf(struct writer *writer, const char *element) {
    const char *content = writer->content->str;
    bool blank = !content[strspn(content, " \t\r\n")];
    char *text = blank ? memory_strdup("") : content_of(writer, element, content);
    char *escaped = g_markup_escape_text(text, -1);
    g_string_append(writer->text, escaped);
    if (strcmp(element, "name") == 0)
        g_ptr_array_add(writer->names, memory_strdup(content));
    if (writer->call)
        note_call(writer, element, text);
    if (strcmp(element, "string") == 0 || strcmp(element, "value") == 0)
        writer->is_code = false;
    g_free(escaped);
    memory_wipe_free(text);
}

static void on_end(GMarkupParseContext *context, const char *element, void *data, GError **error) {
    struct writer *writer = data;
    (void)context, (void)error;
    if (writer->is_leaf)
        write_leaf(writer, element);
    if (strcmp(element, "member") == 0 && writer->names->len)
        g_ptr_array_remove_index(writer->names, writer->names->len - 1);
    g_string_append_printf(writer->text, "</%s>", element);
    g_string_truncate(writer->content, 0);
    writer->is_leaf = false;
    writer->depth--;
}

static void on_text(GMarkupParseContext *context, const char *text, gsize size, void *data,
                    GError **error) {
    struct writer *writer = data;
    (void)context, (void)error;
    if (writer->is_leaf)
        g_string_append_len(writer->content, text, (gssize)size);
}

static void done(struct writer *writer) {
    explicit_bzero(writer->content->str, writer->content->len);
    g_string_free(writer->content, TRUE);
    g_ptr_array_free(writer->names, TRUE);
}

static bool parse(struct writer *writer, const char *body, size_t size) {
    static const GMarkupParser parser = {
        .start_element = on_start, .end_element = on_end, .text = on_text};
    GMarkupParseContext *context =
        g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, writer, NULL);
    bool good = g_markup_parse_context_parse(context, body, (gssize)size, NULL) &&
                g_markup_parse_context_end_parse(context, NULL);
    g_markup_parse_context_free(context);
    return good;
}

static struct writer writer_of(struct disguise *disguise) {
    return (struct writer){
        .disguise = disguise,
        .text = g_string_new("<?xml version=\"1.0\"?>\n"),
        .content = g_string_new(NULL),
        .names = g_ptr_array_new_with_free_func(wipe),
    };
}

char *disguise_xml(struct disguise *disguise, const char *body, size_t size) {
    struct writer writer = writer_of(disguise);
    bool good = parse(&writer, body, size);
    done(&writer);
    return g_string_free(writer.text, !good);
}

char *disguise_call(struct disguise *disguise, const char *body) {
    struct writer writer = writer_of(disguise);
    writer.call = g_string_new(NULL);
    bool good = parse(&writer, body, strlen(body)) && writer.call->len;
    done(&writer);
    g_string_free(writer.text, TRUE);
    return g_string_free(writer.call, !good);
}

char *disguise_body(struct disguise *disguise, const char *body, size_t size) {
    size_t begin = 0;
    while (begin < size && g_ascii_isspace(body[begin]))
        begin++;
    if (begin < size && body[begin] == '<')
        return disguise_xml(disguise, body, size);
    return disguise_json(disguise, body, size);
}
