/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * The messages about one target: trouble is reported when it begins, counted while it lasts, and
 * its end is reported. Trouble that comes and goes is reported ever more seldom.
 */
#ifndef VPERF_COMMAND_MESSAGES_H
#define VPERF_COMMAND_MESSAGES_H

#include <stddef.h>

#include "core/entity.h"
#include "core/error.h"
#include "core/log.h"
#include "core/reporter.h"
#include "source/source.h"

struct messages;

/*
 * messages_new: nothing said yet; owned by the caller. The target's text and the log are borrowed.
 * In an endless run, the end of trouble is reported.
 */
struct messages *messages_new(const struct log *log, const char *target, bool endless);

/* messages_free: takes NULL. */
void messages_free(struct messages *messages);

/* messages_reporter: who gets what the source reports; threads may share it. */
const struct reporter *messages_reporter(struct messages *messages);

/* messages_missing: one sample time lacks data of the entity, or of the target when it is NULL. */
void messages_missing(struct messages *messages, const struct entity *entity, const char *reason);

/*
 * messages_absent: one sample time lacks data of these entities: reported in one line, which names
 * some of them, and so is the end; --verbose names all.
 */
void messages_absent(struct messages *messages, const struct absence *absence);

/* messages_round: a round has succeeded; trouble that it did not mention has ended. */
void messages_round(struct messages *messages);

/* messages_lost: a round, or the target as a whole, is lost. */
void messages_lost(struct messages *messages, const struct error *error);

/* messages_finish: the run ends after so many rounds: reports how often trouble came. */
void messages_finish(struct messages *messages, size_t rounds);

/* messages_troubles: how many different troubles cost data. */
size_t messages_troubles(const struct messages *messages);

#endif
