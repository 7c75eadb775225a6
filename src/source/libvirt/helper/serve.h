/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The helper's work: answers requests, one after the other. */
#ifndef VPERF_SOURCE_LIBVIRT_SERVE_H
#define VPERF_SOURCE_LIBVIRT_SERVE_H

/*
 * serve_requests: says hello and answers what is asked on the socket, until that is closed or the
 * connection to libvirt is lost.
 */
void serve_requests(int socket);

#endif
