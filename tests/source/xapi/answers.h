/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Answers of XAPI from tests/data/xapi. */
#ifndef VPERF_TESTS_SOURCE_XAPI_ANSWERS_H
#define VPERF_TESTS_SOURCE_XAPI_ANSWERS_H

#include <glib.h>
#include <jansson.h>

/* read_answer: the text of a file, which g_free frees. */
static inline char *read_answer(const char *name, size_t *size) {
    char *path = g_build_filename(VPERF_TEST_DATA, "xapi", name, NULL);
    char *text = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &text, &length, NULL))
        g_error("cannot read %s", path);
    g_free(path);
    *size = length;
    return text;
}

/* read_json: JSON in which quotes are written as apostrophes. */
static inline json_t *read_json(const char *text) {
    char *copy = g_strdelimit(g_strdup(text), "'", '"');
    json_t *json = json_loads(copy, 0, NULL);
    if (!json)
        g_error("no JSON: %s", copy);
    g_free(copy);
    return json;
}

#endif
