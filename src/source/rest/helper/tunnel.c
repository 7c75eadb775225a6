/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
#include "source/rest/helper/tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct curl_slist *tunnel_lines(const struct proxy *proxy) {
    if (!proxy || !proxy->login)
        return NULL;
    char *line = memory_printf("Proxy-Authorization: Basic %s", proxy->login);
    struct curl_slist *lines = memory_check(curl_slist_append(NULL, line));
    explicit_bzero(line, strlen(line));
    free(line);
    return lines;
}

void tunnel_lines_free(struct curl_slist *lines) {
    if (lines)
        explicit_bzero(lines->data, strlen(lines->data));
    curl_slist_free_all(lines);
}

void tunnel_use(CURL *easy, const struct proxy *proxy, struct curl_slist *lines) {
    char *url = proxy ? memory_printf("http://%s", proxy->name) : memory_strdup("");
    curl_easy_setopt(easy, CURLOPT_PROXY, url);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
    curl_easy_setopt(easy, CURLOPT_PROXYHEADER, lines);
    free(url);
}
