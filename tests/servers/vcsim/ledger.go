// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the account of all real-time samples that the server had, for tests to hold a
// client's output against.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// lifeLine is one life of an entity: times are seconds since 1970.
type lifeLine struct {
	ID        string       `json:"id"`
	Type      string       `json:"type"`
	Name      string       `json:"name"`
	From      *float64     `json:"from"`      // null: since before all archives
	Until     *float64     `json:"until"`     // null: it goes on
	Asked     []float64    `json:"asked"`     // when its samples were asked for, with an answer
	Times     []int64      `json:"times"`     // samples that are visible now, or were
	Published []int64      `json:"published"` // when each became visible
	Delivered []bool       `json:"delivered"` // whether an answer had it
	Series    []seriesLine `json:"series"`
}

type seriesLine struct {
	Key      int32    `json:"key"`
	Counter  string   `json:"counter"`
	Instance string   `json:"instance"`
	Values   []*int64 `json:"values"` // null: there is no sample
}

// writeLedger writes a line for each life with the samples after a time, and the values of the
// named counters (none named: all).
func (w *world) writeLedger(out io.Writer, counters []string, after int64) error {
	encoder := json.NewEncoder(out)
	now := w.clock.now().Unix()
	for _, e := range w.inOrder() {
		if e.realtime == nil {
			continue
		}
		for _, l := range e.lives {
			line := w.lifeLine(e, l, after, now)
			w.addSeries(line, e, counters)
			if err := encoder.Encode(line); err != nil {
				return err
			}
		}
	}
	return nil
}

// inOrder sorts the entities by kind and the number of their id.
func (w *world) inOrder() []*entity {
	var list []*entity
	for _, e := range w.manager.entities {
		list = append(list, e)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i].ref, list[j].ref
		if a.Type != b.Type {
			return a.Type < b.Type
		}
		if ordinal(a.Value) != ordinal(b.Value) {
			return ordinal(a.Value) < ordinal(b.Value)
		}
		return a.Value < b.Value
	})
	return list
}

func (w *world) lifeLine(e *entity, l *life, after, now int64) *lifeLine {
	line := &lifeLine{ID: e.ref.Value, Type: e.ref.Type, Name: e.name(), Asked: []float64{},
		Times: []int64{}, Published: []int64{}, Delivered: []bool{}, Series: []seriesLine{}}
	if l.from != forever {
		line.From = inSeconds(l.from)
	}
	if l.until != 0 {
		line.Until = inSeconds(l.until)
	}
	w.manager.asking.Lock()
	defer w.manager.asking.Unlock()
	for _, at := range l.asked {
		line.Asked = append(line.Asked, *inSeconds(at))
	}
	first := after/realtimeInterval*realtimeInterval + realtimeInterval
	for end := first; end <= now; end += realtimeInterval {
		if at := e.published(end); at <= now && l.has(end, realtimeInterval) {
			line.Times = append(line.Times, end)
			line.Published = append(line.Published, at)
			line.Delivered = append(line.Delivered, l.delivered[end])
		}
	}
	return line
}

func inSeconds(ms int64) *float64 {
	s := float64(ms) / 1000
	return &s
}

func (w *world) addSeries(line *lifeLine, e *entity, counters []string) {
	wanted := make(map[string]bool)
	for _, name := range counters {
		wanted[name] = true
	}
	for _, id := range e.realtime.ids {
		name := w.manager.counterName(id.CounterId)
		if len(wanted) > 0 && !wanted[name] {
			continue
		}
		one := seriesLine{Key: id.CounterId, Counter: name, Instance: id.Instance,
			Values: []*int64{}}
		values := w.manager.values(e, id, line.Times, realtimeInterval)
		for i := range values {
			if values[i] == noValue {
				one.Values = append(one.Values, nil)
			} else {
				one.Values = append(one.Values, &values[i])
			}
		}
		line.Series = append(line.Series, one)
	}
}

// counterName is group.name.rollup, or #ID of a counter that the catalogue lacks.
func (p *performanceManager) counterName(counter int32) string {
	info, ok := p.counters[counter]
	if !ok {
		return fmt.Sprintf("#%d", counter)
	}
	return strings.Join([]string{info.GroupInfo.GetElementDescription().Key,
		info.NameInfo.GetElementDescription().Key, string(info.RollupType)}, ".")
}

// values computes the samples of a series at the given times.
func (p *performanceManager) values(e *entity, id types.PerfMetricId, times []int64,
	interval int64) []int64 {
	one := p.generator.series(e.ref, id, p.counters[id.CounterId])
	since := p.offers.since[id.CounterId]
	values := make([]int64, len(times))
	now := p.clock.now().Unix()
	for i, at := range times {
		values[i] = noValue
		if at-interval >= since && !p.valueless[e.ref] && !p.isHollow(id.CounterId, at, now) {
			values[i] = one.archived(at, interval)
		}
	}
	return values
}
