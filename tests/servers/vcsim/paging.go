// SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
//
// Real mode: a PropertyCollector that gives answers in pages, refuses unknown properties as a
// whole and serves nobody who is not logged in.
package main

import (
	"strconv"
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// propertyCollector is made anew for each session by the simulator, through reflection: what
// all sessions share is in the registry's own instance.
type propertyCollector struct {
	simulator.PropertyCollector
	pages *pageStore
}

// pageStore keeps the rest of an answer under the token that asks for it.
type pageStore struct {
	mu    sync.Mutex
	limit int
	next  int
	rest  map[string]pendingPages
}

type pendingPages struct {
	session string
	size    int
	objects []types.ObjectContent
}

func newPropertyCollector(ref types.ManagedObjectReference, limit int) *propertyCollector {
	pc := &propertyCollector{pages: &pageStore{limit: limit, rest: make(map[string]pendingPages)}}
	pc.Self = ref
	return pc
}

func (pc *propertyCollector) store() *pageStore {
	return simulator.Map.Get(pc.Self).(*propertyCollector).pages
}

// first cuts a new answer: one page now, the rest under a token.
func (s *pageStore) first(session string, size int,
	objects []types.ObjectContent) *types.RetrieveResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	if size <= 0 || (s.limit > 0 && s.limit < size) {
		size = s.limit
	}
	return s.cut(pendingPages{session: session, size: size, objects: objects})
}

func (s *pageStore) cut(p pendingPages) *types.RetrieveResult {
	if len(p.objects) == 0 {
		return nil
	}
	if p.size <= 0 || len(p.objects) <= p.size {
		return &types.RetrieveResult{Objects: p.objects}
	}
	s.next++
	token := strconv.Itoa(s.next)
	page := p.objects[:p.size]
	p.objects = p.objects[p.size:]
	s.rest[token] = p
	return &types.RetrieveResult{Token: token, Objects: page}
}

// clear forgets all pages.
func (s *pageStore) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest = make(map[string]pendingPages)
}

// take removes and returns what a token of this session stands for.
func (s *pageStore) take(session, token string) (pendingPages, bool) {
	p, ok := s.rest[token]
	if !ok || p.session != session {
		return p, false
	}
	delete(s.rest, token)
	return p, true
}

func notAuthenticated(ref types.ManagedObjectReference) *soap.Fault {
	fault := &types.NotAuthenticated{}
	fault.Object = ref
	fault.PrivilegeId = "System.View"
	return simulator.Fault("The session is not authenticated.", fault)
}

// RetrievePropertiesEx gives the first page.
func (pc *propertyCollector) RetrievePropertiesEx(ctx *simulator.Context,
	req *types.RetrievePropertiesEx) soap.HasFault {
	body := new(methods.RetrievePropertiesExBody)
	if ctx.Session == nil {
		body.Fault_ = notAuthenticated(req.This)
		return body
	}
	stock := pc.PropertyCollector.RetrievePropertiesEx(ctx, req).(*methods.RetrievePropertiesExBody)
	if stock.Fault_ != nil {
		return stock
	}
	objects := stock.Res.Returnval.Objects
	if body.Fault_ = unknownProperty(objects); body.Fault_ != nil {
		return body
	}
	body.Res = &types.RetrievePropertiesExResponse{
		Returnval: pc.store().first(ctx.Session.Key, int(req.Options.MaxObjects), objects)}
	return body
}

// unknownProperty makes a fault of a property that a type does not have.
func unknownProperty(objects []types.ObjectContent) *soap.Fault {
	for _, object := range objects {
		for _, missing := range object.MissingSet {
			if invalid, ok := missing.Fault.Fault.(*types.InvalidProperty); ok {
				return simulator.Fault("", invalid)
			}
		}
	}
	return nil
}

// RetrieveProperties is the older call without pages.
func (pc *propertyCollector) RetrieveProperties(ctx *simulator.Context,
	req *types.RetrieveProperties) soap.HasFault {
	body := new(methods.RetrievePropertiesBody)
	if ctx.Session == nil {
		body.Fault_ = notAuthenticated(req.This)
		return body
	}
	stock := pc.PropertyCollector.RetrieveProperties(ctx, req).(*methods.RetrievePropertiesBody)
	if stock.Fault_ == nil {
		stock.Fault_ = unknownProperty(stock.Res.Returnval)
	}
	return stock
}

// ContinueRetrievePropertiesEx gives the next page; each token serves once.
func (pc *propertyCollector) ContinueRetrievePropertiesEx(ctx *simulator.Context,
	req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	body := new(methods.ContinueRetrievePropertiesExBody)
	s := pc.store()
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.take(ctx.Session.Key, req.Token)
	if !ok {
		body.Fault_ = invalidArgument("token")
		return body
	}
	body.Res = &types.ContinueRetrievePropertiesExResponse{Returnval: *s.cut(p)}
	return body
}

// CancelRetrievePropertiesEx forgets the rest of an answer.
func (pc *propertyCollector) CancelRetrievePropertiesEx(ctx *simulator.Context,
	req *types.CancelRetrievePropertiesEx) soap.HasFault {
	body := new(methods.CancelRetrievePropertiesExBody)
	s := pc.store()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.take(ctx.Session.Key, req.Token); !ok {
		body.Fault_ = invalidArgument("token")
		return body
	}
	body.Res = new(types.CancelRetrievePropertiesExResponse)
	return body
}
