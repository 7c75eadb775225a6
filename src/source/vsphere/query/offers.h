/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/*
 * Which counters each entity offers. Entities of one type and shape are asked once; each entity is
 * then asked for all counters that any shape of its type offers, so that a wrong guess about a
 * shape loses nothing that another shape has.
 */
#ifndef VPERF_SOURCE_VSPHERE_OFFERS_H
#define VPERF_SOURCE_VSPHERE_OFFERS_H

#include "core/catalog.h"
#include "core/inventory.h"
#include "core/selection.h"
#include "source/vsphere/query/crew.h"

struct offer {
    const struct counter **counters; /* ascending by id, each once */
    size_t count;
    size_t metrics; /* pairs of counter and instance: how long an answer is */
};

struct offers;

/* offers_load: asks the crew's server about the entities, which are borrowed; NULL on failure. */
struct offers *offers_load(struct crew *crew, const struct entity *const *entities, size_t count,
                           struct catalog *catalog, const struct selection *selection,
                           int32_t interval, struct error *error);

/* offers_free: takes NULL. */
void offers_free(struct offers *offers);

/* offers_own: what entity number index offers, as far as its shape tells. */
const struct offer *offers_own(const struct offers *offers, size_t index);

/* offers_asked: what entity number index is to be asked for. */
const struct offer *offers_asked(const struct offers *offers, size_t index);

/* offers_refusal: why the server does not tell what the entity offers; NULL when it does. */
const char *offers_refusal(const struct offers *offers, size_t index);

#endif
