/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A command's manual page, of which the options come from the same table as the help. */
#ifndef VPERF_COMMAND_MANUAL_H
#define VPERF_COMMAND_MANUAL_H

#include <stdbool.h>

#include "command/command.h"
#include "core/error.h"

/*
 * manual_write: the page in the language of man(7) on stdout. In folder lie the texts that the
 * help has no room for: COMMAND.roff, and options.roff for details of options. False when one
 * cannot be read. The page has @MANUAL_DATE@ and @PROJECT_VERSION@ where these belong.
 */
bool manual_write(const struct command *command, const char *folder, struct error *error);

#endif
