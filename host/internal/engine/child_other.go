//go:build !linux

package engine

import "runtime/debug"

// watchMemory does nothing: only on Linux is it known how to see what a process holds.
func watchMemory(int, uint64, func()) (stop func()) { return func() {} }

func limitChild(b Bounds, _ int) {
	if b.Memory > 0 {
		debug.SetMemoryLimit(int64(b.Memory / 10 * 9))
	}
}
