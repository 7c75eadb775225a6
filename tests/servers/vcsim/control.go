// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the control channel, HTTP on a loopback port of its own. A test changes the world
// with it and asks what the server had.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// command changes something; what it returns is the answer, in JSON.
type command func(s *server, v url.Values) (interface{}, error)

var commands = map[string]command{
	"clock":        controlClock,
	"create":       controlCreate,
	"destroy":      controlDestroy,
	"power":        controlPower,
	"delay":        controlDelay,
	"hollow":       controlHollow,
	"offer":        controlOffer,
	"silence":      controlSilence,
	"define":       controlDefine,
	"end-sessions": controlEndSessions,
	"away":         controlAway,
	"back":         controlBack,
	"restart":      controlRestart,
}

// control opens the channel and returns its URL.
func (s *server) control() (string, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	for name, run := range commands {
		run := run
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			answer, err := run(s, r.URL.Query())
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			_ = json.NewEncoder(w).Encode(answer)
		})
	}
	mux.HandleFunc("/ledger", s.ledger)
	go func() { _ = http.Serve(listener, mux) }()
	return "http://" + listener.Addr().String(), nil
}

// ledger answers with the account of the samples after a time (default: an hour ago).
func (s *server) ledger(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	s.world.mu.RLock()
	defer s.world.mu.RUnlock()
	after, err := strconv.ParseInt(v.Get("after"), 10, 64)
	if v.Get("after") == "" {
		after, err = s.world.clock.now().Unix()-3600, nil
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var counters []string
	if v.Get("counter") != "" {
		counters = strings.Split(v.Get("counter"), ",")
	}
	_ = s.world.writeLedger(w, counters, after)
}

// done is the answer of a command that has nothing else to say: the server's time.
func (s *server) done() interface{} {
	return map[string]interface{}{"now": *inSeconds(millis(s.world.clock.now()))}
}

// each calls a function for the entities that ids=ID,… names or that are guests of host=N; the
// answer names them.
func (s *server) each(v url.Values, do func(*entity) error) (interface{}, error) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	var list []*entity
	var err error
	if v.Get("host") != "" {
		var n int
		n, err = strconv.Atoi(v.Get("host"))
		if err == nil && n >= 0 {
			list = s.world.guestsOf(s.world.host(n))
		}
	} else {
		list, err = s.world.named(v.Get("ids"))
	}
	ids := []string{}
	for _, e := range list {
		if err == nil {
			err = do(e)
		}
		ids = append(ids, e.ref.Value)
	}
	return map[string]interface{}{"now": *inSeconds(millis(s.world.clock.now())), "ids": ids}, err
}

// controlClock puts the clock forward and changes its speed, when asked to.
func controlClock(s *server, v url.Values) (interface{}, error) {
	if v.Get("forward") != "" {
		span, err := time.ParseDuration(v.Get("forward"))
		if err != nil {
			return nil, err
		}
		s.world.clock.forward(span)
	}
	if v.Get("speed") != "" {
		speed, err := strconv.ParseFloat(v.Get("speed"), 64)
		if err != nil || speed < 0 {
			return nil, fmt.Errorf("speed %q", v.Get("speed"))
		}
		s.world.clock.run(speed)
	}
	return s.done(), nil
}

func controlCreate(s *server, v url.Values) (interface{}, error) {
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	if s.world.template == nil {
		return nil, fmt.Errorf("there was no guest at the start to copy")
	}
	count, err := strconv.Atoi(v.Get("count"))
	if v.Get("count") == "" {
		count, err = 1, nil
	}
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for i := 0; i < count; i++ {
		n, err := strconv.Atoi(v.Get("host"))
		if v.Get("host") == "" {
			n, err = s.world.guests, nil
		}
		if err != nil || n < 0 {
			return nil, fmt.Errorf("host %q", v.Get("host"))
		}
		ids = append(ids, s.world.create(s.world.host(n)))
	}
	return ids, nil
}

func controlDestroy(s *server, v url.Values) (interface{}, error) {
	return s.each(v, func(e *entity) error {
		s.world.destroy(e)
		return nil
	})
}

func controlPower(s *server, v url.Values) (interface{}, error) {
	on := v.Get("on") == "true"
	return s.each(v, func(e *entity) error {
		if e.vm == nil || !e.exists() {
			return fmt.Errorf("%s is no guest", e.ref.Value)
		}
		s.world.power(e, on)
		return nil
	})
}

func controlDelay(s *server, v url.Values) (interface{}, error) {
	span, err := time.ParseDuration(v.Get("for"))
	if err != nil {
		return nil, err
	}
	intervals, err := strconv.ParseInt(v.Get("intervals"), 10, 64)
	if v.Get("intervals") == "" {
		intervals, err = 0, nil
	}
	if err != nil {
		return nil, err
	}
	return s.each(v, func(e *entity) error {
		s.world.delay(e, span, intervals)
		return nil
	})
}

// controlHollow leaves a counter without values for a span; they are there when it is over.
func controlHollow(s *server, v url.Values) (interface{}, error) {
	span, err := time.ParseDuration(v.Get("for"))
	if err != nil {
		return nil, err
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	now := s.world.clock.now()
	s.world.manager.hollows = append(s.world.manager.hollows,
		hollow{v.Get("counter"), now.Unix(), now.Add(span).Unix()})
	return s.done(), nil
}

// controlSilence lets QueryPerf give nothing of entities, or something again with on=false.
func controlSilence(s *server, v url.Values) (interface{}, error) {
	return s.each(v, func(e *entity) error {
		s.world.manager.silent[e.ref] = v.Get("on") != "false"
		return nil
	})
}

func counterID(v url.Values) (int32, error) {
	id, err := strconv.ParseInt(v.Get("id"), 10, 32)
	return int32(id), err
}

func controlOffer(s *server, v url.Values) (interface{}, error) {
	id, err := counterID(v)
	if err != nil {
		return nil, err
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	s.world.offer(id)
	return s.done(), nil
}

func controlDefine(s *server, v url.Values) (interface{}, error) {
	id, err := counterID(v)
	if err != nil {
		return nil, err
	}
	s.world.mu.Lock()
	defer s.world.mu.Unlock()
	return s.done(), s.world.define(id, v.Get("name"))
}

func controlEndSessions(s *server, _ url.Values) (interface{}, error) {
	return map[string]int{"ended": s.world.sessions.endAll()}, nil
}

// lasting reads for=DURATION, of the server's time.
func lasting(v url.Values) (time.Duration, error) {
	if v.Get("for") == "" {
		return 0, nil
	}
	return time.ParseDuration(v.Get("for"))
}

func controlAway(s *server, v url.Values) (interface{}, error) {
	length, err := lasting(v)
	if err != nil {
		return nil, err
	}
	return s.done(), s.leave(v.Get("how") != "hang", length)
}

func controlBack(s *server, _ url.Values) (interface{}, error) {
	return s.done(), s.comeBack()
}

// controlRestart is a new process on the same port: sessions, views and pages are gone.
func controlRestart(s *server, v url.Values) (interface{}, error) {
	length, err := lasting(v)
	if err != nil {
		return nil, err
	}
	if err := s.leave(true, length); err != nil {
		return nil, err
	}
	s.world.sessions.endAll()
	s.world.pages.clear()
	return s.done(), nil
}
