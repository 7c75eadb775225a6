/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/verdict.h"

#include <glib.h>
#include <string.h>

#include "core/backoff.h"

enum { LONGEST_PAUSE_SECONDS = 60, LONGEST_WISH_SECONDS = 3600 };

static const int64_t second_ns = 1000000000;

/* Codes of a class of their own; 2xx and 5xx are one class each. */
static const struct {
    long status;
    enum verdict verdict;
} statuses[] = {
    {400, VERDICT_SPLIT}, /* bad request: something in it */
    {408, VERDICT_AGAIN}, /* request timeout */
    {413, VERDICT_SPLIT}, /* content too large */
    {422, VERDICT_SPLIT}, /* unprocessable content */
    {425, VERDICT_AGAIN}, /* too early */
    {429, VERDICT_AGAIN}, /* too many requests */
};

/* What stands behind this token and white space; NULL when there is another one. */
static const char *skip(const char *text, const char *token) {
    text += strspn(text, " \t\r\n");
    return g_str_has_prefix(text, token) ? text + strlen(token) : NULL;
}

/* The value of the object's first member, if that is its error; NULL for none. */
static const char *find_error(const char *body) {
    static const char *const before[] = {"{", "\"error\"", ":"};
    static const char *const none[] = {"null", "false", "\"\""};
    for (size_t i = 0; body && i < G_N_ELEMENTS(before); i++)
        body = skip(body, before[i]);
    for (size_t i = 0; body && i < G_N_ELEMENTS(none); i++)
        if (skip(body, none[i]))
            return NULL;
    return body;
}

void verdict_read(struct outcome *outcome, const char *type, const char *body) {
    static const char page[] = "text/html";
    const char *error = find_error(body);
    outcome->page = *body && type && g_ascii_strncasecmp(type, page, strlen(page)) == 0;
    outcome->error = error;
    outcome->timeout = error && skip(error, "\"timeout");
}

static enum verdict verdict_of_success(const struct outcome *outcome) {
    if (outcome->page)
        return VERDICT_REFUSED;
    if (outcome->error)
        return outcome->timeout ? VERDICT_AGAIN : VERDICT_SPLIT;
    return VERDICT_DELIVERED;
}

enum verdict verdict_of(const struct outcome *outcome) {
    if (outcome->status == 0)
        return outcome->hopeless ? VERDICT_REFUSED : VERDICT_AGAIN;
    if (outcome->status / 100 == 2)
        return verdict_of_success(outcome);
    if (outcome->status / 100 == 5)
        return VERDICT_AGAIN;
    for (size_t i = 0; i < G_N_ELEMENTS(statuses); i++)
        if (statuses[i].status == outcome->status)
            return statuses[i].verdict;
    return VERDICT_REFUSED;
}

int64_t verdict_pause_ns(const struct outcome *outcome, unsigned failures) {
    if (outcome->retry_after_seconds > 0)
        return MIN(outcome->retry_after_seconds, LONGEST_WISH_SECONDS) * second_ns;
    return backoff_pause(second_ns, failures ? failures - 1 : 0, LONGEST_PAUSE_SECONDS * second_ns);
}
