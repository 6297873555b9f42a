package kv

import (
	"bytes"
	"context"
	"math"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// change is one write of a tenant, inside an update.
type change struct {
	*tenant
	tree    tree
	now     int64
	account *account
	full    bool // a limit was in the way
}

// Expired keys that a write reclaims: a few each time, so that there are never many,
// and more at once if there is no room.
const (
	reclaimFew  = 16
	reclaimMany = 1000
)

// write runs do in an update. size is about how much it writes. do must check all
// before it writes anything. If there is no room, write reclaims what has expired, in
// one update after the other, and tries again.
func (t *tenant) write(ctx context.Context, size int, do func(*change) error) error {
	for {
		var result error
		again := false
		err := t.store.commits.do(ctx, size, func(b *batch) {
			c := &change{tenant: t, tree: b.tree, now: t.store.now().UnixNano(), account: b.account(t)}
			c.reclaim(reclaimFew)
			if result = do(c); c.full && c.reclaim(reclaimMany) > 0 {
				c.full = false
				result = do(c)
				again = c.full
			}
		})
		if err != nil {
			return err
		}
		if !again {
			return result
		}
	}
}

// reclaim removes at most that many expired keys, and returns how many it has removed.
func (c *change) reclaim(most int) int {
	if c.account.expiring == 0 {
		return 0
	}
	prefix := join(expiryKind, []byte(c.name))
	end := c.expiryKey(c.now+1, nil)
	var keys [][]byte
	for k := range c.tree.from(prefix) {
		if len(keys) == most || bytes.Compare(k, end) >= 0 {
			break
		}
		keys = append(keys, bytes.Clone(k[len(prefix)+8:]))
	}
	for _, key := range keys {
		c.remove(key, c.find(key))
	}
	return len(keys)
}

// find returns the record of a key, which may have expired.
func (c *change) find(key []byte) record { return parseRecord(c.tree.get(c.dataKey(key))) }

// live returns r, or nothing if it has expired.
func (c *change) live(r record) record {
	if r.expired(c.now) {
		return record{}
	}
	return r
}

// remove removes the record r of a key.
func (c *change) remove(key []byte, r record) {
	c.count(key, r, record{})
	c.tree.delete(c.dataKey(key))
	if r.expiry != 0 {
		c.tree.delete(c.expiryKey(r.expiry, key))
	}
}

// set replaces the record before of a key by one with a new version, which it returns.
func (c *change) set(key []byte, before record, value []byte, expiry int64) (version uint64, err error) {
	after := record{version: c.account.version + 1, expiry: expiry, value: value}
	account := *c.account
	c.count(key, before, after)
	if err := c.fits(account); err != nil {
		*c.account, c.full = account, true
		return 0, err
	}
	c.account.version = after.version
	if before.expiry != 0 && before.expiry != expiry {
		c.tree.delete(c.expiryKey(before.expiry, key))
	}
	if expiry != 0 && expiry != before.expiry {
		c.tree.put(c.expiryKey(expiry, key), nil)
	}
	c.tree.put(c.dataKey(key), after.append(make([]byte, 0, recordHead+len(value))))
	return after.version, nil
}

// count counts that the record of a key changes. A record with version 0 is none.
func (c *change) count(key []byte, before, after record) {
	for _, r := range [...]struct {
		record
		sign int64
	}{{before, -1}, {after, 1}} {
		if r.version == abi.KVNone {
			continue
		}
		c.account.keys += r.sign
		c.account.bytes += r.sign * int64(len(key)+len(r.value))
		if r.expiry != 0 {
			c.account.expiring += r.sign
		}
	}
}

// fits refuses an account that has grown past a limit.
func (c *change) fits(before account) error {
	l := c.store.limits
	switch {
	case c.account.bytes > max(l.Bytes, before.bytes):
		return capability.Errorf(abi.Denied, "it would have %d bytes in all keys and values of the tenant, "+
			"at most %d are allowed (kv.Limits.Bytes)", c.account.bytes, l.Bytes)
	case c.account.keys > max(l.Keys, before.keys):
		return capability.Errorf(abi.Denied, "the tenant has %d keys, at most %d are allowed (kv.Limits.Keys)",
			before.keys, l.Keys)
	}
	return nil
}

// expiry returns when a key expires that is written now.
func (c *change) expiry(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return c.now + min(int64(ttl), math.MaxInt64-c.now-1)
}
