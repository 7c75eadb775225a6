// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Views and the property collector. The simulator is asked once for a set of properties of all its
// guests and hosts; each guest then gets those of its template.
package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"sync"
)

// viewPrefix begins the id of a view; the kinds of objects in it follow.
const viewPrefix = "session[bench]"

func createContainerView(_ *world, body []byte) (*answer, error) {
	var request struct {
		Types []string `xml:"Body>CreateContainerView>type"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	return newAnswer(`<CreateContainerViewResponse xmlns="urn:vim25"><returnval ` +
		`type="ContainerView">` + viewPrefix + strings.Join(request.Types, ",") +
		`</returnval></CreateContainerViewResponse>`), nil
}

func destroyView(*world, []byte) (*answer, error) {
	return newAnswer(`<DestroyViewResponse xmlns="urn:vim25"></DestroyViewResponse>`), nil
}

type reference struct {
	Type string `xml:"type,attr"`
	ID   string `xml:",chardata"`
}

type objectSpec struct {
	Object    reference  `xml:"obj"`
	SelectSet []struct{} `xml:"selectSet"`
}

type propertySpec struct {
	Type string   `xml:"type"`
	Path []string `xml:"pathSet"`
}

type retrieval struct {
	This       string         `xml:"_this"`
	Properties []propertySpec `xml:"specSet>propSet"`
	Objects    []objectSpec   `xml:"specSet>objectSet"`
	MaxObjects int            `xml:"options>maxObjects"`
}

// page is what is left of an answer.
type page struct {
	others     []byte // objects that are no guests or hosts, as XML
	objects    []object
	properties map[string][]byte // by the id of a template
	size       int
}

type pageStore struct {
	mu   sync.Mutex
	next int
	rest map[string]*page
}

type propertyStore struct {
	mu   sync.Mutex
	kept map[string]map[string][]byte
}

func retrieveProperties(w *world, body []byte) (*answer, error) {
	var envelope struct {
		Body struct {
			Call retrieval `xml:",any"`
		} `xml:"Body"`
	}
	if err := xml.Unmarshal(body, &envelope); err != nil {
		return nil, err
	}
	call := &envelope.Body.Call
	if view := listedView(call); view != "" {
		return newAnswer(w.viewAnswer(method(body), view)), nil
	}
	objects, others := w.asked(call)
	if objects == nil {
		return w.up.ask("POST", "/sdk", w.withTemplates(body))
	}
	properties, fault, err := w.properties(call)
	if fault != nil || err != nil {
		return fault, err
	}
	rest, fault, err := w.others(call, others)
	if fault != nil || err != nil {
		return fault, err
	}
	return w.pageAnswer(method(body), &page{rest, objects, properties, call.MaxObjects}), nil
}

// others returns objects that are no guests or hosts, as the simulator gives them.
func (w *world) others(call *retrieval, others []reference) ([]byte, *answer, error) {
	var out []byte
	for _, other := range others {
		for _, spec := range call.Properties {
			if spec.Type != other.Type {
				continue
			}
			a, err := w.up.ask("POST", "/sdk", []byte(envelopeHead+`<RetrievePropertiesEx `+
				`xmlns="urn:vim25"><_this type="PropertyCollector">`+call.This+`</_this><specSet>`+
				`<propSet><type>`+spec.Type+`</type><pathSet>`+strings.Join(spec.Path, `</pathSet>`+
				`<pathSet>`)+`</pathSet></propSet><objectSet><obj type="`+spec.Type+`">`+other.ID+
				`</obj></objectSet></specSet><options/></RetrievePropertiesEx>`+envelopeTail))
			if err != nil || !a.good() {
				return nil, a, err
			}
			begin := bytes.Index(a.body, []byte("<objects>"))
			end := bytes.LastIndex(a.body, []byte("</objects>"))
			if begin >= 0 && end > begin {
				out = append(out, a.body[begin:end+len("</objects>")]...)
			}
		}
	}
	return out, nil, nil
}

// listedView returns the view whose property of that name is asked for, or "".
func listedView(call *retrieval) string {
	if len(call.Objects) != 1 || len(call.Objects[0].SelectSet) > 0 ||
		!strings.HasPrefix(call.Objects[0].Object.ID, viewPrefix) {
		return ""
	}
	return call.Objects[0].Object.ID
}

func (w *world) viewed(view string) []object {
	var objects []object
	for _, kind := range strings.Split(strings.TrimPrefix(view, viewPrefix), ",") {
		objects = append(objects, w.members(kind)...)
	}
	return objects
}

func (w *world) viewAnswer(name, view string) string {
	var out strings.Builder
	for _, o := range w.viewed(view) {
		fmt.Fprintf(&out, `<ManagedObjectReference type="%s">%s</ManagedObjectReference>`, o.kind, o.id)
	}
	content := `<obj type="ContainerView">` + view + `</obj><propSet><name>view</name><val ` +
		`xsi:type="ArrayOfManagedObjectReference">` + out.String() + `</val></propSet>`
	if name == "RetrievePropertiesEx" {
		content = `<objects>` + content + `</objects>`
	}
	return `<` + name + `Response xmlns="urn:vim25"><returnval>` + content + `</returnval></` +
		name + `Response>`
}

// asked returns the guests and hosts that a call is about, and the ids of what else it is about.
func (w *world) asked(call *retrieval) (objects []object, others []reference) {
	for _, spec := range call.Objects {
		if strings.HasPrefix(spec.Object.ID, viewPrefix) {
			objects = append(objects, w.viewed(spec.Object.ID)...)
		} else if o, ok := w.find(spec.Object.ID); ok {
			objects = append(objects, o)
		} else {
			others = append(others, spec.Object)
		}
	}
	return objects, others
}

// properties returns the properties that a call asks for of all templates, as XML by their ids.
func (w *world) properties(call *retrieval) (map[string][]byte, *answer, error) {
	var request strings.Builder
	for _, spec := range call.Properties {
		if spec.Type != guestKind && spec.Type != hostKind {
			continue
		}
		request.WriteString("<propSet><type>" + spec.Type + "</type>")
		for _, path := range spec.Path {
			request.WriteString("<pathSet>" + path + "</pathSet>")
		}
		request.WriteString("</propSet>")
		for _, o := range w.originals() {
			if o.kind == spec.Type {
				fmt.Fprintf(&request, `<objectSet><obj type="%s">%s</obj></objectSet>`, o.kind, o.id)
			}
		}
	}
	w.props.mu.Lock()
	defer w.props.mu.Unlock()
	if kept := w.props.kept[request.String()]; kept != nil {
		return kept, nil, nil
	}
	a, err := w.up.send("POST", w.up.url, []byte(envelopeHead+`<RetrieveProperties `+
		`xmlns="urn:vim25"><_this type="PropertyCollector">`+call.This+`</_this><specSet>`+
		request.String()+`</specSet></RetrieveProperties>`+envelopeTail))
	if err != nil || !a.good() {
		return nil, a, err
	}
	found := splitObjects(a.body)
	w.props.kept[request.String()] = found
	return found, nil, nil
}

// splitObjects returns what follows the reference of each object.
func splitObjects(body []byte) map[string][]byte {
	found := make(map[string][]byte)
	for _, part := range bytes.Split(body, []byte("<returnval>"))[1:] {
		part = part[:bytes.Index(part, []byte("</returnval>"))]
		end := bytes.Index(part, []byte("</obj>"))
		begin := bytes.LastIndexByte(part[:end], '>') + 1
		found[string(part[begin:end])] = part[end+len("</obj>"):]
	}
	return found
}

func (w *world) pageAnswer(name string, p *page) *answer {
	var out bytes.Buffer
	now, token := p.objects, ""
	if p.size > 0 && len(now) > p.size {
		now = now[:p.size]
		token = w.pages.keep(&page{nil, p.objects[p.size:], p.properties, p.size})
	}
	element := "returnval"
	if name != "RetrieveProperties" {
		element = "objects"
		out.WriteString("<returnval>" + token)
	}
	out.Write(p.others)
	for _, o := range now {
		fmt.Fprintf(&out, `<%s><obj type="%s">%s</obj>`, element, o.kind, o.id)
		out.Write(w.renamed(o, p.properties[w.template(o.id).id]))
		out.WriteString("</" + element + ">")
	}
	if name != "RetrieveProperties" {
		out.WriteString("</returnval>")
	}
	return newAnswer(`<` + name + `Response xmlns="urn:vim25">` + out.String() + `</` + name +
		`Response>`)
}

// renamed puts a guest's own name into the properties of its template.
func (w *world) renamed(o object, properties []byte) []byte {
	if o.kind != guestKind {
		return properties
	}
	before, after := ">"+w.template(o.id).name+"<", ">"+o.name+"<"
	return bytes.ReplaceAll(properties, []byte(before), []byte(after))
}

// keep stores a page and returns the element that tells its token.
func (s *pageStore) keep(p *page) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	token := fmt.Sprint(s.next)
	s.rest[token] = p
	return "<token>" + token + "</token>"
}

func continueRetrieveProperties(w *world, body []byte) (*answer, error) {
	var request struct {
		Token string `xml:"Body>ContinueRetrievePropertiesEx>token"`
	}
	if err := xml.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	w.pages.mu.Lock()
	p := w.pages.rest[request.Token]
	delete(w.pages.rest, request.Token)
	w.pages.mu.Unlock()
	if p == nil {
		return nil, fmt.Errorf("no page %q", request.Token)
	}
	return w.pageAnswer("ContinueRetrievePropertiesEx", p), nil
}
