// Package system is the time and random bytes, for guests that have no WASI, where
// both are always there.
package system

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// System has the ops clock.now and random.bytes.
type System struct{}

// Names implements capability.Capability.
func (System) Names() []string { return []string{abi.CapNow, abi.CapRandom} }

// For implements capability.Capability.
func (System) For(capability.Scope) (map[string]capability.Op, error) {
	return map[string]capability.Op{abi.CapNow: now, abi.CapRandom: random}, nil
}

// Close implements capability.Capability.
func (System) Close() error { return nil }

// resolution is that of the clocks of WASI: a finer clock would help to measure what
// other tenants do.
const resolution = 100 * time.Microsecond

func now(context.Context, *capability.Use) ([]byte, error) {
	t := time.Now().Truncate(resolution)
	return binary.LittleEndian.AppendUint64(nil, uint64(t.UnixNano())), nil
}

// mostRandom is the most bytes of one random.bytes.
const mostRandom = 64 << 10

func random(_ context.Context, u *capability.Use) ([]byte, error) {
	if len(u.Arg) != 4 {
		return nil, capability.Errorf(abi.InvalidInput, "random.bytes takes 4 bytes, a length, not %d bytes", len(u.Arg))
	}
	n := binary.LittleEndian.Uint32(u.Arg)
	if n > mostRandom {
		return nil, capability.Errorf(abi.InvalidInput, "random.bytes: %d bytes, at most %d are given at once", n, mostRandom)
	}
	bytes := make([]byte, n)
	_, err := rand.Read(bytes)
	return bytes, err
}
