// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The HTTP side: which request is answered how, and the count of requests by method, which
// /bench tells and sets back.
package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

type operation func(w *world, body []byte) (*answer, error)

// operations are those that are not simply passed on.
var operations = map[string]operation{
	"Login":                        login,
	"Logout":                       logout,
	"CreateContainerView":          createContainerView,
	"DestroyView":                  destroyView,
	"RetrieveProperties":           retrieveProperties,
	"RetrievePropertiesEx":         retrieveProperties,
	"ContinueRetrievePropertiesEx": continueRetrieveProperties,
	"QueryPerf":                    queryPerf,
	"CurrentTime":                  currentTime,
}

type service struct {
	world  *world
	mu     sync.Mutex
	counts map[string]int
	delay  time.Duration // before a query is answered
}

func newService(w *world) http.Handler {
	return &service{world: w, counts: make(map[string]int)}
}

func (s *service) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/bench" {
		s.control(out, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	name := r.Method + " " + r.URL.Path
	if r.Method == http.MethodPost {
		name = method(body)
	}
	s.mu.Lock()
	s.counts[name]++
	delay := s.delay
	s.mu.Unlock()
	if name == "QueryPerf" {
		time.Sleep(delay)
	}
	a, err := s.answer(name, r, body)
	if err != nil {
		http.Error(out, err.Error(), http.StatusBadGateway)
		return
	}
	if name == "Login" {
		out.Header().Set("Set-Cookie", `vmware_soap_session="bench"; Path=/; HttpOnly; Secure`)
	}
	out.Header().Set("Content-Type", a.contentType)
	out.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	out.WriteHeader(a.status)
	_, _ = out.Write(a.body)
}

func (s *service) answer(name string, r *http.Request, body []byte) (*answer, error) {
	if operation := operations[name]; operation != nil {
		return operation(s.world, body)
	}
	return s.world.up.ask(r.Method, r.URL.Path, s.world.withTemplates(body))
}

// control tells the counts since the last time, sets the number of guests, and how many
// milliseconds the server thinks about a query.
func (s *service) control(out http.ResponseWriter, r *http.Request) {
	if n, err := strconv.Atoi(r.URL.Query().Get("guests")); err == nil {
		s.world.setGuests(n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n, err := strconv.Atoi(r.URL.Query().Get("delay")); err == nil {
		s.delay = time.Duration(n) * time.Millisecond
	}
	_ = json.NewEncoder(out).Encode(s.counts)
	s.counts = make(map[string]int)
}

// method returns the local name of the first element in the SOAP body.
func method(body []byte) string {
	at := bytes.Index(body, []byte("Body"))
	if at < 0 {
		return ""
	}
	rest := body[at:]
	if at = bytes.IndexByte(rest, '<'); at < 0 {
		return ""
	}
	name := string(rest[at+1:])
	name = name[:strings.IndexAny(name+">", " />\n")]
	return name[strings.IndexByte(name, ':')+1:]
}

// login lets everybody in.
func login(w *world, _ []byte) (*answer, error) { return w.up.login, nil }

// currentTime is the simulator's, whose clock may run.
func currentTime(w *world, body []byte) (*answer, error) {
	return w.up.send(http.MethodPost, w.up.url, body)
}

func logout(*world, []byte) (*answer, error) {
	return newAnswer(`<LogoutResponse xmlns="urn:vim25"></LogoutResponse>`), nil
}
