package host

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// wazero's system calls do whatever their numbers say before they look whether
// it makes sense: renumbering a descriptor to 2^31-1 makes a table as large.
// sane looks at the numbers first, and ends a guest that oversteps.

// sane implements experimental.FunctionListenerFactory.
type sane struct{}

// numbers are the most that parameters of system calls may be.
var numbers = map[string][]struct {
	param int
	most  uint32
}{
	"fd_renumber":             {{1, maxDescriptor}},
	"poll_oneoff":             {{2, maxSubscriptions}},
	"path_create_directory":   {{2, maxPath}},
	"path_filestat_get":       {{3, maxPath}},
	"path_filestat_set_times": {{3, maxPath}},
	"path_link":               {{3, maxPath}, {6, maxPath}},
	"path_open":               {{3, maxPath}},
	"path_readlink":           {{2, maxPath}},
	"path_remove_directory":   {{2, maxPath}},
	"path_rename":             {{2, maxPath}, {5, maxPath}},
	"path_symlink":            {{1, maxPath}, {4, maxPath}},
	"path_unlink_file":        {{2, maxPath}},
}

const (
	maxDescriptor    = 1 << 16
	maxSubscriptions = 1 << 16
	maxPath          = 1 << 16
)

// NewFunctionListener returns nil for functions whose numbers are harmless.
func (sane) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	_, name, _ := f.Import()
	if name == "" && len(f.ExportNames()) > 0 {
		name = f.ExportNames()[0]
	}
	limits := numbers[name]
	if limits == nil {
		return nil
	}
	return experimental.FunctionListenerFunc(func(_ context.Context, _ api.Module, _ api.FunctionDefinition, params []uint64, _ experimental.StackIterator) {
		for _, l := range limits {
			if n := uint32(params[l.param]); n > l.most {
				panic(misuse("%s: its parameter %d is %d, at most %d is allowed", name, l.param+1, n, l.most))
			}
		}
	})
}
