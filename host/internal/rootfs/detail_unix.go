//go:build unix

package rootfs

import (
	"io/fs"
	"syscall"
)

// harmless flags every open, in case another file has taken the name: a FIFO must not
// block the host, a terminal must not become its controlling one.
const harmless = syscall.O_NONBLOCK | syscall.O_NOCTTY

// detail fills in what fs.FileInfo does not tell. The fields of times have
// other names on other systems.
func detail(st *Stat, info fs.FileInfo) {
	if host, ok := info.Sys().(*syscall.Stat_t); ok {
		st.Dev, st.Ino, st.Nlink = uint64(host.Dev), uint64(host.Ino), uint64(host.Nlink)
	}
}
