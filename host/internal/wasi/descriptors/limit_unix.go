//go:build unix

package descriptors

import "syscall"

// processLimit is how many files the process may open.
func processLimit() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return fallbackLimit
	}
	return int(min(uint64(limit.Cur), mostLimit))
}

const (
	fallbackLimit = 1024
	// mostLimit is for systems that say there is no limit.
	mostLimit = 1 << 20
)
