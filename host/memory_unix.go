//go:build unix

package host

import "syscall"

// reserve returns that many bytes of addresses without pages, or nil.
func reserve(size uint64) []byte {
	if size == 0 {
		return nil
	}
	b, err := syscall.Mmap(-1, 0, int(size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE|noReserve)
	if err != nil {
		return nil // Go's heap will do
	}
	return b
}

// unreserve gives pages and addresses back. Unmapping can fail only for want
// of mappings, of which splitting one takes another: then the pages go, and
// the addresses stay reserved.
func unreserve(b []byte) {
	if syscall.Munmap(b) != nil {
		discard(b)
	}
}
