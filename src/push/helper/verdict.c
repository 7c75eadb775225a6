/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "push/helper/verdict.h"

#include <glib.h>

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

enum verdict verdict_of(const struct outcome *outcome) {
    if (outcome->status == 0)
        return outcome->hopeless ? VERDICT_REFUSED : VERDICT_AGAIN;
    if (outcome->status / 100 == 2)
        return outcome->page ? VERDICT_REFUSED : outcome->error ? VERDICT_SPLIT : VERDICT_DELIVERED;
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
