// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: the form of answers. Real servers write, to the byte, what Go's encoder writes in other
// ways: the type of a value has the prefix that the envelope declares, and stands behind the other
// attributes; items of an array tell their type, and elements whose type the schema tells do not;
// there are lines around the envelope's parts.
package main

import (
	"bytes"
	"encoding/xml"
	"strings"
)

const envelopeBegin = xml.Header + `<soapenv:Envelope ` +
	`xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"` + "\n" +
	` xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"` + "\n" +
	` xmlns:xsd="http://www.w3.org/2001/XMLSchema"` + "\n" +
	` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` + "\n<soapenv:Body>\n"
const envelopeEnd = "\n</soapenv:Body>\n</soapenv:Envelope>"

// What Go's encoder writes.
var (
	bodyBegin    = []byte("<soapenv:Body>")
	bodyEnd      = []byte("</soapenv:Body>")
	declaration  = []byte(` xmlns:XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"`)
	typeOfGo     = []byte(` XMLSchema-instance:type="`)
	typeOfServer = []byte(` xsi:type="`)
	arrayOf      = []byte(`xsi:type="ArrayOf`)
	description  = []byte("ElementDescription")
)

// quotes are written by name.
var quotes = strings.NewReplacer("&#39;", "&apos;", "&#34;", "&quot;")

// shaped gives an answer the form of real servers; what is no envelope stays as it is.
func shaped(answer []byte) []byte {
	begin := bytes.Index(answer, bodyBegin)
	end := bytes.LastIndex(answer, bodyEnd)
	if begin < 0 || end < begin {
		return answer
	}
	s := shaper{out: make([]byte, 0, len(answer))}
	s.out = append(s.out, envelopeBegin...)
	s.elements(answer[begin+len(bodyBegin) : end])
	return append(s.out, envelopeEnd...)
}

// shaper copies elements; arrays tells which of those that are open are arrays.
type shaper struct {
	out    []byte
	arrays []bool
}

// elements copies what Go's encoder wrote: start tags, end tags and text, '>' in none of them.
func (s *shaper) elements(in []byte) {
	for {
		at := bytes.IndexByte(in, '<')
		if at < 0 {
			s.text(in)
			return
		}
		s.text(in[:at])
		end := at + bytes.IndexByte(in[at:], '>') + 1
		if in[at+1] == '/' {
			s.out = append(s.out, in[at:end]...)
			s.arrays = s.arrays[:len(s.arrays)-1]
		} else {
			s.start(in[at : end-1])
		}
		in = in[end:]
	}
}

func (s *shaper) text(in []byte) {
	if bytes.IndexByte(in, '&') < 0 {
		s.out = append(s.out, in...)
	} else {
		s.out = append(s.out, quotes.Replace(string(in))...)
	}
}

// start copies a start tag, given without its '>'.
func (s *shaper) start(tag []byte) {
	var kind []byte
	from := len(s.out)
	if cut := bytes.Index(tag, declaration); cut >= 0 {
		s.out = append(s.out, tag[:cut]...)
		tag = tag[cut+len(declaration):]
	}
	if cut := bytes.Index(tag, typeOfGo); cut >= 0 {
		s.out = append(s.out, tag[:cut]...)
		kind = tag[cut+len(typeOfGo):]
		length := bytes.IndexByte(kind, '"')
		kind, tag = kind[:length], kind[length+1:]
		if bytes.Equal(kind, description) { // what these elements are declared as
			kind = nil
		}
	}
	s.out = append(s.out, tag...)
	if kind == nil {
		kind = s.item(s.out[from+1:])
	}
	if kind != nil {
		s.out = append(append(append(s.out, typeOfServer...), kind...), '"')
	}
	s.arrays = append(s.arrays, bytes.Contains(s.out[from:], arrayOf))
	s.out = append(s.out, '>')
}

// item returns the type of an item of an array, which is its name; nil for other elements, and for
// items of simple types.
func (s *shaper) item(tag []byte) []byte {
	if n := len(s.arrays); n == 0 || !s.arrays[n-1] || tag[0] < 'A' || tag[0] > 'Z' ||
		bytes.Contains(tag, typeOfServer) {
		return nil
	}
	return append([]byte(nil), bytes.SplitN(tag, []byte(" "), 2)[0]...)
}
