/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A new directory with what a target was asked and answered, which appears as a whole. */
#ifndef VPERF_COMMAND_SAVED_ANSWERS_H
#define VPERF_COMMAND_SAVED_ANSWERS_H

#include "source/source.h"

/* saved_answers_check: there is no such directory, or it is empty. ERROR_USAGE otherwise. */
bool saved_answers_check(const char *path, struct error *error);

/*
 * saved_answers_write: the files of the source, for their owner alone. False with the error, and
 * with nothing left on the disk.
 */
bool saved_answers_write(const char *path, struct source *source, size_t *count,
                         struct error *error);

#endif
