// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The simulator that is asked once for each answer, and the memory of its answers.
package main

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"sync"
)

const envelopeHead = xml.Header + `<soapenv:Envelope ` +
	`xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" ` +
	`xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
	`xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
	`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>`

const envelopeTail = `</soapenv:Body></soapenv:Envelope>`

// answer is what a server says to one request.
type answer struct {
	status      int
	contentType string
	body        []byte
}

func (a *answer) good() bool { return a.status == http.StatusOK }

func newAnswer(xml string) *answer {
	return &answer{http.StatusOK, "text/xml; charset=utf-8",
		[]byte(envelopeHead + xml + envelopeTail)}
}

type upstream struct {
	url, origin string
	client      *http.Client
	login       *answer // what a login is answered with

	mu       sync.Mutex
	recorded map[string]*answer
}

func newUpstream(url, username, password string) (*upstream, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	u := &upstream{
		url:      url,
		origin:   strings.TrimSuffix(url, "/sdk"),
		recorded: make(map[string]*answer),
		client: &http.Client{Jar: jar, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}},
	}
	u.login, err = u.call(`<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager` +
		`</_this><userName>` + escape(username) + `</userName><password>` + escape(password) +
		`</password></Login>`)
	return u, err
}

func escape(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text))
	return out.String()
}

// call sends the content of a SOAP body; a fault is an error.
func (u *upstream) call(xml string) (*answer, error) {
	a, err := u.send(http.MethodPost, u.url, []byte(envelopeHead+xml+envelopeTail))
	if err == nil && !a.good() {
		err = fmt.Errorf("the simulator answers %d: %s", a.status, a.body)
	}
	return a, err
}

func (u *upstream) send(method, url string, body []byte) (*answer, error) {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	request.Header.Set("SOAPAction", "urn:vim25/6.5")
	response, err := u.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	return &answer{response.StatusCode, response.Header.Get("Content-Type"), asServersWrite(data)},
		nil
}

// asServersWrite names the schema instance's attributes xsi:, as the envelope declares it. Go's
// encoder declares a prefix of its own on each element.
func asServersWrite(data []byte) []byte {
	const declaration = ` xmlns:XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance"`
	data = bytes.ReplaceAll(data, []byte(declaration), nil)
	return bytes.ReplaceAll(data, []byte("XMLSchema-instance:"), []byte("xsi:"))
}

// ask gives the answer to a request, from memory if it was asked for before. Faults are not kept.
func (u *upstream) ask(method, path string, body []byte) (*answer, error) {
	key := method + " " + path + "\n" + string(body)
	u.mu.Lock()
	defer u.mu.Unlock()
	if a := u.recorded[key]; a != nil {
		return a, nil
	}
	a, err := u.send(method, u.origin+path, body)
	if err == nil && a.good() {
		u.recorded[key] = a
	}
	return a, err
}
