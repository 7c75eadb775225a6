/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the end of a file's name promises: formats that a command does not write are refused. */
#ifndef VPERF_CORE_ENDING_H
#define VPERF_CORE_ENDING_H

#include <stdbool.h>

#include "core/error.h"

/*
 * ending_check: true when the name of an output, NULL for standard output, ends in one of the
 * formats in taken, with blanks between them, or in nothing that stands for a format, such as
 * ".txt". Else an ERROR_USAGE of the option that lists them, and tells how to get what was wanted.
 * .gz and .zst compress what stands before them; other compressions are refused.
 */
bool ending_check(const char *option, const char *path, const char *taken, struct error *error)
    __attribute__((warn_unused_result));

/* ending_is: the name ends in "." and the ending, in capitals or not, before what compresses. */
bool ending_is(const char *path, const char *ending);

#endif
