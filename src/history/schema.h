/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The tables and views of a history file, and their versions. */
#ifndef VPERF_HISTORY_SCHEMA_H
#define VPERF_HISTORY_SCHEMA_H

#include "history/database.h"

/* application_id (vpfr) of the header, by which file(1) and we know a history. */
enum { SCHEMA_APPLICATION = 0x76706672 };

/* schema_check: the file is a history of a format that we can read: the present, or an older one.
 */
bool schema_check(struct database *database, struct error *error)
    __attribute__((warn_unused_result));

/* schema_prepare: an empty file becomes a history; one of an older format the present one. */
bool schema_prepare(struct database *database, struct error *error)
    __attribute__((warn_unused_result));

#endif
