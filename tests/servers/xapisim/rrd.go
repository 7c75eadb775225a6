// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// archives of the real RRDs: steps, and how many rows of each are kept.
var archives = []struct{ step, rows int64 }{{5, 120}, {60, 120}, {3600, 168}, {86400, 366}}

// archive is the finest one that reaches back to start and is not finer than the interval.
func archive(start, interval, now int64) int64 {
	for _, a := range archives {
		if a.step >= interval && start > now-a.step*a.rows {
			return a.step
		}
	}
	return archives[len(archives)-1].step
}

// mean over a row of an archive; all steps of it count alike.
func mean(s source, end, length int64) float64 {
	sum := 0.0
	slots := length / step
	if slots%10 == 0 {
		slots = 10 // the wave is the same again after these
	}
	for i := int64(0); i < slots; i++ {
		sum += s.value(end/step - i)
	}
	return sum / float64(slots)
}

func (p *pool) number(value float64) string {
	switch {
	case math.IsNaN(value):
		return "NaN"
	case p.stage == "C":
		return strconv.FormatFloat(value, 'g', 15, 64)
	case value == 0:
		return "0.0"
	}
	return strconv.FormatFloat(value, 'f', 4, 64)
}

type column struct {
	legend string
	source source
	owner  *guest
}

func (p *pool) columns(host int, now int64) []column {
	var all []column
	for _, s := range hostSources(host) {
		all = append(all, column{"AVERAGE:host:" + uuid("0a0a", host) + ":" + s.name, s, nil})
	}
	// Domain-0 has its own.
	dom0 := source{"cpu0", constant(0.1)}
	all = append(all, column{"AVERAGE:vm:" + uuid("0d0d", host) + ":cpu0", dom0, nil})
	for _, g := range p.guests {
		// One that has moved is at both hosts for a moment.
		here := g.residence(now) == host || g.residence(now-3) == host
		if g.state != "Running" || !here {
			continue
		}
		for _, s := range p.guestSources(g) {
			all = append(all, column{"AVERAGE:vm:" + uuid("0b0b", g.number) + ":" + s.name, s, g})
		}
	}
	return all
}

// at is the value in the row; the first step after a guest has moved has none.
func (c column) at(end, length int64) float64 {
	if c.owner != nil && c.owner.moves && length == step && end%moveEvery == step {
		return math.NaN()
	}
	return mean(c.source, end, length)
}

func (p *pool) rrdUpdates(host int, w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if !p.valid(query.Get("session_id")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.hang("rows", host)
	start, err := strconv.ParseInt(query.Get("start"), 10, 64)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	interval, _ := strconv.ParseInt(query.Get("interval"), 10, 64)
	now := p.now(host)
	length := archive(start, interval, now)
	columns := p.columns(host, now)
	var times []int64 // newest first
	for t := (now - 1) / length * length; t >= start && now-t <= length*121; t -= length {
		times = append(times, t)
	}
	w.Header().Set("Connection", "close")
	_, asksJSON := query["json"]
	if p.stage == "C" && !strings.Contains(r.Header.Get("Accept"), "text/xml") {
		asksJSON = true
	}
	if asksJSON || p.stubborn {
		p.writeJSON(w, start, length, now, columns, times)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xport><meta><start>%d</start>"+
		"<step>%d</step><end>%d</end><rows>%d</rows><columns>%d</columns><legend>",
		start, length, now, len(times), len(columns)-2)
	for _, c := range columns {
		fmt.Fprintf(&b, "<entry>%s</entry>", c.legend)
	}
	b.WriteString("</legend></meta><data>")
	for _, t := range times {
		fmt.Fprintf(&b, "<row><t>%d</t>", t)
		for _, c := range columns {
			b.WriteString("<v>" + p.number(c.at(t, length)) + "</v>")
		}
		b.WriteString("</row>")
	}
	b.WriteString("</data></xport>")
	w.Write([]byte(b.String()))
}

// writeJSON has the three shapes: keys without quotes; numbers as texts, data inside meta; and both
// side by side.
func (p *pool) writeJSON(w http.ResponseWriter, start, length, now int64, columns []column,
	times []int64) {
	key := func(name string) string {
		if p.stage == "A" {
			return name
		}
		return strconv.Quote(name)
	}
	var legends, rows []string
	for _, c := range columns {
		legends = append(legends, strconv.Quote(c.legend))
	}
	for _, t := range times {
		var values []string
		for _, c := range columns {
			value := p.number(c.at(t, length))
			if p.stage != "A" {
				value = strconv.Quote(value)
			}
			values = append(values, value)
		}
		rows = append(rows, fmt.Sprintf("{%s:%d,%s:[%s]}", key("t"), t, key("values"),
			strings.Join(values, ",")))
	}
	meta := fmt.Sprintf("%s:%d,%s:%d,%s:%d,%s:%d,%s:%d,%s:[%s]", key("start"), start, key("step"),
		length, key("end"), now, key("rows"), len(times), key("columns"), len(columns),
		key("legend"), strings.Join(legends, ","))
	data := fmt.Sprintf("%s:[%s]", key("data"), strings.Join(rows, ","))
	w.Header().Set("Content-Type", "application/json")
	if p.stage == "B" {
		fmt.Fprintf(w, "{%s:{%s,%s}}", key("meta"), meta, data)
		return
	}
	fmt.Fprintf(w, "{%s:{%s},%s}", key("meta"), meta, data)
}
