package host

import "syscall"

// noReserve keeps reserved addresses from counting as committed memory.
const noReserve = syscall.MAP_NORESERVE
