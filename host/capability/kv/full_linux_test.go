package kv

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wexec/wexec/abi"
)

// TestDiskFull: a full disk is an error, what was written before is kept, and the
// store goes on when there is room again.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Skip("SKIPPED: only root can mount a small disk:", err)
	}
	defer syscall.Unmount(dir, 0)
	s := open(t, filepath.Join(dir, "db"), Limits{})
	c := newClient(t, s, "a")
	n := 0
	var err error
	for ; n < 1000 && err == nil; n++ {
		err = c.set(fmt.Sprint(n), strings.Repeat("x", 100_000))
	}
	wantError(t, err, abi.Failed, "kv.put: nothing was written: the host's disk is full")
	list, err := c.scan("", "", nil)
	if err != nil || len(list) != n-1 {
		t.Errorf("%d keys of %d are there, %v", len(list), n-1, err)
	}
	audit(t, s)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=8m"); err != nil {
		t.Fatal(err)
	}
	if err := c.set("more", strings.Repeat("x", 100_000)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = open(t, filepath.Join(dir, "db"), Limits{})
	defer s.Close()
	audit(t, s)
}
