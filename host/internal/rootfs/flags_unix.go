//go:build unix

package rootfs

import "syscall"

// harmless is given to every open, for what may take the place of a regular
// file after it was inspected: a FIFO must not block the host, a terminal must
// not take control of it.
const harmless = syscall.O_NONBLOCK | syscall.O_NOCTTY
