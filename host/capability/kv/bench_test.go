package kv

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// BenchmarkKV compares ops with what bbolt alone takes for the same, with as many at
// once: "x-bbolt" is the ratio of the times in one run, and the bar is 1.5. bbolt
// alone writes with Update where one writes at a time, and with Batch otherwise.
func BenchmarkKV(b *testing.B) {
	for _, c := range []struct {
		name string
		at   int
		op   string
	}{
		{"get/1", 1, abi.CapKVGet}, {"get/64", 64, abi.CapKVGet},
		{"put/1", 1, abi.CapKVPut}, {"put/64", 64, abi.CapKVPut}, {"put/1000", 1000, abi.CapKVPut},
	} {
		b.Run(c.name, func(b *testing.B) {
			ours, theirs := stores(b, c.op, c.at)
			var took, alone time.Duration
			b.ResetTimer()
			for left := b.N; left > 0; {
				n := min(left, 4*c.at+1000) // in turns, so that both see the same machine
				took += together(n, c.at, ours)
				b.StopTimer()
				alone += together(n, c.at, theirs)
				b.StartTimer()
				left -= n
			}
			b.ReportMetric(float64(took)/float64(alone), "x-bbolt")
			b.ReportMetric(float64(alone)/float64(b.N), "ns-bbolt/op")
		})
	}
}

// together runs do n times, as many at once.
func together(n, atOnce int, do func(i int)) time.Duration {
	start := time.Now()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(int(i))
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// stores returns an op on a store, and the same with bbolt alone. Both have the same
// 10,000 keys.
func stores(b *testing.B, op string, atOnce int) (ours, theirs func(i int)) {
	dir := b.TempDir()
	s := open(b, filepath.Join(dir, "ours"), Limits{})
	b.Cleanup(func() { s.Close() })
	db, err := bbolt.Open(filepath.Join(dir, "theirs"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	ops, _ := s.For(capability.Scope{Tenant: "tenant"})
	key := func(i int) []byte { return strconv.AppendInt([]byte("user:1"), int64(i*7919%10_000), 10) }
	value := make([]byte, 100)
	ours = func(i int) {
		arg := key(i)
		if op == abi.CapKVPut {
			arg = abi.KVPut{Version: abi.KVAny, Key: arg, Value: value}.Append(nil)
		}
		if _, err := ops[op](context.Background(), &capability.Use{Op: op, Arg: arg}); err != nil {
			b.Error(err)
		}
	}
	write := db.Batch
	if atOnce == 1 {
		write = db.Update
	}
	theirs = func(i int) {
		var err error
		if op == abi.CapKVPut {
			err = write(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key(i), value) })
		} else {
			err = db.View(func(tx *bbolt.Tx) error {
				_ = append([]byte(nil), tx.Bucket(bucket).Get(key(i))...)
				return nil
			})
		}
		if err != nil {
			b.Error(err)
		}
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	// Both are filled in the same way, since that decides what their files look like.
	together(10_000, 1000, func(i int) {
		put := abi.KVPut{Version: abi.KVAny, Key: key(i), Value: value}.Append(nil)
		_, err := ops[abi.CapKVPut](context.Background(), &capability.Use{Op: abi.CapKVPut, Arg: put})
		if err != nil {
			b.Error(err)
		}
	})
	together(10_000, 1000, func(i int) {
		err := db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(key(i), value) })
		if err != nil {
			b.Error(err)
		}
	})
	return ours, theirs
}
