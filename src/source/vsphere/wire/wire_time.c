/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* xsd:dateTime to Unix seconds, without the C library's time zones. */
#include "source/vsphere/wire/wire.h"

/* Of an offset from UTC, by XML Schema. */
enum { MOST_OFFSET_SECONDS = 14 * 3600 };

/* Reads exactly `digits` digits; false when there are fewer. */
static bool read_digits(const char **text, int digits, int *value) {
    *value = 0;
    for (; digits > 0; digits--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool read_char(const char **text, char c) {
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static int month_days(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01, counted in 400-year eras that begin on 1 March. */
static int64_t days_from_date(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

/* Reads what may follow the seconds: a fraction and an offset. */
static bool read_zone(const char *text, int64_t *offset) {
    if (*text == '.') {
        if (text[1] < '0' || text[1] > '9')
            return false;
        for (text++; *text >= '0' && *text <= '9'; text++)
            ;
    }
    char sign = *text;
    *offset = 0;
    if (sign == '\0' || (sign == 'Z' && text[1] == '\0'))
        return true;
    text++;
    int hours, minutes;
    if ((sign != '+' && sign != '-') || !read_digits(&text, 2, &hours) || !read_char(&text, ':') ||
        !read_digits(&text, 2, &minutes) || *text || minutes > 59)
        return false;
    int seconds = hours * 3600 + minutes * 60;
    if (seconds > MOST_OFFSET_SECONDS)
        return false;
    *offset = sign == '-' ? -seconds : seconds;
    return true;
}

bool wire_time_parse(const char *text, int64_t *seconds) {
    int year, month, day, hour, minute, second;
    int64_t offset;
    if (!read_digits(&text, 4, &year) || !read_char(&text, '-') || !read_digits(&text, 2, &month) ||
        !read_char(&text, '-') || !read_digits(&text, 2, &day) || !read_char(&text, 'T') ||
        !read_digits(&text, 2, &hour) || !read_char(&text, ':') ||
        !read_digits(&text, 2, &minute) || !read_char(&text, ':') ||
        !read_digits(&text, 2, &second) || !read_zone(text, &offset))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month) ||
        hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second)))
        return false;
    second += hour * 3600 + minute * 60;
    *seconds = days_from_date(year, month, day) * 86400 + second - offset;
    return true;
}
