// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// The REST API of a vCenter: govmomi's simulator of it, and in real mode what servers do beyond
// that: they check the password, answer under /api as well, and have tags.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/vmware/govmomi/simulator"
	vapi "github.com/vmware/govmomi/vapi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	restPath    = "/rest/com/vmware/cis/"
	apiPath     = "/api/"
	sessionPath = restPath + "session"
	sessionID   = "vmware-api-session-id"
)

// serveREST adds the REST API to a vCenter's handlers.
func serveREST(o *options, service *simulator.Service, mux *http.ServeMux) error {
	if !simulator.Map.IsVPX() {
		return nil
	}
	path, handler := vapi.New(service.Listen, simulator.Map.OptionManager().Setting)
	if o.mode == "plain" {
		service.Handle(path, handler)
		return nil
	}
	if err := createTags(handler, o.tags); err != nil {
		return err
	}
	handler = checkPassword(o, handler)
	if o.rest != "api" {
		mux.Handle(path, handler)
	}
	if o.rest != "rest" {
		mux.Handle(apiPath, underAPI(handler))
	}
	return nil
}

// checkPassword refuses logins of others; govmomi's simulator takes all of them.
func checkPassword(o *options, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Method == http.MethodPost && r.URL.Path == sessionPath &&
			(user != o.username || password != o.password) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// underAPI answers what is asked in the form of vSphere 7 and later: other paths, no "value"
// around an answer.
func underAPI(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, apiPath), "cis/")
		if i := strings.LastIndex(path, "urn:"); i > 0 {
			path = path[:i] + "id:" + path[i:]
		}
		r.URL.Path = restPath + path
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "action=", "~action=", 1)
		held := &heldAnswer{ResponseWriter: w, status: http.StatusOK}
		handler.ServeHTTP(held, r)
		var answer struct{ Value json.RawMessage }
		body := held.body.Bytes()
		if held.status == http.StatusOK && json.Unmarshal(body, &answer) == nil {
			body = answer.Value
			if r.URL.Path == sessionPath && r.Method == http.MethodPost {
				held.status = http.StatusCreated
			}
		}
		if r.URL.Path == sessionPath && r.Method == http.MethodDelete {
			held.status = http.StatusNoContent
		}
		w.WriteHeader(held.status)
		if held.status != http.StatusNoContent {
			_, _ = w.Write(body)
		}
	})
}

// restClient asks a handler without a network.
type restClient struct {
	handler http.Handler
	session string
}

func (c *restClient) post(path string, body, answer interface{}) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r := httptest.NewRequest(http.MethodPost, restPath+path, bytes.NewReader(data))
	r.SetBasicAuth("tests", "tests")
	r.Header.Set(sessionID, c.session)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err == nil && w.Code != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, w.Code, text)
	}
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal(text, &struct{ Value interface{} }{answer})
}

// categories have names that formats trip over, and tags of the same name.
var categories = []string{"owner", "Stufe \"1\"; ü", "層", "env:site"}

// createTags gives guests and hosts count tags, and each of them at most one of a category.
func createTags(handler http.Handler, count int) error {
	c := &restClient{handler: handler}
	if err := c.post("session", nil, &c.session); err != nil {
		return err
	}
	defer func() {
		r := httptest.NewRequest(http.MethodDelete, sessionPath, nil)
		r.Header.Set(sessionID, c.session)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}()
	ids := make([]string, len(categories))
	for i, name := range categories {
		if i >= count {
			break
		}
		err := c.post("tagging/category", map[string]interface{}{"create_spec": map[string]interface{}{
			"name": name, "cardinality": "MULTIPLE", "associable_types": []string{}}}, &ids[i])
		if err != nil {
			return err
		}
	}
	var objects []types.ManagedObjectReference
	for _, kind := range []string{"VirtualMachine", "HostSystem"} {
		for _, entity := range inOrder(kind) {
			objects = append(objects, entity.Reference())
		}
	}
	for i := 0; i < count; i++ {
		if err := createTag(c, ids[i%len(ids)], i, objects); err != nil {
			return err
		}
	}
	return nil
}

// createTag makes tag number i, and attaches it to every third object, to begin with another one
// for each tag.
func createTag(c *restClient, category string, i int, objects []types.ManagedObjectReference) error {
	name := []string{"alice & bob", `"gold"; <best>`, "東京\u2028", "a:b"}[i%4]
	if i >= 4 {
		name = fmt.Sprintf("%s %d", name, i)
	}
	var id string
	err := c.post("tagging/tag", map[string]interface{}{"create_spec": map[string]interface{}{
		"name": name, "category_id": category}}, &id)
	if err != nil {
		return err
	}
	var attached []map[string]string
	for k := i % 3; k < len(objects); k += 3 {
		attached = append(attached,
			map[string]string{"type": objects[k].Type, "id": objects[k].Value})
	}
	return c.post("tagging/tag-association/id:"+id+"?~action=attach-tag-to-multiple-objects",
		map[string]interface{}{"object_ids": attached}, nil)
}
