package cache

import (
	"crypto/sha256"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"golang.org/x/sys/cpu"
)

// format changes when entries do.
const format = 1

// version tells programs apart that make other entries of the same modules: by
// the version of wexec, of wazero, of Go and the machine. One that is built from
// sources that nobody has named is told by its file.
var version = sync.OnceValue(func() string {
	ours, wazero := devel, devel
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			switch m.Path {
			case "github.com/wexec/wexec":
				ours = versionOf(m)
			case "github.com/tetratelabs/wazero":
				wazero = versionOf(m)
			}
		}
	}
	if ours == devel || wazero == devel {
		if file, err := os.Executable(); err == nil {
			if info, err := os.Stat(file); err == nil {
				ours = fmt.Sprintf("devel %d %d", info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	// wazero names native code by what the processor can do.
	processor := sha256.Sum256(fmt.Append(nil, cpu.X86, cpu.ARM64))
	return fmt.Sprintf("%d %s %s %s %s %s %x", format, ours, wazero, runtime.Version(), runtime.GOOS, runtime.GOARCH, processor[:8])
})

// devel is the version of what has none.
const devel = "devel"

func versionOf(m *debug.Module) string {
	if m.Replace != nil {
		m = m.Replace
	}
	if m.Version == "" || m.Version == "(devel)" || strings.Contains(m.Version, "dirty") {
		return devel
	}
	return m.Path + "@" + m.Version
}
