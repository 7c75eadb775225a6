/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Writes rounds into a history file. What came of a target since its last round is one transaction,
 * with the marks that say so. Not thread-safe.
 */
#ifndef VPERF_HISTORY_WRITER_H
#define VPERF_HISTORY_WRITER_H

#include "core/catalog.h"
#include "core/log.h"
#include "core/mark.h"
#include "core/series.h"
#include "core/window.h"
#include "history/events.h"
#include "history/retention.h"

struct writer;

/*
 * writer_open: the history with this path, made if need be; NULL on failure. The log, which is
 * borrowed, is told of a disk that is full, and of its end.
 */
struct writer *writer_open(const char *path, const struct retention *retention,
                           const struct log *log, struct error *error);

/* writer_close: writes what is left, and frees the writer. Takes NULL. */
void writer_close(struct writer *writer);

/* writer_define: the counters that a target has. */
void writer_define(struct writer *writer, const struct catalog *catalog);

/* writer_add: samples of the target with this number; those that are recorded already are not
 * taken. */
void writer_add(struct writer *writer, unsigned target, const struct series *series);

/* writer_note: an event of a target, or of an entity of it unless that is NULL. */
void writer_note(struct writer *writer, enum writer_event kind, unsigned target, const char *name,
                 const struct entity *entity, const char *text);

/* writer_see: the entity is there, whether it has samples or not. */
void writer_see(struct writer *writer, unsigned target, const struct entity *entity);

/*
 * writer_miss: why samples are missing from now on, of an entity or of the target; what is missing
 * becomes a gap with this reason when samples come again.
 */
void writer_miss(struct writer *writer, unsigned target, const struct entity *entity,
                 const char *reason);

/*
 * writer_commit: the round of the target is over: it is on disk afterwards. When it cannot be
 * written, it is kept for a later commit, as long as there is room; false with the error when that
 * makes no sense, as when writer_is_gone.
 */
bool writer_commit(struct writer *writer, unsigned target, struct error *error)
    __attribute__((warn_unused_result));

/* writer_is_gone: its file was removed or replaced: nobody will find what is written. */
bool writer_is_gone(const struct writer *writer);

/* writer_mark: which samples of the entity are recorded; false when none are. */
bool writer_mark(struct writer *writer, const struct entity *entity, int32_t interval,
                 struct mark *mark);

/*
 * writer_lack: the oldest of the newest KNOWN_TIMES sample times of the entity at which one of its
 * series has no sample, while others have; false when there is none. Samples of times up to now may
 * be given again from now on, with series->late: those that are recorded are not taken.
 */
bool writer_lack(struct writer *writer, const struct entity *entity, int32_t interval,
                 int64_t *time);

/*
 * writer_gap: the window of archived samples that may fill gaps of the target, which are added with
 * series->fills; false when there are none.
 */
bool writer_gap(struct writer *writer, unsigned target, struct window *window);

/* writer_filled: all that could be had for the window has been added: it is asked for no more. */
void writer_filled(struct writer *writer, unsigned target, const struct window *window);

#endif
