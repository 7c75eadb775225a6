// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the answer to one PerfQuerySpec, in normal or CSV format.
package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// query is one checked PerfQuerySpec.
type query struct {
	manager  *performanceManager
	spec     *types.PerfQuerySpec
	entity   *entity
	offer    *offer
	interval int64
	times    []int64 // Unix time of the samples, ascending
}

// PerfMetricIntSeries has the wire form of the vSphere type of that name. Unlike govmomi's it
// keeps the samples that are 0.
type PerfMetricIntSeries struct {
	types.PerfMetricSeries

	Value []int64 `xml:"value"`
}

// says tells whether the server gives anything.
func (q *query) says() bool {
	w := q.manager.weather
	return !q.manager.silent[q.spec.Entity] && !(w.needMetrics && len(q.spec.MetricId) == 0)
}

// answers gives the answer in one part, or in two that share the series in the middle.
func (q *query) answers() []types.BasePerfEntityMetricBase {
	ids := q.metrics()
	if n := len(ids); q.manager.weather.splitAnswer && n > 2 {
		return []types.BasePerfEntityMetricBase{q.answer(ids[:n/2+1]), q.answer(ids[n/2-1:])}
	}
	return []types.BasePerfEntityMetricBase{q.answer(ids)}
}

func (q *query) answer(ids []types.PerfMetricId) types.BasePerfEntityMetricBase {
	base := types.PerfEntityMetricBase{Entity: q.spec.Entity}
	if q.spec.Format == string(types.PerfFormatCsv) && !q.manager.weather.noCSV {
		return q.csv(base, ids)
	}
	metric := &types.PerfEntityMetric{PerfEntityMetricBase: base}
	for _, at := range q.times {
		metric.SampleInfo = append(metric.SampleInfo, types.PerfSampleInfo{
			Timestamp: time.Unix(at, 0).UTC(), Interval: int32(q.interval)})
	}
	for _, id := range ids {
		one := &PerfMetricIntSeries{Value: q.manager.values(q.entity, id, q.times, q.interval)}
		one.Id = id
		metric.Value = append(metric.Value, one)
	}
	return metric
}

func (q *query) csv(base types.PerfEntityMetricBase,
	ids []types.PerfMetricId) *types.PerfEntityMetricCSV {
	metric := &types.PerfEntityMetricCSV{PerfEntityMetricBase: base}
	var info strings.Builder
	for i, at := range q.times {
		if i > 0 {
			info.WriteByte(',')
		}
		info.WriteString(strconv.FormatInt(q.interval, 10))
		info.WriteByte(',')
		info.WriteString(time.Unix(at, 0).UTC().Format(time.RFC3339))
	}
	metric.SampleInfoCSV = info.String()
	for _, id := range ids {
		one := types.PerfMetricSeriesCSV{
			Value: join(q.manager.values(q.entity, id, q.times, q.interval))}
		one.Id = id
		metric.Value = append(metric.Value, one)
	}
	return metric
}

// metrics expands what was asked to what the entity offers, in the order asked; counters and
// instances that it does not offer give no series.
func (q *query) metrics() []types.PerfMetricId {
	if len(q.spec.MetricId) == 0 {
		return q.offer.ids
	}
	var ids []types.PerfMetricId
	for _, id := range q.spec.MetricId {
		for _, instance := range q.offer.instances[id.CounterId] {
			if id.Instance == "*" || id.Instance == instance {
				ids = append(ids, types.PerfMetricId{CounterId: id.CounterId, Instance: instance})
			}
		}
	}
	return ids
}

func join(values []int64) string {
	text := make([]byte, 0, 8*len(values))
	for i, value := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, value, 10)
	}
	return string(text)
}
