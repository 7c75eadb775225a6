/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/hashes.h"

#include <crypt.h>
#include <glib.h>

#define BASE64 "[./A-Za-z0-9]"

/* By scheme: as long as crypt(3) makes it, and with a cost of about a second and 100 MB at most. */
static const struct {
    const char *whole, *affordable;
} schemes[] = {
    {"^\\$2[aby]\\$[0-9]{2}\\$" BASE64 "{53}$", "^\\$2[aby]\\$(0[4-9]|1[0-4])\\$"},
    {"^\\$6\\$(rounds=[0-9]+\\$)?[^$]{0,16}\\$" BASE64 "{86}$",
     "^\\$6\\$(rounds=([1-9][0-9]{3,5}|1000000)\\$|(?!rounds=))"},
    {"^\\$g?y\\$" BASE64 "+\\$" BASE64 "*\\$" BASE64 "{43}$",
     "^\\$g?y\\$j[./0-9AB][./0-9A-Za-j]\\$"},
    {"^\\$7\\$" BASE64 "{11}[^$]*\\$" BASE64 "{43}$", "^\\$7\\$[./0-9A-C][./0-9A-U]\\.{4}/\\.{4}"},
};

static gboolean matches(const char *pattern, const char *hash) {
    return g_regex_match_simple(pattern, hash, G_REGEX_RAW, 0);
}

const char *hashes_fault(const char *hash) {
    if (crypt_checksalt(hash) != CRYPT_SALT_OK)
        return "no password hash of crypt(5) that is good enough after the user's name: "
               "'htpasswd -nB USER' makes one";
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (matches(schemes[i].whole, hash))
            return matches(schemes[i].affordable, hash)
                       ? NULL
                       : "the password hash's cost is out of bounds: bcrypt takes 4 to 14, "
                         "SHA-crypt 1000 to 1000000 rounds, yescrypt and scrypt up to 7";
    return "the password hash is cut off or damaged: 'htpasswd -nB USER' makes one";
}
