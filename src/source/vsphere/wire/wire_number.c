/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/vsphere/wire/wire_number.h"

#include "source/vsphere/wire/wire.h"

/* 1970 begins, 2200 begins. */
static const int64_t FIRST_TIME = 0, TIMES_END = 7258118400;

/* Reads digits from *c on, which becomes the byte behind them; false when there are none or they do
 * not fit. */
static bool read_digits(struct scan *scan, int *c, int64_t *value) {
    uint64_t number = 0;
    size_t digits = 0;
    while (wire_is_digit(*c)) {
        const char *at = scan->at;
        while (at < scan->end && wire_is_digit(*at))
            number = number * 10 + (uint64_t)(*at++ - '0');
        digits += (size_t)(at - scan->at);
        scan->at = at;
        *c = scan_text(scan);
    }
    /* 19 digits fit into 64 bits without a sign. */
    if (digits == 0 || digits > 19 || number > INT64_MAX)
        return false;
    *value = (int64_t)number;
    return true;
}

static inline void skip_blanks(struct scan *scan, int *c) {
    while (*c <= ' ' && scan_blank(*c))
        *c = scan_text_behind(scan);
}

bool wire_read_field(struct scan *scan, int *c, int64_t *value) {
    skip_blanks(scan, c);
    if (*c == ',' || *c < 0) {
        *value = VIM_ABSENT;
        return true;
    }
    bool negative = *c == '-';
    if (negative || *c == '+')
        *c = scan_text_behind(scan);
    if (!read_digits(scan, c, value))
        return false;
    if (negative)
        *value = -*value;
    skip_blanks(scan, c);
    return *c == ',' || *c < 0;
}

bool wire_read_int32(struct scan *scan, int *c, int32_t *value) {
    int64_t number;
    if (!wire_read_field(scan, c, &number) || number < INT32_MIN || number > INT32_MAX)
        return false;
    *value = (int32_t)number;
    return true;
}

bool wire_read_time(struct scan *scan, int *c, int64_t *seconds) {
    char text[48];
    size_t length = 0;
    skip_blanks(scan, c);
    for (; *c > ' ' && *c != ','; *c = scan_text_behind(scan)) {
        if (length + 1 == sizeof text)
            return false;
        text[length++] = (char)*c;
    }
    text[length] = '\0';
    skip_blanks(scan, c);
    return (*c == ',' || *c < 0) && wire_time_parse(text, seconds) && *seconds >= FIRST_TIME &&
           *seconds < TIMES_END;
}

bool wire_leaf_int32(struct scan *scan, int32_t *value) {
    int64_t number;
    const char *at = wire_read_plain(scan, scan->at, &number);
    if (at && at[0] == '<' && at[1] == '/' && number >= INT32_MIN && number <= INT32_MAX) {
        scan->at = at;
        *value = (int32_t)number;
        return true;
    }
    int c = scan_text(scan);
    return c >= 0 && wire_read_int32(scan, &c, value) && c < 0;
}

bool wire_leaf_time(struct scan *scan, int64_t *seconds) {
    int c = scan_text(scan);
    return c >= 0 && wire_read_time(scan, &c, seconds) && c < 0;
}
