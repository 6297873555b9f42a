//go:build linux && !portable

package rootfs

import (
	"bytes"
	"encoding/binary"
	"math"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Directories are read with getdents64. Its entries carry positions that the kernel
// can seek to, so nothing is kept between calls.

const (
	// The layout of struct linux_dirent64.
	direntOffset = 8
	direntLength = 16
	direntType   = 18
	direntName   = 19

	// leastRoom holds the longest name; mostRoom makes the call's cost small.
	leastRoom = 1 << 10
	mostRoom  = 32 << 10
)

var direntBuffers = sync.Pool{New: func() any { return new([mostRoom]byte) }}

// readDir opens the directory again if d is shared, since its position is too.
func (d dirHandle) readDir(shared bool, from uint64, room int, yield func(Entry) bool) error {
	if from > math.MaxInt64 {
		return syscall.EINVAL
	}
	if shared {
		own, err := d.openDir(".")
		if err != nil {
			return err
		}
		defer own.close()
		d = own
	}
	if _, err := unix.Seek(int(d), int64(from), seekStart); err != nil {
		return err
	}
	all := direntBuffers.Get().(*[mostRoom]byte)
	defer direntBuffers.Put(all)
	buf := all[:min(max(room, leastRoom), mostRoom)]
	for {
		n, err := unix.Getdents(int(d), buf)
		if err != nil || n <= 0 {
			return err
		}
		for rest := buf[:n]; len(rest) > 0; {
			size := binary.NativeEndian.Uint16(rest[direntLength:])
			if !yield(d.entryOf(rest[:size])) {
				return nil
			}
			rest = rest[size:]
		}
	}
}

func (d dirHandle) entryOf(dirent []byte) Entry {
	name := dirent[direntName:]
	name = name[:bytes.IndexByte(name, 0)]
	e := Entry{
		Name: string(name),
		Ino:  binary.NativeEndian.Uint64(dirent),
		Type: typeOf(uint32(dirent[direntType]) << 12), // DT_x is S_IFx without the permissions
		Next: binary.NativeEndian.Uint64(dirent[direntOffset:]),
	}
	switch {
	case e.Name == "..":
		e.Ino = 0
	case dirent[direntType] == unix.DT_UNKNOWN: // the file system does not say
		if st, err := d.lstat(e.Name); err == nil {
			e.Type = st.Type
		}
	}
	return e
}
