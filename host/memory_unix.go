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

func unreserve(b []byte) {
	if err := syscall.Munmap(b); err != nil {
		panic("host: unmapping a guest's memory: " + err.Error())
	}
}
