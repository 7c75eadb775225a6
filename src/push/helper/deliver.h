/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* From the socket into requests: one destination, until vperf has said the end, or is gone. */
#ifndef VPERF_PUSH_HELPER_DELIVER_H
#define VPERF_PUSH_HELPER_DELIVER_H

/* deliver_run: talks over this socket, and closes it. */
void deliver_run(int socket);

#endif
