/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A history in a folder of its own, for a test and its end. */
#ifndef VPERF_TEST_HISTORY_FIXTURE_H
#define VPERF_TEST_HISTORY_FIXTURE_H

#include "history/writer.h"

struct fixture {
    char *folder;
    char *path; /* of the history, which is there when somebody has made it */
    struct writer *writer;
};

extern const struct retention fixture_long_enough;
extern const struct log fixture_quiet;

/* fixture_folder: set-up of a test that makes its history itself. */
int fixture_folder(void **state);

/* fixture_writer: set-up of a test that begins with an empty history and its writer. */
int fixture_writer(void **state);

/* fixture_reopen: closes the writer and opens another one of the history. */
void fixture_reopen(struct fixture *fixture, const struct retention *retention,
                    const struct log *log);

/* fixture_done: tear-down of both. */
int fixture_done(void **state);

/* fixture_number: the first value of the first row, -1 when there is none. */
int64_t fixture_number(const struct fixture *fixture, const char *sql);

#endif
