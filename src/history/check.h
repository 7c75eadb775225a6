/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Reads all of a history file. */
#ifndef VPERF_HISTORY_CHECK_H
#define VPERF_HISTORY_CHECK_H

#include "history/database.h"

struct check {
    void *context;
    /* damaged: what is lost, in one line. */
    void (*damaged)(void *context, const char *text);
    int64_t blocks;  /* that are good */
    int64_t samples; /* in them */
    int64_t faults;  /* that damaged was told of */
};

/*
 * check_all: what SQLite checks, the checksum and content of every block and round, the checksums
 * of rows, and of every hour whose samples are still there what is kept for longer.
 */
void check_all(struct database *database, struct check *check);

#endif
