// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"crypto/tls"
	"net/http"
)

// Without an entry, Go speaks HTTP/2 as well.
var noHTTP2 = map[string]func(*http.Server, *tls.Conn, http.Handler){}
