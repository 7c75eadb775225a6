/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Properties of managed objects by the property collector, page after page. */
#ifndef VPERF_SOURCE_VSPHERE_PROPERTIES_H
#define VPERF_SOURCE_VSPHERE_PROPERTIES_H

#include "source/vsphere/session/session.h"

/* properties_visit: one object; borrowed until it returns. It makes no calls. */
typedef void properties_visit(void *context, const struct vim25__ObjectContent *object);

/*
 * properties_retrieve: asks for what spec names and gives each object of each page to visit.
 * False when a page is lost; the server is then told to forget the rest.
 */
bool properties_retrieve(struct channel *channel, struct vim25__PropertyFilterSpec *spec,
                         properties_visit *visit, void *context, struct error *error);

/* Who gets the object, and with what. */
struct properties_reader {
    properties_visit *visit;
    void *context;
};

/* properties_of: as properties_retrieve, for one property of one object. */
bool properties_of(struct channel *channel, const struct session_moref *moref, const char *path,
                   const struct properties_reader *reader, struct error *error);

#endif
