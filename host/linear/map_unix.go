//go:build unix

package linear

import "golang.org/x/sys/unix"

// reserve returns that many bytes of addresses without pages, or nil.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	b, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE|noReserve)
	if err != nil {
		return nil // Go's heap will do
	}
	return b
}

// unreserve gives pages and addresses back. Unmapping can fail only for want
// of mappings, of which splitting one takes another: then the pages go, and
// the addresses stay reserved.
func unreserve(b []byte) {
	if unix.Munmap(b) != nil {
		_ = unix.Madvise(b, unix.MADV_DONTNEED)
	}
}
