/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What answers may take of memory, and what is said of one that is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/memory.h"
#include "source/rest/helper/budget.h"
#include "source/rest/helper/json.h"

enum { LISTS = 100000, LIMIT = 4 << 20 };

/* "[[],[],...]": three bytes of text for each list, a hundred of memory. */
static char *many_lists(void) {
    char *text = memory_alloc(3 * LISTS + 2);
    text[0] = '[';
    for (size_t i = 1; i < 3 * LISTS; i++)
        text[i] = "],["[(i + 1) % 3];
    text[3 * LISTS] = ']';
    return text;
}

static void test_json_that_is_large_in_memory_is_left_out(void **state) {
    struct error error = {0};
    char *text = many_lists();
    (void)state;
    budget_limit(LIMIT);
    assert_null(rest_json_parse(text, strlen(text), "list", &error));
    assert_true(budget_refused(&error));
    assert_non_null(strstr(error.message, "take more than 4 MiB of memory"));
    assert_int_equal(budget_held(), 0);
    budget_limit(BUDGET_BYTES);
    error_clear(&error);
    json_t *json = rest_json_parse(text, strlen(text), "list", &error);
    assert_non_null(json);
    assert_in_range(budget_held(), LISTS * sizeof(void *), BUDGET_BYTES);
    json_decref(json);
    assert_int_equal(budget_held(), 0);
    free(text);
}

static bool is_one(const json_t *row) {
    return json_object_get(row, "one");
}

/* What is not kept takes no memory. */
static void test_rows_are_read_one_by_one(void **state) {
    struct error error = {0};
    char *lists = many_lists();
    char *text = memory_printf("{\"data\": {\"data\" :[%.*s , {\"one\":\"]}\"}]}}\n",
                               (int)strlen(lists) - 2, lists + 1);
    (void)state;
    budget_limit(LIMIT / 4);
    json_t *root = rest_json_parse_rows(text, strlen(text), "rows", is_one, &error);
    char *read = rest_json_text_of(root, JSON_COMPACT);
    assert_string_equal(read, "{\"data\":{\"data\":[{\"one\":\"]}\"}]}}");
    json_decref(root);
    assert_null(rest_json_parse(text, strlen(text), "rows", &error));
    assert_true(budget_refused(&error));
    budget_limit(BUDGET_BYTES);
    assert_int_equal(budget_held(), 0);
    free(read);
    free(text);
    free(lists);
}

static void test_other_texts_are_read_whole(void **state) {
    static const struct {
        const char *text;
        const char *read; /* NULL: no JSON */
    } cases[] = {
        {"{\"data\":{\"data\":[]}}", "{\"data\":{\"data\":[]}}"},
        {"{\"data\":{\"data\":[{}],\"x\":1}}", "{\"data\":{\"data\":[{}],\"x\":1}}"},
        {"{\"data\":{\"data\":[1,{}]}}", "{\"data\":{\"data\":[1,{}]}}"},
        {"{\"data\":[{}]}", "{\"data\":[{}]}"},
        {"{\"data\":{\"data\":[{},]}}", NULL},
        {"{\"data\":{\"data\":[{}{}]}}", NULL},
        {"{\"data\":{\"data\":[{}]}", NULL},
        {"{\"data\":{\"data\":[{}]}}}", NULL},
        {"{\"data\":{\"data\":[{\"a\":", NULL},
        {"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};
        json_t *root =
            rest_json_parse_rows(cases[i].text, strlen(cases[i].text), "rows", is_one, &error);
        char *read = rest_json_text_of(root, JSON_COMPACT);
        if (cases[i].read)
            assert_string_equal(read, cases[i].read);
        else
            assert_non_null(strstr(error.message, "no JSON"));
        free(read);
        json_decref(root);
        assert_int_equal(budget_held(), 0);
    }
}

static void test_text_that_is_no_json_is_no_matter_of_memory(void **state) {
    struct error error = {0};
    (void)state;
    assert_null(rest_json_parse("[1,", 3, "list", &error));
    assert_false(budget_refused(&error));
    assert_non_null(strstr(error.message, "no JSON"));
    assert_int_equal(budget_held(), 0);
}

static void test_what_is_made_of_answers_is_never_refused(void **state) {
    (void)state;
    rest_json_begin();
    assert_true(rest_json_end(NULL));
    budget_limit(0);
    json_t *list = json_pack("[s]", "what was read");
    char *text = rest_json_text_of(list, JSON_COMPACT);
    assert_string_equal(text, "[\"what was read\"]");
    free(text);
    json_decref(list);
    budget_limit(BUDGET_BYTES);
    assert_int_equal(budget_held(), 0);
    assert_null(rest_json_text_of(NULL, 0));
}

static void test_no_sum_overflows(void **state) {
    (void)state;
    assert_true(budget_take(100));
    assert_false(budget_take(SIZE_MAX));
    assert_false(budget_take(BUDGET_BYTES));
    assert_true(budget_take(BUDGET_BYTES - 100));
    budget_give(BUDGET_BYTES);
    assert_int_equal(budget_held(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_that_is_large_in_memory_is_left_out),
        cmocka_unit_test(test_rows_are_read_one_by_one),
        cmocka_unit_test(test_other_texts_are_read_whole),
        cmocka_unit_test(test_text_that_is_no_json_is_no_matter_of_memory),
        cmocka_unit_test(test_what_is_made_of_answers_is_never_refused),
        cmocka_unit_test(test_no_sum_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
