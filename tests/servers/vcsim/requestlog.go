// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The request log: one JSON line when a request arrives, one when it is answered, and one for
// each connection that ended without a request. It never holds a password.
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
)

// maxRequest bounds what is read of one request.
const maxRequest = 256 << 20

type requestLog struct {
	world  *world // nil: plain mode
	mu     sync.Mutex
	file   *os.File
	number int
	active map[net.Conn]bool
}

func newRequestLog(name string, world *world) (*requestLog, error) {
	l := &requestLog{world: world, active: make(map[net.Conn]bool)}
	if name == "" {
		return l, nil
	}
	var err error
	l.file, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	return l, err
}

func (l *requestLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// write appends one line; the caller does not hold the lock.
func (l *requestLog) write(line map[string]interface{}) {
	data, err := json.Marshal(line)
	if err != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		_, _ = l.file.Write(append(data, '\n'))
	}
}

func (l *requestLog) next() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.number++
	return l.number
}

// wrap reads each request whole, attaches its call, and logs it and its answer.
func (l *requestLog) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
		if err != nil {
			return
		}
		c := parseCall(body)
		if c.method == "" {
			c.method = r.Method + " " + r.URL.Path
		}
		n := l.next()
		line := requestLine(n, r, c, len(body))
		if l.world != nil {
			line["at"] = *inSeconds(millis(l.world.clock.now()))
		}
		l.write(line)
		r = withCall(r, c)
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &watchedAnswer{ResponseWriter: w}
		begin := time.Now()
		defer func() {
			l.write(map[string]interface{}{"event": "answer", "n": n, "method": c.method,
				"status": answer.status, "bytes": answer.bytes, "fault": answer.fault(),
				"ms": time.Since(begin).Milliseconds()})
		}()
		handler.ServeHTTP(answer, r)
	})
}

func requestLine(n int, r *http.Request, c *call, size int) map[string]interface{} {
	_, err := r.Cookie(sessionCookie)
	line := map[string]interface{}{
		"event": "request", "n": n, "method": c.method, "bytes": size, "elements": c.elements,
		"specs": c.specs, "metrics": c.metrics, "credentials": c.credentials,
		"cookie": err == nil, "user_agent": r.UserAgent(),
		"soap_action": r.Header.Get("SOAPAction"), "connection": r.RemoteAddr,
	}
	for name, text := range c.values {
		line[name] = text
	}
	return line
}

// watchedAnswer notes the status (0: none was sent), the size and the first bytes of an answer.
type watchedAnswer struct {
	http.ResponseWriter
	status int
	bytes  int
	head   []byte
}

func (a *watchedAnswer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *watchedAnswer) Write(data []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if room := 4096 - len(a.head); room > 0 && a.status != http.StatusOK {
		if room > len(data) {
			room = len(data)
		}
		a.head = append(a.head, data[:room]...)
	}
	n, err := a.ResponseWriter.Write(data)
	a.bytes += n
	return n, err
}

// hijack lets the weather take the connection over.
func (a *watchedAnswer) hijack() (net.Conn, error) {
	a.status = 0
	conn, _, err := a.ResponseWriter.(http.Hijacker).Hijack()
	return conn, err
}

var faultElement = regexp.MustCompile(`<(?:\w+:)?(\w+)Fault [^>]*type=`)

func (a *watchedAnswer) fault() string {
	if match := faultElement.FindSubmatch(a.head); match != nil {
		return string(match[1])
	}
	return ""
}

// countingConn counts what arrives on a TCP connection, TLS records included.
type countingConn struct {
	net.Conn
	received int64
}

func (c *countingConn) Read(data []byte) (int, error) {
	n, err := c.Conn.Read(data)
	atomic.AddInt64(&c.received, int64(n))
	return n, err
}

type countingListener struct{ net.Listener }

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{Conn: conn}, nil
}

func (l *requestLog) watch(listener net.Listener) net.Listener {
	return countingListener{listener}
}

// connState logs a connection that closes before the first byte of a request.
func (l *requestLog) connState(conn net.Conn, state http.ConnState) {
	l.mu.Lock()
	active := l.active[conn]
	switch state {
	case http.StateNew:
		l.active[conn] = false
	case http.StateActive:
		l.active[conn] = true
	case http.StateClosed, http.StateHijacked:
		delete(l.active, conn)
	}
	l.mu.Unlock()
	if state == http.StateClosed && !active {
		l.write(connectionLine(conn))
	}
}

func connectionLine(conn net.Conn) map[string]interface{} {
	line := map[string]interface{}{"event": "connection", "requests": 0,
		"connection": conn.RemoteAddr().String(), "handshake": false}
	if secure, ok := conn.(*tls.Conn); ok {
		line["handshake"] = secure.ConnectionState().HandshakeComplete
		conn = secure.NetConn()
	}
	if counted, ok := conn.(*countingConn); ok {
		line["bytes"] = atomic.LoadInt64(&counted.received)
	}
	return line
}
