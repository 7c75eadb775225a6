// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: what has to be changed in govmomi's answers on their way out, because its types
// cannot be replaced: the server's time, the form of the session cookie, compression. Their form
// is the business of shaped.
package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"regexp"
	"strings"
	"time"
)

var returnval = regexp.MustCompile(`<returnval>[^<]*</returnval>`)

// realAnswers sets the time in CurrentTime and quotes the session cookie as real servers do.
func realAnswers(o *options, world *world, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		world.sessions.check(r)
		world.read(func() { handler.ServeHTTP(answer, r) })
		world.sessions.begin(w.Header())
		body := answer.body.Bytes()
		if callOf(r).method == "CurrentTime" && answer.status == http.StatusOK {
			now := world.clock.now().Format(time.RFC3339Nano)
			body = returnval.ReplaceAllLiteral(body, []byte("<returnval>"+now+"</returnval>"))
		}
		body = shaped(body)
		quoteCookie(w.Header(), r.TLS != nil)
		if o.weather.gzip && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			body = compress(body)
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(body)
	})
}

func compress(data []byte) []byte {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = writer.Write(data)
	_ = writer.Close()
	return out.Bytes()
}

func quoteCookie(header http.Header, secure bool) {
	cookie := header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, sessionCookie+"=") {
		return
	}
	value := strings.SplitN(strings.TrimPrefix(cookie, sessionCookie+"="), ";", 2)[0]
	cookie = sessionCookie + `="` + value + `"; Path=/; HttpOnly`
	if secure {
		cookie += "; Secure"
	}
	header.Set("Set-Cookie", cookie)
}

// heldAnswer keeps an answer back so that it can be changed.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *heldAnswer) WriteHeader(status int) { a.status = status }

func (a *heldAnswer) Write(data []byte) (int, error) { return a.body.Write(data) }
