//go:build unix

package linear

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// mappings counts those of all memories. A process may have so many, and if
// there are none left for Go's own heap, it dies: so half of them are for others.
var mappings atomic.Int64

// perMemory is how many a memory takes: its image, and what it may grow to.
const perMemory = 2

// reserve returns that many bytes of addresses without pages, or nil.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	if mappings.Add(perMemory) > mostMappings()/2 {
		mappings.Add(-perMemory)
		return nil
	}
	b, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|noReserve)
	if err != nil {
		mappings.Add(-perMemory)
		return nil // Go's heap will do
	}
	return b
}

// unreserve gives pages and addresses back. Unmapping can fail only for want
// of mappings, of which splitting one takes another: then the pages go, and
// the addresses stay reserved.
func unreserve(b []byte) {
	mappings.Add(-perMemory)
	if unix.Munmap(b) != nil {
		_ = unix.Madvise(b, unix.MADV_DONTNEED)
	}
}
