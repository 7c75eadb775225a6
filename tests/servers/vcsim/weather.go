// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Bad weather on demand: its flags, and what they change in the inventory, the performance
// manager and the chain of handlers.
package main

import (
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

type weather struct {
	clockOffset, idleTimeout time.Duration
	maxQueryMetrics          int
	hideOptions              bool
	maxElements              int
	sessionCalls, sessions   int
	deleted, deleteAt        string
	denied, orphaned         string
	refusing                 string
	silent, valueless        string
	ownCounter               string
	refuseUnoffered          bool
	needMetrics, splitAnswer bool
	refusedCounter           int
	accidents                string
	slowMetric               time.Duration
	gzip, noCSV, newestFirst bool
}

func (w *weather) addFlags(f *flag.FlagSet) {
	f.DurationVar(&w.clockOffset, "clock-offset", 0, "real: the server's clock is off by this")
	f.DurationVar(&w.idleTimeout, "idle-timeout", 0, "close idle connections after this")
	f.IntVar(&w.maxQueryMetrics, "max-query-metrics", 0,
		"real: series that one query of archived data may ask for (vpxd.stats.maxQueryMetrics)")
	f.BoolVar(&w.hideOptions, "hide-options", false, "real: the limit cannot be read")
	f.IntVar(&w.maxElements, "max-elements", 0, "XML elements that a request may have")
	f.IntVar(&w.sessionCalls, "lose-session-after", 0, "a session is gone after this many calls")
	f.IntVar(&w.sessions, "lose-sessions", 1, "how many sessions are lost; -1: all")
	f.StringVar(&w.deleted, "delete", "",
		"real: entities deleted after the inventory: guest numbers from 0, or hostN, as 3,17,host0")
	f.StringVar(&w.deleteAt, "delete-at", "QueryPerf", "the method before which they go")
	f.StringVar(&w.denied, "no-permission", "", "real: entities whose statistics are denied")
	f.StringVar(&w.orphaned, "no-provider", "",
		"real: entities that lose their performance provider after they were asked for metrics")
	f.IntVar(&w.refusedCounter, "refuse-counter", -1,
		"real: QueryPerf calls this counter id incorrect, though entities offer it")
	f.StringVar(&w.refusing, "refuse-counter-of", "", "real: of these entities only")
	f.StringVar(&w.silent, "silent", "", "real: QueryPerf gives nothing of these entities")
	f.StringVar(&w.valueless, "valueless", "", "real: QueryPerf gives -1 alone of these entities")
	f.StringVar(&w.ownCounter, "own-counter", "",
		"real: guests 1, 4, 7 … offer this counter, as GROUP.NAME.ROLLUP, and no others do")
	f.BoolVar(&w.refuseUnoffered, "refuse-unoffered", false,
		"real: QueryPerf calls a counter incorrect that the entity does not offer")
	f.BoolVar(&w.needMetrics, "need-metrics", false,
		"real: QueryPerf gives nothing when it names no counters")
	f.BoolVar(&w.splitAnswer, "split-answers", false,
		"real: the answer for each entity comes in two parts that have some series in common")
	f.StringVar(&w.accidents, "accident", "",
		"METHOD:CALLS:KIND,… with CALLS 2, 2-5 or *, METHOD or *, and KIND delay=MS, hang, reset, "+
			"close, truncate, cut, junk or an HTTP status")
	f.DurationVar(&w.slowMetric, "slow-metric", 0, "each metric of a QueryPerf takes this long")
	f.BoolVar(&w.gzip, "gzip", false, "real: compress answers for clients that accept it")
	f.BoolVar(&w.noCSV, "no-csv", false, "real: answer in normal format whatever was asked")
	f.BoolVar(&w.newestFirst, "newest-first", false, "real: samples in reverse order")
}

// selection resolves a list such as 3,17,host0.
func selection(text string) ([]types.ManagedObjectReference, error) {
	if text == "" {
		return nil, nil
	}
	var refs []types.ManagedObjectReference
	for _, item := range strings.Split(text, ",") {
		kind, number := "VirtualMachine", item
		if strings.HasPrefix(item, "host") {
			kind, number = "HostSystem", strings.TrimPrefix(item, "host")
		}
		all := inOrder(kind)
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n >= len(all) {
			return nil, fmt.Errorf("there is no entity %q", item)
		}
		refs = append(refs, all[n].Reference())
	}
	return refs, nil
}

// selectionSet is the list as a set.
func selectionSet(text string) (map[types.ManagedObjectReference]bool, error) {
	refs, err := selection(text)
	set := make(map[types.ManagedObjectReference]bool)
	for _, ref := range refs {
		set[ref] = true
	}
	return set, err
}

// install prepares what the performance manager has to know.
func (w *weather) install(p *performanceManager) error {
	var err error
	if p.denied, err = selectionSet(w.denied); err != nil {
		return err
	}
	if p.orphaned, err = selectionSet(w.orphaned); err != nil {
		return err
	}
	if p.refusing, err = selectionSet(w.refusing); err != nil {
		return err
	}
	if p.silent, err = selectionSet(w.silent); err != nil {
		return err
	}
	if p.valueless, err = selectionSet(w.valueless); err != nil {
		return err
	}
	p.weather = w
	if w.maxQueryMetrics > 0 && !w.hideOptions {
		options := simulator.Map.OptionManager()
		options.Setting = append(options.Setting, &types.OptionValue{
			Key: "config.vpxd.stats.maxQueryMetrics", Value: int32(w.maxQueryMetrics)})
	}
	return nil
}

// wrap puts the asked weather in front of a handler.
func (w *weather) wrap(handler http.Handler) (http.Handler, error) {
	deleted, err := selection(w.deleted)
	if err != nil {
		return nil, err
	}
	accidents, err := parseAccidents(w.accidents)
	if err != nil {
		return nil, err
	}
	if w.maxElements > 0 {
		handler = limitElements(w.maxElements, handler)
	}
	if w.sessionCalls > 0 {
		handler = loseSessions(w.sessionCalls, w.sessions, handler)
	}
	if len(deleted) > 0 {
		handler = deleteAt(w.deleteAt, deleted, handler)
	}
	if w.slowMetric > 0 {
		handler = slowMetrics(w.slowMetric, handler)
	}
	if len(accidents.list) > 0 {
		handler = accidents.wrap(handler)
	}
	return handler, nil
}

// deleteAt removes entities from the inventory once, before the first call of a method.
func deleteAt(method string, refs []types.ManagedObjectReference,
	handler http.Handler) http.Handler {
	var once sync.Once
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if callOf(r).method == method {
			once.Do(func() {
				for _, ref := range refs {
					remove(ref)
				}
			})
		}
		handler.ServeHTTP(w, r)
	})
}

// slowMetrics makes large queries slower than small ones.
func slowMetrics(each time.Duration, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if pause(r, each*time.Duration(callOf(r).metrics)) {
			handler.ServeHTTP(w, r)
		}
	})
}

// pause waits; it returns false when the client goes away meanwhile.
func pause(r *http.Request, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
