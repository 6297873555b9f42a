// Package build turns source files into modules. A file in Python, JavaScript or
// TypeScript becomes a script: a small module that has the sources and what they import,
// and names the engine that interprets them.
//
//	m, err := build.Build(ctx, "task.ts", build.Options{})
//	os.WriteFile("task.wasm", m.Bytes, 0o666)
package build

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build/engines"
	"github.com/wexec/wexec/host/build/internal/types"
	"github.com/wexec/wexec/host/cache"
)

// Options say how to build a module. The zero value is good for a file that needs nothing.
type Options struct {
	// Path are folders with packages, which a script in Python can import.
	Path []string
	// Engines is where the engines are. Default: engines.DefaultStore.
	Engines engines.Store
	// CacheDir is the folder of the cache, which keeps what was built and downloaded.
	// Default: that of the host. "off" keeps nothing.
	CacheDir string
	// Fetch is asked before something is downloaded: an engine, or the packages of a
	// requirements.txt. Default: nothing is, and Build returns an *engines.MissingError
	// or a *DownloadError.
	Fetch func(what string) bool
	// Program says that the module is to be run as a program. Then it need not tell its
	// tasks: if its top level fails when it is asked, it has the task main alone.
	Program bool
}

// Module is what a source file was built into.
type Module struct {
	Name     string // that of the file without its extension
	Bytes    []byte
	Inputs   []string // the files that it was built from
	Warnings []Problem
}

// work is one use of Build.
type work struct {
	options  *Options
	language *Language
	given    string // the file as the caller named it
	file     string // its absolute path
	content  []byte
	cache    *cache.Cache // nil if there is none
}

// source is what a module consists of.
type source struct {
	main     string // the path of the file that is run
	files    files
	vendored []byte // an archive of more files, or nil
	noTasks  bool   // it can have none besides main
	told     types.Tasks
	inputs   []string
	warnings []Problem
}

// Build builds the module of a source file. It asks the script for its tasks, which runs
// its top level in a sandbox. What was built before from the same sources, by the same
// version of wexec, comes from the cache.
func Build(ctx context.Context, file string, o Options) (*Module, error) {
	w, err := newWork(file, &o)
	if err != nil {
		return nil, err
	}
	s, err := w.language.collect(ctx, w)
	if err != nil {
		return nil, err
	}
	if err := w.needEngine(ctx); err != nil {
		return nil, err
	}
	m := &Module{
		Name:   strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)),
		Inputs: s.inputs, Warnings: s.warnings,
	}
	told, err := json.Marshal(s.told)
	if err != nil {
		return nil, err
	}
	script := abi.Script{Language: w.language.Engine.Language, Engine: w.language.Engine.SHA256, Main: s.main}
	rest := fmt.Sprint(script, o.Program)
	parts := [][]byte{s.files.sum(), s.vendored, told, []byte(rest)}
	key := cache.KeyOf(bytes.Join(parts, []byte{'\n'}), "script")
	if m.Bytes = w.cached(key); m.Bytes != nil {
		return m, nil
	}
	if m.Bytes, err = w.assemble(ctx, m.Name, s, &script); err != nil {
		return nil, err
	}
	w.keep(key, m.Bytes)
	return m, nil
}

func newWork(file string, o *Options) (*work, error) {
	w := &work{options: o, given: file, language: LanguageOf(file)}
	if w.language == nil {
		return nil, fmt.Errorf("%s is no source file that wexec knows: want %s", file, strings.Join(extensions(), ", "))
	}
	var err error
	if w.file, err = filepath.Abs(file); err != nil {
		return nil, err
	}
	if w.content, err = readBounded(file); err != nil {
		return nil, err
	}
	if o.Engines.Dir == "" {
		if o.Engines, err = engines.DefaultStore(); err != nil {
			return nil, err
		}
	}
	if o.CacheDir == "" {
		o.CacheDir, _ = cache.DefaultDir() // a machine without one works, only slower
	}
	if o.CacheDir != "" && o.CacheDir != "off" {
		w.cache, _ = cache.Open(o.CacheDir) // the host says why it can't be used
	}
	return w, nil
}

func extensions() (all []string) {
	for _, l := range languages {
		all = append(all, l.Extensions...)
	}
	return all
}

// shown returns the path of a file, which is relative to the folder of the source, as
// the caller would name it.
func (w *work) shown(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(w.given), filepath.FromSlash(file))
}

// needEngine makes sure that the engine is there.
func (w *work) needEngine(ctx context.Context) error {
	e := w.language.Engine
	if w.options.Engines.Has(e) {
		return nil
	}
	what := fmt.Sprintf("%s, which runs it (%.1f MB, from %s)", e.Title, float64(e.Size)/1e6, e.Package)
	if !w.mayFetch(what) {
		return &engines.MissingError{Engine: e}
	}
	return w.options.Engines.Fetch(ctx, e)
}

// mayFetch asks whether something may be downloaded.
func (w *work) mayFetch(what string) bool { return w.options.Fetch != nil && w.options.Fetch(what) }

// cached returns what the cache has under a key, or nil.
func (w *work) cached(key cache.Key) []byte {
	if w.cache == nil {
		return nil
	}
	e, err := w.cache.Get(key)
	if err != nil || e == nil {
		return nil
	}
	return e.Wasm
}

// keep puts something into the cache. If that fails, it is made again next time.
func (w *work) keep(key cache.Key, b []byte) {
	if w.cache != nil {
		w.cache.Put(key, &cache.Entry{Wasm: b})
	}
}

// assemble puts the module together. It asks the script for its tasks.
func (w *work) assemble(ctx context.Context, name string, s *source, script *abi.Script) ([]byte, error) {
	if s.vendored != nil {
		if err := s.files.addZip(s.vendored, func(string) bool { return true }); err != nil {
			return nil, err
		}
	}
	archive, err := s.files.zip()
	if err != nil {
		return nil, err
	}
	manifest, err := w.manifest(ctx, name, s, script.Module(archive, nil))
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	return script.Module(archive, text), nil
}

// program is the manifest of a script that is a program and nothing else.
var program = abi.Manifest{
	Tasks:   []abi.Task{{Name: "main", Mode: abi.Blocking, Program: true, Doc: "The file as a program."}},
	Reseeds: true,
}

// manifest asks a module for its tasks.
func (w *work) manifest(ctx context.Context, name string, s *source, module []byte) (*abi.Manifest, error) {
	if s.noTasks {
		return &program, nil
	}
	h, err := host.New(host.Config{
		Engines: w.options.Engines.FS(), CacheDir: w.options.CacheDir, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	defer h.Close(context.WithoutCancel(ctx))
	m, err := h.Load(ctx, name, module)
	if _, failed := errors.AsType[*host.InvalidManifestError](err); failed && w.options.Program && ctx.Err() == nil {
		return &program, nil
	}
	if failed, ok := errors.AsType[*host.TaskError](err); ok {
		return nil, wrong(w.given, "%s", strings.TrimPrefix(failed.Error(), "failed: "))
	}
	if err != nil {
		return nil, err
	}
	manifest := *m.Manifest()
	manifest.Tasks = s.told.Add(manifest.Tasks)
	return &manifest, nil
}
