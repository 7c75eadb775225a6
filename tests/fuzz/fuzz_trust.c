/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Thumbprints, and what servers say of cookies: a line each. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "source/tls/thumbprint.h"
#include "source/vsphere/session/cookies.h"

static void check_thumbprint(const char *text) {
    struct thumbprint thumbprint;
    size_t digits = 0;
    if (!thumbprint_parse(&thumbprint, text))
        return;
    for (const char *c = text; *c; c++)
        digits += g_ascii_isxdigit(*c) != 0;
    CHECK(digits == 2 * thumbprint.length &&
          strspn(text, "0123456789abcdefABCDEF:") == strlen(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cookies *cookies = cookies_new(), *copy = cookies_new();
    char *text = g_strndup((const char *)data, size);
    char *rest = text;
    for (char *line = NULL; (line = strsep(&rest, "\n"));) {
        check_thumbprint(line);
        cookies_set(cookies, line, "/sdk");
    }
    cookies_drop(cookies, COOKIES_SESSION);
    cookies_copy(copy, cookies);
    const char *all = cookies_line(copy);
    CHECK(!all || (strncmp(all, "Cookie: ", 8) == 0 && strlen(all) <= size + 64));
    CHECK(!all || (!strstr(all, "; " COOKIES_SESSION "=") &&
                   !g_str_has_prefix(all, "Cookie: " COOKIES_SESSION "=")));
    cookies_free(cookies);
    cookies_free(copy);
    g_free(text);
    return 0;
}
