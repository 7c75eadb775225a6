/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* A tunnel through a proxy of HTTP, for libcurl. */
#ifndef VPERF_SOURCE_REST_HELPER_TUNNEL_H
#define VPERF_SOURCE_REST_HELPER_TUNNEL_H

#include <curl/curl.h>

#include "source/tls/proxy.h"

/*
 * tunnel_lines: what the proxy has to read to let us through, for tunnel_lines_free; NULL for
 * nothing.
 */
struct curl_slist *tunnel_lines(const struct proxy *proxy);

/* tunnel_lines_free: wipes them; takes NULL. */
void tunnel_lines_free(struct curl_slist *lines);

/*
 * tunnel_use: the transfer goes through the proxy, or, without one, straight to the server whatever
 * libcurl finds in the environment. The lines live as long as the transfer.
 */
void tunnel_use(CURL *easy, const struct proxy *proxy, struct curl_slist *lines);

#endif
