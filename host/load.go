package host

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind"
	"github.com/wexec/wexec/host/internal/linear"
	"github.com/wexec/wexec/host/internal/wasm"
)

// A module is loaded in steps, each of which passes a value to the next:
//
//	bytes ─ wasm.Parse ─▶ sections ─ recognise ─▶ plan ─ compile ─▶ code
//	      ─ newTemplate ─▶ template ─ tasks ─▶ manifest ─ newModule ─▶ module

// bootTimeout bounds the start of the instance that the host asks for the manifest,
// for which no call waits, if Limits.RunTimeout is longer.
const bootTimeout = 30 * time.Second

// Load makes a module ready for calls: it compiles the module, or takes its code
// from the compile cache, and reads the manifest. Other modules call it by its name.
// The options together say how its tasks run, unless a call narrows them, and what
// their system calls see. The module belongs to the Tenant of the options, or to the
// host if there is none. A name is unique among the modules of its owner.
func (h *Host) Load(ctx context.Context, name string, bytes []byte, options ...Options) (*Module, error) {
	if err := h.gate.Enter(); err != nil {
		return nil, err
	}
	defer h.gate.Leave()
	var o Options
	for _, more := range options {
		o = o.and(more)
	}
	m, err := h.load(ctx, name, bytes, &o)
	if err != nil {
		return nil, named(err, name)
	}
	return &Module{m: m, options: &m.defaults}, nil
}

// named adds the module's name to the error of a step.
func named(err error, name string) error {
	if invalid, ok := err.(*InvalidModuleError); ok {
		return invalid.Named(name)
	}
	if manifest, ok := err.(*abi.ManifestError); ok {
		return &InvalidManifestError{Module: name, Err: manifest}
	}
	return err
}

func (h *Host) load(ctx context.Context, name string, bytes []byte, o *Options) (*module, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if most := h.cfg.Limits.Module; len(bytes) > most {
		return nil, fault.InvalidModule("%d bytes, at most %d are allowed (Config.Limits.Module)", len(bytes), most)
	}
	if err := h.grants.Check("Options.Grants", o.Grants); err != nil {
		return nil, fault.InvalidInput("%v", err)
	}
	parsed, err := parse(bytes)
	if err != nil {
		return nil, err
	}
	if err := h.engine.CheckImports(parsed); err != nil {
		return nil, err
	}
	if err := checkEntries(parsed); err != nil {
		return nil, err
	}
	plan, err := recognise(parsed)
	if err != nil {
		return nil, err
	}
	if err := h.checkMemory(parsed.Memories); err != nil {
		return nil, err
	}
	code, err := h.compile(ctx, name, parsed, plan, o)
	if err != nil {
		return nil, err
	}
	m, err := h.build(ctx, name, parsed, plan, code, o)
	if err != nil {
		code.Close(context.WithoutCancel(ctx))
	}
	return m, err
}

// compile compiles the module, or the engine that it runs on.
func (h *Host) compile(
	ctx context.Context, name string, parsed *wasm.Module, plan *kind.Plan, o *Options,
) (*engine.Code, error) {
	source := engine.Source{
		Module: parsed, Name: name, Plain: o.Safepoints == Off,
		Exceptions: o.Exceptions, SharedMemory: o.SharedMemory,
		Stack: h.cfg.Limits.Stack, Table: h.cfg.Limits.Table,
	}
	if plan.Engine == nil {
		return h.engine.Compile(ctx, source)
	}
	code, err := h.engine.Share(ctx, *plan.Engine, source)
	if err != nil {
		return nil, err
	}
	return code, h.checkMemory(code.Memories)
}

// build makes the module from its code, and registers it.
func (h *Host) build(
	ctx context.Context, name string, parsed *wasm.Module, plan *kind.Plan, code *engine.Code, o *Options,
) (*module, error) {
	t := h.newTemplate(name, plan, code, o)
	var m *module
	found, err := h.tasks(ctx, t, plan, code, o)
	if err == nil {
		m, err = h.newModule(name, parsed, plan, t, found, o)
	}
	if err == nil {
		err = h.register(m)
	}
	if err != nil {
		if found.first != nil {
			found.first.Close()
		}
		t.Snapshots.Evict()
		return nil, err
	}
	if found.first != nil {
		m.pools[m.manifest.Tasks[0].Mode].Add(found.first)
	}
	return m, nil
}

// LoadFile loads the module in a file. Its name is that of the file without .wasm.
func (h *Host) LoadFile(ctx context.Context, file string, options ...Options) (*Module, error) {
	return h.loadFileAs(ctx, moduleName(filepath.Base(file)), file, options...)
}

func (h *Host) loadFileAs(ctx context.Context, name, file string, options ...Options) (*Module, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return h.Load(ctx, name, bytes, options...)
}

// LoadFS loads the module in a file of fsys.
func (h *Host) LoadFS(ctx context.Context, fsys fs.FS, file string, options ...Options) (*Module, error) {
	bytes, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	return h.Load(ctx, moduleName(path.Base(file)), bytes, options...)
}

func moduleName(file string) string { return strings.TrimSuffix(file, ".wasm") }

// maxModuleName is the most bytes of a module's name, which is in errors and logs.
const maxModuleName = 4 << 10

func checkName(name string) error {
	if name == "" || len(name) > maxModuleName {
		return &InvalidInputError{Reason: fmt.Sprintf("a module's name has 1 to %d bytes, not %d", maxModuleName, len(name))}
	}
	return nil
}

func parse(bytes []byte) (*wasm.Module, error) {
	if why := notModule(bytes); why != "" {
		return nil, fault.InvalidModule("%s", why)
	}
	parsed, err := wasm.Parse(bytes)
	if err != nil {
		refused := fault.InvalidModule("it is refused")
		refused.Err = err
		return nil, refused
	}
	return parsed, nil
}

// entries are the exports that a host enters, in modules of all kinds.
var entries = []string{abi.ExportInitialize, abi.ExportStart, abi.ExportCall, abi.ExportResume, abi.ExportManifest}

// checkEntries refuses a module that exports an import under one of these names,
// since the engine would run it with the state of the host's module. It also refuses
// start functions with parameters or results.
func checkEntries(m *wasm.Module) error {
	for _, name := range entries {
		f, ok := m.Function(name)
		if ok && f.Imported {
			return fault.InvalidModule("its export %s is an import", name)
		}
		starts := name == abi.ExportInitialize || name == abi.ExportStart
		if ok && starts && !f.Type.Equal(wasm.FuncType{}) {
			return fault.InvalidModule("its export %s is %v: it must take nothing and return nothing", name, f.Type)
		}
	}
	return nil
}

// checkMemory refuses a module that starts with more memory than it may have.
func (h *Host) checkMemory(memories []wasm.Memory) error {
	size, most := minMemory(memories), h.cfg.Limits.Memory
	if size > most {
		return fault.InvalidModule("it starts with %d bytes of memory, at most %d are allowed (Config.Limits.Memory)",
			size, most)
	}
	return nil
}

func minMemory(memories []wasm.Memory) (size uint64) {
	for _, memory := range memories {
		size += memory.Min * linear.PageSize
	}
	return size
}

// newTemplate returns the template for the module's instances.
func (h *Host) newTemplate(name string, plan *kind.Plan, code *engine.Code, o *Options) *guest.Template {
	limits := &h.cfg.Limits
	t := &guest.Template{
		Host: h.guests, Module: name, Code: code, Attach: plan.Attach, WASI: o.WASI.guest(),
		Bounds: guest.Bounds{Memory: least(limits.Memory, o.Memory), Fuel: int64(least(limits.Fuel, o.Fuel))},
	}
	t.Lines.Limit(limits.LogRate)
	if seesOutside(o.WASI) {
		t.Snapshots.Forbid("it sees an environment or folders from outside")
	}
	for _, why := range []string{plan.Irreversible, code.Irreversible} {
		if why != "" {
			t.Snapshots.Forbid(why)
		}
	}
	return t
}

// seesOutside reports whether system calls see something that differs between hosts.
func seesOutside(w *WASI) bool { return w != nil && len(w.Env)+len(w.Mounts) > 0 }

// found is what the method tasks found out about a module.
type found struct {
	manifest *abi.Manifest
	source   string          // of the manifest, see Info.Manifest
	schemas  []taskSchemas   // nil if there are none
	first    *guest.Instance // gave the manifest, and is ready for a task; or nil
}

// note is what the host stores in the compile cache with a module's code.
type note struct {
	Manifest []byte // the guest's answer, if it was asked
}

// tasks finds out which tasks the module has. If only the guest can tell, tasks uses
// its answer from the compile cache, unless the guest sees something that may change
// the answer. The caller must close found.first, even after an error.
func (h *Host) tasks(
	ctx context.Context, t *guest.Template, plan *kind.Plan, code *engine.Code, o *Options,
) (f found, err error) {
	f.manifest = plan.Manifest
	var n note
	checked := code.Note != nil && json.Unmarshal(code.Note, &n) == nil
	switch {
	case plan.Ask != nil && n.Manifest != nil && !seesOutside(o.WASI):
		f.manifest, err = abi.ParseManifest(n.Manifest)
	case plan.Ask != nil:
		checked = false // this answer may be new
		n.Manifest, err = h.ask(ctx, t, plan, &f)
	}
	if err != nil {
		return f, err
	}
	t.Reseeds = f.manifest.Reseeds
	if plan.Declared {
		f.source = "section"
		if plan.Ask != nil {
			f.source = "export"
		}
		f.schemas = make([]taskSchemas, len(f.manifest.Tasks))
		if !checked {
			err = compileSchemas(f.schemas, f.manifest)
		}
	}
	if err != nil {
		return f, err
	}
	irreversible := t.Snapshots.Never()
	if seesOutside(o.WASI) { // the answer may differ on another host
		irreversible, n = code.Irreversible, note{}
	}
	code.Keep(irreversible, n)
	return f, nil
}

// ask asks an instance for the manifest. If the instance can run a task after that,
// ask keeps it in f.first.
func (h *Host) ask(ctx context.Context, t *guest.Template, plan *kind.Plan, f *found) (text []byte, err error) {
	inst := t.New(guest.Affinity{}, guest.NewInbox())
	limit := shorter(h.cfg.Limits.RunTimeout, bootTimeout)
	timer := time.AfterFunc(limit, func() { inst.Stop(&TimeoutError{Phase: executors.Running, Limit: limit}) })
	unwatch := context.AfterFunc(ctx, func() { inst.Stop(contextError(ctx)) })
	ready, err := inst.Ask(func(inst *guest.Instance) error {
		given, err := plan.Ask(inst)
		if err != nil {
			return err
		}
		text = slices.Clone(given)
		if f.manifest, err = abi.ParseManifest(text); err == nil {
			t.Reseeds = f.manifest.Reseeds
		}
		return err
	})
	inTime, wanted := timer.Stop(), unwatch()
	if inTime && wanted && ready { // neither can stop it any more
		f.first = inst
	} else {
		inst.Close()
	}
	if err != nil {
		return nil, &InvalidManifestError{Module: t.Module, Err: err}
	}
	return text, nil
}
