// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Plausible values of real mode: what guests and hosts could use, by their sizes, busier in the
// hours of work than at night and at weekends.
package main

import (
	"math"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const hostCores, hostMHz, hostMemory = 16, 2600, int64(256) << 30

// enlarge gives the hosts a size that their guests fit into.
func enlarge(host *simulator.HostSystem) {
	host.Hardware.CpuInfo.NumCpuCores = hostCores
	host.Hardware.CpuInfo.NumCpuThreads = 2 * hostCores
	host.Hardware.CpuInfo.Hz = hostMHz * 1000000
	host.Hardware.MemorySize = hostMemory
	host.Summary.Hardware.NumCpuCores = hostCores
	host.Summary.Hardware.NumCpuThreads = 2 * hostCores
	host.Summary.Hardware.CpuMhz = hostMHz
	host.Summary.Hardware.MemorySize = hostMemory
}

// course is how the values of a series go.
type course struct {
	top    float64 // what cannot be exceeded
	level  float64 // of it, at the busiest time
	steady bool    // whatever the time of day
}

// sizes returns the CPUs and the memory in KiB of a guest or host.
func sizes(entity types.ManagedObjectReference) (cpus, memory float64) {
	switch object := simulator.Map.Get(entity).(type) {
	case *simulator.VirtualMachine:
		return float64(object.Config.Hardware.NumCPU), float64(object.Config.Hardware.MemoryMB) * 1024
	case *simulator.HostSystem:
		return float64(object.Summary.Hardware.NumCpuCores),
			float64(object.Summary.Hardware.MemorySize) / 1024
	}
	return 1, 1 << 20
}

// courseOf chooses by the counter's name; what is not known keeps below its unit's bound.
func courseOf(entity types.ManagedObjectReference, info types.PerfCounterInfo) *course {
	if info.GroupInfo == nil || info.NameInfo == nil {
		return &course{float64(span(info)), 0.1, false}
	}
	cpus, memory := sizes(entity)
	level := 0.06 + 0.6*float64(mix(textHash(entity.Value))%1000)/1000
	if entity.Type == "HostSystem" {
		level = 0.35
	}
	name := info.GroupInfo.GetElementDescription().Key + "." + info.NameInfo.GetElementDescription().Key
	switch {
	case name == "cpu.usagemhz":
		return &course{cpus * hostMHz, level, false}
	case name == "cpu.ready":
		return &course{cpus * 20000, level * 0.04, false}
	case name == "cpu.costop":
		return &course{cpus * 20000, level * 0.004, false}
	case name == "mem.consumed":
		return &course{memory, 0.5 + level*0.5, true}
	case name == "mem.active":
		return &course{memory, level * 0.6, false}
	case name == "mem.vmmemctl", strings.HasPrefix(name, "mem.swap"), strings.HasPrefix(name, "net.dropped"):
		return &course{}
	case name == "disk.usage", name == "net.usage":
		return &course{20000, level * level, false}
	case strings.HasPrefix(name, "virtualDisk.total"):
		return &course{20, level * 0.4, false}
	}
	return &course{float64(span(info)), level, false}
}

// share is how busy the time is, from 0 to 1.
func share(end int64) float64 {
	hour, day := float64(end%86400)/3600, (end/86400+3)%7
	busy := math.Max(0, math.Sin(math.Pi*(hour-6)/14))
	if day >= 5 {
		busy *= 0.2
	}
	return 0.3 + 0.7*busy
}

// value is that of the 20 seconds that end at the given Unix time; h is a number that follows from it.
func (c *course) value(end int64, h uint64) int64 {
	noise := 0.8 + 0.4*float64(h%1024)/1024
	if c.steady {
		noise = 0.99 + 0.01*float64(h%1024)/1024
	} else {
		noise *= share(end)
	}
	if h>>20%300 == 0 && !c.steady {
		noise *= 2 // a burst
	}
	return int64(c.top * math.Min(c.level*noise, 1))
}
