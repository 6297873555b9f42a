package wasi

import "encoding/binary"

// Channel carries calls of the host's own functions, for code that can make only
// system calls: an interpreter that nobody has linked with the host. Such a call is a
// pread or pwrite on standard input, which has no positions and so can't be read at one
// otherwise: every program has it, wrappers of system calls pass it on, and no number
// is taken that the guest could close or give to a file. The channel gets the offset and
// the buffer, and returns the number of bytes that the guest is told. It must check the
// buffer, which comes from the guest.
type Channel func(at uint64, ptr, length uint32) (n uint32)

// onChannel reports whether a call is for the channel.
func (c call) onChannel(a args) bool { return a.u32(0) == stdinFd && c.config.Channel != nil }

// channel passes a pread or pwrite of one buffer to the channel.
func (c call) channel(a args) errno {
	at, n, result := a.u32(1), a.u32(2), a.u32(4)
	iovec, ok := memory(c.Memory()).bytes(at, iovecSize)
	switch {
	case !ok:
		return eFault
	case n != 1:
		return eInval
	}
	var buf [2]uint32
	for i := range buf {
		buf[i] = binary.LittleEndian.Uint32(iovec[4*i:])
	}
	return memory(c.Memory()).put(result, c.config.Channel(a[3], buf[0], buf[1]))
}
