package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"

	"github.com/tetratelabs/wazero"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/cache"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// settings are what the code of a module depends on, besides the module.
func (m *module) settings() string {
	l, o := &m.host.cfg.Limits, &m.defaults
	return fmt.Sprintf("safepoints %q exceptions %v shared %v stack %d table %d memory %d", o.Safepoints, o.Exceptions, o.SharedMemory, l.Stack, l.Table, l.Memory)
}

// compile makes the module's code, or takes it from the cache.
func (m *module) compile(ctx context.Context, wasm []byte) error {
	disk := m.host.engines.disk
	if disk == nil {
		return m.make(ctx, wasm)
	}
	key := cache.KeyOf(wasm, m.settings())
	entry, err := disk.Get(key)
	if err != nil {
		m.host.cfg.Logger.Warn("the module is compiled again", "module", m.name, "error", err)
	}
	if entry != nil && m.use(ctx, entry) == nil {
		return nil
	}
	m.key = key
	return m.make(ctx, wasm)
}

// stored is what the cache keeps of a module beside its code.
type stored struct {
	Globals int
	Lasting string
	Needs   []string
	// Asked is whether the guest was asked for its manifest.
	Asked bool
	// Tasks are those of the manifest; nil if there is none.
	Tasks   []storedTask
	Reseeds bool
}

// storedTask is a task, but not in the form of a manifest: it is not parsed
// again, and its schemas stay as they are written.
type storedTask struct {
	Task          plainTask
	Input, Output []byte
}

type plainTask abi.Task

func newStoredTask(t abi.Task) storedTask {
	s := storedTask{plainTask(t), t.Input, t.Output}
	s.Task.Input, s.Task.Output = nil, nil
	return s
}

func (s storedTask) task() abi.Task {
	t := abi.Task(s.Task)
	t.Input, t.Output = s.Input, s.Output
	return t
}

// use takes the module's code from a cache entry.
func (m *module) use(ctx context.Context, entry *cache.Entry) (err error) {
	var s stored
	if err := json.Unmarshal(entry.Meta, &s); err != nil {
		return err
	}
	if m.compiled, err = m.guardedCompile(ctx, m.host.engines.main, entry.Wasm); err != nil {
		return err
	}
	m.engine = m.host.engines.main
	m.code = &instrument.Rewritten{Data: entry.Data, Globals: s.Globals, Irreversible: s.Lasting, Needs: s.Needs}
	if s.Tasks != nil {
		m.asksGuest = s.Asked
		m.manifest = &abi.Manifest{Reseeds: s.Reseeds}
		for _, t := range s.Tasks {
			m.manifest.Tasks = append(m.manifest.Tasks, t.task())
		}
	}
	return nil
}

// store keeps the module's code, and what was found out about it. A full disk
// is no reason not to run it.
func (m *module) store() {
	if m.written.File == "" {
		return
	}
	s := stored{Globals: m.code.Globals, Lasting: m.code.Irreversible, Needs: m.code.Needs}
	if w := m.defaults.WASI; w == nil || len(w.Env)+len(w.Mounts) == 0 {
		s.Lasting = m.snapshots.why()
	}
	if m.hasManifest {
		s.Asked, s.Reseeds = m.asksGuest, m.manifest.Reseeds
		for _, t := range m.manifest.Tasks {
			s.Tasks = append(s.Tasks, newStoredTask(t))
		}
	}
	meta, err := json.Marshal(s)
	if err == nil {
		err = m.host.engines.disk.Put(m.key, &cache.Entry{Meta: meta, Wasm: m.code.Wasm, Data: m.code.Data, Code: m.written})
	}
	if err != nil {
		m.host.cfg.Logger.Warn("the compiled module is not kept", "module", m.name, "error", err)
	}
}

// make puts safepoints into the module, and compiles it.
func (m *module) make(ctx context.Context, wasm []byte) (err error) {
	if m.code, err = m.rewrite(wasm); err != nil {
		return &InvalidModuleError{Module: m.name, Reason: "it is refused", Needs: needs(err), Err: err}
	}
	m.engine = m.host.engines.main
	if m.host.engines.disk != nil {
		err = m.compileToDisk(ctx)
		if _, ok := errors.AsType[*cache.DiskError](err); ok {
			m.host.cfg.Logger.Warn("the module is compiled without the cache", "module", m.name, "error", err)
			m.engine, err = m.host.withoutDisk()
		}
	}
	if err == nil {
		m.compiled, err = m.guardedCompile(ctx, m.engine, m.code.Wasm)
	}
	if err == nil || errors.Is(err, errPanicked) {
		return err
	}
	// The error should speak of the module as it was.
	memory, failed := m.host.withoutDisk()
	if failed != nil {
		return failed
	}
	before, asItWas := m.guardedCompile(ctx, memory, wasm)
	if asItWas == nil {
		before.Close(ctx)
		m.host.cfg.Logger.Error("a module can't be compiled with safepoints", "module", m.name, "error", err)
		return m.invalid(&hostBug{"instrument"}, "it can't be compiled")
	}
	return m.invalid(asItWas, "it can't be compiled")
}

// needs returns the Options without which a module is refused, if it is not
// refused whatever they are.
func needs(err error) []string {
	if e, ok := errors.AsType[*instrument.NeedsError](err); ok {
		return e.Needs
	}
	return nil
}

// compileToDisk has another engine write the module's code to the cache, where
// the main one finds it. Which file that is, only wazero knows: so it is written
// into a folder of its own first.
func (m *module) compileToDisk(ctx context.Context) (err error) {
	m.written, err = m.host.engines.disk.Compile(func(dir string) error {
		code, err := wazero.NewCompilationCacheWithDir(dir)
		if err != nil {
			return &cache.DiskError{Err: err}
		}
		e := &engine{wazero.NewRuntimeWithConfig(ctx, m.host.runtimeConfig(code)), code}
		defer e.close()
		_, err = m.guardedCompile(ctx, e, m.code.Wasm)
		if _, ok := errors.AsType[*fs.PathError](err); ok {
			return &cache.DiskError{Err: err}
		}
		return err
	})
	return err
}

// errPanicked is within the error of a module that wazero's compiler panics on.
var errPanicked = errors.New("wazero panicked; the log has the stack")

// guardedCompile compiles a module, and survives a panic of the compiler.
func (m *module) guardedCompile(ctx context.Context, e *engine, wasm []byte) (compiled wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			m.host.cfg.Logger.Error("compiling a module panicked", "module", m.name, "panic", r, "stack", string(debug.Stack()))
			err = m.invalid(errPanicked, "it can't be compiled")
		}
	}()
	return e.CompileModule(ctx, wasm)
}

// rewrite returns what runs in the module's place.
func (m *module) rewrite(b []byte) (*instrument.Rewritten, error) {
	if m.defaults.Safepoints == Off {
		return &instrument.Rewritten{Wasm: b, Irreversible: "it runs as it is, without safepoints"}, nil
	}
	parsed, err := wasm.Parse(b)
	if err != nil {
		return nil, err
	}
	limits := &m.host.cfg.Limits
	return instrument.Rewrite(parsed, instrument.Options{
		Exceptions: m.defaults.Exceptions, SharedMemory: m.defaults.SharedMemory,
		Stack: int64(limits.Stack), Table: limits.Table, State: true,
	})
}
