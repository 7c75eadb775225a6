/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* TARGETs of the command line: whatever is taken can be written again, and is the same then. */
#include <glib.h>
#include <string.h>

#include "core/target.h"
#include "fuzz.h"

static void check_again(const struct target *target) {
    struct target again;
    struct error error = {0};
    CHECK(target_init(&again, target->text, &error));
    CHECK(strcmp(again.scheme, target->scheme) == 0 && strcmp(again.host, target->host) == 0);
    CHECK(strcmp(again.path, target->path) == 0 && again.port == target->port);
    target_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct target target;
    struct error error = {0};
    char *text = g_strndup((const char *)data, size);
    if (target_init(&target, text, &error)) {
        size_t length = 0;
        CHECK(target.text && target.uri && target.scheme && target.host && target.path);
        CHECK(target.port >= 0 && target.port <= UINT16_MAX);
        CHECK(target_same(&target, &target));
        CHECK(target_sdk_path(&target, &length));
        check_again(&target);
    } else {
        CHECK(error.kind == ERROR_USAGE && *error.message);
    }
    target_done(&target);
    g_free(text);
    return 0;
}
