// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// What guests occupy: file systems, files on datastores, and snapshots.
package main

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// label gives guest number i custom attributes, where the server has them.
func label(vm *simulator.VirtualMachine, i int) {
	content := simulator.Map.Get(types.ManagedObjectReference{Type: "ServiceInstance",
		Value: "ServiceInstance"}).(*simulator.ServiceInstance).Content
	if content.CustomFieldsManager == nil {
		return
	}
	manager := simulator.Map.Get(*content.CustomFieldsManager).(*simulator.CustomFieldsManager)
	for len(manager.Field) < 2 {
		key := int32(101 + len(manager.Field))
		manager.Field = append(manager.Field, types.CustomFieldDef{Key: key,
			Name: []string{"owner & team", "cost"}[len(manager.Field)], Type: "string"})
	}
	for _, field := range manager.Field[:1+i%2] {
		vm.CustomValue = append(vm.CustomValue, &types.CustomFieldStringValue{
			CustomFieldValue: types.CustomFieldValue{Key: field.Key},
			Value:            fmt.Sprintf("<%s of %d>", field.Name, i)})
	}
}

const gib = int64(1) << 30

// furnish gives guest number i file systems, and every second one a snapshot with another one on
// it, of which the disk has a layer each.
func furnish(vm *simulator.VirtualMachine, i int, now time.Time) {
	label(vm, i)
	size := int64(i+1) * gib
	vm.Guest.Disk = []types.GuestDiskInfo{
		{DiskPath: "/", Capacity: 10 * size, FreeSpace: 3 * size},
		{DiskPath: `C:\data & <more>`, Capacity: 20*size + 1, FreeSpace: 5000},
	}
	vm.Summary.Storage = &types.VirtualMachineStorageSummary{
		Committed: 7 * size, Uncommitted: 30*size + 4096, Unshared: 6 * size, Timestamp: now}
	vm.LayoutEx = &types.VirtualMachineFileLayoutEx{Timestamp: now}
	base := file(vm, 12*size)
	if i%2 == 0 {
		vm.LayoutEx.Disk = []types.VirtualMachineFileLayoutExDiskLayout{layers(base)}
		return
	}
	first, second := snapshotOf(vm, 1), snapshotOf(vm, 2)
	deltas := []int32{file(vm, size/2), file(vm, size/4)}
	vm.LayoutEx.Disk = []types.VirtualMachineFileLayoutExDiskLayout{layers(base, deltas...)}
	vm.LayoutEx.Snapshot = []types.VirtualMachineFileLayoutExSnapshotLayout{
		{Key: first, DataKey: file(vm, 30000), MemoryKey: file(vm, size),
			Disk: []types.VirtualMachineFileLayoutExDiskLayout{layers(base)}},
		{Key: second, DataKey: file(vm, 40000), MemoryKey: -1,
			Disk: []types.VirtualMachineFileLayoutExDiskLayout{layers(base, deltas[0])}},
	}
	tree := func(ref types.ManagedObjectReference, age time.Duration) types.VirtualMachineSnapshotTree {
		return types.VirtualMachineSnapshotTree{Snapshot: ref, Vm: vm.Self, Name: ref.Value,
			CreateTime: now.Add(-age), State: vm.Runtime.PowerState}
	}
	root := tree(first, 50*time.Hour)
	root.ChildSnapshotList = []types.VirtualMachineSnapshotTree{tree(second, time.Hour)}
	vm.Snapshot = &types.VirtualMachineSnapshotInfo{CurrentSnapshot: &second,
		RootSnapshotList: []types.VirtualMachineSnapshotTree{root}}
}

func snapshotOf(vm *simulator.VirtualMachine, n int) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VirtualMachineSnapshot",
		Value: fmt.Sprintf("%s-snapshot-%d", vm.Self.Value, n)}
}

// file adds a file of a size and returns its key.
func file(vm *simulator.VirtualMachine, size int64) int32 {
	key := int32(len(vm.LayoutEx.File))
	vm.LayoutEx.File = append(vm.LayoutEx.File, types.VirtualMachineFileLayoutExFileInfo{
		Key: key, Name: fmt.Sprintf("[LocalDS_0] %s/%d", vm.Name, key), Type: "diskExtent", Size: size})
	return key
}

func layers(base int32, deltas ...int32) types.VirtualMachineFileLayoutExDiskLayout {
	disk := types.VirtualMachineFileLayoutExDiskLayout{Key: 2000}
	for _, key := range append([]int32{base}, deltas...) {
		disk.Chain = append(disk.Chain,
			types.VirtualMachineFileLayoutExDiskUnit{FileKey: []int32{key}})
	}
	return disk
}
