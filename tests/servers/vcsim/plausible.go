// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Plausible values of real mode: what guests of their sizes could use, most of them in the hours of
// work, some at night, some all day; a host uses what its guests do, and a little itself.
package main

import (
	"math"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const hostCores, hostMHz, hostMemory = 24, 2600, int64(128) << 30

// enlarge gives a host a size that its guests fit into.
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

// resize gives guest number i a common size.
func resize(vm *simulator.VirtualMachine, i int) {
	cpus := []int32{2, 4, 2, 8, 4, 2}[i%6]
	memory := []int32{4, 16, 8, 32, 8}[i%5] * 1024
	vm.Config.Hardware.NumCPU, vm.Summary.Config.NumCpu = cpus, cpus
	vm.Config.Hardware.MemoryMB, vm.Summary.Config.MemorySizeMB = memory, memory
}

// fill gives a guest file systems that are in use, few of them nearly full, and the datastores room.
func fill(vm *simulator.VirtualMachine, i int) {
	a := actorOf(vm.Self)
	system := int64(40+20*a.trait("system")) * gib
	data := int64(100+400*a.trait("data")) * gib
	free := 0.2 + 0.6*a.trait("free")
	if i%10 == 3 {
		free = 0.06
	}
	vm.Guest.Disk = []types.GuestDiskInfo{
		{DiskPath: "/", Capacity: system, FreeSpace: int64(float64(system) * (0.4 + 0.3*a.trait("root")))},
		{DiskPath: "/srv", Capacity: data, FreeSpace: int64(float64(data) * free)},
	}
	for _, object := range inOrder("Datastore") {
		store := object.(*simulator.Datastore)
		store.Summary.Capacity, store.Summary.FreeSpace = 20480*gib, 7200*gib
		store.Summary.Uncommitted = 9000 * gib
	}
}

// actor is a guest, or a host with its guests.
type actor struct {
	seed   uint64
	cpus   float64
	memory float64 // KiB
	guests []*actor
	host   bool
	level  float64 // what is used of the CPUs at the busiest time, from 0 to 1
	hours  float64
	kept   float64 // part of the memory that is consumed
	waits  float64
	rates  [2]float64 // KB/s, by what
}

// What has noise of its own.
const (
	ofDisk = iota
	ofNet
	ofCPU
	ofBurst
	ofReady
	ofMemory
)

func actorOf(entity types.ManagedObjectReference) *actor {
	a := &actor{seed: mix(textHash(entity.Value)), cpus: 1, memory: 1 << 20}
	switch object := simulator.Map.Get(entity).(type) {
	case *simulator.VirtualMachine:
		a.cpus = float64(object.Config.Hardware.NumCPU)
		a.memory = float64(object.Config.Hardware.MemoryMB) * 1024
		a.settle()
	case *simulator.HostSystem:
		a.host = true
		a.cpus = float64(object.Summary.Hardware.NumCpuCores)
		a.memory = float64(object.Summary.Hardware.MemorySize) / 1024
		for _, guest := range object.Vm {
			vm, ok := simulator.Map.Get(guest).(*simulator.VirtualMachine)
			if ok && vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
				a.guests = append(a.guests, actorOf(guest))
			}
		}
	}
	return a
}

// trait is a number from 0 to 1 that belongs to the actor for good.
func (a *actor) trait(name string) float64 {
	return float64(mix(a.seed^textHash(name))%4096) / 4095
}

// settle decides what a guest does all its life.
func (a *actor) settle() {
	a.hours, a.kept, a.waits = a.trait("hours"), 0.55+0.4*a.trait("memory"), a.trait("ready")
	a.rates = [2]float64{12000 * a.trait("disk"), 12000 * a.trait("net")}
	switch kind := a.trait("kind"); {
	case kind < 0.08: // hardly used
		a.level = 0.02
	case kind > 0.93: // too small
		a.level = 1
	default:
		a.level = 0.3 + 0.55*a.trait("level")
	}
}

// noise is a number from 0 to 1 of one moment; what is measured of the same thing has the same.
func (a *actor) noise(what uint64, end int64) float64 {
	return float64(mix(a.seed^what<<56^uint64(end))%4096) / 4095
}

// office is how busy the hours of work are, from 0 to 1.
func office(end int64) float64 {
	hour, day := float64(end%86400)/3600, (end/86400+3)%7
	busy := math.Max(0, math.Sin(math.Pi*(hour-6)/14))
	if day >= 5 {
		busy *= 0.2
	}
	return 0.2 + 0.8*busy
}

// night is the same for what is done then, such as backups.
func night(end int64) float64 {
	if hour := end % 86400 / 3600; hour >= 1 && hour < 4 {
		return 1
	}
	return 0.15
}

// load is how much of what it can do a guest does, from 0 to 1.
func (a *actor) load(what uint64, end int64) float64 {
	busy := 0.0
	switch {
	case a.hours < 0.15:
		busy = night(end)
	case a.hours > 0.85:
		busy = 0.7
	default:
		busy = office(end)
	}
	noise := 0.85 + 0.3*a.noise(what, end)
	if a.level > 0.05 && a.noise(ofBurst, end) > 0.997 {
		noise *= 1.8
	}
	return math.Min(a.level*busy*noise, 1)
}

// sum is what the guests of a host have together.
func (a *actor) sum(value func(guest *actor) float64) float64 {
	total := 0.0
	for _, guest := range a.guests {
		total += value(guest)
	}
	return total
}

// cpu is what is used of the CPUs, from 0 to 1.
func (a *actor) cpu(end int64) float64 {
	if !a.host {
		return a.load(ofCPU, end)
	}
	used := a.sum(func(guest *actor) float64 { return guest.cpus * guest.cpu(end) })
	return math.Min(0.01+used/a.cpus, 1)
}

// ready is the part of its time for which a vCPU waits.
func (a *actor) ready(end int64) float64 {
	return (0.001 + 0.02*a.waits) * a.cpu(end) * (0.5 + a.noise(ofReady, end))
}

// consumed and active are KiB of memory.
func (a *actor) consumed(end int64) float64 {
	if !a.host {
		return a.memory * (a.kept + 0.01*a.noise(ofMemory, end-end%3600))
	}
	const own = 5 << 20
	return math.Min(own+a.sum(func(guest *actor) float64 { return guest.consumed(end) }), a.memory)
}

func (a *actor) active(end int64) float64 {
	if !a.host {
		return a.consumed(end) * (0.15 + 0.35*a.load(ofMemory, end))
	}
	return a.sum(func(guest *actor) float64 { return guest.active(end) })
}

// rate is KB/s of disks or network.
func (a *actor) rate(what uint64, end int64) float64 {
	if !a.host {
		return a.rates[what] * a.load(what, end)
	}
	return a.sum(func(guest *actor) float64 { return guest.rate(what, end) })
}

// watts are what its CPUs take, and the host around them.
func (a *actor) watts(end int64) float64 {
	if a.host {
		return 180 + 220*a.cpu(end)
	}
	return 15 * a.cpus * a.cpu(end)
}

// courses have the value of 20 seconds by counter; those of rates are in rateOf.
var courses = map[string]func(a *actor, end int64) float64{
	"cpu.usage":       func(a *actor, end int64) float64 { return 10000 * a.cpu(end) },
	"cpu.utilization": func(a *actor, end int64) float64 { return 6000 * a.cpu(end) },
	"cpu.usagemhz":    func(a *actor, end int64) float64 { return a.cpus * hostMHz * a.cpu(end) },
	"cpu.demand":      func(a *actor, end int64) float64 { return a.cpus * hostMHz * a.cpu(end) },
	"cpu.used":        func(a *actor, end int64) float64 { return a.cpus * 20000 * a.cpu(end) },
	"cpu.run":         func(a *actor, end int64) float64 { return a.cpus * 20000 * a.cpu(end) },
	"cpu.idle":        func(a *actor, end int64) float64 { return a.cpus * 20000 * (1 - a.cpu(end)) },
	"cpu.wait":        func(a *actor, end int64) float64 { return a.cpus * 20000 * (1 - a.cpu(end)) },
	"cpu.ready":       func(a *actor, end int64) float64 { return a.cpus * 20000 * a.ready(end) },
	"cpu.readiness":   func(a *actor, end int64) float64 { return 10000 * a.ready(end) },
	"cpu.costop":      func(a *actor, end int64) float64 { return a.cpus * 20000 * a.ready(end) / 20 },
	"cpu.latency":     func(a *actor, end int64) float64 { return 10000 * a.ready(end) },
	"mem.consumed":    (*actor).consumed,
	"mem.active":      (*actor).active,
	"mem.granted":     (*actor).consumed,
	"mem.usage": func(a *actor, end int64) float64 {
		if a.host {
			return 10000 * a.consumed(end) / a.memory
		}
		return 10000 * a.active(end) / a.memory
	},
	"sys.uptime":     func(a *actor, end int64) float64 { return float64(end%86400) + 86400*(20+80*a.trait("up")) },
	"power.power":    (*actor).watts,
	"power.energy":   func(a *actor, end int64) float64 { return 20 * a.watts(end) },
	"power.powerCap": func(*actor, int64) float64 { return 500 },
}

// none are always 0 where nothing is short.
var none = []string{"mem.vmmemctl", "mem.swap", "mem.llSwap", "mem.compressed", "mem.zipped",
	"mem.state", "net.dropped", "net.errors", "cpu.maxlimited", "cpu.swapwait", "disk.busResets",
	"disk.commandsAborted", "disk.queueLatency"}

// rateOf is a part of what goes over disks or the network.
func rateOf(group, name string) func(a *actor, end int64) float64 {
	part := 1.0
	switch {
	case strings.Contains(name, "read"), strings.HasPrefix(name, "received"), strings.HasPrefix(name, "bytesRx"):
		part = 0.6
	case strings.Contains(name, "write"), strings.HasPrefix(name, "transmitted"), strings.HasPrefix(name, "bytesTx"):
		part = 0.4
	}
	what := uint64(ofDisk)
	if group == "net" {
		what = ofNet
	}
	return func(a *actor, end int64) float64 { return part * a.rate(what, end) }
}

// course is how the values of a series go.
type course struct {
	actor *actor
	of    func(a *actor, end int64) float64
}

// courseOf chooses by the counter's name; what is not known keeps to what its unit can be.
func courseOf(entity types.ManagedObjectReference, info types.PerfCounterInfo) *course {
	c := &course{actor: actorOf(entity)}
	group, name, unit := "", "", ""
	if info.GroupInfo != nil && info.NameInfo != nil && info.UnitInfo != nil {
		group = info.GroupInfo.GetElementDescription().Key
		name = info.NameInfo.GetElementDescription().Key
		unit = info.UnitInfo.GetElementDescription().Key
	}
	c.of = courses[group+"."+name]
	for _, prefix := range none {
		if strings.HasPrefix(group+"."+name, prefix) {
			c.of = func(*actor, int64) float64 { return 0 }
		}
	}
	if c.of == nil && unit == string(types.PerformanceManagerUnitKiloBytesPerSecond) && group != "mem" {
		c.of = rateOf(group, name)
	}
	if c.of == nil {
		c.of = byUnit(unit, strings.Contains(strings.ToLower(name), "latency"), float64(span(info)))
	}
	return c
}

// byUnit is for the rest: busier when the CPUs are, and never more than there is.
func byUnit(unit string, latency bool, most float64) func(a *actor, end int64) float64 {
	switch {
	case latency:
		most = 12
	case unit == string(types.PerformanceManagerUnitKiloBytes):
		return func(a *actor, end int64) float64 { return 0.1 * a.memory * a.cpu(end) }
	case unit == string(types.PerformanceManagerUnitMillisecond):
		return func(a *actor, end int64) float64 { return 200 * a.cpus * a.cpu(end) }
	case unit == string(types.PerformanceManagerUnitNumber):
		most = 500
	case unit == string(types.PerformanceManagerUnitKiloBytesPerSecond):
		most = 10
	}
	return func(a *actor, end int64) float64 { return most * a.cpu(end) }
}

// value is that of the 20 seconds that end at the given Unix time.
func (c *course) value(end int64) int64 {
	return int64(c.of(c.actor, end))
}
