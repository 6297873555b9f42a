package linear

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Machine returns how much memory the process may have, in bytes: that of the
// machine, or the limit of the control group if it is lower.
func Machine() uint64 {
	memory := uint64(unknownMachine)
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		memory = uint64(info.Totalram) * uint64(info.Unit)
	}
	// See Documentation/admin-guide/cgroup-v2.rst. The value "max" does not parse.
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		if most, err := strconv.ParseUint(string(bytes.TrimSpace(text)), 10, 64); err == nil {
			memory = min(memory, most)
		}
	}
	return memory
}
