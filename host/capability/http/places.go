package http

import (
	"container/list"
	"context"
	"slices"
	"sync"
)

// places are what requests under way take. A tenant may hold at most three times as
// many as are free: one alone gets three quarters, two get three sevenths each, and a
// tenant that comes later always finds some.
type places struct {
	mu      sync.Mutex
	free    int
	tenants map[string]*share // that hold or wait for a place
	waiting list.List         // of those shares that have waiters
}

// mostOfFree is how many times the free places a tenant may hold.
const mostOfFree = 3

// share is what one tenant holds and waits for.
type share struct {
	held    int
	waiters []chan struct{} // first come, first served
	turn    *list.Element   // in waiting
}

func newPlaces(n int) *places { return &places{free: n, tenants: map[string]*share{}} }

// take waits for a place.
func (p *places) take(ctx context.Context, tenant string) error {
	ready := p.line(tenant)
	if ready == nil {
		return nil
	}
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
	}
	if p.quit(tenant, ready) {
		return context.Cause(ctx)
	}
	return nil
}

// quit takes a waiter out of line, unless it has its place already.
func (p *places) quit(tenant string, ready chan struct{}) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.tenants[tenant]
	at := slices.Index(s.waiters, ready)
	if at < 0 {
		return false
	}
	s.waiters = slices.Delete(s.waiters, at, at+1)
	p.tidy(tenant, s)
	return true
}

// line takes a place, or puts a waiter into line and returns what it waits for.
func (p *places) line(tenant string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.tenants[tenant]
	if s == nil {
		s = &share{}
		p.tenants[tenant] = s
	}
	if len(s.waiters) == 0 && p.mayTake(s) { // nobody waits who could be served
		s.held++
		p.free--
		return nil
	}
	ready := make(chan struct{})
	s.waiters = append(s.waiters, ready)
	if s.turn == nil {
		s.turn = p.waiting.PushBack(s)
	}
	return ready
}

// give gives a place back.
func (p *places) give(tenant string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.tenants[tenant]
	s.held--
	p.free++
	p.tidy(tenant, s)
	p.serve()
}

// serve gives free places to tenants in turn. It skips those that hold their share, of
// which there are at most a third as many as places.
func (p *places) serve() {
	for skipped := 0; p.free > 0 && skipped < p.waiting.Len(); {
		turn := p.waiting.Front()
		s := turn.Value.(*share)
		if !p.mayTake(s) {
			p.waiting.MoveToBack(turn)
			skipped++
			continue
		}
		skipped = 0
		s.held++
		p.free--
		close(s.waiters[0])
		if s.waiters = s.waiters[1:]; len(s.waiters) > 0 {
			p.waiting.MoveToBack(turn)
		} else {
			p.leave(s)
		}
	}
}

func (p *places) mayTake(s *share) bool { return s.held < mostOfFree*p.free }

// tidy forgets a tenant that holds nothing and waits for nothing.
func (p *places) tidy(tenant string, s *share) {
	if len(s.waiters) > 0 {
		return
	}
	p.leave(s)
	if s.held == 0 {
		delete(p.tenants, tenant)
	}
}

func (p *places) leave(s *share) {
	if s.turn != nil {
		p.waiting.Remove(s.turn)
		s.turn = nil
	}
}
