//go:build unix

package linear

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// mappings counts the mappings of all memories. The number of mappings of a
// process is limited, and Go's runtime crashes if it can't get one. So memories
// use at most half of them.
var mappings atomic.Int64

// perMemory is how many mappings a memory takes: one of its image, and one of the
// addresses that it may grow into.
const perMemory = 2

// reserve returns size bytes of addresses without pages, or nil if that fails.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	if mappings.Add(perMemory) > maxMappings()/2 {
		mappings.Add(-perMemory)
		return nil
	}
	b, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|noReserve)
	if err != nil {
		mappings.Add(-perMemory)
		return nil // the memory will be on Go's heap
	}
	return b
}

// unreserve returns pages and addresses to the system. Unmapping can fail only if
// it splits a mapping and the process can't have another one. Then the pages are
// returned, but the addresses stay reserved.
func unreserve(b []byte) {
	mappings.Add(-perMemory)
	if unix.Munmap(b) != nil {
		_ = unix.Madvise(b, unix.MADV_DONTNEED)
	}
}
