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

// format changes when the format of entries changes.
const format = 1

// version differs between programs that would make different entries of the same
// module. It has the versions of wexec, wazero and Go, and the kind of machine. A
// program built from sources without a version is identified by its file.
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
	// wazero makes native code for the features of the processor.
	processor := sha256.Sum256(fmt.Append(nil, cpu.X86, cpu.ARM64))
	return fmt.Sprintf("%d %s %s %s %s %s %x",
		format, ours, wazero, runtime.Version(), runtime.GOOS, runtime.GOARCH, processor[:8])
})

// devel stands for an unknown version.
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
