/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* dateTime against known instants (GNU date's), and texts that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "source/vsphere/wire/wire.h"

static const struct {
    const char *text;
    int64_t seconds;
} times[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1},
    {"2000-02-29T12:00:00Z", 951825600},
    {"2024-02-29T23:59:59Z", 1709251199},
    {"2024-03-01T00:00:00Z", 1709251200},
    {"2026-11-21T21:05:20Z", 1795295120},
    {"2026-11-21T21:05:20", 1795295120},
    {"2026-11-21T21:05:20.999999999Z", 1795295120},
    {"2026-11-21T21:05:20.5", 1795295120},
    {"2026-11-21T21:05:20+00:00", 1795295120},
    {"2026-11-21T22:05:20+01:00", 1795295120},
    {"2026-11-22T02:35:20.25+05:30", 1795295120},
    {"2026-11-21T13:05:20-08:00", 1795295120},
    {"2026-11-21T24:00:00Z", 1795305600},
    {"2026-11-22T14:00:00+14:00", 1795305600},
    {"0001-01-01T00:00:00Z", -62135596800},
    {"2100-03-01T00:00:00Z", 4107542400},
    {"9999-12-31T23:59:59Z", 253402300799},
};

static void times_are_read(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
        int64_t seconds = 0;

        if (!wire_time_parse(times[i].text, &seconds))
            fail_msg("%s is refused", times[i].text);
        assert_int_equal(seconds, times[i].seconds);
    }
}

static void other_texts_are_refused(void **state) {
    static const char *const texts[] = {
        "",
        "2026",
        "2026-11-21",
        "2026-11-21 21:05:20Z",
        "2026-11-21T21:05Z",
        "2026-11-21T21:05:20z",
        "2026-11-21T21:05:20.Z",
        "2026-11-21T21:05:20Zx",
        "2026-11-21T21:05:20+0100",
        "2026-11-21T21:05:20+01:00x",
        "2026-11-21T21:05:20+15:00",
        "2026-11-21T21:05:20-14:01",
        "2026-11-21T21:05:20+01:60",
        "2026-11-21T21:05:60Z",
        "2026-11-21T21:60:00Z",
        "2026-11-21T25:00:00Z",
        "2026-11-21T24:00:01Z",
        "2026-00-21T21:05:20Z",
        "2026-13-21T21:05:20Z",
        "2026-11-00T21:05:20Z",
        "2026-11-31T21:05:20Z",
        "2026-02-29T21:05:20Z",
        "2100-02-29T21:05:20Z",
        "0000-01-01T00:00:00Z",
        "-2026-11-21T21:05:20Z",
        "20261-11-21T21:05:20Z",
        "2026-1-21T21:05:20Z",
        " 2026-11-21T21:05:20Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int64_t seconds;

        if (wire_time_parse(texts[i], &seconds))
            fail_msg("%s is accepted", texts[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(other_texts_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
