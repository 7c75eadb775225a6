/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Lists of patterns and a name, a line each: in linear time, against fnmatch for one pattern. */
#include <fnmatch.h>
#include <glib.h>
#include <string.h>

#include "core/globs.h"
#include "fuzz.h"

/* Both know these alike. */
static bool is_simple(const char *pattern) {
    return *pattern && !strpbrk(pattern, "!,[]\\") && g_str_is_ascii(pattern) &&
           strlen(pattern) < 32;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct globs globs = {0};
    char *list = g_strndup((const char *)data, size);
    char *name = list;
    strsep(&name, "\n");
    if (name) {
        globs_add(&globs, list);
        bool matches = globs_match(&globs, name);
        CHECK(!globs_excludes(&globs, name) || !matches);
        if (is_simple(list) && g_str_is_ascii(name) && strlen(name) < 32)
            CHECK(matches == (fnmatch(list, name, 0) == 0));
        globs_done(&globs);
    }
    g_free(list);
    return 0;
}
