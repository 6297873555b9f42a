package host_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"testing"
)

// resident returns how many bytes of this process are in memory.
func resident(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// proportional returns how many bytes of this process are in memory after Go has given
// back what it does not need. Pages that are mapped several times count once.
func proportional(t testing.TB) int64 {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		t.Fatal(err)
	}
	var kilobytes int64
	_, rest, _ := bytes.Cut(text, []byte("\nPss:"))
	if _, err := fmt.Sscan(string(rest), &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
