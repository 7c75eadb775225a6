/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The handle of a history file that is read. */
#ifndef VPERF_SOURCE_HISTORY_HISTORY_H
#define VPERF_SOURCE_HISTORY_HISTORY_H

#include "history/reader.h"
#include "source/history/position.h"
#include "source/source.h"

struct history {
    struct source base;
    struct source_options options;
    struct reader *reader;
    char *label;
    struct inventory *inventory;
    bool tailing;             /* a round without end has begun */
    int64_t last_round;       /* that was given in it */
    struct position position; /* of a run that goes on where another one ended, or of hours */
    int64_t stretch;          /* seconds that it gives at a time, of what has been folded */
    bool hurries;             /* more of that is to come */
    bool gone;                /* the file was removed, and none that can be read is there */
    bool checked;             /* it has the interval that is asked for */
    bool told_hours;          /* what it keeps of the window's begin is known */
};

#endif
