/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The server's present. */
#ifndef VPERF_SOURCE_VSPHERE_PRESENT_H
#define VPERF_SOURCE_VSPHERE_PRESENT_H

#include "source/vsphere/session/channel.h"
#include "source/vsphere/session/server_clock.h"

/* present_read: asks for the server's time (CurrentTime). */
bool present_read(struct channel *channel, struct server_reading *reading, struct error *error);

/*
 * present_parse: the time as xsd:dateTime, with its fraction of a second; false for other text, and
 * for times before 1970 or after 2261.
 */
bool present_parse(const char *text, struct server_reading *reading);

/* present_seconds: the server's time in Unix seconds. */
int64_t present_seconds(const struct server_reading *reading);

#endif
