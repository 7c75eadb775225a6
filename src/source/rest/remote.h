/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A source that lives in vperf-rest, seen from the program: a process for each open source. */
#ifndef VPERF_SOURCE_REST_REMOTE_H
#define VPERF_SOURCE_REST_REMOTE_H

#include "source/source.h"

/* remote_open: the open of a source, with its ops. */
struct source *remote_open(const struct source_ops *ops, const struct target *target,
                           const struct source_options *options, struct error *error);

/* The other calls of struct source_ops. */
struct catalog *remote_catalog(struct source *source, struct error *error);
bool remote_about(struct source *source, struct source_about *about, struct error *error);
struct inventory *remote_inventory(struct source *source, const struct selection *selection,
                                   struct error *error);
bool remote_now(struct source *source, int64_t *seconds, struct error *error);
struct due remote_due(struct source *source, int32_t interval);
bool remote_round(struct source *source, const struct selection *selection,
                  const struct window *window, const struct source_events *events,
                  struct error *error);
void remote_close(struct source *source);
bool remote_save(struct source *source, const struct source_files *files, struct error *error);

#endif
