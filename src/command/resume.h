/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * --resume: how far a history has been forwarded to a database, in a file beside it. A file of its
 * own, not a table: a history has one writer, and who forwards needs no right to write it, waits
 * for no lock of it, and is not hindered when its disk is full or it is damaged.
 */
#ifndef VPERF_COMMAND_RESUME_H
#define VPERF_COMMAND_RESUME_H

#include "command/options.h"
#include "push/client.h"

struct resume;

/*
 * resume_new: of the only target, under the name that the options have; the target's source options
 * get it. NULL when there is no such name, and no error is set; or with the error: ERROR_USAGE when
 * it makes no sense with the other options, ERROR_OUTPUT when its file cannot be used.
 */
struct resume *resume_new(struct options *options, struct error *error);

/* resume_sink: what to write to in place of the client's sink, to which it passes everything on. */
struct sink *resume_sink(struct resume *resume, struct push_client *client);

/* resume_store: writes how far the client has delivered. */
bool resume_store(struct resume *resume, struct error *error) __attribute__((warn_unused_result));

/* resume_free: takes NULL. */
void resume_free(struct resume *resume);

#endif
