// Package kv keeps keys and values in the host, where they outlive a task.
//
//	entry, err := kv.Get(ctx, "user:7")
//	version, err := kv.Put(ctx, "user:7", value, time.Hour)
//	for entry, err := range kv.Scan(ctx, "user:", "") { … }
//
// Keys and values are bytes; a key is a string in Go. Every write gives its key a new
// version. Swap writes only if the key still has a version that was read:
//
//	for {
//		entry, err := kv.Get(ctx, key)
//		if err != nil {
//			return err
//		}
//		version, err := kv.Swap(ctx, key, change(entry.Value), entry.Version, 0)
//		if err != nil || version != 0 {
//			return err
//		}
//	}
//
// A write is safe when it returns: the host does not lose it. Errors are those of
// wexec.Op, with StatusDenied if there is no room.
package kv

import (
	"bytes"
	"context"
	"encoding/binary"
	"iter"
	"time"

	"github.com/wexec/wexec/abi"
	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/internal/entries"
)

// Entry is a key with its value. Version 0 means that there is no such key.
type Entry struct {
	Key     string
	Value   []byte
	Version uint64
}

// Get reads a key. If there is none, the entry has version 0 and err is nil.
func Get(ctx context.Context, key string) (Entry, error) {
	result, err := wexec.Op(ctx, abi.CapKVGet, []byte(key))
	if err != nil {
		return Entry{}, err
	}
	version, value, err := abi.ParseKVNumber(result)
	return Entry{key, value, version}, err
}

// Put writes a key, and returns its new version. The key is gone after ttl, unless that
// is 0.
func Put(ctx context.Context, key string, value []byte, ttl time.Duration) (version uint64, err error) {
	return Swap(ctx, key, value, abi.KVAny, ttl)
}

// Swap writes a key if it has the version before, which is 0 if there must be no such
// key. It returns the new version, or 0 if it has not written.
func Swap(ctx context.Context, key string, value []byte, before uint64, ttl time.Duration) (version uint64, err error) {
	p := abi.KVPut{TTL: ttl, Version: before, Key: []byte(key), Value: value}
	return number(ctx, abi.CapKVPut, p.Append(nil))
}

// Delete deletes a key, and reports whether there was one.
func Delete(ctx context.Context, key string) (bool, error) { return DeleteVersion(ctx, key, abi.KVAny) }

// DeleteVersion deletes a key if it has that version, and reports whether it did.
func DeleteVersion(ctx context.Context, key string, version uint64) (bool, error) {
	was, err := number(ctx, abi.CapKVDelete, abi.AppendKVNumber(nil, version, []byte(key)))
	return was != abi.KVNone, err
}

// Add adds n to the decimal number that is the value of a key, or to 0 if there is no
// such key, and returns the sum. It keeps the key's time to live.
func Add(ctx context.Context, key string, n int64) (int64, error) {
	sum, err := number(ctx, abi.CapKVAdd, abi.AppendKVNumber(nil, uint64(n), []byte(key)))
	return int64(sum), err
}

func number(ctx context.Context, op string, arg []byte) (uint64, error) {
	result, err := wexec.Op(ctx, op, arg)
	if err != nil {
		return 0, err
	}
	n, _, err := abi.ParseKVNumber(result)
	return n, err
}

// Scan runs through the keys that begin with prefix and come after the key after, in
// the order of their bytes. It ends after the first error.
func Scan(ctx context.Context, prefix, after string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		opened, err := wexec.Op(ctx, abi.CapKVScan, abi.AppendCounted(nil, []byte(prefix), []byte(after)))
		if err != nil {
			yield(Entry{}, err)
			return
		}
		stream := wexec.NewStream(ctx, binary.LittleEndian.Uint32(opened))
		defer stream.Close()
		entries.Each(stream, abi.CutKVEntry, func(e abi.KVEntry, err error) bool {
			return yield(Entry{string(e.Key), bytes.Clone(e.Value), e.Version}, err)
		})
	}
}
