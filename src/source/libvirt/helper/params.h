/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* libvirt's typed parameters made into a sample. */
#ifndef VPERF_SOURCE_LIBVIRT_PARAMS_H
#define VPERF_SOURCE_LIBVIRT_PARAMS_H

#include <libvirt/libvirt.h>

#include "source/libvirt/sample/sample.h"

/* params_number: the value of any numeric type; ABSENT for text and for what is negative. */
int64_t params_number(const virTypedParameter *param);

/* params_read: stores what virConnectGetAllDomainStats says of one guest; unknown names are fine.
 */
void params_read(struct guest_sample *sample, const virTypedParameter *params, int count);

#endif
