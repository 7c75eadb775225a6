/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers and times as text, the same in every format. */
#include "core/value.h"

#include <string.h>
#include <time.h>

enum { DIGITS = 20 };

/* Writes the digits of number so that they end before end; returns where they begin. */
static char *digits_before(char *end, uint64_t number, int at_least) {
    char *begin = end;
    for (; number || at_least > 0; at_least--) {
        *--begin = (char)('0' + number % 10);
        number /= 10;
    }
    return begin;
}

size_t value_text(char text[VALUE_TEXT_SIZE], int64_t value, const struct counter *counter,
                  bool raw) {
    bool percent = !raw && strcmp(counter->unit, "percent") == 0;
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    char buffer[DIGITS + 3];
    char *end = buffer + sizeof buffer;
    char *begin;

    if (percent) {
        begin = digits_before(end, magnitude % 100, 2);
        *--begin = '.';
        begin = digits_before(begin, magnitude / 100, 1);
    } else {
        begin = digits_before(end, magnitude, 1);
    }
    if (value < 0)
        *--begin = '-';
    size_t length = (size_t)(end - begin);
    memcpy(text, begin, length);
    text[length] = '\0';
    return length;
}

size_t time_text(char text[TIME_TEXT_SIZE], int64_t seconds) {
    time_t time = seconds;
    struct tm tm;

    text[0] = '\0';
    if (!gmtime_r(&time, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
        return 0;
    digits_before(text + 4, (uint64_t)(tm.tm_year + 1900), 4);
    digits_before(text + 7, (uint64_t)(tm.tm_mon + 1), 2);
    digits_before(text + 10, (uint64_t)tm.tm_mday, 2);
    digits_before(text + 13, (uint64_t)tm.tm_hour, 2);
    digits_before(text + 16, (uint64_t)tm.tm_min, 2);
    digits_before(text + 19, (uint64_t)tm.tm_sec, 2);
    text[4] = text[7] = '-';
    text[10] = 'T';
    text[13] = text[16] = ':';
    text[19] = 'Z';
    text[20] = '\0';
    return 20;
}
