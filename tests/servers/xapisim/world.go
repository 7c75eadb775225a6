// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"fmt"
	"math"
	"time"
)

// A step is the finest that RRDs have. In each step all rates are constant.
const step = 5

// wave is what a data source gives in a step: its base, and up to 45 % more. The tests compute the
// same.
func wave(base float64, owner, source int, slot int64) float64 {
	return base * (1 + float64((slot*7+int64(owner)*3+int64(source))%10)/20)
}

// guest is a VM of the simulated pool.
type guest struct {
	number int
	name   string
	cpus   int
	agent  bool
	state  string
	moves  bool // to the other host, each two minutes
	home   int
	extra  map[string]any // fields of its record that differ
}

const (
	gib        = 1 << 30
	hostCPUs   = 8
	hostMemory = 64 * gib
	moveEvery  = 120
)

func guests() []*guest {
	return []*guest{
		{number: 1, name: "web-1", cpus: 2, agent: true, state: "Running", home: 0},
		{number: 2, name: "db-1", cpus: 4, state: "Running", home: 1},
		{number: 3, name: "rover", cpus: 1, agent: true, state: "Running", moves: true},
		{number: 4, name: "off-1", cpus: 1, state: "Halted"},
		{number: 5, name: "web-1", cpus: 1, state: "Running", home: 0},
		{number: 90, name: "Debian 12", cpus: 1, state: "Halted",
			extra: map[string]any{"is_a_template": true}},
		{number: 91, name: "web-1 before the upgrade", cpus: 2, state: "Halted",
			extra: map[string]any{"is_a_snapshot": true, "is_a_template": true}},
	}
}

// residence is the number of the host where the guest runs at this time.
func (g *guest) residence(now int64) int {
	if !g.moves {
		return g.home
	}
	return int(now/moveEvery) % 2
}

// uuid of the thing of this kind: a 4-digit hexadecimal kind and a number.
func uuid(kind string, number int) string {
	return fmt.Sprintf("00000000-%s-4000-8000-%012d", kind, number)
}

func ref(class string, number int) string {
	return fmt.Sprintf("OpaqueRef:%s-%d", class, number)
}

// SRs: the first eight digits tell them apart in the names of data sources.
var srs = []string{"aaaa0001-0000-4000-8000-000000000001", "bbbb0002-0000-4000-8000-000000000002"}

type source struct {
	name  string
	value func(slot int64) float64
}

func constant(value float64) func(int64) float64 {
	return func(int64) float64 { return value }
}

// bases of data sources of guests, in the order of their numbers from 100 on.
var rates = []struct {
	name string
	base float64
}{
	{"vif_0_rx", 204800}, {"vif_0_tx", 102400},
	{"vbd_xvda_read", 1048576}, {"vbd_xvda_write", 524288},
	{"vbd_xvda_iops_read", 64}, {"vbd_xvda_iops_write", 32},
	{"vbd_xvda_read_latency", 850}, {"vbd_xvda_write_latency", 1200},
	{"vbd_xvdd_read", 1000}, {"vbd_xvdd_write", 0},
}

// runstates are the sources that are off until somebody asks for them.
var runstates = map[string]float64{
	"runstate_fullrun": 0.05, "runstate_full_contention": 0.001,
	"runstate_concurrency_hazard": 0.002, "runstate_blocked": 0.6,
	"runstate_partial_run": 0.2, "runstate_partial_contention": 0.008,
	"runnable_any": 0.01, "runnable_vcpus": 0.005,
}

var runstateOrder = []string{"runstate_fullrun", "runstate_full_contention",
	"runstate_concurrency_hazard", "runstate_blocked", "runstate_partial_run",
	"runstate_partial_contention", "runnable_any", "runnable_vcpus"}

func (p *pool) guestSources(g *guest) []source {
	var all []source
	for cpu := 0; cpu < g.cpus; cpu++ {
		cpu := cpu
		all = append(all, source{fmt.Sprintf("cpu%d", cpu), func(slot int64) float64 {
			if p.busy && g.number == 2 && cpu == 0 && slot%4 == 0 {
				return math.NaN() // a busy vCPU, through jitter
			}
			return wave(0.2, g.number, cpu, slot)
		}})
	}
	if p.stage != "A" {
		all = append(all, source{"cpu_usage", func(slot int64) float64 {
			sum := 0.0
			for cpu := 0; cpu < g.cpus; cpu++ {
				sum += wave(0.2, g.number, cpu, slot)
			}
			return sum / float64(g.cpus)
		}})
	}
	all = append(all, source{"memory", constant(4 * gib)}, source{"memory_target", constant(4 * gib)})
	if g.agent {
		all = append(all, source{"memory_internal_free", constant(1 << 20)})
	}
	for i, rate := range rates {
		i, rate := i, rate
		all = append(all, source{rate.name, func(slot int64) float64 {
			return wave(rate.base, g.number, 100+i, slot)
		}})
	}
	for i, name := range runstateOrder {
		i, name := i, name
		if p.recorded(g, name) {
			all = append(all, source{name, func(slot int64) float64 {
				return wave(runstates[name], g.number, 200+i, slot)
			}})
		}
	}
	return all
}

func hostSources(host int) []source {
	owner := 1000 + host
	all := []source{
		{"memory_total_kib", constant(hostMemory / 1024)},
		{"memory_free_kib", constant(hostMemory / 4096)},
		{"cpu_avg", func(slot int64) float64 { return wave(0.3, owner, 0, slot) }},
		{"loadavg", constant(0.25)},
	}
	for cpu := 0; cpu < hostCPUs; cpu++ {
		cpu := cpu
		all = append(all, source{fmt.Sprintf("cpu%d", cpu),
			func(slot int64) float64 { return wave(0.3, owner, 10+cpu, slot) }},
			source{fmt.Sprintf("cpu%d-C0", cpu), constant(0.5)})
	}
	for i, nic := range []string{"eth0", "eth1", "bond0", "aggr"} {
		for k, way := range []string{"rx", "tx"} {
			number := 100 + 2*i + k
			all = append(all, source{"pif_" + nic + "_" + way,
				func(slot int64) float64 { return wave(2e6, owner, number, slot) }})
		}
	}
	for i, sr := range srs {
		for k, way := range []string{"read", "write"} {
			number := 200 + 2*i + k
			all = append(all, source{way + "_" + sr[:8],
				func(slot int64) float64 { return wave(3e6, owner, number, slot) }},
				source{way + "_latency_" + sr[:8], constant(5000)})
		}
	}
	return all
}

func (p *pool) now(host int) int64 {
	return time.Now().Unix() + p.skew[host]
}
