/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "core/ending.h"

#include <glib.h>
#include <string.h>

#include "core/compression.h"

/* Endings that stand for a format or a compression, and where it is to be had. */
static const struct {
    const char *endings;
    const char *advice;
} formats[] = {
    {"db sqlite sqlite3", "'vperf record' writes histories"},
    {"html htm xlsx", "'vperf report' writes html and xlsx"},
    {"xls ods", "'vperf report --output FILE.xlsx' writes a workbook"},
    {"pdf ps", "print the page of 'vperf report --output FILE.html' to PDF"},
    {"csv wide jsonl influx lp openmetrics om prometheus prom",
     "'vperf collect' writes samples in that form"},
    {"json", "'vperf collect --output FILE.jsonl' writes one JSON object per line"},
    {"parquet feather arrow", "DuckDB makes it of csv"},
    {"png svg jpg jpeg gif", "'vperf report --output FILE.html' draws charts"},
    {"bz2 xz lzma lz4 br zip 7z rar z", "what is named .gz or .zst is compressed"},
    {"tsv xml yaml yml md doc docx odt", "no other one does"},
};

static bool is_one_of(const char *list, const char *word, size_t length) {
    for (; *list; list += strspn(list, " ")) {
        size_t size = strcspn(list, " ");
        if (size == length && g_ascii_strncasecmp(list, word, length) == 0)
            return true;
        list += size;
    }
    return false;
}

/* Behind the last point of its last part; "" for none. */
static const char *ending_of(const char *path, size_t *length) {
    size_t end = strlen(path) - strlen(compression_suffix(path)), begin = end;
    while (begin > 0 && path[begin - 1] != '.' && path[begin - 1] != '/')
        begin--;
    bool any = begin > 0 && path[begin - 1] == '.';
    *length = any ? end - begin : 0;
    return any ? path + begin : "";
}

bool ending_is(const char *path, const char *ending) {
    size_t length = 0;
    const char *found = ending_of(path, &length);
    return length && is_one_of(ending, found, length);
}

bool ending_check(const char *option, const char *path, const char *taken, struct error *error) {
    size_t length = 0;
    const char *ending = path ? ending_of(path, &length) : "";
    if (!length || is_one_of(taken, ending, length))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!is_one_of(formats[i].endings, ending, length))
            continue;
        char **words = g_strsplit(taken, " ", -1);
        char *list = g_strjoinv(", .", words);
        error_set(error, ERROR_USAGE,
                  "%s '%s': this command writes no .%.*s: %s (here, names end in .%s)", option,
                  path, (int)length, ending, formats[i].advice, list);
        g_free(list);
        g_strfreev(words);
        return false;
    }
    return true;
}
