/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* What there is: the guests, shut-off ones too, and the host. */
#ifndef VPERF_SOURCE_LIBVIRT_DOMAINS_H
#define VPERF_SOURCE_LIBVIRT_DOMAINS_H

#include "core/inventory.h"
#include "source/libvirt/helper/connection.h"

/*
 * domains_list: adds the host and all guests; their source is left NULL. The context, of enum
 * selection_context, tells what is to be known of them; the domain that the host itself runs in
 * counts as a guest only with CONTEXT_HOST_DOMAIN. False with the error when the guests cannot
 * be listed. One that vanishes meanwhile is left out.
 */
bool domains_list(struct connection *connection, unsigned context, struct inventory *inventory,
                  struct error *error);

/* Guests that are to report their memory. */
struct domains_period {
    int seconds;
    struct snapshot *guests; /* those to look at; failures are noted in it */
    size_t changed;
};

/*
 * domains_set_period: lets running guests with a balloon and no statistics period of their own
 * report their memory from now on; changes nothing of what they are started with.
 */
void domains_set_period(struct connection *connection, struct domains_period *period);

/* domains_occupied_ms: for how long one command has occupied the guest; ABSENT when not known. */
int64_t domains_occupied_ms(struct connection *connection, virDomainPtr domain);

#endif
