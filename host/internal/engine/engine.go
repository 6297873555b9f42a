// Package engine turns the bytes of a module into code that runs: it rewrites
// them, compiles them or finds them in the compile cache, and makes instances.
// It is the only package that knows wazero.
//
//	Open ─▶ Engine ─ Compile ─▶ Code ─ Instantiate ─▶ Instance ─ Function ─▶ Call
package engine

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/linear"
)

// NoCache, as a Config's CacheDir, keeps compiled code in memory only.
const NoCache = "off"

// mostMemory is the most bytes of a 32-bit linear memory.
const mostMemory = 4 << 30

// Config says how modules are compiled, and what they may import.
type Config struct {
	// CacheDir is the folder of the compile cache. Empty means the user's.
	CacheDir string
	// Memory is the most bytes of one linear memory.
	Memory uint64
	Logger *slog.Logger
	// Imports are the modules of host functions, beside WASI.
	Imports []Import
	// Pause runs at the safepoints of rewritten code, with the context that the
	// code was entered with. It may panic to end the guest.
	Pause func(ctx context.Context)
	// Irreversible notes that a system call changed what can't be restored.
	Irreversible func(ctx context.Context)
}

// Engine compiles modules. One runtime finds native code on disk if there is a
// cache; another, made when needed, compiles modules that can't be kept there.
type Engine struct {
	cfg  Config
	disk *cache.Cache // nil if there is none
	main *runtime

	// compiling serialises the compilation of equal modules, by their hash: a
	// module that wazero finds on disk is visible before it is complete.
	compiling [256]sync.Mutex

	once     sync.Once
	uncached *runtime
	err      error
}

// Open opens the cache and makes an engine. Without a usable cache each process
// compiles each module anew: that is slow, not wrong, so Open only warns.
func Open(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg}
	dir := ""
	if cfg.CacheDir != NoCache {
		disk, err := openCache(cfg.CacheDir)
		if err != nil {
			cfg.Logger.Warn("no compile cache", "error", err)
		} else {
			e.disk, dir = disk, disk.Dir()
		}
	}
	var err error
	if e.main, err = e.newRuntime(dir); err != nil && dir != "" {
		cfg.Logger.Warn("no compile cache", "error", err)
		e.disk = nil
		e.main, err = e.newRuntime("")
	}
	return e, err
}

func openCache(dir string) (c *cache.Cache, err error) {
	if dir == "" {
		if dir, err = cache.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return cache.Open(dir)
}

// Close frees all code. No instance is left.
func (e *Engine) Close() error {
	err := e.main.close()
	e.once.Do(func() {}) // too late for another
	if e.uncached != nil {
		err = errors.Join(err, e.uncached.close())
	}
	return err
}

// withoutDisk returns the runtime that keeps code in memory only.
func (e *Engine) withoutDisk() (*runtime, error) {
	if e.disk == nil {
		return e.main, nil
	}
	e.once.Do(func() { e.uncached, e.err = e.newRuntime("") })
	return e.uncached, e.err
}

// runtime is a wazero runtime, with what modules may import.
type runtime struct {
	wazero.Runtime
	code wazero.CompilationCache
}

// features are all that wazero has: package instrument refuses those that only
// trusted modules may use.
const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// runtimeConfig says how wazero compiles.
func (e *Engine) runtimeConfig(code wazero.CompilationCache) wazero.RuntimeConfig {
	const pages = mostMemory / linear.PageSize
	return wazero.NewRuntimeConfig().
		WithCoreFeatures(features).
		WithDebugInfoEnabled(false). // rewriting drops it, and wazero would parse untrusted data
		WithMemoryLimitPages(uint32(pages)).
		WithCompilationCache(code)
}

// newRuntime makes a runtime that finds native code in a folder, or in none.
func (e *Engine) newRuntime(dir string) (*runtime, error) {
	code := wazero.NewCompilationCache()
	if dir != "" {
		var err error
		if code, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	r := &runtime{wazero.NewRuntimeWithConfig(ctx, e.runtimeConfig(code)), code}
	_, err := wasi_snapshot_preview1.Instantiate(experimental.WithFunctionListenerFactory(ctx, argumentGuard{&e.cfg}), r.Runtime)
	if err == nil {
		err = e.bind(ctx, r)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *runtime) close() error {
	ctx := context.Background()
	return errors.Join(r.Runtime.Close(ctx), r.code.Close(ctx))
}
