// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"fmt"
	"strconv"
	"time"
)

// date is written as XAPI does.
type date time.Time

var began = date(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))

const bootTime = 1767300000

type record = map[string]any

func (p *pool) hostRecords() record {
	all := record{}
	for h := 0; h < hosts; h++ {
		all[ref("host", h)] = record{
			"uuid": uuid("0a0a", h), "name_label": fmt.Sprintf("xcp%02d", h+1),
			"hostname": fmt.Sprintf("xcp%02d", h+1), "address": p.address(h), "enabled": true,
			"metrics": ref("host_metrics", h), "control_domain": ref("dom0", h),
			"cpu_info": record{"cpu_count": strconv.Itoa(hostCPUs), "socket_count": "1",
				"speed": "2500.123", "modelname": "Simulated CPU"},
			"other_config": record{"boot_time": strconv.Itoa(bootTime) + "."},
		}
	}
	return all
}

func (p *pool) vmRecord(g *guest) record {
	where := "OpaqueRef:NULL"
	if g.state == "Running" {
		where = ref("host", g.residence(p.now(0)))
	}
	agent := "OpaqueRef:NULL"
	if g.agent {
		agent = ref("VM_guest_metrics", g.number)
	}
	vm := record{
		"uuid": uuid("0b0b", g.number), "name_label": g.name, "power_state": g.state,
		"resident_on": where, "is_a_template": false, "is_a_snapshot": false,
		"is_control_domain": false, "is_default_template": false,
		"VCPUs_max": strconv.Itoa(g.cpus), "VCPUs_at_startup": strconv.Itoa(g.cpus),
		"memory_static_max": strconv.Itoa(6 * gib), "memory_dynamic_max": strconv.Itoa(5 * gib),
		"metrics": ref("VM_metrics", g.number), "guest_metrics": agent, "domid": "7",
		"VIFs": []any{ref("VIF", g.number)},
		"VBDs": []any{ref("VBD", 2*g.number), ref("VBD", 2*g.number+1)},
	}
	for name, value := range g.extra {
		vm[name] = value
	}
	return vm
}

func (p *pool) vmRecords() record {
	all := record{}
	for h := 0; h < hosts; h++ {
		all[ref("dom0", h)] = record{
			"uuid": uuid("0d0d", h), "power_state": "Running", "is_a_template": false,
			"name_label":    fmt.Sprintf("Control domain on host: xcp%02d", h+1),
			"is_a_snapshot": false, "is_control_domain": true, "resident_on": ref("host", h),
			"VCPUs_max": "1", "VIFs": []any{}, "VBDs": []any{}, "metrics": "OpaqueRef:NULL",
			"guest_metrics": "OpaqueRef:NULL", "domid": "0",
		}
	}
	for _, g := range p.guests {
		all[ref("VM", g.number)] = p.vmRecord(g)
	}
	return all
}

func (p *pool) each(class string, make func(g *guest) record) record {
	all := record{}
	for _, g := range p.guests {
		all[ref(class, g.number)] = make(g)
	}
	return all
}

func (p *pool) vbdRecords() record {
	all := record{}
	for _, g := range p.guests {
		running := g.state == "Running"
		all[ref("VBD", 2*g.number)] = record{"device": "xvda", "userdevice": "0", "type": "Disk",
			"currently_attached": running, "VDI": ref("VDI", g.number)}
		all[ref("VBD", 2*g.number+1)] = record{"device": "xvdd", "userdevice": "3", "type": "CD",
			"currently_attached": running, "VDI": "OpaqueRef:NULL"}
	}
	return all
}

func (p *pool) pifRecords() record {
	all := record{}
	for h := 0; h < hosts; h++ {
		for i, nic := range []string{"eth0", "eth1", "bond0"} {
			all[ref("PIF", 10*h+i)] = record{"device": nic, "host": ref("host", h),
				"physical": nic != "bond0", "currently_attached": true}
		}
	}
	return all
}

func srRecords() record {
	all := record{"OpaqueRef:iso": record{"uuid": "cccc0003-0000-4000-8000-000000000003",
		"name_label": "ISOs", "content_type": "iso", "physical_size": "1000",
		"physical_utilisation": "1000", "virtual_allocation": "0", "shared": true}}
	for i, sr := range srs {
		all[ref("SR", i)] = record{"uuid": sr, "name_label": fmt.Sprintf("storage-%d", i+1),
			"content_type": "user", "physical_size": strconv.Itoa(100 * gib),
			"physical_utilisation": strconv.Itoa(40 * gib),
			"virtual_allocation":   strconv.Itoa(60 * gib), "shared": true}
	}
	return all
}

// records of a class, or nil.
func (p *pool) records(class string) record {
	switch class {
	case "pool":
		return record{"OpaqueRef:pool": record{"uuid": uuid("0c0c", 1), "name_label": "lab",
			"master": ref("host", p.master)}}
	case "host":
		return p.hostRecords()
	case "host_metrics":
		all := record{}
		for h := 0; h < hosts; h++ {
			all[ref("host_metrics", h)] = record{"live": true,
				"memory_total": strconv.Itoa(hostMemory), "memory_free": strconv.Itoa(hostMemory / 4)}
		}
		return all
	case "VM":
		return p.vmRecords()
	case "VM_metrics":
		return p.each(class, func(g *guest) record {
			return record{"VCPUs_number": strconv.Itoa(g.cpus), "start_time": began}
		})
	case "VM_guest_metrics":
		return p.each(class, func(g *guest) record {
			return record{"os_version": record{"name": "Debian GNU/Linux 12"},
				"networks": record{"0/ip": fmt.Sprintf("192.0.2.%d", g.number)}}
		})
	case "VIF":
		return p.each(class, func(g *guest) record {
			return record{"device": "0", "currently_attached": g.state == "Running"}
		})
	case "VDI":
		return p.each(class, func(g *guest) record {
			return record{"virtual_size": strconv.Itoa(20 * gib),
				"physical_utilisation": strconv.Itoa(7 * gib)}
		})
	case "VBD":
		return p.vbdRecords()
	case "PIF":
		return p.pifRecords()
	case "SR":
		return srRecords()
	}
	return nil
}
