package engine

import (
	"io"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// clockResolution is the resolution of a guest's clocks: enough for timeouts and
// time stamps, too coarse to tell a cache hit from a miss.
const clockResolution = 100 * time.Microsecond

var clockStart = time.Now()

// System is what the system calls of an instance see.
type System struct {
	Args           []string
	Env            [][2]string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Random         io.Reader
	Sleep          func(ns int64)
	Mounts         []Mount
}

// Mount is a file system at a guest's path.
type Mount struct {
	Guest string
	FS    *rootfs.FS
}

func (s *System) config() wazero.ModuleConfig {
	c := wazero.NewModuleConfig().WithName("").WithStartFunctions().
		WithArgs(s.Args...).
		WithStdin(s.Stdin).WithStdout(s.Stdout).WithStderr(s.Stderr).
		WithRandSource(s.Random).
		WithWalltime(walltime, sys.ClockResolution(clockResolution)).
		WithNanotime(nanotime, sys.ClockResolution(clockResolution)).
		WithNanosleep(s.Sleep).
		WithOsyield(func() {})
	for _, kv := range s.Env {
		c = c.WithEnv(kv[0], kv[1])
	}
	fs := wazero.NewFSConfig()
	for _, m := range s.Mounts {
		fs = fs.(sysfs.FSConfig).WithSysFSMount(m.FS, m.Guest)
	}
	return c.WithFSConfig(fs)
}

func walltime() (sec int64, nsec int32) {
	now := time.Now().Truncate(clockResolution)
	return now.Unix(), int32(now.Nanosecond())
}

func nanotime() int64 { return int64(time.Since(clockStart).Truncate(clockResolution)) }
