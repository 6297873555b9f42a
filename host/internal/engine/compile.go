package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tetratelabs/wazero"

	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// The defaults of a Source.
const (
	DefaultStack = instrument.DefaultStack
	DefaultTable = instrument.DefaultTable
)

// Source is a module to compile.
type Source struct {
	Module *wasm.Module
	// Name is the module's name in the log.
	Name string
	// Plain runs the module as it is, without safepoints.
	Plain bool
	// The options of the rewriter. Plain modules ignore them.
	Exceptions, SharedMemory bool
	Stack, Table             int
}

// settings describes everything that the code depends on, besides the bytes.
func (s *Source) settings() string {
	return fmt.Sprintf("plain %v exceptions %v shared %v stack %d table %d",
		s.Plain, s.Exceptions, s.SharedMemory, s.Stack, s.Table)
}

// meta is what the cache keeps of a module besides its code.
type meta struct {
	Globals      int
	Irreversible string
	Needs        []string
	Note         json.RawMessage
}

// Compile compiles a module, or takes its code from the cache.
func (e *Engine) Compile(ctx context.Context, s Source) (*Code, error) {
	c := &Code{
		engine: e, logger: e.cfg.Logger.With("module", s.Name),
		Memories: s.Module.Memories, outside: s.Module.CheckElements(),
	}
	if e.disk == nil {
		return c, c.make(ctx, &s)
	}
	c.key = cache.KeyOf(s.Module.Bytes, s.settings())
	entry, err := e.disk.Get(c.key)
	if err != nil {
		c.logger.Warn("the module is compiled again", "error", err)
	}
	if entry != nil && c.use(ctx, entry) == nil {
		return c, nil
	}
	return c, c.make(ctx, &s)
}

// use takes the code from a cache entry.
func (c *Code) use(ctx context.Context, entry *cache.Entry) error {
	var m meta
	if err := json.Unmarshal(entry.Meta, &m); err != nil {
		return err
	}
	compiled, err := c.compileOn(ctx, c.engine.main, entry.Wasm)
	if err != nil {
		return err
	}
	c.runtime, c.compiled = c.engine.main, compiled
	c.Irreversible, c.Needs, c.Note = m.Irreversible, m.Needs, m.Note
	c.data, c.globals = entry.Data, m.Globals
	return nil
}

// Keep stores the code in the cache, unless it came from there. The next Compile of
// the module finds the note. If the disk is full, Keep only warns: the module can
// run without the cache.
func (c *Code) Keep(irreversible string, note any) {
	if c.shared {
		return // it was kept before
	}
	wasm, written := c.wasm, c.written
	c.wasm, c.written = nil, cache.Code{} // wazero has it
	if written.File == "" {
		return
	}
	text, err := json.Marshal(note)
	if err == nil {
		text, err = json.Marshal(meta{c.globals, irreversible, c.Needs, text})
	}
	if err == nil {
		err = c.engine.disk.Put(c.key, &cache.Entry{Meta: text, Wasm: wasm, Data: c.data, Code: written})
	}
	if err != nil {
		c.logger.Warn("the compiled module is not kept", "error", err)
	}
}

// make rewrites the module and compiles it.
func (c *Code) make(ctx context.Context, s *Source) error {
	if err := c.rewrite(s); err != nil {
		return err
	}
	e := c.engine
	c.runtime = e.main
	var err error
	if e.disk != nil {
		err = c.compileToDisk(ctx)
		if _, ok := errors.AsType[*cache.DiskError](err); ok {
			if c.tooHard {
				return cantCompile(err)
			}
			c.logger.Warn("the module is compiled without the cache", "error", err)
			c.runtime, err = e.withoutDisk()
		}
	}
	if err == nil {
		c.compiled, err = c.compileOn(ctx, c.runtime, c.wasm)
	}
	_, bounded := errors.AsType[*fault.CompileError](err)
	switch {
	case err == nil:
		return nil
	case bounded:
		return refused(err)
	case ctx.Err() != nil:
		return err
	case errors.Is(err, errPanicked):
		return cantCompile(err)
	}
	return c.explain(ctx, s.Module.WithUsableNames(), err)
}

func refused(err error) *fault.InvalidModuleError {
	invalid := fault.InvalidModule("it is refused")
	invalid.Err = err
	return invalid
}

func cantCompile(err error) error {
	invalid := fault.InvalidModule("it can't be compiled")
	invalid.Err = err
	return invalid
}

// rewrite makes the module that is compiled in place of the original.
func (c *Code) rewrite(s *Source) error {
	if s.Plain {
		c.wasm, c.Irreversible = s.Module.WithUsableNames(), "it runs as it is, without safepoints"
		c.hard = c.canUseChild() && len(c.wasm) > easySize
		return nil
	}
	r, err := instrument.Rewrite(s.Module, instrument.Options{
		Exceptions: s.Exceptions, SharedMemory: s.SharedMemory,
		Stack: int64(s.Stack), Table: s.Table, State: true,
		AnyEffort: c.canUseChild(),
	})
	if err != nil {
		invalid := refused(err)
		if needs, ok := errors.AsType[*instrument.NeedsError](err); ok {
			invalid.Needs = needs.Needs
		}
		return invalid
	}
	c.wasm, c.data, c.globals, c.Irreversible, c.Needs = r.Wasm, r.Data, r.Globals, r.Irreversible, r.Needs
	c.hard = c.canUseChild() && (r.Effort > easyEffort || r.Hardest > easyFunction || len(c.wasm) > easySize)
	c.tooHard = r.Effort > instrument.MostEffort || r.Hardest > 1
	return nil
}

// What is easy is compiled in this process: starting a child takes longer.
const (
	easyEffort   = 0.1
	easyFunction = 0.015
	easySize     = 128 << 10
)

// canUseChild reports whether the module may be compiled in a child.
func (c *Code) canUseChild() bool { return hasChild.Load() && c.engine.disk != nil }

// explain compiles the original of a module whose rewritten form failed to compile,
// since the error should be about the original.
func (c *Code) explain(ctx context.Context, original []byte, failed error) error {
	if c.hard {
		err := c.compileInChild(ctx, "", original)
		return c.blame(err, failed)
	}
	memory, err := c.engine.withoutDisk()
	if err != nil {
		return err
	}
	before, err := c.compileOn(ctx, memory, original)
	if err == nil {
		before.Close(ctx)
	}
	return c.blame(err, failed)
}

// blame says why a module can't be compiled: the original's error, if it has one.
func (c *Code) blame(original, rewritten error) error {
	if original == nil {
		c.logger.Error("a module can't be compiled with safepoints", "error", rewritten)
		original = &fault.BugError{Where: "the rewriter"}
	}
	return cantCompile(original)
}

// compileToDisk makes another runtime write the code to the cache, where the main
// runtime finds it. Only wazero knows the name of the file, so that runtime writes
// it into an empty folder first.
func (c *Code) compileToDisk(ctx context.Context) (err error) {
	e := c.engine
	c.written, err = e.disk.Compile(func(dir string) error {
		if c.hard {
			return c.compileInChild(ctx, dir, c.wasm)
		}
		code, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return &cache.DiskError{Err: err}
		}
		r := &runtime{wazero.NewRuntimeWithConfig(ctx, runtimeConfig(code)), code}
		defer r.close()
		_, err = c.compileOn(ctx, r, c.wasm)
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return &cache.DiskError{Err: err}
		}
		return err
	})
	return err
}

// errPanicked is the error of a module that wazero's compiler panics on.
var errPanicked = errors.New("wazero panicked; the log has the stack")

// compileOn compiles a module with a runtime. It recovers from panics of wazero.
func (c *Code) compileOn(ctx context.Context, r *runtime, wasm []byte) (compiled wazero.CompiledModule, err error) {
	defer c.engine.compiling.lock(cache.Sum(wasm))()
	defer func() {
		if p := recover(); p != nil {
			fault.ReportPanic(c.logger, "compiling a module", p)
			err = errPanicked
		}
	}()
	return r.CompileModule(ctx, wasm)
}
