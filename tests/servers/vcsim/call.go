// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// What a SOAP request asks for, as far as the request log and the weather need to know: read
// from the bytes, without govmomi's types.
package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"strings"
)

// call describes one SOAP request.
type call struct {
	method      string
	elements    int               // XML elements in the whole request
	specs       int               // querySpec elements
	metrics     int               // metricId elements
	entities    []string          // ids of the querySpecs' entities
	values      map[string]string // texts of the last element of some names
	credentials bool              // a user name or password is in a Login
}

// remembered are the elements whose text goes to the request log.
var remembered = map[string]bool{"format": true, "intervalId": true, "maxSample": true,
	"startTime": true, "endTime": true, "maxObjects": true}

// parseCall reads a SOAP envelope; what is not XML gives a call without a method.
func parseCall(body []byte) *call {
	c := &call{values: make(map[string]string)}
	decoder := xml.NewDecoder(bytes.NewReader(body))
	var path []string
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return c
		}
		switch t := token.(type) {
		case xml.StartElement:
			path = append(path, t.Name.Local)
			c.start(path)
		case xml.EndElement:
			if len(path) > 0 {
				path = path[:len(path)-1]
			}
		case xml.CharData:
			c.text(path, strings.TrimSpace(string(t)))
		}
	}
}

// start notes an opened element; path holds the names from the envelope down to it.
func (c *call) start(path []string) {
	c.elements++
	depth := len(path)
	switch {
	case depth == 3 && path[1] == "Body":
		c.method = path[2]
	case path[depth-1] == "querySpec":
		c.specs++
	case path[depth-1] == "metricId":
		c.metrics++
	}
}

func (c *call) text(path []string, text string) {
	if len(path) < 4 || text == "" {
		return
	}
	name := path[len(path)-1]
	switch {
	case c.method == "Login" && (name == "userName" || name == "password"):
		c.credentials = true
	case name == "entity":
		c.entities = append(c.entities, text)
	case remembered[name]:
		c.values[name] = text
	}
}

type callKey struct{}

// callOf returns the call that the request log attached to the request.
func callOf(r *http.Request) *call {
	return r.Context().Value(callKey{}).(*call)
}

func withCall(r *http.Request, c *call) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), callKey{}, c))
}
