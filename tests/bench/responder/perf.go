// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// QueryPerf. A querySpec is a text with the id of an entity in it: what the simulator answers to
// this text for a template is kept, unless it is nothing, and serves all guests made from the template.
package main

import (
	"bytes"
	"fmt"
	"sync"
)

// entityMetric is the answer for one entity, without the entity's id; empty without data.
type entityMetric struct{ before, after []byte }

type seriesStore struct {
	mu   sync.Mutex
	kept map[string]*entityMetric
}

// querySpec is a piece of a request: text before, id, and text after.
type querySpec struct{ before, id, after []byte }

var (
	specName   = []byte("querySpec")
	entityName = []byte("entity")
	answerHead = []byte(envelopeHead + `<QueryPerfResponse xmlns="urn:vim25">`)
	answerTail = []byte(`</QueryPerfResponse>` + envelopeTail)
)

// splitSpecs cuts a request into what is before the first querySpec, the querySpecs, and the rest.
func splitSpecs(body []byte) (head []byte, specs []querySpec, tail []byte, err error) {
	tail = body
	for {
		name := bytes.Index(tail, specName)
		if name < 0 {
			return head, specs, tail, nil
		}
		begin := bytes.LastIndexByte(tail[:name], '<')
		after := name + len(specName)
		closing := bytes.Index(tail[after:], specName)
		if begin < 0 || closing < 0 {
			return nil, nil, nil, fmt.Errorf("a querySpec that does not end")
		}
		end := after + closing + len(specName) + 1
		if head == nil {
			head = tail[:begin]
		}
		spec := tail[begin:end]
		id := bytes.Index(spec, entityName)
		if id < 0 {
			return nil, nil, nil, fmt.Errorf("a querySpec without an entity")
		}
		id += bytes.IndexByte(spec[id:], '>') + 1
		idEnd := id + bytes.IndexByte(spec[id:], '<')
		specs = append(specs, querySpec{spec[:id], spec[id:idEnd], spec[idEnd:]})
		tail = tail[end:]
	}
}

func queryPerf(w *world, body []byte) (*answer, error) {
	head, specs, tail, err := splitSpecs(body)
	if err != nil {
		return nil, err
	}
	metrics := make([]*entityMetric, len(specs))
	size := len(answerHead) + len(answerTail)
	for i := range specs {
		metric, fault, err := w.metric(head, &specs[i], tail)
		if fault != nil || err != nil {
			return fault, err
		}
		metrics[i] = metric
		size += len(metric.before) + len(specs[i].id) + len(metric.after)
	}
	out := append(make([]byte, 0, size), answerHead...)
	for i, metric := range metrics {
		if metric.after == nil {
			continue
		}
		out = append(out, metric.before...)
		out = append(out, specs[i].id...)
		out = append(out, metric.after...)
	}
	return &answer{200, "text/xml; charset=utf-8", append(out, answerTail...)}, nil
}

// metric answers one spec. The simulator is asked when its template was never asked for so.
func (w *world) metric(head []byte, spec *querySpec, tail []byte) (*entityMetric, *answer, error) {
	template := w.template(string(spec.id)).id
	key := append(append([]byte(template), spec.before...), spec.after...)
	w.series.mu.Lock()
	defer w.series.mu.Unlock()
	if kept := w.series.kept[string(key)]; kept != nil {
		return kept, nil, nil
	}
	request := bytes.Join([][]byte{head, spec.before, []byte(template), spec.after, tail}, nil)
	a, err := w.up.send("POST", w.up.url, request)
	if err != nil || !a.good() {
		return nil, a, err
	}
	metric := cutMetric(a.body, template)
	if metric.after != nil {
		w.series.kept[string(key)] = metric
	}
	return metric, nil, nil
}

// cutMetric takes the answer for one entity apart at the entity's id.
func cutMetric(body []byte, id string) *entityMetric {
	begin := bytes.Index(body, []byte("<returnval"))
	end := bytes.LastIndex(body, []byte("</QueryPerfResponse>"))
	if begin < 0 || end < 0 {
		return &entityMetric{}
	}
	content := body[begin:end]
	at := bytes.Index(content, []byte(">"+id+"<")) + 1
	return &entityMetric{content[:at], content[at+len(id):]}
}
