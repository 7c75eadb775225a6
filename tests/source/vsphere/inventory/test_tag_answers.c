/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Answers about tags: what is of the form, and what is refused as a whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/vsphere/inventory/tag_answers.h"
#include "source/vsphere/wire/wire_json.h"

static json_t *json_of(const char *text) {
    json_t *json = wire_json_read(text, strlen(text));
    assert_non_null(json);
    return json;
}

/* A text of so many letters in quotes. */
static char *long_text(size_t length) {
    char *letters = g_strnfill(length, 'x');
    char *text = memory_concat("\"", letters, "\"", NULL);
    g_free(letters);
    return text;
}

static bool takes_ids(const char *text, guint *count) {
    json_t *json = json_of(text);
    GPtrArray *ids = g_ptr_array_new_with_free_func(free);
    bool good = tag_answers_ids(json, ids);
    *count = ids->len;
    g_ptr_array_free(ids, TRUE);
    json_decref(json);
    return good;
}

static void test_ids(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool good;
        guint count;
    } cases[] = {
        {"[]", true, 0},
        {"null", true, 0}, /* govmomi's simulator */
        {"[\"a\", \"b\"]", true, 2},
        {"[\"\\u6771\"]", true, 1},
        {"{}", false, 0},
        {"\"a\"", false, 0},
        {"[1]", false, 0},
        {"[\"\"]", false, 0},
        {"[[\"a\"]]", false, 0},
        {"[null]", false, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        guint count = 0;
        assert_int_equal(takes_ids(cases[i].text, &count), cases[i].good);
        assert_int_equal(count, cases[i].count);
    }
}

static void test_limit_of_an_id(void **state) {
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        char *id = long_text(TAG_ANSWERS_MAX_ID + more);
        char *list = memory_concat("[", id, "]", NULL);
        guint count = 0;
        assert_int_equal(takes_ids(list, &count), !more);
        free(list);
        free(id);
    }
}

static void test_names(void **state) {
    (void)state;
    static const struct {
        const char *text, *name, *category;
    } cases[] = {
        {"{\"name\": \"a; \\\"b\\\"\", \"category_id\": \"c\", \"used_by\": []}", "a; \"b\"", "c"},
        {"{\"name\": \"a\", \"name\": \"b\", \"category_id\": \"c\"}", "b", "c"},
        {"{\"name\": \"\"}", NULL, NULL},
        {"{\"name\": 1, \"category_id\": {}}", NULL, NULL},
        {"[\"name\"]", NULL, NULL},
        {"\"name\"", NULL, NULL},
        {"null", NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json = json_of(cases[i].text);
        const char *name = NULL, *category = NULL;
        assert_int_equal(tag_answers_name(json, &name), cases[i].name != NULL);
        assert_int_equal(tag_answers_category(json, &category), cases[i].category != NULL);
        if (cases[i].name)
            assert_string_equal(name, cases[i].name);
        if (cases[i].category)
            assert_string_equal(category, cases[i].category);
        json_decref(json);
    }
}

static bool list(void *context, const char *tag, const char *object) {
    g_string_append_printf(context, "%s@%s ", tag, object);
    return true;
}

static void test_attached(void **state) {
    (void)state;
    static const struct {
        const char *text, *seen; /* NULL: not of the form */
    } cases[] = {
        {"[{\"tag_id\":\"t\",\"object_ids\":[{\"type\":\"VirtualMachine\",\"id\":\"vm-1\"},"
         "{\"id\":\"vm-2\"}]},{\"tag_id\":\"u\",\"object_ids\":[]}]",
         "t@vm-1 t@vm-2 "},
        {"[{\"tag_id\":\"t\",\"object_ids\":null}]", ""},
        {"[]", ""},
        {"null", ""},
        {"[{\"tag_id\":\"t\"}]", NULL},
        {"[{\"object_ids\":[]}]", NULL},
        {"[{\"tag_id\":\"t\",\"object_ids\":{}}]", NULL},
        {"[{\"tag_id\":\"t\",\"object_ids\":[\"vm-1\"]}]", NULL},
        {"[{\"tag_id\":\"t\",\"object_ids\":[{\"id\":1}]}]", NULL},
        {"{\"tag_id\":\"t\"}", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        json_t *json = json_of(cases[i].text);
        GString *seen = g_string_new(NULL);
        assert_int_equal(tag_answers_attached(json, list, seen), cases[i].seen != NULL);
        if (cases[i].seen)
            assert_string_equal(seen->str, cases[i].seen);
        g_string_free(seen, TRUE);
        json_decref(json);
    }
}

static bool stop_at_second(void *context, const char *tag, const char *object) {
    (void)tag;
    (void)object;
    return ++*(int *)context < 2;
}

/* A long answer need not be read to its end. */
static void test_stopped(void **state) {
    (void)state;
    int visits = 0;
    json_t *json = json_of("[{\"tag_id\":\"t\",\"object_ids\":[{\"id\":\"a\"},{\"id\":\"b\"},"
                           "{\"id\":\"c\"}]},{\"tag_id\":\"u\",\"object_ids\":[{\"id\":\"a\"}]}]");
    assert_false(tag_answers_attached(json, stop_at_second, &visits));
    assert_int_equal(visits, 2);
    json_decref(json);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),     cmocka_unit_test(test_limit_of_an_id),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_attached),
        cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests_name("tag_answers", tests, NULL, NULL);
}
