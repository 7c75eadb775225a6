/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* The requests of vperf, answered by a source. */
#ifndef VPERF_SOURCE_REST_SERVE_H
#define VPERF_SOURCE_REST_SERVE_H

#include "core/cancel.h"

/* rest_serve: answers requests until the socket, which it closes, ends; cancel ends the work. */
void rest_serve(int socket, const struct cancel *cancel);

#endif
