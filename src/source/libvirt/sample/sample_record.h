/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Snapshots as records, for the pipe between helper and program. */
#ifndef VPERF_SOURCE_LIBVIRT_SAMPLE_RECORD_H
#define VPERF_SOURCE_LIBVIRT_SAMPLE_RECORD_H

#include "core/record.h"
#include "source/libvirt/sample/sample.h"

/* snapshot_write: appends everything in the snapshot. */
void snapshot_write(GByteArray *bytes, const struct snapshot *snapshot);

/* snapshot_read: a new snapshot; what a damaged record lacks is missing, and the record says so. */
struct snapshot *snapshot_read(struct record *record);

/* failures_write: appends the guests without statistics alone. */
void failures_write(GByteArray *bytes, const struct snapshot *snapshot);

/* failures_read: adds them to a snapshot. */
void failures_read(struct record *record, struct snapshot *snapshot);

/* wish_write: appends a wish. */
void wish_write(GByteArray *bytes, const struct sample_wish *wish);

/* wish_read: reads a wish. */
struct sample_wish wish_read(struct record *record);

#endif
