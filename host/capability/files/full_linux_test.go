package files

import (
	"strings"
	"syscall"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// TestDiskFull: a full disk is an error, and loses nothing that was written.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skip("SKIPPED: only root can mount a small disk:", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, 0) })
	c := &client{t: t}
	c.mount(capability.Mount{Host: dir, Guest: "/data"})
	must(t, c.write("/data/f", strings.Repeat("x", 600_000)))
	wantError(t, c.write("/data/f", strings.Repeat("y", 600_000)), abi.Failed, "the host's disk is full")
	handle, err := c.open("/data/g", abi.FileWrite|abi.FileCreate, 0)
	must(t, err)
	wantError(t, c.streams.Write(t.Context(), handle, make([]byte, 600_000)), abi.Failed, "the host's disk is full")
	if text, err := c.read("/data/f"); text != strings.Repeat("x", 600_000) || err != nil {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	must(t, c.streams.Close(handle), c.remove("/data/g"), c.write("/data/g", strings.Repeat("y", 300_000)))
	if got, _ := c.list("/data"); len(got) != 2 {
		t.Errorf("something was left: %v", got)
	}
}
