package stdio

import (
	"os"
	"syscall"

	"golang.org/x/term"
)

// kindOf says what a file is.
func kindOf(f *os.File) Kind {
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		return RegularFile
	}
	kind := Other
	_ = control(f, func(fd uintptr) {
		if term.IsTerminal(int(fd)) {
			kind = Terminal
		}
	})
	return kind
}

// control calls use with a file's descriptor, which stays open until use returns.
func control(f *os.File, use func(fd uintptr)) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return syscall.EBADF
	}
	return conn.Control(use)
}
