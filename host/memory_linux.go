package host

import "syscall"

// noReserve keeps reserved addresses from counting as committed memory.
const noReserve = syscall.MAP_NORESERVE

// discard gives the pages of a mapping back.
func discard(b []byte) { _ = syscall.Madvise(b, syscall.MADV_DONTNEED) }
