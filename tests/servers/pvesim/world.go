// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"
)

// A guest whose counters are a pure function of the seconds since its start: rate * seconds.
type guest struct {
	vmid      int
	name      string
	lxc       bool
	node      string
	cpus      float64
	memory    int64 // bytes
	cpu       float64
	rx, tx    int64 // bytes per second of net0; net1 has half of both
	nics      int
	read      int64 // bytes per second of scsi0; virtio1 has twice as much
	readOps   int64 // per second, the same
	readNs    int64 // ns of one request
	uuid      string
	running   bool
	template  bool
	ballooned bool  // it has a balloon driver with statistics
	pid       int   // of its run
	start     int64 // Unix seconds of its run
}

type world struct {
	version   int
	epoch     time.Time
	nodes     []string
	guests    map[int]*guest
	dead      map[string]bool // the proxy has no answer of it; /cluster/resources is frozen
	offline   map[string]bool
	hung      map[int]bool
	unmetered map[string]bool // /cluster/metrics/export has nothing of it: an older version
	forgotten map[string]bool // pvestatd has told nothing of it for 5 minutes
	skew      int64
	clocks    map[string]int64 // by how many seconds that of each node is ahead of the others
	step      int64            // seconds between two looks of pvestatd
}

const gib = int64(1) << 30

// Names are not unique, and two guests have one UUID, as after cloning.
func newWorld(version, nodes, guests int, step int64, prefix string) *world {
	w := &world{version: version, step: step, epoch: time.Now(), guests: map[int]*guest{}, dead: map[string]bool{},
		offline: map[string]bool{}, hung: map[int]bool{}, forgotten: map[string]bool{}, unmetered: map[string]bool{},
		clocks: map[string]int64{}}
	for i := 1; i <= nodes; i++ {
		w.nodes = append(w.nodes, fmt.Sprintf("%s%d", prefix, i))
	}
	for i := 0; i < guests; i++ {
		vmid := 100 + i
		g := &guest{vmid: vmid, name: fmt.Sprintf("web%02d", i/2), lxc: i%5 == 4, node: w.nodes[i%nodes],
			cpus: float64(1 + i%4), memory: int64(1+i%8) * gib, cpu: float64(vmid%10) * 0.0625,
			rx: int64(vmid) * 102400, tx: int64(vmid) * 30720, nics: 1 + i%2, read: int64(vmid) * 40960,
			readOps: int64(vmid), readNs: int64(vmid) * 12500, ballooned: i%3 == 0,
			uuid: fmt.Sprintf("5ca1ab1e-0000-4000-8000-%012d", vmid), running: i%7 != 6, pid: 1000 + vmid,
			start: w.epoch.Unix() - 86400}
		if g.lxc {
			g.uuid = ""
			if version >= 7 && i == 4 {
				g.cpus = 0.5
			}
		}
		w.guests[vmid] = g
	}
	if guests > 3 {
		w.guests[103].uuid = w.guests[102].uuid
		w.guests[999] = &guest{vmid: 999, name: "golden", node: w.nodes[0], cpus: 1, memory: gib, template: true}
	}
	return w
}

func (w *world) sorted() []*guest {
	list := []*guest{}
	for _, g := range w.guests {
		list = append(list, g)
	}
	sort.Slice(list, func(a, b int) bool { return list[a].vmid < list[b].vmid })
	return list
}

func (g *guest) kind() string {
	if g.lxc {
		return "lxc"
	}
	return "qemu"
}

func (g *guest) id() string { return fmt.Sprintf("%s/%d", g.kind(), g.vmid) }

// What a counter of this rate has reached at a moment.
func (g *guest) grown(rate int64, at time.Time) int64 {
	seconds := float64(at.UnixNano()-g.start*1e9) / 1e9
	return int64(math.Floor(seconds * float64(rate)))
}

func (g *guest) uptime(at time.Time) int64 {
	if !g.running {
		return 0
	}
	return at.Unix() - g.start
}

// Before 7, numbers of lists are texts here and there.
func (w *world) number(value int64) any {
	if w.version < 7 {
		return strconv.FormatInt(value, 10)
	}
	return value
}

func (g *guest) memoryUsed() int64 { return g.memory / 4 }

// The last number of the CPU is that of the worker that answers: 0 at its first look.
func (w *world) qemu(g *guest, at time.Time, cpu float64, full bool) map[string]any {
	m := map[string]any{"vmid": w.number(int64(g.vmid)), "name": g.name, "status": "stopped", "cpus": g.cpus,
		"maxmem": g.memory, "maxdisk": 8 * gib, "disk": 0, "mem": 0, "netin": 0, "netout": 0,
		"uptime": g.uptime(at), "cpu": 0}
	if g.template {
		m["template"] = 1
	}
	if !g.running {
		return m
	}
	m["status"], m["cpu"], m["pid"] = "running", cpu, g.pid
	if !full {
		return m
	}
	m["qmpstatus"], m["mem"], m["netin"], m["netout"] = "running", g.memoryUsed(), int64(0), int64(0)
	nics := map[string]any{}
	for i := 0; i < g.nics; i++ {
		in, out := g.grown(g.rx>>i, at), g.grown(g.tx>>i, at)
		nics[fmt.Sprintf("tap%di%d", g.vmid, i)] = map[string]any{"netin": in, "netout": out}
		m["netin"], m["netout"] = m["netin"].(int64)+in, m["netout"].(int64)+out
	}
	m["nics"] = nics
	if w.version >= 9 {
		m["memhost"] = g.memory / 2
		m["pressurecpusome"], m["pressureiofull"] = 1.25, 0.5
	}
	if w.hung[g.vmid] {
		return m
	}
	m["balloon"] = g.memory - gib/4
	balloon := map[string]any{"actual": g.memory - gib/4, "max_mem": g.memory, "last_update": at.Unix() + w.skew}
	if g.ballooned {
		balloon["total_mem"], balloon["free_mem"] = g.memory-gib/8, (g.memory-gib/8)/4
	}
	m["ballooninfo"] = balloon
	blocks := map[string]any{"ide2": w.block(g, at, 4096, 1), "efidisk0": w.block(g, at, 0, 0)}
	blocks["scsi0"] = w.block(g, at, g.read, g.readOps)
	blocks["virtio1"] = w.block(g, at, 2*g.read, 2*g.readOps)
	m["blockstat"] = blocks
	m["diskread"] = g.grown(3*g.read+4096, at)
	m["diskwrite"] = g.grown(3*g.read/2+2048, at)
	return m
}

func (w *world) block(g *guest, at time.Time, rate, ops int64) map[string]any {
	requests := g.grown(ops, at)
	return map[string]any{"rd_bytes": g.grown(rate, at), "wr_bytes": g.grown(rate/2, at),
		"rd_operations": requests, "wr_operations": requests, "rd_total_time_ns": requests * g.readNs,
		"wr_total_time_ns": requests * g.readNs * 2, "flush_operations": 0, "timed_stats": []any{}}
}

func (w *world) lxc(g *guest, at time.Time) map[string]any {
	m := map[string]any{"vmid": w.number(int64(g.vmid)), "name": g.name, "type": "lxc", "status": "stopped",
		"cpus": g.cpus, "maxmem": g.memory, "maxdisk": w.number(4 * gib), "disk": w.number(gib), "cpu": 0, "mem": 0,
		"swap": 0, "uptime": g.uptime(at), "netin": 0, "netout": 0, "diskread": 0, "diskwrite": 0}
	if !g.running {
		return m
	}
	m["status"], m["pid"], m["mem"], m["cpu"] = "running", g.pid, g.memoryUsed(), -5.75e-05
	m["netin"], m["netout"] = g.grown(g.rx, at), g.grown(g.tx, at)
	m["diskread"], m["diskwrite"] = g.grown(g.read, at), g.grown(g.read/2, at)
	if w.version >= 9 {
		m["pressurecpusome"] = "1.25"
	}
	return m
}

func (w *world) resources(at time.Time, all bool) []any {
	list := []any{}
	for _, node := range w.nodes {
		status := "online"
		if w.offline[node] {
			status = "offline"
		}
		list = append(list, map[string]any{"type": "node", "id": "node/" + node, "node": node, "status": status,
			"cpu": 0.125, "maxcpu": 16, "mem": 16 * gib, "maxmem": 64 * gib, "uptime": 1000})
		if all {
			list = append(list, w.storage(node, "local", 0), w.storage(node, "ceph", 1))
		}
	}
	for _, g := range w.sorted() {
		if !all {
			break
		}
		if w.forgotten[g.node] { // 5 minutes after its death: neither name nor numbers
			list = append(list, map[string]any{"type": g.kind(), "id": g.id(), "vmid": g.vmid, "node": g.node,
				"status": "unknown"})
			continue
		}
		status := "stopped"
		if g.running {
			status = "running"
		}
		m := map[string]any{"type": g.kind(), "id": g.id(), "vmid": g.vmid, "name": g.name, "node": g.node,
			"status": status, "maxcpu": g.cpus, "maxmem": g.memory, "cpu": 0.0, "template": 0, "tags": "prod;web"}
		if g.running {
			m["cpu"] = g.cpu
		}
		if g.template {
			m["template"] = 1
		}
		list = append(list, m)
	}
	return list
}

func (w *world) storage(node, name string, shared int) map[string]any {
	return map[string]any{"type": "storage", "id": "storage/" + node + "/" + name, "node": node, "storage": name,
		"status": "available", "shared": shared, "disk": 100 * gib, "maxdisk": 400 * gib, "plugintype": "dir"}
}

// The ring of /cluster/metrics/export: a value each step, by each node's own clock.
func (w *world) export(at time.Time, history bool, after int64) []any {
	list := []any{}
	for _, node := range w.nodes {
		if w.dead[node] || w.offline[node] || w.unmetered[node] {
			continue
		}
		newest := at.Unix() / w.step * w.step
		oldest := newest
		if after := after - w.clocks[node]; history && after > 0 && after < newest {
			oldest = after / w.step * w.step
			if oldest < newest-181*w.step {
				oldest = newest - 181*w.step
			}
		}
		for when := oldest; when <= newest; when += w.step {
			list = append(list, w.metrics(node, when)...)
		}
	}
	return list
}

func (w *world) metrics(node string, when int64) []any {
	list, id := []any{}, "node/"+node
	add := func(id, name string, value float64) {
		list = append(list, map[string]any{"id": id, "metric": name, "value": value,
			"timestamp": when + w.skew + w.clocks[node], "type": "gauge"})
	}
	add(id, "cpu_current", 0.125)
	add(id, "cpu_iowait", 0.03125)
	add(id, "net_in", float64((when-w.epoch.Unix()+1000)*2048000))
	add(id, "net_out", float64((when-w.epoch.Unix()+1000)*512000))
	for _, g := range w.sorted() {
		if g.running && g.node == node {
			add(g.id(), "cpu_current", g.cpu)
		}
	}
	return list
}

func (w *world) rrd(g *guest, at time.Time) []any {
	list := []any{}
	newest := at.Unix() / 60 * 60
	for i := int64(69); i >= 0; i-- {
		m := map[string]any{"time": newest - i*60 + w.skew}
		if i >= 2 && g == nil {
			m["cpu"], m["iowait"], m["maxcpu"], m["memtotal"], m["memused"] = 0.125, 0.03125, 16, 64*gib, 16*gib
			m["netin"], m["netout"] = 2048000.5, 512000.5
		} else if i >= 2 && g.running {
			m["cpu"], m["maxcpu"], m["mem"], m["maxmem"] = g.cpu, g.cpus, g.memoryUsed(), g.memory
			m["netin"], m["netout"], m["diskread"], m["diskwrite"] = g.rx, g.tx, g.read, g.read/2
			if w.version >= 9 {
				m["memhost"] = g.memory / 2
			}
		}
		list = append(list, m)
	}
	return list
}

func (w *world) config(g *guest) map[string]any {
	if g.lxc {
		return map[string]any{"hostname": g.name, "memory": g.memory >> 20, "rootfs": "local:subvol,size=4G", "ostype": "debian"}
	}
	return map[string]any{"name": g.name, "memory": strconv.FormatInt(g.memory>>20, 10), "ostype": "l26",
		"smbios1": "uuid=" + g.uuid, "scsi0": "ceph:vm-disk-0,size=10G", "virtio1": "ceph:vm-disk-1,size=2G",
		"ide2": "local:iso/debian.iso,media=cdrom", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0"}
}
