// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The HTTP(S) side: listener, certificate, the paths /sdk, /sdk/vimService and
// /sdk/vimServiceVersions.xml, and the chain of handlers in front of govmomi's own.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
)

type server struct {
	url      string
	address  string
	tls      *tls.Config // nil: plain HTTP
	shared   bool        // the port stays ours while we are away
	handler  http.Handler
	idle     time.Duration
	requests *requestLog
	world    *world // nil: plain mode
	gate     gate

	mu   sync.Mutex
	http *http.Server // nil: nobody listens
}

func newServer(o *options, model *simulator.Model, world *world) (*server, error) {
	requests, err := newRequestLog(o.requestLog, world)
	if err != nil {
		return nil, err
	}
	s := &server{address: o.listen, requests: requests, world: world, shared: o.control,
		idle: o.weather.idleTimeout}
	scheme := "http"
	if !o.http {
		if s.tls, err = tlsConfig(o); err != nil {
			return nil, err
		}
		scheme = "https"
	}
	listener, err := s.listen()
	if err != nil {
		return nil, err
	}
	s.address = listener.Addr().String()
	s.url = scheme + "://" + s.address + "/sdk"
	service := model.Service
	service.Listen = &url.URL{Scheme: scheme, Host: s.address, Path: "/sdk",
		User: url.UserPassword(o.username, o.password)}
	handler, err := sdkHandler(o, service, world)
	if err == nil {
		handler, err = o.weather.wrap(handler)
	}
	if err != nil {
		return nil, err
	}
	s.handler = requests.wrap(s.gate.wrap(handler))
	if s.shared {
		if err := reserve(s.address); err != nil {
			return nil, err
		}
	}
	s.serve(listener)
	return s, nil
}

func (s *server) listen() (net.Listener, error) {
	listen := func() (net.Listener, error) { return net.Listen("tcp", s.address) }
	if s.shared {
		listen = func() (net.Listener, error) { return listenShared(s.address) }
	}
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	listener = s.requests.watch(listener)
	if s.tls != nil {
		listener = tls.NewListener(listener, s.tls)
	}
	return listener, nil
}

func (s *server) serve(listener net.Listener) {
	s.http = &http.Server{
		Handler:     s.handler,
		IdleTimeout: s.idle,
		ConnState:   s.requests.connState,
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	go func(h *http.Server) { _ = h.Serve(listener) }(s.http)
}

func (s *server) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		_ = s.http.Close()
	}
	s.requests.close()
}

// sdkHandler routes what a vSphere client asks for to the simulator.
func sdkHandler(o *options, service *simulator.Service, world *world) (http.Handler, error) {
	service.RegisterSDK(simulator.Map)
	mux := service.ServeMux
	if err := serveREST(o, service, mux); err != nil {
		return nil, err
	}
	mux.HandleFunc("/sdk/vimServiceVersions.xml", service.ServiceVersions)
	mux.HandleFunc("/sdk/vimService", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/sdk"
		service.ServeSDK(w, r)
	})
	if world != nil {
		return realAnswers(o, world, mux), nil
	}
	return mux, nil
}

func tlsConfig(o *options) (*tls.Config, error) {
	var pair tls.Certificate
	var err error
	if o.cert != "" {
		pair, err = tls.LoadX509KeyPair(o.cert, o.key)
	} else {
		pair, err = selfSigned()
	}
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}, nil
}

// selfSigned makes a certificate for localhost that no one has a reason to trust.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
