/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* vperf serve, from the command line to the end. */
#ifndef VPERF_SERVE_SERVE_H
#define VPERF_SERVE_SERVE_H

/* serve_main: the command line, of which the first word is this program; an exit status. */
int serve_main(int argc, char **argv);

#endif
