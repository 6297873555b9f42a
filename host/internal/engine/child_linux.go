package engine

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// watchEvery is how often the memory of a child is looked at.
const watchEvery = 5 * time.Millisecond

// watchMemory calls kill if a process has more resident memory than that. stop ends the
// watch.
func watchMemory(pid int, most uint64, kill func()) (stop func()) {
	if most == 0 {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-over:
				return
			case <-time.After(watchEvery):
			}
			if resident(pid) > most {
				kill()
				return
			}
		}
	}()
	return func() { close(over); <-ended }
}

// resident returns how many bytes of a process are in memory, or 0 if it has ended.
func resident(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize())
}

// limitChild makes the system end this process if it computes for longer than its
// parent would wait, and the collector keep below the limit while that is possible.
func limitChild(b Bounds, workers int) {
	if b.Time > 0 {
		seconds := uint64(b.Time/time.Second+1) * uint64(workers)
		_ = unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds})
	}
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	if b.Memory > 0 {
		debug.SetMemoryLimit(int64(b.Memory / 10 * 9))
	}
}
