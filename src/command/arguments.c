/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "command/arguments.h"

#include <string.h>

#include "core/target.h"
#include "push/url.h"

static void hide_password(char *argument, const struct target *target) {
    char *at = strrchr(argument, '@');
    if (!target->password || !at)
        return;
    char *authority = strstr(argument, "://");
    authority = authority ? authority + 3 : argument;
    /* In front of a password, or of the secret of a token. */
    for (const char *mark = ":=!"; *mark; mark++) {
        char *place = strchr(authority, *mark);
        if (place && place < at) {
            memset(place + 1, 'x', (size_t)(at - place - 1));
            return;
        }
    }
}

void arguments_hide_password(char *text) {
    struct error ignored = {0};
    struct target target;
    if (strchr(text, '@') && target_init(&target, text, &ignored)) {
        hide_password(text, &target);
        target_done(&target);
    }
}

/* What an argument says as the value of --output. */
static char *value_of(char *argument) {
    static const char *const options[] = {"--output=", "-o"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strncmp(argument, options[i], strlen(options[i])) == 0)
            return argument + strlen(options[i]);
    return argument;
}

void arguments_hide_passwords(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        push_url_hide(value_of(argv[i]));
        if (argv[i][0] != '-')
            arguments_hide_password(argv[i]);
    }
}
