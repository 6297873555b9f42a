package kv

import (
	"bytes"
	"context"
	"io"

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
	prefix, next []byte // whole keys of the map; next is empty at the end
	page         []byte // what is read and not yet given out
}

func (s *scan) Read(p []byte) (n int, err error) {
	for len(s.page) == 0 {
		if len(s.next) == 0 {
			return 0, io.EOF
		}
		if err := s.turn(); err != nil {
			return 0, err
		}
	}
	n = copy(p, s.page)
	s.page = s.page[n:]
	return n, nil
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
func (s *scan) Close() error { return nil }
