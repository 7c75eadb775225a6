// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Weather: accidents that befall certain calls on the HTTP level: delays, silence, connections
// reset or closed, answers cut short, error statuses.
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// accident happens to the calls first … last of a method, counted from 1.
type accident struct {
	method      string
	first, last int
	kind        string
	delay       time.Duration
	status      int
}

type accidents struct {
	list  []accident
	mu    sync.Mutex
	calls map[string]int
}

// parseAccidents reads METHOD:CALLS:KIND,…
func parseAccidents(text string) (*accidents, error) {
	a := &accidents{calls: make(map[string]int)}
	if text == "" {
		return a, nil
	}
	for _, item := range strings.Split(text, ",") {
		fields := strings.Split(item, ":")
		if len(fields) != 3 {
			return nil, fmt.Errorf("accident %q is not METHOD:CALLS:KIND", item)
		}
		one := accident{method: fields[0]}
		if !one.parseCalls(fields[1]) || !one.parseKind(fields[2]) {
			return nil, fmt.Errorf("accident %q is not METHOD:CALLS:KIND", item)
		}
		a.list = append(a.list, one)
	}
	return a, nil
}

func (a *accident) parseCalls(text string) bool {
	if text == "*" {
		a.first, a.last = 1, 1<<30
		return true
	}
	ends := strings.SplitN(text, "-", 2)
	var err, err2 error
	a.first, err = strconv.Atoi(ends[0])
	a.last, err2 = strconv.Atoi(ends[len(ends)-1])
	return err == nil && err2 == nil
}

func (a *accident) parseKind(text string) bool {
	words := strings.SplitN(text, "=", 2)
	a.kind = words[0]
	switch a.kind {
	case "hang", "reset", "close", "truncate", "cut", "junk":
		return len(words) == 1
	case "delay":
		ms, err := strconv.Atoi(words[len(words)-1])
		a.delay = time.Duration(ms) * time.Millisecond
		return err == nil
	}
	var err error
	a.status, err = strconv.Atoi(text)
	return err == nil && a.status >= 400 && a.status < 600
}

// next counts a call and returns what happens to it.
func (a *accidents) next(method string) []accident {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls[method]++
	a.calls["*"]++
	var hit []accident
	for _, one := range a.list {
		n := a.calls[one.method]
		if (one.method == method || one.method == "*") && n >= one.first && n <= one.last {
			hit = append(hit, one)
		}
	}
	return hit
}

func (a *accidents) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, one := range a.next(callOf(r).method) {
			if one.happen(w, r, handler) {
				return
			}
		}
		handler.ServeHTTP(w, r)
	})
}

// happen returns false when the call goes on as usual after the accident.
func (a *accident) happen(w http.ResponseWriter, r *http.Request, handler http.Handler) bool {
	switch a.kind {
	case "delay":
		return !pause(r, a.delay)
	case "hang":
		<-r.Context().Done()
	case "reset", "close":
		drop(w, nil, a.kind == "reset")
	case "truncate":
		held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(held, r)
		body := held.body.Bytes()
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n",
			len(body))
		drop(w, append([]byte(head), body[:len(body)/2]...), false)
	case "cut":
		held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(held, r)
		half := held.body.Bytes()[:held.body.Len()/2]
		w.Header().Set("Content-Length", strconv.Itoa(len(half)))
		_, _ = w.Write(half)
	case "junk":
		_, _ = w.Write([]byte("<html>Welcome to [{\"nginx\"</html>"))
	default:
		http.Error(w, http.StatusText(a.status), a.status)
	}
	return true
}

// drop sends raw bytes and ends the connection, with RST when asked.
func drop(w http.ResponseWriter, data []byte, reset bool) {
	conn, err := w.(*watchedAnswer).hijack()
	if err != nil {
		return
	}
	_, _ = conn.Write(data)
	raw := conn
	if secure, ok := conn.(*tls.Conn); ok {
		raw = secure.NetConn()
	}
	if counted, ok := raw.(*countingConn); ok && reset {
		_ = counted.Conn.(*net.TCPConn).SetLinger(0)
	}
	_ = raw.Close()
}
