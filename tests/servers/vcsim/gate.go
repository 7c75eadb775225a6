// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the server is away for a while. It refuses connections, or accepts requests and
// answers them only when it is back.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// gate lets requests pass, holds them up or cuts their connections off.
type gate struct {
	mu      sync.Mutex
	closed  chan struct{} // nil: open; closed when the server is back
	cutting bool
}

func (g *gate) wrap(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		closed, cutting := g.closed, g.cutting
		g.mu.Unlock()
		if cutting {
			panic(http.ErrAbortHandler)
		}
		if closed != nil {
			select {
			case <-closed:
			case <-r.Context().Done():
			}
			if r.Context().Err() != nil {
				return // who has given up gets no answer that the ledger would count
			}
		}
		handler.ServeHTTP(w, r)
	})
}

// close begins an absence; false: there is one already.
func (g *gate) close(cutting bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed != nil {
		return false
	}
	g.closed, g.cutting = make(chan struct{}), cutting
	return true
}

// open ends an absence and tells whether there was one.
func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed == nil {
		return false
	}
	close(g.closed)
	g.closed, g.cutting = nil, false
	return true
}

// leave lets the server be away: what is being answered is answered first. Without a span it
// comes back on a command.
func (s *server) leave(refuse bool, span time.Duration) error {
	ours, running := s.world.clock.ours(span)
	if span > 0 && !running {
		return fmt.Errorf("the clock stands still: it would be away for ever")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gate.close(refuse) {
		return fmt.Errorf("the server is away already")
	}
	if refuse {
		s.shut()
	}
	if span > 0 {
		time.AfterFunc(ours, func() { _ = s.comeBack() })
	}
	return nil
}

func (s *server) comeBack() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gate.open() {
		return fmt.Errorf("the server is not away")
	}
	if s.http != nil {
		return nil
	}
	listener, err := s.listen()
	if err == nil {
		s.serve(listener)
	}
	return err
}

// shut answers what is in work, closes all connections and refuses new ones.
func (s *server) shut() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = s.http.Shutdown(ctx)
	_ = s.http.Close()
	s.http = nil
}

// Linux's value, which the syscall package lacks.
const soReusePort = 15

// listenShared opens a port that a socket of ours may hold as well.
func listenShared(address string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		if failed := c.Control(func(fd uintptr) {
			err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, soReusePort, 1)
		}); failed != nil {
			return failed
		}
		return err
	}}
	return config.Listen(context.Background(), "tcp4", address)
}

// reserve holds a port without listening, so that nobody else gets it while we are away.
func reserve(address string) error {
	at, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, soReusePort, 1); err != nil {
		return err
	}
	bound := &syscall.SockaddrInet4{Port: at.Port}
	copy(bound.Addr[:], at.IP.To4())
	return syscall.Bind(fd, bound)
}
