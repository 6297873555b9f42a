package host

import (
	"context"
	"errors"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/linear"
)

// engine is a wazero runtime, with what modules may import.
type engine struct {
	wazero.Runtime
	code wazero.CompilationCache
}

// features are those of wazero, all of them: package instrument refuses what
// only trusted modules may have.
const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// runtimeConfig is how modules are compiled.
func (h *Host) runtimeConfig(code wazero.CompilationCache) wazero.RuntimeConfig {
	// One page more than a memory may have, see linear.Memory.Restore.
	pages := min(h.cfg.Limits.Memory, mostMemory-linear.PageSize)/linear.PageSize + 1
	return wazero.NewRuntimeConfig().
		WithCoreFeatures(features).
		WithCustomSections(true).
		WithDebugInfoEnabled(false). // rewriting drops it, and wazero would parse what nobody trusts
		WithMemoryLimitPages(uint32(pages)).
		WithCompilationCache(code)
}

// newEngine makes an engine that finds native code in a folder, or in none.
func (h *Host) newEngine(dir string) (*engine, error) {
	code := wazero.NewCompilationCache()
	if dir != "" {
		var err error
		if code, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	e := &engine{wazero.NewRuntimeWithConfig(ctx, h.runtimeConfig(code)), code}
	_, err := wasi_snapshot_preview1.Instantiate(experimental.WithFunctionListenerFactory(ctx, sane{}), e.Runtime)
	if err == nil {
		err = h.bind(ctx, e.Runtime)
	}
	if err == nil {
		err = h.bindSafepoint(ctx, e.Runtime)
	}
	if err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *engine) close() error {
	ctx := context.Background()
	return errors.Join(e.Runtime.Close(ctx), e.code.Close(ctx))
}

// engines are those of a host: one that finds native code on disk, if there is a
// cache, and one for modules whose code can't be kept there.
type engines struct {
	disk *cache.Cache // nil if there is none
	main *engine

	once     sync.Once
	uncached *engine
	err      error
}

// openEngines opens the cache. A host without one compiles each module once more
// in each process: that is slow, not wrong, so it only warns.
func (h *Host) openEngines() (err error) {
	e := &h.engines
	dir := ""
	if h.cfg.CacheDir != "off" {
		if e.disk, err = openCache(h.cfg.CacheDir); err != nil {
			h.cfg.Logger.Warn("no compile cache", "error", err)
		} else {
			dir = e.disk.Dir()
		}
	}
	if e.main, err = h.newEngine(dir); err != nil && dir != "" {
		h.cfg.Logger.Warn("no compile cache", "error", err)
		e.disk = nil
		e.main, err = h.newEngine("")
	}
	return err
}

func openCache(dir string) (c *cache.Cache, err error) {
	if dir == "" {
		if dir, err = cache.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return cache.Open(dir)
}

// withoutDisk returns the engine that keeps code in memory only.
func (h *Host) withoutDisk() (*engine, error) {
	e := &h.engines
	if e.disk == nil {
		return e.main, nil
	}
	e.once.Do(func() { e.uncached, e.err = h.newEngine("") })
	return e.uncached, e.err
}

func (e *engines) close() error {
	err := e.main.close()
	e.once.Do(func() {}) // too late for another
	if e.uncached != nil {
		err = errors.Join(err, e.uncached.close())
	}
	return err
}
