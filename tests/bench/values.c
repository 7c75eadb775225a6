/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "values.h"

#include <glib.h>
#include <string.h>

bool values_read(struct values *values, const char *path) {
    char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    char **lines = g_strsplit(text, "\n", -1);
    for (char **line = lines + 1; *line && **line && values->count < MAX_SERIES; line++) {
        char **words = g_strsplit(strrchr(*line, '\t') + 1, ",", -1);
        size_t length = g_strv_length(words);
        int64_t *list = g_new(int64_t, length);
        for (size_t i = 0; i < length; i++)
            list[i] = g_ascii_strtoll(words[i], NULL, 10);
        values->lengths[values->count] = length;
        values->lists[values->count++] = list;
        g_strfreev(words);
    }
    g_strfreev(lines);
    g_free(text);
    return true;
}

void values_noise(struct values *values, int end) {
    enum { LISTS = 64, LENGTH = 10007, SEED = 10 };
    GRand *dice = g_rand_new_with_seed(SEED);
    for (; values->count < LISTS; values->count++) {
        int64_t *list = g_new(int64_t, LENGTH);
        for (size_t i = 0; i < LENGTH; i++)
            list[i] = g_rand_int_range(dice, 0, end);
        values->lengths[values->count] = LENGTH;
        values->lists[values->count] = list;
    }
    g_rand_free(dice);
}

void values_done(struct values *values) {
    for (size_t i = 0; i < values->count; i++)
        g_free(values->lists[i]);
}

int64_t values_at(const struct values *values, int guest, int series, int64_t round) {
    size_t list = (size_t)series % values->count;
    return values->lists[list][(size_t)(round + 7 * guest) % values->lengths[list]];
}
