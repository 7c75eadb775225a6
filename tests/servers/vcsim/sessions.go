// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: sessions end when they are idle for long by the server's clock, or all at once.
package main

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const sessionCookie = "vmware_soap_session"

// sessions knows when each session was used last, by its cookie. Other cookies are worth nothing.
type sessions struct {
	clock *clock
	idle  time.Duration // how long a session lives unused; 0: for ever
	mu    sync.Mutex
	used  map[string]time.Time
}

// begin notes the session that an answer starts.
func (s *sessions) begin(header http.Header) {
	cookie := header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, sessionCookie+"=") {
		return
	}
	value := strings.SplitN(strings.TrimPrefix(cookie, sessionCookie+"="), ";", 2)[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used[value] = s.clock.now()
}

// check takes the cookie of a session that has ended from a request.
func (s *sessions) check(r *http.Request) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.now()
	last, known := s.used[cookie.Value]
	if !known || (s.idle > 0 && now.Sub(last) > s.idle) {
		delete(s.used, cookie.Value)
		r.Header.Del("Cookie")
		return
	}
	s.used[cookie.Value] = now
}

// endAll ends all sessions and returns how many there were.
func (s *sessions) endAll() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.used)
	s.used = make(map[string]time.Time)
	return n
}
