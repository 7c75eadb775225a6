/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a reader knows of counters and entities: read anew when there is more of them. */
#ifndef VPERF_HISTORY_READER_ENTITIES_H
#define VPERF_HISTORY_READER_ENTITIES_H

#include "history/reader.h"

/* reader_find_newest: the newest sample time of the history. */
bool reader_find_newest(struct reader *reader, struct error *error)
    __attribute__((warn_unused_result));

/* reader_describe: the counters and entities that there are, after reader_find_newest. */
bool reader_describe(struct reader *reader, struct error *error)
    __attribute__((warn_unused_result));

/* reader_forget: no entities are known. */
void reader_forget(struct reader *reader);

#endif
