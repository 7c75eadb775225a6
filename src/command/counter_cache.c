/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/counter_cache.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

enum { NAMES_MAX = 4096, FILE_MAX = 1 << 20 };

/* A home that is not set is not looked for elsewhere: a service has none. */
static char *find_folder(void) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        return memory_printf("%s/vperf", cache);
    return home && *home == '/' ? memory_printf("%s/.cache/vperf", home) : NULL;
}

static bool is_plain(const char *name) {
    for (const char *letter = name; *letter; letter++)
        if (!g_ascii_isalnum(*letter) && !strchr("._-", *letter))
            return false;
    return g_ascii_isalpha(*name);
}

static void add(GTree *names, const char *name) {
    if (is_plain(name) && g_tree_nnodes(names) < NAMES_MAX)
        g_tree_replace(names, g_strdup(name), NULL);
}

static gboolean append_line(gpointer name, gpointer value, gpointer text) {
    (void)value;
    g_string_append_printf(text, "%s\n", (const char *)name);
    return FALSE;
}

static int compare_names(gconstpointer left, gconstpointer right, gpointer context) {
    (void)context;
    return strcmp(left, right);
}

static void add_lines(GTree *names, const char *text) {
    char **lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i]; i++)
        add(names, lines[i]);
    g_strfreev(lines);
}

void counter_cache_store(const struct catalog *catalog) {
    char *folder = find_folder();
    char *path = folder ? memory_printf("%s/counters", folder) : NULL, *old = NULL;
    gsize length = 0;
    GTree *names = g_tree_new_full(compare_names, NULL, g_free, NULL);
    if (path && g_file_get_contents(path, &old, &length, NULL) && length < FILE_MAX)
        add_lines(names, old);
    for (size_t i = 0; i < catalog_size(catalog); i++)
        add(names, catalog_at(catalog, i)->name);
    GString *text = g_string_new(NULL);
    g_tree_foreach(names, append_line, text);
    bool changed = !old || strcmp(old, text->str) != 0;
    if (path && changed && g_mkdir_with_parents(folder, 0700) == 0)
        g_file_set_contents(path, text->str, (gssize)text->len, NULL);
    g_string_free(text, TRUE);
    g_tree_destroy(names);
    g_free(old);
    free(path);
    free(folder);
}
