package host

import (
	"context"
	"slices"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// wazero's system calls do whatever their numbers say before they look whether
// it makes sense: renumbering a descriptor to 2^31-1 makes a table as large.
// sane looks at the numbers first, and ends a guest that oversteps. And it notes
// what changes the descriptors of an instance, which can't be put back.

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

// lasting are the calls that change what an instance has open. Without mounts
// these are its standard streams; they have no position and no size.
var lasting = []string{
	"fd_close", "fd_renumber", "fd_fdstat_set_flags", "fd_fdstat_set_rights", "fd_readdir", "path_open",
	"sock_accept", "sock_shutdown",
}

const (
	maxDescriptor    = 1 << 16
	maxSubscriptions = 1 << 16
	maxPath          = 1 << 16
)

// NewFunctionListener returns nil for functions whose numbers are harmless, and
// that change nothing.
func (sane) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	_, name, _ := f.Import()
	if name == "" && len(f.ExportNames()) > 0 {
		name = f.ExportNames()[0]
	}
	l := systemCall{name: name, lasts: slices.Contains(lasting, name)}
	if numbers[name] == nil && !l.lasts {
		return nil
	}
	return l
}

// systemCall implements experimental.FunctionListener.
type systemCall struct {
	name  string
	lasts bool
}

func (s systemCall) Before(_ context.Context, _ api.Module, _ api.FunctionDefinition, params []uint64, _ experimental.StackIterator) {
	for _, l := range numbers[s.name] {
		if n := uint32(params[l.param]); n > l.most {
			panic(misuse("%s: its parameter %d is %d, at most %d is allowed", s.name, l.param+1, n, l.most))
		}
	}
}

func (s systemCall) After(ctx context.Context, _ api.Module, _ api.FunctionDefinition, results []uint64) {
	const success = 0
	if s.lasts && uint32(results[0]) == success {
		instanceOf(ctx).wasi.changed = true
	}
}

func (systemCall) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
