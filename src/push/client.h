/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * A destination over HTTP, seen from vperf: a sink that gives series to a process of its own, which
 * formats, keeps and sends them. What that process tells is printed here.
 */
#ifndef VPERF_PUSH_CLIENT_H
#define VPERF_PUSH_CLIENT_H

#include "core/cancel.h"
#include "core/log.h"
#include "push/protocol.h"
#include "push/url.h"
#include "sink/sink.h"

struct push_client;

/* How a destination is written to; strings are borrowed for the call. */
struct push_options {
    const char *token; /* NULL for none; a login in the URL comes before it */
    const char *ca_file;
    const struct log *log; /* borrowed */
    int timeout_seconds;
    bool endless;
    bool patient; /* a source that can wait does: nothing is dropped while the destination lives */
};

/*
 * push_client_new: starts the process for the URL. NULL with the error when it cannot run, or this
 * program was built without it.
 */
struct push_client *push_client_new(const struct push_url *url, const struct push_options *options,
                                    const struct sink_options *sink, struct error *error);

/* push_client_sink: what to write to. It fails only when the process has ended. */
struct sink *push_client_sink(struct push_client *client);

/* push_client_end_with: waiting ends with this token too. */
void push_client_end_with(struct push_client *client, const struct cancel *cancel);

/* push_client_rounds: how many rounds were ended. */
int64_t push_client_rounds(const struct push_client *client);

/* push_client_delivered: the newest of them of which nothing is left to deliver; 0 for none. */
int64_t push_client_delivered(const struct push_client *client);

/* What has been delivered. */
enum push_result { PUSH_ALL, PUSH_PART, PUSH_NONE };

/*
 * push_client_finish: waits, in a time that has a limit, until what was written is delivered. The
 * error says what is lost and why, unless it is PUSH_ALL.
 */
enum push_result push_client_finish(struct push_client *client, struct error *error);

/* push_client_account: after push_client_finish; NULL when the process has ended without one. */
const struct push_account *push_client_account(const struct push_client *client);

/* push_client_interrupted: there is no account because the run was interrupted. */
bool push_client_interrupted(const struct push_client *client);

/* push_client_free: ends the process, at once if it is not finished. Takes NULL. */
void push_client_free(struct push_client *client);

#endif
