//go:build unix

package cache

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwner returns an error if another user owns the folder or may write to it.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("the folder %s belongs to user %d, not %d", dir, s.Uid, os.Geteuid())
	}
	if others := info.Mode().Perm() & 0o022; others != 0 {
		return fmt.Errorf("others may write to the folder %s: run chmod 700 on it", dir)
	}
	return nil
}
