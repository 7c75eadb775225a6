/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Why a domain is in its state. */
#ifndef VPERF_SOURCE_LIBVIRT_REASONS_H
#define VPERF_SOURCE_LIBVIRT_REASONS_H

/*
 * reasons_text: the reason that virDomainGetState tells with this state, in virsh's words; NULL
 * when it is not known, or says no more than the state.
 */
const char *reasons_text(int state, int reason);

#endif
