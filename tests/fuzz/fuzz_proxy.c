/* SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception */
/* HTTPS_PROXY, NO_PROXY and a host, a line each, and the answer of the proxy behind them. */
#include <glib.h>
#include <string.h>

#include "fuzz.h"
#include "source/tls/proxy.h"

/* A header cannot be led on by what is put into it. */
static void check_request(const struct proxy *proxy) {
    char *request = proxy_request(proxy, "host", 443);
    CHECK(g_str_has_prefix(request, "CONNECT host:443 HTTP/1.1\r\n"));
    CHECK(strstr(request, "\r\n\r\n") == request + strlen(request) - 4);
    g_free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = g_strndup((const char *)data, size);
    char *rest = text;
    const char *variable = strsep(&rest, "\n");
    const char *exceptions = strsep(&rest, "\n");
    const char *host = strsep(&rest, "\n");
    struct proxy *proxy = NULL;
    struct error error = {0};
    g_setenv("HTTPS_PROXY", variable, TRUE);
    g_setenv("NO_PROXY", exceptions ? exceptions : "", TRUE);
    if (!proxy_find(&proxy, host ? host : "", 443, &error))
        CHECK(error.kind == ERROR_USAGE && *error.message);
    if (proxy) {
        CHECK(*proxy->host && *proxy->name && proxy->port > 0 && proxy->port <= UINT16_MAX);
        check_request(proxy);
    }
    proxy_free(proxy);
    char *refusal = proxy_refusal(rest ? rest : "");
    CHECK(!refusal || (*refusal && !strpbrk(refusal, "\r\n")));
    g_free(refusal);
    g_free(text);
    return 0;
}
