/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Times, by both of our readers, against GLib's reader of ISO 8601, which knows more forms, but no
 * 24:00. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "source/vsphere/session/present.h"
#include "source/vsphere/wire/wire.h"

/* GLib rounds long fractions, and refuses longer ones. */
static char *without_fraction(const char *text) {
    size_t whole = strcspn(text, ".");
    size_t digits = text[whole] ? 1 + strspn(text + whole + 1, "0123456789") : 0;
    return g_strdup_printf("%.*s%s", (int)whole, text, text + whole + digits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = g_strndup((const char *)data, size);
    int64_t seconds = 0;
    struct server_reading reading;
    bool good = wire_time_parse(text, &seconds);
    if (present_parse(text, &reading))
        CHECK(good && present_seconds(&reading) == seconds);
    if (good) {
        GTimeZone *utc = g_time_zone_new_utc();
        char *plain = without_fraction(text);
        GDateTime *time = g_date_time_new_from_iso8601(plain, utc);
        CHECK(seconds >= -62135596800 - 14 * 3600 && seconds <= 253402300800 + 14 * 3600);
        CHECK(!time || g_date_time_to_unix(time) == seconds);
        CHECK(time || strstr(text, "T24:00:00"));
        g_free(plain);
        g_clear_pointer(&time, g_date_time_unref);
        g_time_zone_unref(utc);
    }
    g_free(text);
    return 0;
}
