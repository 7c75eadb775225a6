/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "history/tidy.h"

#include "core/clock.h"
#include "history/fold.h"

enum {
    RETENTION_ROUNDS = 30,
    AGAIN_SECONDS = 60,
    LONGEST_SECONDS = 3600,
};

static const int64_t folding_ns = 250000000; /* of a round, at most; as much for retention */
static const int64_t retention_pause_ns = 60000000000;

static bool keep_retention(struct tidy *tidy, struct registry *registry, struct error *error) {
    GArray *gone = g_array_new(FALSE, FALSE, sizeof(int64_t));
    bool more = false;
    bool good = retention_apply(registry->database, &tidy->retention, clock_now_ns() + folding_ns,
                                gone, &more, error);
    registry_forget(registry, gone);
    g_array_free(gone, TRUE);
    tidy->retention_ns = more ? 0 : clock_boot_ns() + retention_pause_ns;
    return good;
}

static bool tidy_part(struct tidy *tidy, struct registry *registry, struct error *error) {
    if (!fold_due(registry->database, clock_now_ns() + folding_ns, error))
        return false;
    if (++registry->rounds % RETENTION_ROUNDS == 0)
        registry_sweep(registry);
    else if (clock_boot_ns() < tidy->retention_ns)
        return true;
    return keep_retention(tidy, registry, error);
}

bool tidy_may_pass(const struct error *error) {
    return error->kind == ERROR_OUTPUT || error->kind == ERROR_FAULT;
}

bool tidy_now(struct tidy *tidy, struct registry *registry, struct error *error) {
    struct error failed = {0};
    int64_t now_ns = clock_boot_ns();
    if (backoff_holds(&tidy->pause, now_ns))
        return true;
    if (tidy_part(tidy, registry, &failed)) {
        tidy->pause = (struct backoff){0};
        return true;
    }
    if (!tidy_may_pass(&failed))
        return error_set(error, ERROR_OUTPUT, "%s", failed.message);
    if (!tidy->pause.times)
        log_warn(tidy->log, "%s; samples are written, but not packed into hours yet",
                 failed.message);
    backoff_extend(&tidy->pause, now_ns, AGAIN_SECONDS, LONGEST_SECONDS);
    return true;
}
