/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The source of history files in vperf: that vperf-full has it. */
#include "source/history/traits.h"

extern const struct source_ops history_source;

const struct source_ops history_source = {HISTORY_TRAITS, .program = "vperf-full"};
