/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Answers of XAPI: our own from tests/data/xapi, and recorded ones. */
#ifndef VPERF_TESTS_SOURCE_XAPI_ANSWERS_H
#define VPERF_TESTS_SOURCE_XAPI_ANSWERS_H

#include <glib.h>
#include <jansson.h>
#include <stdlib.h>

/*
 * read_answer: the text of a file of tests/data/xapi, or else of the recorded answers beside the
 * project, which g_free frees. NULL, with a message, when it is in neither: skip the test then.
 */
static inline char *read_answer(const char *name, size_t *size) {
    const char *recorded = getenv("VPERF_XAPI_RECORDED");
    const char *folders[] = {VPERF_TEST_DATA "/xapi",
                             recorded ? recorded : VPERF_TEST_DATA "/../../../shared/data/xapi"};
    char *text = NULL;
    gsize length = 0;
    for (size_t i = 0; !text && i < G_N_ELEMENTS(folders); i++) {
        char *path = g_build_filename(folders[i], name, NULL);
        g_file_get_contents(path, &text, &length, NULL);
        g_free(path);
    }
    if (!text)
        g_printerr("no %s: VPERF_XAPI_RECORDED may name its folder\n", name);
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
