// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

// Xapisim is a pool of two XenServer hosts: XAPI's calls as XML-RPC and JSON-RPC, and the RRDs of
// the hosts and their VMs. What it answers depends on the time alone, and on the faults that
// /sim/fault has set.
//
// It listens on 127.0.0.1 (the master) and 127.0.0.2, on one port, with a certificate for each, and
// says so in one line.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const hosts = 2

type pool struct {
	guests   []*guest
	stage    string
	port     int
	user     string
	password string

	mutex    sync.Mutex
	skew     [hosts]int64
	dead     [hosts]bool
	master   int
	nameless bool   // members do not say who is the master, and each is one
	claim    string // what members say instead of the master's address
	heavy    string // the class whose records are more than anybody can hold
	busy     bool
	stubborn bool            // rows are JSON, whatever is asked for
	hung     map[string]bool // what gets no answer: "clock" or "rows", and the host's number
	waiting  int             // requests for it that are under way
	sessions map[string]bool
	serial   int
	sources  map[string]bool // switched on: guest's number and name
	calls    map[string]int
}

func (p *pool) address(host int) string {
	return fmt.Sprintf("127.0.0.%d", host+1)
}

func (p *pool) recorded(g *guest, name string) bool {
	return p.sources[strconv.Itoa(g.number)+" "+name]
}

// hang lasts as long as the fault, or a minute.
func (p *pool) hang(what string, host int) {
	p.waiting++
	for i := 0; i < 1200 && p.hung[what+strconv.Itoa(host)]; i++ {
		p.mutex.Unlock()
		time.Sleep(50 * time.Millisecond)
		p.mutex.Lock()
	}
	p.waiting--
}

func (p *pool) valid(session string) bool {
	return p.sessions[session]
}

// fault sets what differs from a pool in good health.
func (p *pool) fault(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	host, _ := strconv.Atoi(query.Get("host"))
	value, _ := strconv.ParseInt(query.Get("value"), 10, 64)
	switch query.Get("name") {
	case "sessions": // all end
		p.sessions = map[string]bool{}
	case "dead":
		p.dead[host%hosts] = value != 0
	case "master":
		p.master = host % hosts
	case "nameless":
		p.nameless = value != 0
	case "claim":
		p.claim = query.Get("text")
	case "skew":
		p.skew[host%hosts] = value
	case "hang":
		p.hung[query.Get("what")+strconv.Itoa(host%hosts)] = value != 0
	case "stubborn":
		p.stubborn = value != 0
	case "heavy":
		p.heavy = query.Get("text")
	case "busy":
		p.busy = value != 0
	case "start": // a VM that was off
		for _, g := range p.guests {
			if g.number == int(value) {
				g.state = "Running"
			}
		}
	default:
		w.WriteHeader(http.StatusBadRequest)
	}
}

func (p *pool) stats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{"sessions": len(p.sessions), "calls": p.calls,
		"sources": len(p.sources), "waiting": p.waiting})
}

func (p *pool) serve(host int, w http.ResponseWriter, r *http.Request) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.dead[host] {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	switch strings.TrimRight(r.URL.Path, "/") {
	case "/rrd_updates":
		p.calls["rrd_updates"]++
		p.rrdUpdates(host, w, r)
	case "/RPC2", "":
		p.xmlCall(host, w, body)
	case "/jsonrpc":
		p.jsonCall(host, w, body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (p *pool) control(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		handler(w, r)
	}
}

// certificate of a host, as PEM too.
func certificate(address string) (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: address},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(2400 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, text, nil
}

// listen finds a port that is free at both addresses.
func (p *pool) listen() ([hosts]net.Listener, error) {
	var listeners [hosts]net.Listener
	for try := 0; ; try++ {
		first, err := net.Listen("tcp", p.address(0)+":0")
		if err != nil {
			return listeners, err
		}
		p.port = first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", fmt.Sprintf("%s:%d", p.address(1), p.port))
		if err == nil {
			return [hosts]net.Listener{first, second}, nil
		}
		first.Close()
		if try == 20 {
			return listeners, err
		}
	}
}

func (p *pool) run(authorities string) error {
	listeners, err := p.listen()
	if err != nil {
		return err
	}
	var texts []byte
	for host, listener := range listeners {
		host, listener := host, listener
		own, text, err := certificate(p.address(host))
		if err != nil {
			return err
		}
		texts = append(texts, text...)
		mux := http.NewServeMux()
		mux.HandleFunc("/sim/fault", p.control(p.fault))
		mux.HandleFunc("/sim/stats", p.control(p.stats))
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.serve(host, w, r) })
		server := &http.Server{Handler: mux, ErrorLog: log.New(io.Discard, "", 0),
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}}}
		go func() { log.Fatal(server.ServeTLS(listener, "", "")) }()
	}
	if err := os.WriteFile(authorities, texts, 0o600); err != nil {
		return err
	}
	fmt.Printf("listening https://%s:%d\n", p.address(0), p.port)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	return nil
}

func main() {
	p := &pool{guests: guests(), sessions: map[string]bool{}, sources: map[string]bool{},
		calls: map[string]int{}, hung: map[string]bool{}}
	flag.StringVar(&p.stage, "stage", "C", "how old XAPI is: A, B or C, by its JSON")
	flag.StringVar(&p.user, "username", "root", "who may log in")
	flag.StringVar(&p.password, "password", "secret", "of the user")
	authorities := flag.String("ca", "", "file for the certificates of both hosts")
	flag.Parse()
	if *authorities == "" || !strings.Contains("ABC", p.stage) || len(p.stage) != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := p.run(*authorities); err != nil {
		log.Fatal(err)
	}
}
