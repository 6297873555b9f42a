package host

import (
	"context"
	"path/filepath"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
)

// standard has the default host and the modules that Call has loaded.
var standard struct {
	once    sync.Once
	host    *Host
	err     error
	loading singleflight.Group
	modules sync.Map // path → *Module
}

// CompileInChild lets this program compile modules in a child process, which is the
// program itself, started again. A child can be killed: Load then ends with its context
// and within Config.Compile, whatever the module is, and any module within those bounds
// loads. Call it first in main:
//
//	func main() {
//		host.CompileInChild()
//		…
//	}
//
// In the child it compiles and ends the process. What runs before it, the init functions
// and variables of all packages, runs in the child too: it should be quick, print
// nothing to standard output, and not read standard input.
//
// Modules that are easy to compile are compiled in this process, since a child takes
// 10 ms to start.
func CompileInChild() { engine.Child() }

// Default returns the host that Call uses. It has the zero Config, and is made when
// it is first needed. A program may Close it at its end.
func Default() (*Host, error) {
	standard.once.Do(func() { standard.host, standard.err = New(Config{}) })
	return standard.host, standard.err
}

// Call runs a task of the module in a file on the Default host, which loads each
// file once. To grant a module something, to bound it or to load it from elsewhere,
// make a Host.
func Call(ctx context.Context, file, task string, input []byte) *Future[[]byte] {
	path, err := filepath.Abs(file)
	if err != nil {
		return executors.Rejected[[]byte](err)
	}
	if m, ok := standard.modules.Load(path); ok {
		return m.(*Module).Call(ctx, task, input)
	}
	loaded := executors.Then(executors.Resolved(path), loadStandard)
	return executors.Then(loaded, func(wanted context.Context, m *Module) ([]byte, error) {
		f := m.Call(ctx, task, input)
		defer context.AfterFunc(wanted, f.Cancel)()
		return f.Wait(context.Background())
	})
}

func loadStandard(ctx context.Context, path string) (*Module, error) {
	h, err := Default()
	if err != nil {
		return nil, err
	}
	m, err, _ := standard.loading.Do(path, func() (any, error) {
		if m, ok := standard.modules.Load(path); ok {
			return m, nil
		}
		m, err := h.loadFileAs(context.WithoutCancel(ctx), path, path)
		if err == nil {
			standard.modules.Store(path, m)
		}
		return m, err
	})
	if err != nil {
		return nil, err
	}
	return m.(*Module), nil
}
