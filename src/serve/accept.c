/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "serve/accept.h"

#include <glib.h>
#include <string.h>
#include <strings.h>

enum { WHOLE = 1000, DIGITS = 3 };

static const char spaces[] = " \t";

/* The digits of "0.75"; what cannot be read counts as wanted. */
static int parse_weight(const char *text) {
    if (*text == '1')
        return WHOLE;
    if (*text++ != '0')
        return WHOLE;
    int weight = 0, unit = WHOLE;
    if (*text == '.')
        text++;
    for (int i = 0; i < DIGITS && g_ascii_isdigit(*text); i++) {
        unit /= 10;
        weight += (*text++ - '0') * unit;
    }
    return weight;
}

/* Of the parameters of one element. */
static int weight_of(const char *parameters, const char *end) {
    while (parameters < end) {
        parameters += strspn(parameters, " \t;");
        if (strncasecmp(parameters, "q=", 2) == 0)
            return parse_weight(parameters + 2);
        parameters += strcspn(parameters, ";,");
    }
    return WHOLE;
}

int accept_quality(const char *header, const char *name) {
    int best = -1;
    size_t length = strlen(name);
    for (const char *element = header; element && *element;) {
        element += strspn(element, spaces);
        const char *end = element + strcspn(element, ",");
        size_t own = strcspn(element, ";, \t");
        if (own == length && strncasecmp(element, name, length) == 0) {
            int weight = weight_of(element + own, end);
            best = weight > best ? weight : best;
        }
        element = *end ? end + 1 : end;
    }
    return best;
}

bool accept_openmetrics(const char *accept) {
    int wanted = accept_quality(accept, "application/openmetrics-text");
    return wanted > 0 && wanted >= accept_quality(accept, "text/plain");
}

bool accept_gzip(const char *accept_encoding) {
    int wanted = accept_quality(accept_encoding, "gzip");
    return wanted > 0 || (wanted < 0 && accept_quality(accept_encoding, "*") > 0);
}
