// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: a PerformanceManager that answers as ESXi and vCenter do. It takes the place of
// govmomi's in the registry and keeps that one's catalogue.
package main

import (
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

type performanceManager struct {
	simulator.PerformanceManager
	esx       bool
	clock     *clock
	generator *generator
	counters  map[int32]types.PerfCounterInfo
	offers    *offers
	entities  map[types.ManagedObjectReference]*entity
	asking    sync.Mutex // guards what entities know of having been asked
	denied    map[types.ManagedObjectReference]bool
	orphaned  map[types.ManagedObjectReference]bool
	refusing  map[types.ManagedObjectReference]bool
	silent    map[types.ManagedObjectReference]bool
	valueless map[types.ManagedObjectReference]bool
	hollows   []hollow
	weather   *weather
}

// Lock and Unlock do nothing: calls only read, and a slow one must not hold up others.
func (p *performanceManager) Lock()   {}
func (p *performanceManager) Unlock() {}

// installReal puts the managers of real mode into the registry.
func installReal(o *options, c *clock) (*performanceManager, *pageStore, error) {
	content := simulator.Map.Get(types.ManagedObjectReference{Type: "ServiceInstance",
		Value: "ServiceInstance"}).(*simulator.ServiceInstance).Content
	stock := simulator.Map.Get(*content.PerfManager).(*simulator.PerformanceManager)
	p := &performanceManager{
		PerformanceManager: *stock,
		esx:                o.model == "esx",
		clock:              c,
		generator:          &generator{seed: uint64(o.seed), missing: o.missing, plausible: o.plausible},
		counters:           make(map[int32]types.PerfCounterInfo),
	}
	for _, info := range p.PerfCounter {
		p.counters[info.Key] = info
	}
	numberDatastores()
	if !o.hideIntervals {
		p.HistoricalInterval = historicalIntervals(o.model, int32(o.level))
	}
	p.offers = newOffers(o.model, int32(o.level), p.counters)
	p.offers.pools = o.poolsLive
	p.offers.own = o.weather.ownCounter
	p.entities = p.offers.all()
	for _, e := range p.entities {
		if e.connected() {
			e.begin(born(o, c))
		}
	}
	simulator.Map.Put(p)
	collector := newPropertyCollector(content.PropertyCollector, o.pageLimit)
	simulator.Map.Put(collector)
	return p, collector.pages, o.weather.install(p)
}

// born returns when the first entities began to have samples.
func born(o *options, c *clock) int64 {
	if o.age < 0 {
		return forever
	}
	return millis(c.now().Add(-o.age))
}

// historicalIntervals are the archives that a server keeps unless an administrator changes them.
func historicalIntervals(model string, level int32) []types.PerfInterval {
	if model == "esx" {
		return []types.PerfInterval{
			{Key: 1, SamplingPeriod: 300, Name: "PastDay", Length: 129600, Level: level, Enabled: true}}
	}
	return []types.PerfInterval{
		{Key: 1, SamplingPeriod: 300, Name: "Past day", Length: 86400, Level: level, Enabled: true},
		{Key: 2, SamplingPeriod: 1800, Name: "Past week", Length: 604800, Level: level, Enabled: true},
		{Key: 3, SamplingPeriod: 7200, Name: "Past month", Length: 2592000, Level: level, Enabled: true},
		{Key: 4, SamplingPeriod: 86400, Name: "Past year", Length: 31536000, Level: level, Enabled: true},
	}
}

// retention returns how long samples of an interval are kept, 0 when there are none.
func (p *performanceManager) retention(interval int32) int64 {
	if interval == realtimeInterval {
		return 3600
	}
	for _, h := range p.HistoricalInterval {
		if h.SamplingPeriod == interval {
			return int64(h.Length)
		}
	}
	return 0
}

func invalidArgument(property string) *soap.Fault {
	return simulator.Fault("A specified parameter was not correct: "+property,
		&types.InvalidArgument{InvalidProperty: property})
}

func notFound(ref types.ManagedObjectReference) *soap.Fault {
	text := fmt.Sprintf("The object '%s:%s' has already been deleted or has not been "+
		"completely created", ref.Type, ref.Value)
	return simulator.Fault(text, &types.ManagedObjectNotFound{Obj: ref})
}

// access returns why an entity's statistics cannot be had, or nil.
func (p *performanceManager) access(ref types.ManagedObjectReference) *soap.Fault {
	switch {
	case simulator.Map.Get(ref) == nil:
		return notFound(ref)
	case p.denied[ref]:
		return noPermission(ref)
	}
	return nil
}

// QueryPerfCounter answers in the order asked.
func (p *performanceManager) QueryPerfCounter(_ *simulator.Context,
	req *types.QueryPerfCounter) soap.HasFault {
	body := new(methods.QueryPerfCounterBody)
	res := new(types.QueryPerfCounterResponse)
	for _, id := range req.CounterId {
		info, ok := p.counters[id]
		if !ok {
			body.Fault_ = invalidArgument("counterId")
			return body
		}
		res.Returnval = append(res.Returnval, info)
	}
	body.Res = res
	return body
}

// QueryPerfProviderSummary tells who has real-time data.
func (p *performanceManager) QueryPerfProviderSummary(_ *simulator.Context,
	req *types.QueryPerfProviderSummary) soap.HasFault {
	body := new(methods.QueryPerfProviderSummaryBody)
	if body.Fault_ = p.access(req.Entity); body.Fault_ != nil {
		return body
	}
	summary := types.PerfProviderSummary{Entity: req.Entity}
	if e := p.entities[req.Entity]; e != nil {
		summary.SummarySupported = true
		if e.realtime != nil {
			summary.CurrentSupported = true
			summary.RefreshRate = realtimeInterval
		}
	}
	body.Res = &types.QueryPerfProviderSummaryResponse{Returnval: summary}
	return body
}

// QueryAvailablePerfMetric lists real-time metrics for interval 20, else the archived ones.
func (p *performanceManager) QueryAvailablePerfMetric(_ *simulator.Context,
	req *types.QueryAvailablePerfMetric) soap.HasFault {
	body := new(methods.QueryAvailablePerfMetricBody)
	if body.Fault_ = p.access(req.Entity); body.Fault_ != nil {
		return body
	}
	body.Res = new(types.QueryAvailablePerfMetricResponse)
	e := p.entities[req.Entity]
	if e == nil {
		return body
	}
	offer := e.historical
	if req.IntervalId == realtimeInterval {
		offer = e.realtime
		if e.alive() == nil {
			offer = nil
		}
	}
	if offer != nil {
		body.Res.Returnval = offer.ids
	}
	return body
}

// QueryPerf answers all specs or, when one is wrong, none.
func (p *performanceManager) QueryPerf(_ *simulator.Context, req *types.QueryPerf) soap.HasFault {
	body := new(methods.QueryPerfBody)
	res := new(types.QueryPerfResponse)
	now := p.clock.now()
	archived := 0
	var realtime []*query
	for i := range req.QuerySpec {
		q, fault := p.prepare(&req.QuerySpec[i], i, now)
		if fault == nil && q.interval != realtimeInterval {
			archived += len(q.metrics())
		}
		if limit := p.weather.maxQueryMetrics; fault == nil && limit > 0 && archived > limit {
			fault = restricted()
		}
		if fault != nil {
			body.Fault_ = fault
			return body
		}
		if q.interval == realtimeInterval {
			realtime = append(realtime, q)
		}
		if len(q.times) > 0 && !q.says() {
			continue
		}
		if len(q.times) > 0 {
			res.Returnval = append(res.Returnval, q.answers()...)
		}
	}
	p.note(realtime, millis(now))
	body.Res = res
	return body
}

// note keeps when entities were asked for their real-time samples, and which ones they gave.
func (p *performanceManager) note(queries []*query, at int64) {
	p.asking.Lock()
	defer p.asking.Unlock()
	for _, q := range queries {
		l := q.entity.alive()
		if l == nil {
			continue
		}
		if len(l.asked) == 0 || l.asked[len(l.asked)-1] != at {
			l.asked = append(l.asked, at)
		}
		for _, end := range q.times {
			l.delivered[end] = true
		}
	}
}

// prepare checks one spec and finds its series and times; times are empty without data.
func (p *performanceManager) prepare(spec *types.PerfQuerySpec, i int,
	now time.Time) (*query, *soap.Fault) {
	if fault := p.access(spec.Entity); fault != nil {
		return nil, fault
	}
	e := p.entities[spec.Entity]
	if e == nil {
		return nil, invalidArgument(fmt.Sprintf("querySpec[%d].entity", i))
	}
	interval, offer := spec.IntervalId, e.historical
	if interval == 0 && e.realtime != nil {
		interval = realtimeInterval
	} else if interval == 0 {
		interval = 300
	}
	if interval == realtimeInterval {
		offer = e.realtime
	}
	if p.orphaned[spec.Entity] {
		offer = nil
	}
	kept := p.retention(interval)
	switch {
	case offer == nil && p.esx && !p.orphaned[spec.Entity]:
		return nil, invalidArgument(fmt.Sprintf("querySpec[%d].entity", i))
	case offer == nil:
		return nil, invalidArgument("querySpec.interval")
	case kept == 0:
		return nil, invalidArgument(fmt.Sprintf("querySpec[%d].intervalId", i))
	}
	q := &query{manager: p, spec: spec, entity: e, interval: int64(interval), offer: offer}
	q.times = e.grid(spec, now, q.interval, kept)
	if p.weather.newestFirst {
		sort.Slice(q.times, func(a, b int) bool { return q.times[a] > q.times[b] })
	}
	for j, id := range spec.MetricId {
		_, defined := p.counters[id.CounterId]
		refused := (len(p.refusing) == 0 || p.refusing[spec.Entity]) &&
			(int(id.CounterId) == p.weather.refusedCounter ||
				p.weather.refuseUnoffered && len(offer.instances[id.CounterId]) == 0)
		if refused || (!defined && !p.offers.unlisted(id.CounterId)) {
			return nil, invalidArgument(fmt.Sprintf("querySpec[%d].metricId[%d].counterId", i, j))
		}
	}
	return q, nil
}

// grid returns the ends of the sample intervals asked for, ascending: the start is exclusive,
// the end inclusive, and real-time samples are those that are visible, the newest maxSample.
func (e *entity) grid(spec *types.PerfQuerySpec, now time.Time,
	interval, kept int64) []int64 {
	last := now.Unix() / interval * interval
	first := last - kept + interval
	if spec.EndTime != nil && spec.EndTime.Unix() < last {
		last = spec.EndTime.Unix() / interval * interval
	}
	if spec.StartTime != nil && spec.StartTime.Unix() >= first {
		first = (spec.StartTime.Unix()/interval + 1) * interval
	}
	var times []int64
	for at := first; at <= last; at += interval {
		times = append(times, at)
	}
	if interval != realtimeInterval {
		return times
	}
	times = e.visible(times, now.Unix())
	if n := int(spec.MaxSample); n > 0 && n < len(times) {
		times = times[len(times)-n:]
	}
	return times
}
