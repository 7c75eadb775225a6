// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The inventory: the hosts of the simulator, and as many guests as are wanted, each a copy of one
// of the simulator's guests under an id and a name of its own.
package main

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
)

// firstGuest is the number in the id of the first guest: above all numbers in the simulator.
const firstGuest = 10000

const guestKind, hostKind = "VirtualMachine", "HostSystem"

// object is a managed object.
type object struct{ kind, id, name string }

type world struct {
	up        *upstream
	templates []object // the simulator's guests
	hosts     []object
	guests    int64 // how many there are; atomic
	pages     pageStore
	props     propertyStore
	series    seriesStore
}

func newWorld(up *upstream) (*world, error) {
	w := &world{up: up}
	w.pages.rest = make(map[string]*page)
	w.props.kept = make(map[string]map[string][]byte)
	w.series.kept = make(map[string]*entityMetric)
	var err error
	if w.templates, err = w.list(guestKind); err != nil {
		return nil, err
	}
	if w.hosts, err = w.list(hostKind); err != nil {
		return nil, err
	}
	if len(w.templates) == 0 {
		return nil, fmt.Errorf("the simulator has no guest to copy")
	}
	w.setGuests(len(w.templates))
	return w, nil
}

func (w *world) setGuests(n int) { atomic.StoreInt64(&w.guests, int64(n)) }

// list asks the simulator for its objects of one kind, in its order.
func (w *world) list(kind string) ([]object, error) {
	view, err := w.up.call(`<CreateContainerView xmlns="urn:vim25"><_this type="ViewManager">` +
		`ViewManager</_this><container type="Folder">group-d1</container><type>` + kind +
		`</type><recursive>true</recursive></CreateContainerView>`)
	if err != nil {
		return nil, err
	}
	var made struct {
		View string `xml:"Body>CreateContainerViewResponse>returnval"`
	}
	if err := xml.Unmarshal(view.body, &made); err != nil {
		return nil, err
	}
	names, err := w.up.call(`<RetrieveProperties xmlns="urn:vim25"><_this ` +
		`type="PropertyCollector">propertyCollector</_this><specSet><propSet><type>` + kind +
		`</type><pathSet>name</pathSet></propSet><objectSet><obj type="ContainerView">` +
		made.View + `</obj><skip>true</skip><selectSet xsi:type="TraversalSpec"><type>` +
		`ContainerView</type><path>view</path></selectSet></objectSet></specSet>` +
		`</RetrieveProperties>`)
	if err != nil {
		return nil, err
	}
	var found struct {
		Objects []struct {
			ID   string `xml:"obj"`
			Name string `xml:"propSet>val"`
		} `xml:"Body>RetrievePropertiesResponse>returnval"`
	}
	err = xml.Unmarshal(names.body, &found)
	var objects []object
	for _, o := range found.Objects {
		objects = append(objects, object{kind, o.ID, o.Name})
	}
	return objects, err
}

// guest returns guest number i.
func guest(i int) object {
	return object{guestKind, fmt.Sprint("vm-", firstGuest+i), fmt.Sprintf("guest-%05d", i)}
}

// guestNumber returns the number of the guest with an id, -1 for other objects.
func guestNumber(id string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(id, "vm-"))
	if err != nil || n < firstGuest {
		return -1
	}
	return n - firstGuest
}

// members returns all objects of a kind.
func (w *world) members(kind string) []object {
	switch kind {
	case hostKind:
		return w.hosts
	case guestKind:
		guests := make([]object, atomic.LoadInt64(&w.guests))
		for i := range guests {
			guests[i] = guest(i)
		}
		return guests
	}
	return nil
}

// originals returns the simulator's objects.
func (w *world) originals() []object {
	return append(append([]object(nil), w.templates...), w.hosts...)
}

// find returns the guest or host with an id.
func (w *world) find(id string) (object, bool) {
	if i := guestNumber(id); i >= 0 {
		return guest(i), int64(i) < atomic.LoadInt64(&w.guests)
	}
	for _, host := range w.hosts {
		if host.id == id {
			return host, true
		}
	}
	return object{}, false
}

// template returns the simulator's object that stands for an id; the id itself for all but guests.
func (w *world) template(id string) object {
	if i := guestNumber(id); i >= 0 {
		return w.templates[i%len(w.templates)]
	}
	return object{id: id}
}

var guestID = regexp.MustCompile(`>vm-[0-9]{5,}<`)

// withTemplates puts the simulator's guests into a request.
func (w *world) withTemplates(body []byte) []byte {
	return guestID.ReplaceAllFunc(body, func(match []byte) []byte {
		return []byte(">" + w.template(string(match[1:len(match)-1])).id + "<")
	})
}
