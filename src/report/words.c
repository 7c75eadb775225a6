/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "report/words.h"

#include <math.h>

#include "core/memory.h"
#include "core/value.h"

static const struct {
    double from; /* seconds */
    double unit;
    const char *name;
} durations[] = {
    {2 * 86400.0, 86400, "days"},
    {2 * 3600.0, 3600, "hours"},
    {60, 60, "min"},
};

/* One decimal, unless it is 0. */
static char *number(double value, const char *unit) {
    double tenths = round(value * 10) / 10;
    return memory_printf("%.*f %s", tenths == floor(tenths) ? 0 : 1, tenths, unit);
}

char *words_duration(double seconds) {
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++)
        if (seconds >= durations[i].from)
            return number(seconds / durations[i].unit, durations[i].name);
    return memory_printf("%.0f s", seconds);
}

char *words_time(int64_t time) {
    char text[TIME_TEXT_SIZE] = "";
    return time_text(text, time) ? memory_printf("%.10s %.5s UTC", text, text + 11)
                                 : memory_strdup("a time that is not known");
}

char *words_count(size_t count, const char *name) {
    if (!count)
        return memory_printf("no %s", name);
    return memory_printf("%zu %s%s", count, name, count > 1 ? "s" : "");
}

char *words_percent(double percent) {
    double tenths = round(percent * 10) / 10;
    if (percent > 0 && percent < 100)
        tenths = fmin(fmax(tenths, 0.1), 99.9);
    bool whole = tenths == floor(tenths) || (tenths >= 10 && tenths < 99);
    return memory_printf("%.*f %%", whole ? 0 : 1, tenths);
}

char *words_amount(double amount) {
    return memory_printf("%.*f", fabs(amount) < 10 ? 1 : 0, amount);
}
