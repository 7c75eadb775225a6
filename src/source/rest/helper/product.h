/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* Who answers at an address that was meant for another product. */
#ifndef VPERF_SOURCE_REST_HELPER_PRODUCT_H
#define VPERF_SOURCE_REST_HELPER_PRODUCT_H

#include "source/rest/helper/http.h"

/*
 * product_explain: after an answer that this scheme's product does not give (ERROR_FAULT,
 * ERROR_PROTOCOL or ERROR_UNAVAILABLE): asks the peer once, without credentials, for what all
 * products answer in their own way. When it is a known other one, the error names it and its
 * scheme; else the error stays.
 */
void product_explain(struct http_pool *pool, struct http_peer *peer, const char *scheme,
                     struct error *error);

#endif
