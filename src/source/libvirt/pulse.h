/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What a thread that talks to libvirt lets others see while it works. */
#ifndef VPERF_SOURCE_LIBVIRT_PULSE_H
#define VPERF_SOURCE_LIBVIRT_PULSE_H

#include <stdatomic.h>

struct pulse {
    atomic_uint beats;      /* calls that came back: a long list of them is no hang */
    atomic_bool for_people; /* somebody is typing a password: no deadline runs */
};

#endif
