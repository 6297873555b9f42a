package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// The wire forms of the kv ops. A version is a number that the host gives to a key each
// time it is written, and never gives again. It is 8 bytes, as every number here but
// lengths, which are 4.

const (
	// KVNone is the version of a key that does not exist.
	KVNone uint64 = 0
	// KVAny, where a version is expected, accepts every version and KVNone.
	KVAny uint64 = math.MaxUint64
)

// KVPut is the argument of kv.put: the time to live, the version, the key's length,
// the key and the value. The result is the new version, or KVNone if the key had
// another version than the expected one and nothing was written.
type KVPut struct {
	// TTL is how long the key lives, in nanoseconds. 0: until it is deleted.
	TTL time.Duration
	// Version is the version that the key must have: KVAny to write in any case,
	// KVNone to write only if there is no such key.
	Version    uint64
	Key, Value []byte
}

// Append appends the wire form to b.
func (p KVPut) Append(b []byte) []byte {
	b = appendUint64(b, uint64(max(p.TTL, 0)))
	b = appendUint64(b, p.Version)
	b = appendUint32(b, len(p.Key))
	b = append(b, p.Key...)
	return append(b, p.Value...)
}

// ParseKVPut reads the wire form. Key and Value are slices of arg.
func ParseKVPut(arg []byte) (p KVPut, err error) {
	if len(arg) < 20 {
		return p, fmt.Errorf("the argument begins with 20 bytes of numbers, and has %d bytes", len(arg))
	}
	p.TTL = time.Duration(min(binary.LittleEndian.Uint64(arg), math.MaxInt64))
	p.Version = binary.LittleEndian.Uint64(arg[8:])
	p.Key, p.Value, err = cutCounted(arg[16:])
	return p, err
}

// KVEntry is a key with its value. The result of kv.get is the version and the value,
// and has no value if the version is KVNone. In a stream of kv.scan an entry is the
// version, the lengths of key and value, the key and the value.
type KVEntry struct {
	Version    uint64
	Key, Value []byte
}

// Append appends the form of kv.scan to b.
func (e KVEntry) Append(b []byte) []byte {
	b = appendUint64(b, e.Version)
	b = appendUint32(b, len(e.Key))
	b = appendUint32(b, len(e.Value))
	b = append(b, e.Key...)
	return append(b, e.Value...)
}

// CutKVEntry takes an entry from the front of a stream of kv.scan. ok is false if b
// does not have all of it yet. Key and Value are slices of b.
func CutKVEntry(b []byte) (e KVEntry, rest []byte, ok bool) {
	if len(b) < 16 {
		return e, b, false
	}
	key := uint64(binary.LittleEndian.Uint32(b[8:]))
	end := 16 + key + uint64(binary.LittleEndian.Uint32(b[12:]))
	if uint64(len(b)) < end {
		return e, b, false
	}
	e.Version = binary.LittleEndian.Uint64(b)
	e.Key, e.Value = b[16:16+key], b[16+key:end]
	return e, b[end:], true
}

// AppendKVNumber appends a number to b that comes before a key: in the argument of
// kv.delete the version that the key must have, in that of kv.add what to add.
func AppendKVNumber(b []byte, n uint64, key []byte) []byte {
	return append(appendUint64(b, n), key...)
}

// ParseKVNumber reads a number and what follows it. It reads the results of kv.get,
// kv.put, kv.delete and kv.add, too.
func ParseKVNumber(arg []byte) (n uint64, rest []byte, err error) {
	if len(arg) < 8 {
		return 0, nil, fmt.Errorf("it begins with a number of 8 bytes, and has %d bytes", len(arg))
	}
	return binary.LittleEndian.Uint64(arg), arg[8:], nil
}

// AppendCounted appends two texts to b, the first with its length before it. It is the
// form of the arguments of kv.scan (the prefix of the keys, and the key after which to
// begin), files.write and files.rename.
func AppendCounted(b, first, second []byte) []byte {
	b = appendUint32(b, len(first))
	b = append(b, first...)
	return append(b, second...)
}

// ParseCounted reads what AppendCounted has written.
func ParseCounted(arg []byte) (first, second []byte, err error) { return cutCounted(arg) }

var errCounted = errors.New("a length is larger than what follows it")

func cutCounted(b []byte) (first, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, fmt.Errorf("a length has 4 bytes, and there are %d", len(b))
	}
	n := binary.LittleEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, errCounted
	}
	return b[4 : 4+n], b[4+n:], nil
}

func appendUint64(b []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(b, n) }

func appendUint32(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }
