/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What shells complete: the commands and their options, from the same tables as the help. */
#ifndef VPERF_COMMAND_COMPLETION_H
#define VPERF_COMMAND_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"
#include "core/error.h"

/*
 * completion_write: the script for bash, zsh or fish on stdout: vperf.SHELL of the folder, and
 * behind it what it works with. False for any other shell, and when the file cannot be read.
 */
bool completion_write(const char *shell, const char *folder, const struct command *commands,
                      size_t count, struct error *error);

#endif
