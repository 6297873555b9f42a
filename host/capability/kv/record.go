package kv

import (
	"encoding/binary"
)

// The map has three kinds of keys, told apart by the first byte. A tenant is the length
// of its name and the name, so that no tenant is a prefix of another.
//
//	d tenant key         the record: version, expiry, value
//	e tenant expiry key  nothing: finds the keys that have expired; expiry is big-endian
//	u tenant             the account
const (
	dataKind    = 'd'
	expiryKind  = 'e'
	accountKind = 'u'
)

func join(kind byte, parts ...[]byte) []byte {
	n := 1
	for _, p := range parts {
		n += len(p)
	}
	b := append(make([]byte, 0, n), kind)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func (t *tenant) dataKey(key []byte) []byte { return join(dataKind, []byte(t.name), key) }

func (t *tenant) expiryKey(expiry int64, key []byte) []byte {
	return join(expiryKind, []byte(t.name), binary.BigEndian.AppendUint64(nil, uint64(expiry)), key)
}

// record is what is kept for a key.
type record struct {
	version uint64
	expiry  int64 // nanoseconds since 1970; 0: never
	value   []byte
}

const recordHead = 16

func (r record) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, r.version)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.expiry))
	return append(b, r.value...)
}

// parseRecord returns the zero record for what is none. No record has version 0.
func parseRecord(b []byte) record {
	if len(b) < recordHead {
		return record{}
	}
	return record{
		version: binary.LittleEndian.Uint64(b),
		expiry:  int64(binary.LittleEndian.Uint64(b[8:])),
		value:   b[recordHead:],
	}
}

func (r record) expired(now int64) bool { return r.expiry != 0 && r.expiry <= now }

// account is what a tenant has.
type account struct {
	bytes    int64 // of keys and values
	keys     int64
	expiring int64  // keys that have an expiry
	version  uint64 // the last one given
}

func (a account) append(b []byte) []byte {
	for _, n := range [...]uint64{uint64(a.bytes), uint64(a.keys), uint64(a.expiring), a.version} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

// parseAccount returns the zero account for what is none.
func parseAccount(b []byte) account {
	if len(b) != 32 {
		return account{}
	}
	n := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	return account{int64(n(0)), int64(n(1)), int64(n(2)), n(3)}
}
