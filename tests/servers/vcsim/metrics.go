// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: which counters and instances an entity offers. The recorded lists of govmomi hold
// placeholders; here each becomes the devices that a guest or host of a certain shape has.
package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25/types"
)

// bogusCounter is offered by every guest and defined in no catalogue, as happens with real
// servers whose lists and catalogues are out of step.
const bogusCounter = 10042

// offer is what an entity can be asked for at one kind of interval.
type offer struct {
	ids       []types.PerfMetricId // as QueryAvailablePerfMetric lists them
	instances map[int32][]string   // the same by counter
}

func newOffer(ids []types.PerfMetricId) *offer {
	o := &offer{ids: ids, instances: make(map[int32][]string)}
	for _, id := range ids {
		o.instances[id.CounterId] = append(o.instances[id.CounterId], id.Instance)
	}
	return o
}

// add appends the aggregate of a counter.
func (o *offer) add(counter int32) {
	o.ids = append(o.ids, types.PerfMetricId{CounterId: counter})
	o.instances[counter] = append(o.instances[counter], "")
}

// entity is what the performance manager knows of one managed object.
type entity struct {
	ref        types.ManagedObjectReference
	realtime   *offer // nil: the kind has no real-time provider
	historical *offer // nil: the kind has no statistics at all
	vm         *simulator.VirtualMachine
	host       *simulator.HostSystem
	lives      []*life // in time order
	delays     []delay
}

// exists tells whether the entity has not been deleted.
func (e *entity) exists() bool { return simulator.Map.Get(e.ref) != nil }

func (e *entity) name() string {
	switch {
	case e.vm != nil:
		return e.vm.Name
	case e.host != nil:
		return e.host.Name
	}
	return ""
}

// connected tells whether the inventory shows the entity in a state in which it produces data.
func (e *entity) connected() bool {
	switch {
	case e.vm != nil:
		return e.vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	case e.host != nil:
		return e.host.Runtime.ConnectionState == types.HostSystemConnectionStateConnected
	}
	return true
}

// devices are the instances that stand for a placeholder or a counter group.
type devices struct {
	cpus, nics, disks, datastores, paths, files []string
}

// recorded are govmomi's metric lists of one model.
var recorded = map[string]map[string][]types.PerfMetricId{
	"esx": {
		"VirtualMachine": esx.VmMetrics,
		"HostSystem":     esx.HostMetrics,
		"ResourcePool":   esx.ResourcePoolMetrics,
		"VirtualApp":     esx.ResourcePoolMetrics,
	},
	"vpx": {
		"VirtualMachine":         vpx.VmMetrics,
		"HostSystem":             vpx.HostMetrics,
		"ResourcePool":           vpx.ResourcePoolMetrics,
		"VirtualApp":             vpx.ResourcePoolMetrics,
		"ClusterComputeResource": vpx.ClusterMetrics,
		"Datastore":              vpx.DatastoreMetrics,
		"Datacenter":             vpx.DatacenterMetrics,
	},
}

// historical marks the offers of archived samples.
const historical = " historical"

// offers builds and shares the offers of all entities of the inventory.
type offers struct {
	model    string
	level    int32
	pools    bool // have samples in real time
	counters map[int32]types.PerfCounterInfo
	own      string // counter of every third guest
	shared   map[string]*offer
	added    []int32         // counters that all guests offer since some time
	since    map[int32]int64 // that time, in seconds
}

func newOffers(model string, level int32, counters map[int32]types.PerfCounterInfo) *offers {
	return &offers{model: model, level: level, counters: counters,
		shared: make(map[string]*offer), since: make(map[int32]int64)}
}

// add lets all guests, those of today and new ones, offer one more counter in real time.
func (f *offers) add(counter int32, since int64) {
	f.added = append(f.added, counter)
	f.since[counter] = since
	for shape, o := range f.shared {
		if strings.HasPrefix(shape, "VirtualMachine") && !strings.HasSuffix(shape, historical) {
			o.add(counter)
		}
	}
}

// unlisted tells whether guests offer a counter without minding whether it is in the catalogue.
func (f *offers) unlisted(counter int32) bool {
	_, added := f.since[counter]
	return added || counter == bogusCounter
}

// all maps each entity that has statistics to what it offers.
func (f *offers) all() map[types.ManagedObjectReference]*entity {
	all := make(map[types.ManagedObjectReference]*entity)
	for kind := range recorded[f.model] {
		for i, object := range inOrder(kind) {
			e := &entity{ref: object.Reference()}
			switch x := object.(type) {
			case *simulator.VirtualMachine:
				e.vm = x
			case *simulator.HostSystem:
				e.host = x
			}
			f.fill(e, kind, i)
			all[e.ref] = e
		}
	}
	return all
}

// fill gives the entity, number i of its kind, the offers of its shape.
func (f *offers) fill(e *entity, kind string, i int) {
	d, shape := new(devices), kind
	switch {
	case e.vm != nil:
		d = guestDevices(e.vm, i)
		shape = fmt.Sprint(kind, len(d.cpus), len(d.disks), len(d.nics), d.datastores)
	case e.host != nil:
		d = hostDevices(e.host)
		shape = fmt.Sprint(kind, len(d.cpus), i == 0, d.datastores)
	case kind == "Datastore":
		d.files = []string{"DISKFILE", "DELTAFILE", "SWAPFILE", "OTHERFILE"}
	}
	own := f.owns(e, i)
	if own != 0 {
		shape += " own"
	}
	if f.shared[shape] == nil {
		ids := f.expand(kind, d, i)
		if own != 0 {
			ids = append(ids, types.PerfMetricId{CounterId: own})
		}
		f.shared[shape] = newOffer(ids)
		f.shared[shape+historical] = newOffer(f.stored(ids))
		for _, counter := range f.added {
			if e.vm != nil {
				f.shared[shape].add(counter)
			}
		}
	}
	e.historical = f.shared[shape+historical]
	isPool := kind == "ResourcePool" || kind == "VirtualApp"
	if e.vm != nil || e.host != nil || (isPool && f.pools) {
		e.realtime = f.shared[shape]
	}
}

// owns returns the counter that guest number i has alone, or 0.
func (f *offers) owns(e *entity, i int) int32 {
	if e.vm == nil || i%3 != 1 || f.own == "" {
		return 0
	}
	for key, info := range f.counters {
		if info.Name() == f.own {
			return key
		}
	}
	return 0
}

// guestDevices gives guest number i one or two disks and every third guest a second NIC.
func guestDevices(vm *simulator.VirtualMachine, i int) *devices {
	d := &devices{cpus: numbered("%d", int(vm.Config.Hardware.NumCPU))}
	d.disks = numbered("scsi0:%d", 1+i%2)
	d.nics = []string{"4000"}
	if i%3 == 2 {
		d.nics = append(d.nics, "4001")
	}
	d.datastores = datastoreIDs(vm.Datastore)
	return d
}

func hostDevices(host *simulator.HostSystem) *devices {
	return &devices{
		cpus:       numbered("%d", int(host.Hardware.CpuInfo.NumCpuThreads)),
		disks:      numbered("naa.600508b1001c%016x", 2),
		datastores: datastoreIDs(host.Datastore),
		paths:      numbered("sas.500605b000000000-naa.600508b1001c%016x", 2),
	}
}

// numbered formats 0 … n-1.
func numbered(format string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return list
}

// datastoreIDs gives each datastore the id in the form that VMFS volumes have.
func datastoreIDs(refs []types.ManagedObjectReference) []string {
	var list []string
	for _, ref := range refs {
		list = append(list, volume(ref))
	}
	return list
}

func volume(ref types.ManagedObjectReference) string {
	h := mix(textHash(ref.Value))
	return fmt.Sprintf("%08x-%08x", uint32(h>>32), uint32(h))
}

// expand resolves the placeholders of a recorded list for the devices of one entity.
func (f *offers) expand(kind string, d *devices, number int) []types.PerfMetricId {
	var ids []types.PerfMetricId
	for _, id := range recorded[f.model][kind] {
		group := f.group(id.CounterId)
		if kind == "HostSystem" && number > 0 && group == "hbr" {
			continue // only the first host offers replication counters
		}
		for _, instance := range resolve(id.Instance, group, d) {
			ids = append(ids, types.PerfMetricId{CounterId: id.CounterId, Instance: instance})
		}
	}
	if kind == "VirtualMachine" {
		ids = append(ids, f.guestDisks(ids)...)
		ids = append(ids, types.PerfMetricId{CounterId: bogusCounter})
	}
	return ids
}

// guestDiskCounters are those that real guests offer and govmomi's recordings lack.
var guestDiskCounters = []string{
	"disk.usage.average", "disk.read.average", "disk.write.average",
}

// guestDisks lists the aggregates of guestDiskCounters that ids lacks.
func (f *offers) guestDisks(ids []types.PerfMetricId) []types.PerfMetricId {
	var more []types.PerfMetricId
	listed := make(map[types.PerfMetricId]bool)
	for _, id := range ids {
		listed[id] = true
	}
	for _, name := range guestDiskCounters {
		for key, info := range f.counters {
			id := types.PerfMetricId{CounterId: key}
			if info.Name() == name && !listed[id] {
				more = append(more, id)
			}
		}
	}
	return more
}

// resolve returns the instances that one recorded instance stands for.
func resolve(instance, group string, d *devices) []string {
	switch instance {
	case "$cpu":
		return d.cpus
	case "$file":
		return d.files
	case "4000":
		return d.nics
	case "$physDisk":
		switch group {
		case "datastore":
			return d.datastores
		case "storagePath":
			return d.paths
		}
		return d.disks
	case "":
		if group == "virtualDisk" {
			return append([]string{""}, d.disks...)
		}
	}
	return []string{instance}
}

func (f *offers) group(counter int32) string {
	if info, ok := f.counters[counter]; ok {
		return info.GroupInfo.GetElementDescription().Key
	}
	return strconv.Itoa(int(counter))
}

// stored keeps what a server archives at its statistics level. An ESXi catalogue has no levels:
// there the aggregates are archived.
func (f *offers) stored(ids []types.PerfMetricId) []types.PerfMetricId {
	var list []types.PerfMetricId
	for _, id := range ids {
		info, ok := f.counters[id.CounterId]
		level := info.Level
		if id.Instance != "" {
			level = info.PerDeviceLevel
		}
		if ok && level <= f.level && (level > 0 || id.Instance == "") {
			list = append(list, id)
		}
	}
	return list
}
