/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers and times as text, the same in every format. */
#include "core/value.h"

#include <string.h>

enum { DIGITS = 20 };

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
static const int64_t FIRST_SECOND = INT64_C(-62167219200), LAST_SECOND = INT64_C(253402300799);

/* 0000-01-01 in years that begin in March: the era before is -400-03-01 to 0000-02-29. */
enum { DAY_SECONDS = 86400, DAYS_FROM_MARCH = 146097 - 60 };

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

/*
 * Writes the date of a day since -0400-03-01 of the Gregorian calendar: years that begin in March
 * end with the leap day. gmtime_r takes a lock, and a twentieth of the time of a series.
 */
static void date_text(char *text, int64_t day) {
    int64_t era = day / 146097, of_era = day % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153; /* from March on */
    digits_before(text + 10, (uint64_t)(of_year - (153 * month + 2) / 5 + 1), 2);
    digits_before(text + 7, (uint64_t)(month < 10 ? month + 3 : month - 9), 2);
    digits_before(text + 4, (uint64_t)(year + (era - 1) * 400 + (month >= 10)), 4);
}

size_t time_text(char text[TIME_TEXT_SIZE], int64_t seconds) {
    text[0] = '\0';
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
        return 0;
    int64_t since = seconds - FIRST_SECOND;
    date_text(text, since / DAY_SECONDS + DAYS_FROM_MARCH);
    digits_before(text + 13, (uint64_t)(since / 3600 % 24), 2);
    digits_before(text + 16, (uint64_t)(since / 60 % 60), 2);
    digits_before(text + 19, (uint64_t)(since % 60), 2);
    text[4] = text[7] = '-';
    text[10] = 'T';
    text[13] = text[16] = ':';
    text[19] = 'Z';
    text[20] = '\0';
    return 20;
}
