/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Counts what was lost, and says it in one line. */
#include "source/libvirt/account.h"

#include "core/memory.h"
#include "source/libvirt/sample/rates.h"

void account_sample(struct account *account, const struct guest_sample *sample) {
    account->seen++;
    account->no_report = sample->report_clock != REPORT_ALWAYS_FRESH && !sample->blocked &&
                         sample->values[GUEST_AVAILABLE] == ABSENT;
    if (sample->blocked) {
        account->blocked++;
        account->blocked_ms = sample->blocked_ms == INT64_MAX ? 0 : sample->blocked_ms;
    }
}

void account_failure(struct account *account, const struct error *error) {
    if (!account->failed)
        account->error = *error;
    account->failed++;
}

void account_duration(struct account *account, int64_t duration_ns, int64_t interval_seconds) {
    if (rates_interval_held(duration_ns) <= interval_seconds)
        return;
    account->slow++;
    if (duration_ns > account->slow_ns)
        account->slow_ns = duration_ns;
}

char *account_reason(const struct account *account) {
    int polls = account->seen + account->failed;

    if (account->failed)
        return memory_printf("%d of %d polls gave nothing: %s", account->failed, polls,
                             account->error.message);
    if (account->blocked)
        return memory_printf("QEMU does not answer libvirt (for %lld s): memory and disk values "
                             "are missing in %d of %d polls",
                             (long long)(account->blocked_ms / 1000), account->blocked, polls);
    if (account->slow)
        return memory_printf("%d of %d polls took up to %.1f s: --interval %lld holds",
                             account->slow, polls, (double)account->slow_ns / 1e9,
                             (long long)rates_interval_held(account->slow_ns));
    if (account->uneven)
        return memory_printf("%d of %d polls make no rates: they came too early or too late, or "
                             "took much longer or shorter than the one before",
                             account->uneven, polls);
    return NULL;
}
