/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Thumbprints by OpenSSL's digests. */
#include "source/tls/thumbprint.h"

#include <glib.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/memory.h"
#include "core/target.h"

enum { SHA1_LENGTH = 20, SHA256_LENGTH = 32 };

bool thumbprint_parse(struct thumbprint *thumbprint, const char *text) {
    size_t digits = 0;
    for (; *text; text++) {
        if (*text == ':')
            continue;
        int digit = g_ascii_xdigit_value(*text);
        if (digit < 0 || digits / 2 >= THUMBPRINT_MAX)
            return false;
        unsigned char *byte = &thumbprint->bytes[digits / 2];
        *byte = (unsigned char)(digits % 2 ? *byte << 4 | digit : digit);
        digits++;
    }
    thumbprint->length = digits / 2;
    return digits == SHA1_LENGTH * 2 || digits == SHA256_LENGTH * 2;
}

bool thumbprint_matches(const struct thumbprint *thumbprint, const X509 *certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    const EVP_MD *type = thumbprint->length == SHA1_LENGTH ? EVP_sha1() : EVP_sha256();
    return X509_digest(certificate, type, digest, &length) && length == thumbprint->length &&
           memcmp(digest, thumbprint->bytes, length) == 0;
}

void thumbprint_text(char text[THUMBPRINT_TEXT_SIZE], const X509 *certificate) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!X509_digest(certificate, EVP_sha256(), digest, &length))
        return;
    for (unsigned i = 0; i < length; i++)
        snprintf(text + 3 * (size_t)i, 4, "%02X%s", digest[i], i + 1 < length ? ":" : "");
}

static bool find_in_file(struct thumbprint *thumbprint, FILE *file, const char *name) {
    char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (!found && getline(&line, &size, file) >= 0) {
        char *rest = line;
        const char *host = strsep(&rest, " \t");
        char *digest = rest ? rest + strspn(rest, " \t") : NULL;
        if (!digest || strcasecmp(host, name) != 0)
            continue;
        digest[strcspn(digest, " \t\r\n")] = '\0';
        found = thumbprint_parse(thumbprint, digest);
    }
    free(line);
    return found;
}

static char *known_name(const char *host, int port) {
    if (port == TARGET_HTTPS_PORT)
        return memory_strdup(host);
    return memory_printf(strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

bool thumbprint_known_host(struct thumbprint *thumbprint, const char *files, const char *host,
                           int port) {
    char *name = known_name(host, port);
    char *list = memory_strdup(files);
    char *rest = list;
    bool found = false;
    for (char *path = NULL; !found && (path = strsep(&rest, ":"));) {
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        found = find_in_file(thumbprint, file, name);
        fclose(file);
    }
    free(list);
    free(name);
    if (!found)
        thumbprint->length = 0;
    return found;
}
