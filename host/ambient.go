package host

import (
	"context"
	"path/filepath"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/wexec/wexec/executors"
)

// ambient is the host that Call uses.
var ambient struct {
	once    sync.Once
	host    *Host
	err     error
	loading singleflight.Group
	modules sync.Map // path → *Module
}

// Default returns the host that Call uses: one with the zero Config, made when
// it is first needed. Whoever wants to may Close it at the end.
func Default() (*Host, error) {
	ambient.once.Do(func() { ambient.host, ambient.err = New(Config{}) })
	return ambient.host, ambient.err
}

// Call runs a task of the module in a file, with nothing to set up before: on
// the Default host, which loads each file once. To grant a module anything, to
// bound it or to load it from elsewhere, make a Host.
func Call(ctx context.Context, file, task string, input []byte) *Future[[]byte] {
	if m, ok := ambient.modules.Load(file); ok {
		return m.(*Module).Call(ctx, task, input)
	}
	loaded := executors.Then(executors.Resolved(file), loadAmbient)
	called := executors.Then(loaded, func(_ context.Context, m *Module) (*Future[[]byte], error) {
		return m.Call(ctx, task, input), nil
	})
	return executors.Then(called, func(ctx context.Context, f *Future[[]byte]) ([]byte, error) {
		out, err := f.Wait(ctx)
		if ctx.Err() != nil {
			f.Cancel()
		}
		return out, err
	})
}

func loadAmbient(ctx context.Context, file string) (*Module, error) {
	h, err := Default()
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	m, err, _ := ambient.loading.Do(path, func() (any, error) {
		if m, ok := ambient.modules.Load(path); ok {
			return m, nil
		}
		m, err := h.loadFileAs(context.WithoutCancel(ctx), path, path)
		if err == nil {
			ambient.modules.Store(path, m)
		}
		return m, err
	})
	if err != nil {
		return nil, err
	}
	ambient.modules.Store(file, m)
	return m.(*Module), nil
}
