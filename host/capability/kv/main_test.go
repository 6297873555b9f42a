package kv

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// victimFile names, in the environment, the store of a process that is to be killed.
const victimFile = "WEXEC_KV_TEST_VICTIM"

// beVictim is set where processes can be killed.
var beVictim = func(string) {}

func TestMain(m *testing.M) {
	if file := os.Getenv(victimFile); file != "" {
		beVictim(file)
	}
	goleak.VerifyTestMain(m)
}

// client uses a store as the guest of a tenant does: by the wire forms.
type client struct {
	t       testing.TB
	ops     map[string]capability.Op
	streams *capability.Streams
}

func newClient(t testing.TB, s *Store, tenant string) *client {
	t.Helper()
	ops, err := s.For(capability.Scope{Module: "m", Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	return &client{t, ops, capability.NewStreams(8, nil)}
}

func (c *client) do(op string, arg []byte) ([]byte, error) {
	return c.ops[op](c.t.Context(), &capability.Use{Op: op, Arg: arg, Streams: c.streams})
}

func (c *client) number(op string, arg []byte) (uint64, error) {
	result, err := c.do(op, arg)
	if err != nil {
		return 0, err
	}
	n, rest, err := abi.ParseKVNumber(result)
	if err != nil || len(rest) > 0 {
		c.t.Errorf("%s returned %x", op, result)
	}
	return n, nil
}

func (c *client) get(key string) (version uint64, value string, err error) {
	result, err := c.do(abi.CapKVGet, []byte(key))
	if err != nil {
		return 0, "", err
	}
	version, rest, err := abi.ParseKVNumber(result)
	return version, string(rest), err
}

func (c *client) put(key, value string, version uint64, ttl time.Duration) (uint64, error) {
	p := abi.KVPut{TTL: ttl, Version: version, Key: []byte(key), Value: []byte(value)}
	return c.number(abi.CapKVPut, p.Append(nil))
}

func (c *client) set(key, value string) error {
	_, err := c.put(key, value, abi.KVAny, 0)
	return err
}

func (c *client) delete(key string, version uint64) (uint64, error) {
	return c.number(abi.CapKVDelete, abi.AppendKVNumber(nil, version, []byte(key)))
}

func (c *client) add(key string, n int64) (int64, error) {
	sum, err := c.number(abi.CapKVAdd, abi.AppendKVNumber(nil, uint64(n), []byte(key)))
	return int64(sum), err
}

// scan returns the keys with their values, as key=value. each is called after each
// piece.
func (c *client) scan(prefix, after string, each func()) (list []string, err error) {
	opened, err := c.do(abi.CapKVScan, abi.AppendCounted(nil, []byte(prefix), []byte(after)))
	if err != nil {
		return nil, err
	}
	handle := binary.LittleEndian.Uint32(opened)
	defer c.streams.Close(handle)
	var all []byte
	for {
		piece, err := c.streams.Read(c.t.Context(), handle, 1000)
		if err != nil || len(piece) == 0 {
			if len(all) > 0 {
				c.t.Errorf("the stream ends within an entry: %q", all)
			}
			return list, err
		}
		all = append(all, piece...)
		for e, rest, ok := abi.CutKVEntry(all); ok; e, rest, ok = abi.CutKVEntry(all) {
			if all = rest; e.Version == abi.KVNone {
				c.t.Errorf("%q has no version", e.Key)
			}
			list = append(list, string(e.Key)+"="+string(e.Value))
		}
		if each != nil {
			each()
		}
	}
}

// end closes all streams.
func (c *client) end() {
	if closeAll := c.streams.Shut(); closeAll != nil {
		closeAll()
	}
}

// wantError checks the status and the text of an error.
func wantError(t testing.TB, err error, status abi.Status, text string) {
	t.Helper()
	if statusOf(err) != status || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v\nwant %v with %q in it", err, status, text)
	}
}

// statusOf returns the status of a typed error.
func statusOf(err error) abi.Status {
	if typed := (*capability.Error)(nil); errors.As(err, &typed) {
		return typed.Status
	}
	return abi.OK
}

// both runs a test with both backends.
func both(t *testing.T, l Limits, f func(t *testing.T, s *Store)) {
	t.Run("memory", func(t *testing.T) {
		s := Memory(l)
		defer s.Close()
		f(t, s)
	})
	t.Run("file", func(t *testing.T) {
		s := open(t, filepath.Join(t.TempDir(), "db"), l)
		defer s.Close()
		f(t, s)
	})
}

func open(t testing.TB, file string, l Limits) *Store {
	t.Helper()
	s, err := Open(file, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// audit compares every account with what the store has, and returns those of tenants
// by their names.
func audit(t testing.TB, s *Store) map[string]account {
	t.Helper()
	kept, found := map[string]account{}, map[string]account{}
	expiries := map[string]int64{}
	err := s.backend.view(func(tree tree) {
		each := func(k, v []byte) {
			n, used := binary.Uvarint(k[1:])
			name, key := string(k[1+used:1+used+int(n)]), k[1+used+int(n):]
			a := found[name]
			switch k[0] {
			case accountKind:
				kept[name] = parseAccount(v)
			case expiryKind:
				expiries[name]++
			case dataKind:
				r := parseRecord(v)
				a.keys++
				a.bytes += int64(len(key) + len(r.value))
				if r.expiry != 0 {
					a.expiring++
				}
			}
			found[name] = a
		}
		for _, kind := range []byte{dataKind, expiryKind, accountKind} {
			for k, v := range tree.from([]byte{kind}) {
				if k[0] == kind {
					each(k, v)
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range found {
		if a.version = kept[name].version; a != kept[name] || a.expiring != expiries[name] {
			t.Errorf("tenant %q has %+v and %d expiries, its account says %+v", name, a, expiries[name], kept[name])
		}
	}
	return kept
}
