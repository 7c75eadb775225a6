// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the value of each sample. A real-time sample is a hash of seed, entity, counter,
// instance and time; an archived sample is the roll-up of the real-time samples it covers.
package main

import (
	"hash/fnv"

	"github.com/vmware/govmomi/vim25/types"
)

// realtimeInterval is the distance of real-time samples in seconds.
const realtimeInterval = 20

// noValue is what a server sends for a sample that it does not have.
const noValue = -1

// series computes the samples of one entity, counter and instance.
type series struct {
	hash    uint64
	span    int64 // values are below this
	missing uint64
	rollup  types.PerfSummaryType
	course  *course // nil: any value of the span
}

// generator makes series that follow from a seed.
type generator struct {
	seed      uint64
	missing   int
	plausible bool
}

func (g *generator) series(entity types.ManagedObjectReference, id types.PerfMetricId,
	info types.PerfCounterInfo) *series {
	h := mix(g.seed ^ textHash(entity.Value))
	h = mix(h ^ uint64(uint32(id.CounterId)))
	h = mix(h ^ textHash(id.Instance))
	s := &series{hash: h, span: span(info), missing: uint64(g.missing), rollup: info.RollupType}
	if g.plausible {
		s.course = courseOf(entity, info)
	}
	return s
}

// span bounds the values by unit; some counters need more than 32 bits.
func span(info types.PerfCounterInfo) int64 {
	if info.UnitInfo == nil {
		return 100000
	}
	switch types.PerformanceManagerUnit(info.UnitInfo.GetElementDescription().Key) {
	case types.PerformanceManagerUnitPercent:
		return 10001
	case types.PerformanceManagerUnitMillisecond:
		return 20001
	case types.PerformanceManagerUnitKiloBytes:
		return 1 << 28
	case types.PerformanceManagerUnitJoule, types.PerformanceManagerUnitMicrosecond:
		return 1 << 40
	case types.PerformanceManagerUnitSecond:
		return 1 << 25
	}
	return 100000
}

// realtime returns the value of the 20 seconds that end at the given Unix time.
func (s *series) realtime(end int64) int64 {
	h := mix(s.hash ^ uint64(end))
	if h>>32%100 < s.missing {
		return noValue
	}
	if s.course != nil {
		return s.course.value(end)
	}
	if h>>40%16 == 0 {
		return 0 // idle now and then: a client must keep zeros
	}
	return int64(mix(h) >> 1 % uint64(s.span))
}

// archived rolls the real-time values of the interval that ends at the given time up.
func (s *series) archived(end, interval int64) int64 {
	if interval == realtimeInterval {
		return s.realtime(end)
	}
	sum, count := int64(0), int64(0)
	least, most, last := int64(noValue), int64(noValue), int64(noValue)
	step := int64(realtimeInterval)
	if s.course != nil && interval > 300 {
		step = interval / 15 // who looks at weeks does not wait for each value
	}
	for at := end - interval + step; at <= end; at += step {
		value := s.realtime(at)
		if value == noValue {
			continue
		}
		sum += value
		count++
		last = value
		if value > most {
			most = value
		}
		if least == noValue || value < least {
			least = value
		}
	}
	switch {
	case count == 0:
		return noValue
	case s.rollup == types.PerfSummaryTypeSummation:
		return sum * (step / realtimeInterval)
	case s.rollup == types.PerfSummaryTypeMaximum:
		return most
	case s.rollup == types.PerfSummaryTypeMinimum:
		return least
	case s.rollup == types.PerfSummaryTypeLatest:
		return last
	}
	return sum / count
}

func textHash(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64()
}

// mix spreads the bits of a number over all of it (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
