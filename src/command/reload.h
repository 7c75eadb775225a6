/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * SIGHUP in an endless run with --config: the targets become those of the configuration as it is
 * then. What did not change goes on with the session that it has.
 */
#ifndef VPERF_COMMAND_RELOAD_H
#define VPERF_COMMAND_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "command/options.h"

struct reload;
struct run;

/* What a command has to do with it. All are called by the thread that runs. */
struct reload_hooks {
    /* prepare: as the command prepared its first options; false with the error to refuse them. */
    bool (*prepare)(void *context, struct options *fresh, struct error *error);
    /* begin: this target of the options has the number from now on; NULL for none. */
    void (*begin)(void *context, unsigned number, const struct options *options, size_t target);
    /* end: the target with this number is no longer measured; NULL for none. */
    void (*end)(void *context, unsigned number);
    void *context;
};

/*
 * reload_new: SIGHUP waits for reload_watch from now on, in this thread and in those that it
 * starts. NULL without --config: SIGHUP ends the run. The options are borrowed, those that are read
 * later belong to the result.
 */
struct reload *reload_new(const struct options *options, const struct reload_hooks *hooks);

/* reload_options: the newest ones; reload may be NULL. */
const struct options *reload_options(const struct reload *reload, const struct options *first);

/*
 * reload_watch: returns when all lanes of the run are over. After SIGHUP the run gets the new
 * options; when these are wrong, one line says so, and nothing changes. When the terminal that has
 * our messages has gone, SIGHUP ends the run.
 */
void reload_watch(struct reload *reload, struct run *run);

/* reload_free: SIGHUP is what it was; takes NULL. No lane is left that uses its options. */
void reload_free(struct reload *reload);

#endif
