package cache

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
)

// format changes when entries do.
const format = 1

// version tells programs apart that make other entries of the same modules: by
// the version of wexec, of wazero, of Go and the machine. One that is built from
// sources that nobody has named is told by its file.
var version = sync.OnceValue(func() string {
	ours, wazero := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range append(info.Deps, &info.Main) {
			switch m.Path {
			case "github.com/wexec/wexec":
				ours = m.Version
			case "github.com/tetratelabs/wazero":
				wazero = m.Version
			}
		}
	}
	if ours == "" || ours == "(devel)" || strings.Contains(ours, "dirty") {
		ours = "devel"
		if file, err := os.Executable(); err == nil {
			if info, err := os.Stat(file); err == nil {
				ours = fmt.Sprintf("devel %d %d", info.Size(), info.ModTime().UnixNano())
			}
		}
	}
	return fmt.Sprintf("%d %s %s %s %s %s", format, ours, wazero, runtime.Version(), runtime.GOOS, runtime.GOARCH)
})
