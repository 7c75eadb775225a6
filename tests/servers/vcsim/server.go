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
	"time"

	"github.com/vmware/govmomi/simulator"
)

type server struct {
	url      string
	http     *http.Server
	requests *requestLog
}

func newServer(o *options, model *simulator.Model) (*server, error) {
	requests, err := newRequestLog(o.requestLog)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	listener = requests.watch(listener)
	scheme := "http"
	if !o.http {
		config, err := tlsConfig(o)
		if err != nil {
			return nil, err
		}
		listener = tls.NewListener(listener, config)
		scheme = "https"
	}
	s := &server{url: scheme + "://" + address + "/sdk", requests: requests}
	service := model.Service
	service.Listen = &url.URL{Scheme: scheme, Host: address, Path: "/sdk",
		User: url.UserPassword(o.username, o.password)}
	handler, err := o.weather.wrap(sdkHandler(o, service))
	if err != nil {
		return nil, err
	}
	s.http = &http.Server{
		Handler:     requests.wrap(handler),
		IdleTimeout: o.weather.idleTimeout,
		ConnState:   requests.connState,
		ErrorLog:    log.New(io.Discard, "", 0),
	}
	go func() { _ = s.http.Serve(listener) }()
	return s, nil
}

func (s *server) close() {
	_ = s.http.Close()
	s.requests.close()
}

// sdkHandler routes what a vSphere client asks for to the simulator.
func sdkHandler(o *options, service *simulator.Service) http.Handler {
	service.RegisterSDK(simulator.Map)
	mux := service.ServeMux
	mux.HandleFunc("/sdk/vimServiceVersions.xml", service.ServiceVersions)
	mux.HandleFunc("/sdk/vimService", func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/sdk"
		service.ServeSDK(w, r)
	})
	if o.mode == "real" {
		return realAnswers(o, mux)
	}
	return mux
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
