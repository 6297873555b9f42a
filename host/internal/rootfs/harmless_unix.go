//go:build unix && (!linux || portable)

package rootfs

import "syscall"

// harmless is given to the opening of files, for what may have taken their
// place: a FIFO must not block the host, a terminal not take control of it.
const harmless = syscall.O_NONBLOCK | syscall.O_NOCTTY
