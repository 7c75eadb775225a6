// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Weather: limits of a server, with the texts that real ones send, and sessions that end.
package main

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// restricted is vCenter's refusal of a query for too many metrics.
func restricted() *soap.Fault {
	const option = "vpxd.stats.maxQueryMetrics"
	return simulator.Fault("This operation is restricted by the administrator - '"+option+
		"'. Contact your system administrator.", &types.RestrictedByAdministrator{Details: option})
}

func noPermission(ref types.ManagedObjectReference) *soap.Fault {
	fault := &types.NoPermission{PrivilegeId: "System.Read"}
	fault.Object = ref
	return simulator.Fault("Permission to perform this operation was denied.", fault)
}

const faultEnvelope = xml.Header + `<soapenv:Envelope ` +
	`xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>` +
	`<faultcode>ServerFaultCode</faultcode><faultstring>%s</faultstring><detail>` +
	`<%sFault xmlns="urn:vim25" xsi:type="%s"></%sFault></detail></soapenv:Fault>` +
	`</soapenv:Body></soapenv:Envelope>`

// writeFault answers without the simulator.
func writeFault(w http.ResponseWriter, text, kind string) {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text))
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = fmt.Fprintf(w, faultEnvelope, escaped.String(), kind, kind, kind)
}

// limitElements refuses requests of too many XML elements.
func limitElements(limit int, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callOf(r)
		if c.elements <= limit {
			handler.ServeHTTP(w, r)
			return
		}
		text := fmt.Sprintf("XML document element count exceeds configured maximum %d\n\n"+
			"while parsing call information for method %s\nat line 1, column 0\n", limit, c.method)
		writeFault(w, text, "InvalidRequest")
	})
}

// loseSessions forgets a session after some calls: its cookie is worth nothing from then on.
func loseSessions(calls, sessions int, handler http.Handler) http.Handler {
	var mu sync.Mutex
	used := make(map[string]int)
	lost := make(map[string]bool)
	dropped := func(cookie string) bool {
		mu.Lock()
		defer mu.Unlock()
		used[cookie]++
		if used[cookie] > calls && (sessions < 0 || len(lost) < sessions) {
			lost[cookie] = true
		}
		return lost[cookie]
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(sessionCookie)
		if err == nil && dropped(cookie.Value) {
			r.Header.Del("Cookie")
		}
		handler.ServeHTTP(w, r)
	})
}
