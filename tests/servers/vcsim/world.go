// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: what changes while the server runs. Guests come and go, are powered on and off, and
// the catalogue grows.
package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// world is shared by the calls of clients, which read, and the control channel, which writes.
type world struct {
	mu       sync.RWMutex
	clock    *clock
	sessions *sessions
	manager  *performanceManager
	pages    *pageStore
	template *simulator.VirtualMachine // what new guests are copied from; nil: no guest
	guests   int                       // guests that there ever were
}

// newWorld expects a complete inventory.
func newWorld(o *options) (*world, error) {
	c, err := newClock(o)
	if err != nil {
		return nil, err
	}
	w := &world{clock: c,
		sessions: &sessions{clock: c, idle: o.sessionIdle, used: make(map[string]time.Time)}}
	if w.manager, w.pages, err = installReal(o, c); err != nil {
		return nil, err
	}
	all := guests()
	w.guests = len(all)
	if w.guests > 0 {
		template := *all[0]
		w.template = &template
	}
	return w, nil
}

// read lets nobody change the world meanwhile.
func (w *world) read(do func()) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	do()
}

// entity finds the entity of an id, deleted ones too.
func (w *world) entity(id string) (*entity, error) {
	for ref, e := range w.manager.entities {
		if ref.Value == id {
			return e, nil
		}
	}
	return nil, fmt.Errorf("there is no entity %q", id)
}

// named finds the entities of a list of ids.
func (w *world) named(ids string) ([]*entity, error) {
	var list []*entity
	for _, id := range strings.Split(ids, ",") {
		e, err := w.entity(id)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// create adds a guest that is on to a host and returns its id.
func (w *world) create(host *simulator.HostSystem) string {
	number := w.guests
	w.guests++
	vm := w.copyGuest(number, host)
	folder := simulator.Map.Get(*vm.Parent).(*simulator.Folder)
	pool := simulator.Map.Get(*vm.ResourcePool)
	vm = simulator.Map.NewEntity(vm).(*simulator.VirtualMachine)
	identify(vm)
	// The lists come first: views look the new object up in them.
	folder.ChildEntity = append(folder.ChildEntity, vm.Self)
	host.Vm = append(host.Vm, vm.Self)
	if pool, ok := pool.(*simulator.ResourcePool); ok {
		pool.Vm = append(pool.Vm, vm.Self)
	}
	for _, ref := range vm.Datastore {
		datastore := simulator.Map.Get(ref).(*simulator.Datastore)
		datastore.Vm = append(datastore.Vm, vm.Self)
	}
	simulator.Map.PutEntity(folder, vm)
	e := &entity{ref: vm.Self, vm: vm}
	w.manager.offers.fill(e, "VirtualMachine", number)
	e.begin(millis(w.clock.now()))
	w.manager.entities[vm.Self] = e
	return vm.Self.Value
}

func (w *world) copyGuest(number int, host *simulator.HostSystem) *simulator.VirtualMachine {
	vm := *w.template
	config := *vm.Config
	vm.Config = &config
	vm.Datastore = append(references(nil), vm.Datastore...)
	ref := host.Reference()
	vm.Runtime.Host = &ref
	vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOn
	vm.Summary.Runtime = vm.Runtime
	rename(&vm, fmt.Sprintf("guest-%d", number))
	reshape(&vm, number)
	return &vm
}

// identify gives a copied guest a uuid of its own.
func identify(vm *simulator.VirtualMachine) {
	h := mix(textHash(vm.Self.Value))
	id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", h>>32, h>>16&0xffff, h&0xfff, h>>12&0xfff,
		mix(h)>>16)
	vm.Config.Uuid, vm.Config.InstanceUuid = id, id
	vm.Summary.Config.Uuid, vm.Summary.Config.InstanceUuid = id, id
	self := vm.Self
	vm.Summary.Vm = &self
}

// destroy deletes an entity, whatever its state.
func (w *world) destroy(e *entity) {
	e.end(millis(w.clock.now()))
	remove(e.ref)
}

func (w *world) power(e *entity, on bool) {
	state := types.VirtualMachinePowerStatePoweredOff
	if on {
		state = types.VirtualMachinePowerStatePoweredOn
		e.begin(millis(w.clock.now()))
	} else {
		e.end(millis(w.clock.now()))
	}
	e.vm.Runtime.PowerState = state
	e.vm.Summary.Runtime.PowerState = state
}

// delay makes the samples of the next span visible late.
func (w *world) delay(e *entity, span time.Duration, intervals int64) {
	now := w.clock.now()
	e.delays = append(e.delays, delay{now.Unix(), now.Add(span).Unix(), intervals})
}

// offer lets all guests offer one more counter, which the catalogue need not have.
func (w *world) offer(counter int32) {
	w.manager.offers.add(counter, w.clock.now().Unix())
}

// define adds a counter with a full name to the catalogue.
func (w *world) define(counter int32, name string) error {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) != 3 {
		return fmt.Errorf("counter %q is not GROUP.NAME.ROLLUP", name)
	}
	describe := func(key string) *types.ElementDescription {
		return &types.ElementDescription{Description: types.Description{Label: key, Summary: key},
			Key: key}
	}
	info := types.PerfCounterInfo{Key: counter, GroupInfo: describe(parts[0]),
		NameInfo: describe(parts[1]), UnitInfo: describe("number"), StatsType: "absolute",
		RollupType: types.PerfSummaryType(parts[2]), Level: 1, PerDeviceLevel: 3}
	w.manager.counters[counter] = info
	w.manager.PerfCounter = append(w.manager.PerfCounter, info)
	return nil
}

// host returns host number n, counted round and round.
func (w *world) host(n int) *simulator.HostSystem {
	all := hosts()
	return all[n%len(all)]
}

// guestsOf are the guests on a host.
func (w *world) guestsOf(host mo.Entity) []*entity {
	var list []*entity
	for _, e := range w.manager.entities {
		if e.vm != nil && e.vm.Runtime.Host != nil && *e.vm.Runtime.Host == host.Reference() {
			list = append(list, e)
		}
	}
	return list
}
