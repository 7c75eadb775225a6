// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The references between entities, which have to follow when an entity gets another id or is
// deleted.
package main

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

type references = []types.ManagedObjectReference

// lists returns the lists of an entity that name guests, hosts, datastores or children.
func lists(object mo.Entity) []*references {
	switch x := object.(type) {
	case *simulator.VirtualMachine:
		return []*references{&x.Datastore}
	case *simulator.HostSystem:
		return []*references{&x.Datastore, &x.Vm}
	case *simulator.ResourcePool:
		return []*references{&x.Vm}
	case *simulator.Datastore:
		return []*references{&x.Vm}
	case *simulator.ClusterComputeResource:
		return []*references{&x.Datastore, &x.Host}
	case *mo.ComputeResource:
		return []*references{&x.Datastore, &x.Host}
	case *simulator.Datacenter:
		return []*references{&x.Datastore}
	case *simulator.Folder:
		return []*references{&x.ChildEntity}
	}
	return nil
}

// numberDatastores gives datastores numbered ids: govmomi names them by temporary folders,
// others in each run, and two runs with one seed are to be equal.
func numberDatastores() {
	renamed := make(map[types.ManagedObjectReference]types.ManagedObjectReference)
	for i, object := range inOrder("Datastore") {
		datastore := object.(*simulator.Datastore)
		before := datastore.Self
		simulator.Map.Remove(before)
		datastore.Self.Value = fmt.Sprintf("datastore-%d", i+1)
		datastore.Summary.Datastore = &datastore.Self
		datastore.Summary.Url = "ds:///vmfs/volumes/" + volume(datastore.Self) + "/"
		simulator.Map.Put(datastore)
		renamed[before] = datastore.Self
	}
	for _, object := range simulator.Map.All("") {
		for _, list := range lists(object) {
			for i, ref := range *list {
				if now, ok := renamed[ref]; ok {
					(*list)[i] = now
				}
			}
		}
	}
}

// remove deletes an entity as Destroy does, but whatever its state.
func remove(ref types.ManagedObjectReference) {
	for _, object := range simulator.Map.All("") {
		for _, list := range lists(object) {
			simulator.Map.RemoveReference(object, list, ref)
		}
	}
	simulator.Map.Remove(ref)
}
