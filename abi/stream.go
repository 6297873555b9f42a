package abi

import (
	"encoding/binary"
	"fmt"
)

// An argument of an op on a stream begins with the stream's handle, a u32. In that of
// stream.read the most bytes to read follow, a u32; in that of stream.write, the bytes.

// AppendStream appends the handle of a stream to b.
func AppendStream(b []byte, handle uint32) []byte { return binary.LittleEndian.AppendUint32(b, handle) }

// ParseStream returns the handle that an argument begins with, and the rest.
func ParseStream(arg []byte) (handle uint32, rest []byte, err error) {
	if len(arg) < 4 {
		return 0, nil, fmt.Errorf("the argument begins with a handle of 4 bytes, and has %d bytes", len(arg))
	}
	return binary.LittleEndian.Uint32(arg), arg[4:], nil
}

// ParseStreamRead reads the argument of stream.read.
func ParseStreamRead(arg []byte) (handle uint32, most int, err error) {
	if len(arg) != 8 {
		return 0, 0, fmt.Errorf("the argument is a handle and a length, 8 bytes, not %d bytes", len(arg))
	}
	return binary.LittleEndian.Uint32(arg), int(min(binary.LittleEndian.Uint32(arg[4:]), 1<<30)), nil
}
