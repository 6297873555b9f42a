//go:build unix && (!linux || portable)

package rootfs

import (
	"io/fs"
	"syscall"
)

// harmless is given to the opening of files, for what may have taken their
// place: a FIFO must not block the host, a terminal not take control of it.
const harmless = syscall.O_NONBLOCK | syscall.O_NOCTTY

// detail fills in what fs.FileInfo does not tell. The fields of times have
// other names on other systems.
func detail(st *Stat, info fs.FileInfo) {
	if host, ok := info.Sys().(*syscall.Stat_t); ok {
		st.Dev, st.Ino, st.Nlink = uint64(host.Dev), uint64(host.Ino), uint64(host.Nlink)
	}
}
