package kv

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// model is what a tenant's store should be, as a map.
type model map[string]modelEntry

type modelEntry struct {
	version uint64
	value   string
	expiry  time.Time // zero: never
}

// TestModel compares random ops of two tenants with a map each, and both backends.
func TestModel(t *testing.T) {
	file := open(t, filepath.Join(t.TempDir(), "db"), Limits{})
	defer file.Close()
	file.backend.(*bolt).db.NoSync = true // nothing here is about crashes
	round := 0
	for name, make := range map[string]func() *Store{
		"memory": func() *Store { return Memory(Limits{}) },
		"file":   func() *Store { return file },
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				s := make()
				now := time.Unix(1e9, 0)
				s.now = func() time.Time { return now }
				round++
				tenants := []string{fmt.Sprint("a", round), fmt.Sprint("a", round, "b")}
				clients := []*client{newClient(t, s, tenants[0]), newClient(t, s, tenants[1])}
				models := []model{{}, {}}
				r.Repeat(map[string]func(*rapid.T){
					"op": func(r *rapid.T) {
						i := rapid.IntRange(0, 1).Draw(r, "tenant")
						models[i].step(r, clients[i], now)
					},
					"time passes": func(*rapid.T) { now = now.Add(time.Second) },
					"": func(r *rapid.T) {
						for i, m := range models {
							maps.DeleteFunc(m, func(_ string, e modelEntry) bool { return e.expired(now) })
							m.compare(r, clients[i])
						}
						audit(t, s)
					},
				})
			})
		})
	}
}

func (e modelEntry) expired(now time.Time) bool { return !e.expiry.IsZero() && !e.expiry.After(now) }

// step does one random op.
func (m model) step(r *rapid.T, c *client, now time.Time) {
	key := rapid.SampledFrom([]string{"a", "b", "\x00", "a\x00", "\xff"}).Draw(r, "key")
	before := m[key]
	expect := rapid.SampledFrom([]uint64{abi.KVAny, abi.KVNone, before.version, before.version + 1}).Draw(r, "version")
	matches := expect == abi.KVAny || expect == before.version
	var err error
	switch rapid.SampledFrom([]string{"put", "delete", "add"}).Draw(r, "op") {
	case "put":
		after := modelEntry{value: rapid.SampledFrom([]string{"", "1", "x", "9223372036854775807"}).Draw(r, "value")}
		ttl := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute}).Draw(r, "ttl")
		if ttl > 0 {
			after.expiry = now.Add(ttl)
		}
		if after.version, err = c.put(key, after.value, expect, ttl); err == nil && after.version != abi.KVNone {
			m[key] = after
		}
		if matches != (after.version > before.version) {
			r.Errorf("put %q, expecting %d, returned %d", key, expect, after.version)
		}
	case "delete":
		var version uint64
		version, err = c.delete(key, expect)
		if want := before.version; matches && version != want || !matches && version != abi.KVNone {
			r.Errorf("delete %q, expecting %d of %d, returned %d", key, expect, want, version)
		}
		if matches {
			delete(m, key)
		}
	case "add":
		value, parseErr := strconv.ParseInt(before.value, 10, 64)
		isNumber := before.version == abi.KVNone || parseErr == nil
		sum, addErr := c.add(key, 1)
		if (addErr == nil) != (isNumber && value < math.MaxInt64) || addErr == nil && sum != value+1 {
			r.Errorf("%q + 1 is %d, %v", before.value, sum, addErr)
		}
		if addErr == nil {
			version, _, _ := c.get(key)
			m[key] = modelEntry{version, fmt.Sprint(sum), before.expiry}
		}
	}
	if err != nil {
		r.Error(err)
	}
}

// compare compares the whole store.
func (m model) compare(r *rapid.T, c *client) {
	var want []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		want = append(want, key+"="+m[key].value)
		version, value, err := c.get(key)
		if version != m[key].version || value != m[key].value || err != nil {
			r.Errorf("%q is %q with version %d (%v), want %+v", key, value, version, err, m[key])
		}
	}
	if got, err := c.scan("", "", nil); err != nil || !slices.Equal(got, want) {
		r.Errorf("got %q, %v\nwant %q", got, err, want)
	}
}

// FuzzOps gives ops random arguments. Each ends with a result or a typed error, and
// the accounts stay right.
func FuzzOps(f *testing.F) {
	f.Add(byte(0), []byte("key"))
	f.Add(byte(1), abi.KVPut{Key: []byte("key"), Value: []byte("1"), TTL: 1}.Append(nil))
	f.Add(byte(2), abi.AppendKVNumber(nil, abi.KVAny, []byte("key")))
	f.Add(byte(3), abi.AppendKVNumber(nil, 1, []byte("key")))
	f.Add(byte(4), abi.AppendCounted(nil, []byte("k"), []byte("a")))
	f.Add(byte(4), []byte("\xff\xff\xff\xff"))
	s := Memory(Limits{Bytes: 1000, Keys: 10, Key: 100, Value: 100})
	f.Fuzz(func(t *testing.T, op byte, arg []byte) {
		c := newClient(t, s, "a")
		names := s.Names()
		_, err := c.do(names[int(op)%len(names)], slices.Clone(arg))
		if err != nil {
			if status := statusOf(err); status != abi.InvalidInput && status != abi.Denied {
				t.Errorf("%v has the status %v", err, status)
			}
		}
		if a := audit(t, s)["a"]; a.bytes > 1000 || a.keys > 10 {
			t.Errorf("past the limits: %+v", a)
		}
		c.end()
	})
}

var _ capability.Capability = (*Store)(nil)
