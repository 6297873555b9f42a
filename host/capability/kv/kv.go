// Package kv is the capability kv: a store of keys and values for guests, which
// outlives their calls.
//
//	store, err := kv.Open("state.db", kv.Limits{})
//	if err != nil {
//		return err
//	}
//	h, err := host.New(host.Config{Capabilities: []capability.Capability{store}})
//
// Each tenant has a store of its own, which all modules share that run for it. Keys
// and values are bytes. The wire forms are in abi/kv.go and in section 6.7 of SPEC.md.
//
//   - A write is on the disk when its op ends. A process that is killed loses nothing
//     that a guest was told is written. Writes that wait together are written together.
//   - Every write gives its key a new version. A write may name the version that it
//     expects, and does nothing if the key has another: a result, not an error.
//   - A key that has lived for its time is gone at once. Its bytes count until they
//     are reclaimed, a few with each write of its tenant, and as many as needed before
//     a write fails for lack of room.
//   - A scan reads page by page, and never keeps a write waiting. It gives every key
//     once that is there from its start to its end.
package kv

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// Limits bound what each tenant may store. A zero field has a default.
type Limits struct {
	// Bytes is the most bytes that the keys and values of a tenant may have together.
	// Default: 64 MiB.
	Bytes int64
	// Keys is the most keys of a tenant. Default: 100,000.
	Keys int64
	// Key is the most bytes of a key. Default: 1 KiB, at most 16 KiB.
	Key int
	// Value is the most bytes of a value. Default: 1 MiB, at most 1 GiB.
	Value int
}

const (
	mostKey    = 16 << 10
	mostValue  = 1 << 30
	mostTenant = 8 << 10 // bytes of a tenant's name, which is a part of its keys
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Bytes: cmp.Or(l.Bytes, 64<<20),
		Keys:  cmp.Or(l.Keys, 100_000),
		Key:   cmp.Or(l.Key, 1<<10),
		Value: cmp.Or(l.Value, 1<<20),
	}
}

func (l Limits) check() error {
	for _, c := range []struct {
		name        string
		value, most int64
	}{
		{"Bytes", l.Bytes, 1 << 62}, {"Keys", l.Keys, 1 << 62},
		{"Key", int64(l.Key), mostKey}, {"Value", int64(l.Value), mostValue},
	} {
		if c.value < 0 || c.value > c.most {
			return fmt.Errorf("kv: kv.Limits.%s is %d: want 0 for the default, or up to %d", c.name, c.value, c.most)
		}
	}
	return nil
}

// Store is the capability. It is safe for concurrent use.
type Store struct {
	limits  Limits
	backend backend
	commits *commits
	pages   *pages
	now     func() time.Time
	lent    bool // another Store closes the backend
}

// Open opens the store in a file, which it creates if there is none. One process at a
// time can have it open.
func Open(file string, l Limits) (*Store, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	b, err := openBolt(file)
	if err != nil {
		return nil, err
	}
	return newStore(b, l), nil
}

// Memory returns a store that is gone with its process, for tests.
func Memory(l Limits) *Store { return newStore(&memory{}, l) }

func newStore(b backend, l Limits) *Store {
	return &Store{
		limits: l.withDefaults(), backend: b, commits: &commits{backend: b}, pages: &pages{held: map[string]int{}},
		now: time.Now,
	}
}

// Limited returns the same store with other limits, for tenants or modules that may keep
// more or less. It is of no use after s is closed.
func (s *Store) Limited(l Limits) (*Store, error) {
	limited := *s
	limited.limits, limited.lent = l.withDefaults(), true
	return &limited, l.check()
}

// Names implements capability.Capability.
func (s *Store) Names() []string {
	return []string{abi.CapKVAdd, abi.CapKVDelete, abi.CapKVGet, abi.CapKVPut, abi.CapKVScan}
}

// For implements capability.Capability. It fails if the limits are wrong.
func (s *Store) For(scope capability.Scope) (map[string]capability.Op, error) {
	if err := s.limits.check(); err != nil {
		return nil, err
	}
	if n := len(scope.Tenant); n > mostTenant {
		return nil, fmt.Errorf("kv: the name of the tenant has %d bytes, at most %d are allowed", n, mostTenant)
	}
	t := &tenant{store: s, name: string(binary.AppendUvarint(nil, uint64(len(scope.Tenant)))) + scope.Tenant}
	return map[string]capability.Op{
		abi.CapKVAdd:    t.add,
		abi.CapKVDelete: t.delete,
		abi.CapKVGet:    t.get,
		abi.CapKVPut:    t.put,
		abi.CapKVScan:   t.scan,
	}, nil
}

// Close closes the file. Ops that come later fail. It does nothing for what Limited
// returned.
func (s *Store) Close() error {
	if s.lent {
		return nil
	}
	return s.backend.close()
}
