// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The inventory: govmomi's ESX or vCenter model with exactly the asked number of guests and
// hosts, their names and power states, and in real mode guests of different shapes.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// newModel makes the inventory and, in real mode, the world around it.
func newModel(o *options) (*simulator.Model, *world, error) {
	names, err := readNames(o.names)
	if err != nil {
		return nil, nil, err
	}
	// The simulator places guests on hosts at random; the same seed gives the same places.
	rand.Seed(o.seed)
	model := simulator.ESX()
	if o.model == "vpx" {
		model = simulator.VPX()
		model.Host = 0
		model.ClusterHost = o.hosts
		model.Datacenter = o.datacenters
	}
	model.Machine = o.vms
	if err := model.Create(); err != nil {
		model.Remove()
		return nil, nil, err
	}
	addApps(o.apps)
	vms := guests()
	for i, vm := range vms {
		if i < len(names) {
			rename(vm, names[i])
		}
		if o.mode == "real" {
			reshape(vm, i)
			if o.plausible {
				resize(vm, i)
			}
		}
		if i >= len(vms)-o.off {
			vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
			vm.Summary.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		}
	}
	all := hosts()
	for i, host := range all {
		if o.plausible {
			enlarge(host)
		}
		if i >= len(all)-o.disconnected {
			host.Runtime.ConnectionState = types.HostSystemConnectionStateDisconnected
			host.Summary.Runtime = &host.Runtime
		}
	}
	var w *world
	if o.mode == "real" {
		if w, err = newWorld(o); err != nil {
			model.Remove()
			return nil, nil, err
		}
		for i, vm := range vms {
			if o.space {
				furnish(vm, i, w.clock.now())
			}
			if o.plausible {
				fill(vm, i)
			}
		}
	}
	return model, w, nil
}

// addApps makes vApps in the first resource pool and puts the last guest into the last of them.
func addApps(count int) {
	for i := 0; i < count; i++ {
		pool := inOrder("ResourcePool")[0].(*simulator.ResourcePool)
		body := pool.CreateVApp(&types.CreateVApp{Name: fmt.Sprintf("app-%d", i),
			ResSpec: types.DefaultResourceConfigSpec()})
		app := body.(*methods.CreateVAppBody).Res.Returnval
		if vms := guests(); i == count-1 && len(vms) > 0 {
			last := vms[len(vms)-1]
			last.Parent, last.ParentVApp, last.ResourcePool = nil, &app, &app
		}
	}
}

// readNames reads a JSON array of strings, or a text file with one name a line.
func readNames(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := string(data)
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		var names []string
		if err := json.Unmarshal(data, &names); err != nil {
			return nil, fmt.Errorf("%s: %v", file, err)
		}
		return names, nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n"), nil
}

func rename(vm *simulator.VirtualMachine, name string) {
	vm.Name = name
	vm.Config.Name = name
	vm.Summary.Config.Name = name
}

// reshape gives guest number i its own number of CPUs and amount of memory, and what a server
// tells about an operating system.
func reshape(vm *simulator.VirtualMachine, i int) {
	cpus := int32(1) << (i % 3)
	memory := int32(1024) << (i % 4)
	vm.Config.Hardware.NumCPU = cpus
	vm.Config.Hardware.MemoryMB = memory
	vm.Summary.Config.NumCpu = cpus
	vm.Summary.Config.MemorySizeMB = memory
	vm.Config.GuestId = "debian11_64Guest"
	vm.Config.GuestFullName = "Debian GNU/Linux 11 (64-bit)"
	vm.Summary.Config.GuestId = vm.Config.GuestId
	vm.Summary.Config.GuestFullName = vm.Config.GuestFullName
	vm.Guest = &types.GuestInfo{
		HostName:  fmt.Sprintf("guest-%d.example.com", i),
		IpAddress: fmt.Sprintf("192.0.2.%d", i%254+1),
	}
}

// guests returns all virtual machines in the order of their creation.
func guests() []*simulator.VirtualMachine {
	var list []*simulator.VirtualMachine
	for _, entity := range inOrder("VirtualMachine") {
		list = append(list, entity.(*simulator.VirtualMachine))
	}
	return list
}

// hosts returns all host systems in the order of their creation.
func hosts() []*simulator.HostSystem {
	var list []*simulator.HostSystem
	for _, entity := range inOrder("HostSystem") {
		list = append(list, entity.(*simulator.HostSystem))
	}
	return list
}

// inOrder sorts the entities of a kind by the number that ends their id.
func inOrder(kind string) []mo.Entity {
	list := simulator.Map.All(kind)
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i].Reference().Value, list[j].Reference().Value
		if ordinal(a) != ordinal(b) {
			return ordinal(a) < ordinal(b)
		}
		return a < b
	})
	return list
}

func ordinal(id string) int {
	n, _ := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:])
	return n
}
