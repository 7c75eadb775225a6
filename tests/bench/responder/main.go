// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// responder is a vCenter for measurements: it has any number of guests, each a copy of one of a
// simulator's, and answers from memory what it has once asked the simulator for.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

type options struct {
	upstream, username, cert, key, listen string
	dieWithParent                         bool
}

func parseOptions() *options {
	o := new(options)
	flag.StringVar(&o.upstream, "upstream", "", "the simulator's URL; its clock must stand still")
	flag.StringVar(&o.username, "username", "user", "for the simulator; password: $VCSIM_PASSWORD")
	flag.StringVar(&o.cert, "cert", "", "server certificate, PEM")
	flag.StringVar(&o.key, "key", "", "the certificate's private key, PEM")
	flag.StringVar(&o.listen, "l", "127.0.0.1:0", "listen address; port 0 takes a free one")
	flag.BoolVar(&o.dieWithParent, "die-with-parent", false, "end when the starting process ends")
	flag.Parse()
	return o
}

// awaitEnd returns on SIGTERM or SIGINT, or, when asked for, once the parent process is gone.
func awaitEnd(dieWithParent bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	parent := os.Getppid()
	for !dieWithParent || os.Getppid() == parent {
		select {
		case <-signals:
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func run(o *options) error {
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return err
	}
	up, err := newUpstream(o.upstream, o.username, os.Getenv("VCSIM_PASSWORD"))
	if err != nil {
		return err
	}
	w, err := newWorld(up)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:  newService(w),
		ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair},
			MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
			// Records of 16 KB from the start, as web servers in C send them.
			DynamicRecordSizingDisabled: true},
	}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	fmt.Printf("listening https://%s/sdk\n", listener.Addr())
	awaitEnd(o.dieWithParent)
	return server.Close()
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("responder: ")
	if err := run(parseOptions()); err != nil {
		log.Fatal(err)
	}
}
