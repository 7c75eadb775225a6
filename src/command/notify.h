/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What the service manager wants to know (sd_notify(3)); without one, nothing happens. */
#ifndef VPERF_COMMAND_NOTIFY_H
#define VPERF_COMMAND_NOTIFY_H

/* notify_ready: the start is over. */
void notify_ready(void);

/* notify_alive: the work goes on; to be called more often than WatchdogSec says. */
void notify_alive(void);

/* notify_stopping: the end begins. */
void notify_stopping(void);

#endif
