/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What everybody can read of the command line. */
#ifndef VPERF_COMMAND_ARGUMENTS_H
#define VPERF_COMMAND_ARGUMENTS_H

/* arguments_hide_password: overwrites that of a text which may be a TARGET. */
void arguments_hide_password(char *text);

/* arguments_hide_passwords: overwrites those of TARGETs, which the process list shows. */
void arguments_hide_passwords(int argc, char **argv);

#endif
