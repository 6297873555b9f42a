package kv

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// tenant is the store of a tenant.
type tenant struct {
	store *Store
	name  string // with its length before it
}

func invalid(u *capability.Use, format string, args ...any) error {
	return capability.Errorf(abi.InvalidInput, u.Op+": "+format, args...)
}

// begin checks the key of an op, which may come with an error from reading the argument.
func (t *tenant) begin(u *capability.Use, key []byte, err error) error {
	most := t.store.limits.Key
	switch {
	case err != nil:
		return invalid(u, "%v", err)
	case len(key) == 0:
		return invalid(u, "the key is empty")
	case len(key) > most:
		return invalid(u, "the key has %d bytes, at most %d are allowed (kv.Limits.Key)", len(key), most)
	}
	u.Detail = short(key)
	return nil
}

// short returns the beginning of a key for people.
func short(key []byte) string {
	const most = 40
	if len(key) > most {
		return strconv.Quote(string(key[:most])) + "…"
	}
	return strconv.Quote(string(key))
}

func (t *tenant) get(_ context.Context, u *capability.Use) (result []byte, err error) {
	if err := t.begin(u, u.Arg, nil); err != nil {
		return nil, err
	}
	err = t.store.backend.view(func(tree tree) {
		r := parseRecord(tree.get(t.dataKey(u.Arg)))
		if r.expiry == 0 || !r.expired(t.store.now().UnixNano()) {
			result = abi.AppendKVNumber(make([]byte, 0, 8+len(r.value)), r.version, r.value)
		} else {
			result = abi.AppendKVNumber(nil, abi.KVNone, nil)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.Op, err)
	}
	return result, nil
}

func (t *tenant) put(ctx context.Context, u *capability.Use) ([]byte, error) {
	p, err := abi.ParseKVPut(u.Arg)
	if err := t.begin(u, p.Key, err); err != nil {
		return nil, err
	}
	if n, most := len(p.Value), t.store.limits.Value; n > most {
		return nil, invalid(u, "the value has %d bytes, at most %d are allowed (kv.Limits.Value)", n, most)
	}
	var version uint64
	err = t.write(ctx, len(u.Arg), func(c *change) (err error) {
		before := c.find(p.Key)
		if p.Version != abi.KVAny && p.Version != c.live(before).version {
			return nil
		}
		version, err = c.set(p.Key, before, p.Value, c.expiry(p.TTL))
		return err
	})
	return number(u, version, err)
}

func (t *tenant) delete(ctx context.Context, u *capability.Use) ([]byte, error) {
	expected, key, err := abi.ParseKVNumber(u.Arg)
	if err := t.begin(u, key, err); err != nil {
		return nil, err
	}
	var version uint64
	err = t.write(ctx, len(key), func(c *change) error {
		r := c.live(c.find(key))
		if r.version == abi.KVNone || expected != abi.KVAny && expected != r.version {
			return nil
		}
		version = r.version
		c.remove(key, r)
		return nil
	})
	return number(u, version, err)
}

func (t *tenant) add(ctx context.Context, u *capability.Use) ([]byte, error) {
	n, key, err := abi.ParseKVNumber(u.Arg)
	if err := t.begin(u, key, err); err != nil {
		return nil, err
	}
	var sum int64
	err = t.write(ctx, len(key), func(c *change) (err error) {
		before := c.find(key)
		r := c.live(before)
		if sum, err = add(r, int64(n)); err == nil {
			_, err = c.set(key, before, strconv.AppendInt(nil, sum, 10), r.expiry)
		}
		return err
	})
	return number(u, uint64(sum), err)
}

// add returns the sum of a record, which is 0 if there is none, and n.
func add(r record, n int64) (int64, error) {
	var value int64
	if r.version != abi.KVNone {
		var err error
		if value, err = strconv.ParseInt(string(r.value[:min(len(r.value), 32)]), 10, 64); err != nil {
			return 0, capability.Errorf(abi.InvalidInput,
				"the value is %s: want a decimal number of 64 bits", short(r.value))
		}
	}
	if n > 0 && value > math.MaxInt64-n || n < 0 && value < math.MinInt64-n {
		return 0, capability.Errorf(abi.InvalidInput, "%d and %d have a sum of more than 64 bits", value, n)
	}
	return value + n, nil
}

// number returns the result of a write.
func number(u *capability.Use, n uint64, err error) ([]byte, error) {
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.Op, err)
	}
	return abi.AppendKVNumber(nil, n, nil), nil
}
