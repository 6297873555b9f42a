// Package engine turns the bytes of a module into code that runs. It rewrites the
// module, compiles it or finds its code in the compile cache, and makes instances.
// It is the only package that uses wazero.
//
//	Open ─▶ Engine ─ Compile ─▶ Code ─ Instantiate ─▶ Instance ─ Function ─▶ Call
package engine

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/cache"
)

// NoCache, as a Config's CacheDir, keeps compiled code in memory only.
const NoCache = "off"

// Config says how modules are compiled, and what they may import.
type Config struct {
	// CacheDir is the folder of the compile cache. If it is empty, the cache is in
	// the user's cache folder.
	CacheDir string
	Logger   *slog.Logger
	// Compile bounds the compiling of a module in a child process: see Child.
	Compile Bounds
	// Engines has the modules that others run on, each under its SHA-256 and .wasm. It
	// is nil if there are none.
	Engines fs.FS
	// Imports are the modules of host functions.
	Imports []Import
	// Pause is called by the safepoints of rewritten code, with the context that was
	// given to Call. It may panic to end the guest.
	Pause func(ctx context.Context)
}

// Engine compiles modules. Its main runtime finds native code on disk, if there is
// a cache. A second runtime, made when it is first needed, compiles modules that
// can't be stored there.
type Engine struct {
	cfg      Config
	disk     *cache.Cache // nil if there is none
	own      string       // the folder of disk, if it is for this process alone
	main     *runtime
	provided imports // what modules may import
	shelf    shelf
	// compiling serialises the compilation of equal modules, by their hash: wazero
	// makes a module that it finds on disk visible before it is complete.
	compiling keyedLock

	once     sync.Once
	uncached *runtime
	err      error
}

// Open opens the cache and makes an engine. Without a usable cache, each process
// compiles each module again. That is slow but not wrong, so Open only warns.
func Open(cfg Config) (*Engine, error) {
	e := &Engine{cfg: cfg}
	e.provided = e.provide(false)
	dir := ""
	if cfg.CacheDir != NoCache {
		disk, err := openCache(cfg.CacheDir)
		if err != nil {
			cfg.Logger.Warn("no compile cache", "error", err)
		} else {
			e.disk, dir = disk, disk.Dir()
		}
	}
	if e.disk == nil && hasChild.Load() { // which gives us code in a folder
		var err error
		if e.own, err = os.MkdirTemp("", "wexec-"); err == nil {
			e.disk, err = cache.Open(e.own)
		}
		if err != nil {
			cfg.Logger.Warn("modules are compiled in this process", "error", err)
		} else {
			dir = e.own
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

// Close frees all code. The caller has closed all instances.
func (e *Engine) Close() error {
	err := e.main.close()
	e.once.Do(func() {}) // prevent withoutDisk from making another
	if e.uncached != nil {
		err = errors.Join(err, e.uncached.close())
	}
	if e.own != "" {
		err = errors.Join(err, os.RemoveAll(e.own))
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

// runtime is a wazero runtime that has the host functions.
type runtime struct {
	wazero.Runtime
	code wazero.CompilationCache
}

// features are all features of wazero. Package instrument refuses those that only
// trusted modules may use.
const features = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// runtimeConfig returns the configuration of a runtime.
func runtimeConfig(code wazero.CompilationCache) wazero.RuntimeConfig {
	return wazero.NewRuntimeConfig().
		WithCoreFeatures(features).
		WithDebugInfoEnabled(false). // rewriting removes it, and wazero would parse untrusted data
		WithCompilationCache(code)
}

// newRuntime makes a runtime that finds native code in the folder dir. If dir is
// empty, the runtime keeps code in memory only.
func (e *Engine) newRuntime(dir string) (*runtime, error) {
	code := wazero.NewCompilationCache()
	if dir != "" {
		var err error
		if code, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return nil, err
		}
	}
	ctx := context.Background()
	r := &runtime{wazero.NewRuntimeWithConfig(ctx, runtimeConfig(code)), code}
	if err := e.bind(ctx, r); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *runtime) close() error {
	ctx := context.Background()
	return errors.Join(r.Runtime.Close(ctx), r.code.Close(ctx))
}
