/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The files of a guest. */
#ifndef VPERF_SOURCE_VSPHERE_FILES_H
#define VPERF_SOURCE_VSPHERE_FILES_H

#include <stdint.h>

/*
 * files_snapshot_bytes: of a VirtualMachineFileLayoutEx, as XML, the sizes of the files that
 * snapshots have: their data and memory, and every layer of a disk but the lowest. Each counts
 * once.
 */
int64_t files_snapshot_bytes(const char *xml);

/* files_sum: of two sizes, which are not negative; at most the largest number. */
int64_t files_sum(int64_t left, int64_t right);

#endif
