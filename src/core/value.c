/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Numbers and times as text, the same in every format. */
#include "core/value.h"

#include <string.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
static const int64_t FIRST_SECOND = INT64_C(-62167219200), LAST_SECOND = INT64_C(253402300799);

/* 0000-01-01 in years that begin in March: the era before is -400-03-01 to 0000-02-29. */
enum { DAY_SECONDS = 86400, DAYS_FROM_MARCH = 146097 - 60 };

/* Two digits at a time: half of the divisions. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

static char *pair_before(char *end, uint64_t below_100) {
    return memcpy(end - 2, pairs + 2 * below_100, 2);
}

/* Writes the digits of number so that they end before end; returns where they begin. */
static char *digits_before(char *end, uint64_t number) {
    for (; number >= 100; number /= 100)
        end = pair_before(end, number % 100);
    if (number >= 10)
        return pair_before(end, number);
    *--end = (char)('0' + number);
    return end;
}

bool value_is_hundredths(const struct counter *counter) {
    return strcmp(counter->unit, "percent") == 0;
}

static size_t digit_count(uint64_t number) {
    size_t count = 1;
    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* The digits are counted first, and so written where they belong. */
size_t value_digits(char text[VALUE_TEXT_SIZE], int64_t value, bool hundredths) {
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    uint64_t whole = hundredths ? magnitude / 100 : magnitude;
    size_t length = (value < 0) + digit_count(whole);
    text[0] = '-';
    digits_before(text + length, whole);
    if (!hundredths)
        return length;
    text[length] = '.';
    pair_before(text + length + 3, magnitude % 100);
    return length + 3;
}

size_t value_text(char text[VALUE_TEXT_SIZE], int64_t value, const struct counter *counter,
                  bool raw) {
    size_t length = value_digits(text, value, !raw && value_is_hundredths(counter));
    text[length] = '\0';
    return length;
}

const char *value_unit(const struct series *series, bool raw) {
    if (raw || strcmp(series->counter->unit, "teraBytes") != 0)
        return series->counter->unit;
    for (size_t i = 0; i < series->count; i++)
        if (series->samples[i].value > VALUE_MOST_TERABYTES)
            return "bytes";
    return series->counter->unit;
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
    uint64_t full_year = (uint64_t)(year + (era - 1) * 400 + (month >= 10));
    pair_before(text + 10, (uint64_t)(of_year - (153 * month + 2) / 5 + 1));
    pair_before(text + 7, (uint64_t)(month < 10 ? month + 3 : month - 9));
    pair_before(text + 4, full_year % 100);
    pair_before(text + 2, full_year / 100);
}

size_t time_text(char text[TIME_TEXT_SIZE], int64_t seconds) {
    text[0] = '\0';
    if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
        return 0;
    int64_t since = seconds - FIRST_SECOND;
    date_text(text, since / DAY_SECONDS + DAYS_FROM_MARCH);
    pair_before(text + 13, (uint64_t)(since / 3600 % 24));
    pair_before(text + 16, (uint64_t)(since / 60 % 60));
    pair_before(text + 19, (uint64_t)(since % 60));
    text[4] = text[7] = '-';
    text[10] = 'T';
    text[13] = text[16] = ':';
    text[19] = 'Z';
    text[20] = '\0';
    return 20;
}
