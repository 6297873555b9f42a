package engine

import (
	"context"
	"slices"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/internal/fault"
)

// wazero's system calls do what their arguments say before they look whether
// that makes sense: renumbering a descriptor to 2^31-1 makes a table as large.
// argumentGuard looks at the arguments first, and ends a guest that oversteps.
// It also notes what changes the descriptors of an instance, which can't be
// restored. It implements experimental.FunctionListenerFactory.
type argumentGuard struct{ cfg *Config }

// bounds are the most that parameters of system calls may be.
var bounds = map[string][]struct {
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

// irreversible are the calls that change what an instance has open. Without
// mounts that is its standard streams, which have no position and no size.
var irreversible = []string{
	"fd_close", "fd_renumber", "fd_fdstat_set_flags", "fd_fdstat_set_rights", "fd_readdir", "path_open",
	"sock_accept", "sock_shutdown",
}

const (
	maxDescriptor    = 1 << 16
	maxSubscriptions = 1 << 16
	maxPath          = 1 << 16
)

// NewFunctionListener returns nil for functions whose arguments are harmless and
// that change nothing.
func (g argumentGuard) NewFunctionListener(f api.FunctionDefinition) experimental.FunctionListener {
	_, name, _ := f.Import()
	if name == "" && len(f.ExportNames()) > 0 {
		name = f.ExportNames()[0]
	}
	l := systemCall{g.cfg, name, slices.Contains(irreversible, name)}
	if bounds[name] == nil && !l.irreversible {
		return nil
	}
	return l
}

// systemCall implements experimental.FunctionListener.
type systemCall struct {
	cfg          *Config
	name         string
	irreversible bool
}

func (s systemCall) Before(_ context.Context, _ api.Module, _ api.FunctionDefinition, params []uint64, _ experimental.StackIterator) {
	for _, b := range bounds[s.name] {
		if n := uint32(params[b.param]); n > b.most {
			panic(fault.Misuse("%s: its parameter %d is %d, at most %d is allowed", s.name, b.param+1, n, b.most))
		}
	}
}

func (s systemCall) After(ctx context.Context, _ api.Module, _ api.FunctionDefinition, results []uint64) {
	const success = 0
	if s.irreversible && uint32(results[0]) == success {
		s.cfg.Irreversible(ctx)
	}
}

func (systemCall) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
