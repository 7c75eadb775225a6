/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* libvirt's event loop: some transports, such as libssh, wait for ever without one. */
#ifndef VPERF_SOURCE_LIBVIRT_EVENTS_H
#define VPERF_SOURCE_LIBVIRT_EVENTS_H

/*
 * events_run: starts libvirt's own event loop in a thread that lasts as long as the process; to be
 * called before a connection is opened. Without a thread there are no events.
 */
void events_run(void);

#endif
