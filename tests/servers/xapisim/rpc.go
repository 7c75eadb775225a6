// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception

package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"sort"
	"strings"
	"time"
)

// failure of XAPI: a code and its arguments.
type failure []string

func argument(arguments []string, index int) string {
	if index < len(arguments) {
		return arguments[index]
	}
	return ""
}

func (p *pool) login(host int, arguments []string) (any, failure) {
	if p.nameless {
		return nil, failure{"HOST_IS_SLAVE", ""}
	}
	if host != p.master && p.claim != "" {
		return nil, failure{"HOST_IS_SLAVE", p.claim}
	}
	if host != p.master {
		return nil, failure{"HOST_IS_SLAVE", p.address(p.master)}
	}
	if argument(arguments, 0) != p.user || argument(arguments, 1) != p.password {
		return nil, failure{"SESSION_AUTHENTICATION_FAILED", argument(arguments, 0),
			"Authentication failure"}
	}
	p.serial++
	session := fmt.Sprintf("OpaqueRef:session-%d-%d", time.Now().UnixNano(), p.serial)
	p.sessions[session] = true
	return session, nil
}

func (p *pool) recordSource(vm, name string) (any, failure) {
	if _, known := runstates[name]; !known {
		return nil, failure{"INTERNAL_ERROR", "no such data source"}
	}
	for _, g := range p.guests {
		if ref("VM", g.number) == vm {
			p.sources[fmt.Sprintf("%d %s", g.number, name)] = true
			return "", nil
		}
	}
	return nil, failure{"HANDLE_INVALID", "VM", vm}
}

func (p *pool) serverTime(reference string) (any, failure) {
	for host := 0; host < hosts; host++ {
		if ref("host", host) == reference {
			p.hang("clock", host)
			if p.dead[host] {
				return nil, failure{"HOST_OFFLINE", reference}
			}
			return date(time.Unix(p.now(host), 0).UTC()), nil
		}
	}
	return nil, failure{"HANDLE_INVALID", "host", reference}
}

func (p *pool) call(host int, method string, arguments []string) (any, failure) {
	p.calls[method]++
	if method == "session.login_with_password" {
		return p.login(host, arguments)
	}
	if host != p.master {
		return nil, failure{"HOST_IS_SLAVE", p.address(p.master)}
	}
	session := argument(arguments, 0)
	if !p.valid(session) {
		return nil, failure{"SESSION_INVALID", session}
	}
	switch method {
	case "session.logout":
		delete(p.sessions, session)
		return "", nil
	case "host.get_servertime":
		return p.serverTime(argument(arguments, 1))
	case "host.get_software_version":
		return record{"product_brand": "XCP-ng", "product_version": "8.3.0", "xapi": "25.6"}, nil
	case "VM.record_data_source":
		return p.recordSource(argument(arguments, 1), argument(arguments, 2))
	}
	if class := strings.TrimSuffix(method, ".get_all_records"); class != method {
		if records := p.records(class); records != nil {
			if class == p.heavy {
				records["OpaqueRef:heavy"] = record{"tags": empties(1_500_000)}
			}
			return records, nil
		}
	}
	return nil, failure{"MESSAGE_METHOD_UNKNOWN", method}
}

// empties are so many structs without a member: a few bytes each, and many where they are read.
type empties int

// xmlValue writes as OCaml's xmlrpc does: texts bare, numbers as texts.
func xmlValue(b *strings.Builder, value any) {
	b.WriteString("<value>")
	switch value := value.(type) {
	case bool:
		fmt.Fprintf(b, "<boolean>%d</boolean>", map[bool]int{true: 1}[value])
	case date:
		b.WriteString("<dateTime.iso8601>" + time.Time(value).Format("20060102T15:04:05Z") +
			"</dateTime.iso8601>")
	case []any:
		b.WriteString("<array><data>")
		for _, item := range value {
			xmlValue(b, item)
		}
		b.WriteString("</data></array>")
	case empties:
		b.WriteString("<array><data>" + strings.Repeat("<value><struct/></value>", int(value)) +
			"</data></array>")
	case record:
		b.WriteString("<struct>")
		for _, name := range sortedNames(value) {
			b.WriteString("<member><name>" + html.EscapeString(name) + "</name>")
			xmlValue(b, value[name])
			b.WriteString("</member>")
		}
		b.WriteString("</struct>")
	default:
		b.WriteString(html.EscapeString(fmt.Sprint(value)))
	}
	b.WriteString("</value>")
}

func sortedNames(value record) []string {
	var names []string
	for name := range value {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (p *pool) xmlCall(host int, w http.ResponseWriter, body []byte) {
	var request struct {
		Method string `xml:"methodName"`
		Params []struct {
			Text   string  `xml:",chardata"`
			String *string `xml:"string"`
		} `xml:"params>param>value"`
	}
	if xml.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var arguments []string
	for _, value := range request.Params {
		if value.String != nil {
			value.Text = *value.String
		}
		arguments = append(arguments, value.Text)
	}
	value, fault := p.call(host, request.Method, arguments)
	answer := record{"Status": "Success", "Value": value}
	if fault != nil {
		var list []any
		for _, text := range fault {
			list = append(list, text)
		}
		answer = record{"Status": "Failure", "ErrorDescription": list}
	}
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\"?><methodResponse><params><param>")
	xmlValue(&b, answer)
	b.WriteString("</param></params></methodResponse>")
	w.Header().Set("Content-Type", "text/xml")
	w.Write([]byte(b.String()))
}

func (d date) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Time(d).Format("2006-01-02T15:04:05Z"))
}

func (p *pool) jsonCall(host int, w http.ResponseWriter, body []byte) {
	var request struct {
		Method string   `json:"method"`
		Params []string `json:"params"`
		ID     any      `json:"id"`
	}
	if json.Unmarshal(body, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	value, fault := p.call(host, request.Method, request.Params)
	answer := map[string]any{"jsonrpc": "2.0", "result": value, "id": request.ID}
	if fault != nil {
		answer = map[string]any{"jsonrpc": "2.0", "id": request.ID, "error": map[string]any{
			"code": 1, "message": fault[0], "data": fault[1:]}}
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}
