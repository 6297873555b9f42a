package kv

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// A page of a scan is read in one view: at least one entry, and no more than these.
const (
	pageBytes = 64 << 10
	pageKeys  = 4096 // with those that have expired
)

// scan opens a stream of entries.
func (t *tenant) scan(_ context.Context, u *capability.Use) ([]byte, error) {
	prefix, after, err := abi.ParseCounted(u.Arg)
	most := t.store.limits.Key
	switch {
	case err != nil:
		return nil, invalid(u, "%v", err)
	case len(prefix) > most || len(after) > most:
		return nil, invalid(u, "a key has at most %d bytes (kv.Limits.Key)", most)
	}
	u.Detail = short(prefix)
	s := &scan{tenant: t, prefix: t.dataKey(prefix)}
	if s.next = t.dataKey(after); len(after) > 0 {
		s.next = append(s.next, 0)
	}
	if bytes.Compare(s.next, s.prefix) < 0 {
		s.next = s.prefix
	}
	handle, err := u.Open(s)
	if err != nil {
		return nil, err
	}
	return abi.AppendStream(nil, handle), nil
}

// scan is an io.Reader of entries. It keeps nothing open between two pages.
type scan struct {
	*tenant
	prefix []byte // a whole key of the map, like next

	mu     sync.Mutex // for Close, which may come during a read
	next   []byte     // where the next page begins; empty at the end
	page   []byte     // what is read and not yet given out
	held   int        // bytes of the page, if the guest has taken a part of it
	closed bool
}

func (s *scan) Read(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	began := s.next
	for len(s.page) == 0 {
		switch {
		case s.closed:
			return 0, capability.Errorf(abi.Closed, "the scan is closed")
		case len(s.next) == 0:
			return 0, io.EOF
		}
		began = s.next
		if err := s.turn(); err != nil {
			return 0, err
		}
	}
	if len(p) < len(s.page) && s.held == 0 {
		if err := s.store.pages.hold(s.name, len(s.page)); err != nil {
			s.next, s.page = began, nil
			return 0, err
		}
		s.held = len(s.page)
	}
	n = copy(p, s.page)
	if s.page = s.page[n:]; len(s.page) == 0 {
		s.free()
	}
	return n, nil
}

// free gives up the page.
func (s *scan) free() {
	s.store.pages.release(s.name, s.held)
	s.page, s.held = nil, 0
}

// turn reads the next page.
func (s *scan) turn() error {
	now := s.store.now().UnixNano()
	return s.store.backend.view(func(tree tree) {
		from, keys := s.next, 0
		s.next = nil
		for k, v := range tree.from(from) {
			if !bytes.HasPrefix(k, s.prefix) {
				return
			}
			if len(s.page) >= pageBytes || keys == pageKeys {
				s.next = bytes.Clone(k)
				return
			}
			if r := parseRecord(v); !r.expired(now) {
				s.page = abi.KVEntry{Version: r.version, Key: k[1+len(s.name):], Value: r.value}.Append(s.page)
			}
			keys++
		}
	})
}

// Close implements io.Closer.
func (s *scan) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.free()
	return nil
}

// pages counts the bytes of pages that scans keep, by tenant: a guest may begin to read
// thousands of scans, and go on with none.
type pages struct {
	mu   sync.Mutex
	held map[string]int
}

// mostPages is the most bytes that a tenant's scans keep, unless one alone keeps more.
const mostPages = 64 << 20

func (p *pages) hold(tenant string, bytes int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if held := p.held[tenant]; held > 0 && held+bytes > mostPages {
		return capability.Errorf(abi.QueueFull, "the scans of the tenant keep %d bytes that guests have not read yet: "+
			"read them to their end, or close them", held)
	}
	p.held[tenant] += bytes
	return nil
}

func (p *pages) release(tenant string, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[tenant] -= bytes; p.held[tenant] == 0 {
		delete(p.held, tenant)
	}
}
