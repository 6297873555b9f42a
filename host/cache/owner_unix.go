//go:build unix

package cache

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwner refuses a folder of somebody else, who could write to it.
func checkOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return fmt.Errorf("the folder %s belongs to user %d, not %d", dir, s.Uid, os.Geteuid())
	}
	if others := info.Mode().Perm() & 0o022; others != 0 {
		return fmt.Errorf("others may write to the folder %s: chmod 700 makes it yours alone", dir)
	}
	return nil
}
