package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"
	"golang.org/x/time/rate"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// Style is how a module's tasks are entered.
type Style string

// The styles.
const (
	Direct    Style = "direct"         // wexec_call
	Resumable Style = "resumable"      // wexec_resume
	Command   Style = "WASI command"   // _start
	Bare      Style = "bare functions" // the exported function itself
)

const wasiModule = "wasi_snapshot_preview1"

// bootTimeout bounds the start of an instance that no call waits for: the one
// that is asked for the manifest.
const bootTimeout = 30 * time.Second

// Load makes a module ready for calls: it is compiled, or taken from the
// compile cache, and its manifest is read. The name is what other modules call
// it by; it must be unique in the host. The Options, together, say how its
// tasks are run unless a call says less, and what their system calls see.
func (h *Host) Load(ctx context.Context, name string, wasm []byte, options ...Options) (*Module, error) {
	m := h.newModule(name, wasm, options)
	if most := h.cfg.Limits.Module; len(wasm) > most {
		return nil, m.invalid(nil, "%d bytes, at most %d are allowed (Config.Limits.Module)", len(wasm), most)
	}
	if why := notModule(wasm); why != "" {
		return nil, m.invalid(nil, "%s", why)
	}
	if err := h.gate.Enter(); err != nil {
		return nil, err
	}
	defer h.gate.Leave()
	if err := m.compile(ctx, wasm); err != nil {
		return nil, err
	}
	m.needed = m.code.Needs
	err := m.understand(ctx)
	if err == nil {
		m.store()
		m.code.Wasm = nil // wazero has it
		err = h.register(m)
	}
	if err != nil {
		m.free(ctx)
		return nil, err
	}
	return &Module{m: m, options: &m.defaults}, nil
}

func (h *Host) newModule(name string, wasm []byte, options []Options) *module {
	limits := &h.cfg.Limits
	m := &module{host: h, name: name, size: len(wasm), shards: map[string][]*shard{}}
	m.logs = rate.NewLimiter(rate.Limit(limits.LogRate), limits.LogRate)
	for _, o := range options {
		m.defaults = m.defaults.and(o)
	}
	m.own = bounds{narrowed(limits.Memory, m.defaults.Memory), int64(narrowed(limits.Fuel, m.defaults.Fuel))}
	m.pools = map[Mode]*instancePool{}
	for mode, executor := range map[Mode]Executor{IO: h.cfg.IO, Blocking: h.cfg.Blocking, CPU: h.cfg.CPU} {
		m.pools[mode] = newInstancePool(m, executor.Warm, h.cfg.Idle)
	}
	if w := m.defaults.WASI; w != nil && len(w.Env)+len(w.Mounts) > 0 {
		m.snapshots.never("it sees an environment or folders from outside")
	}
	return m
}

// LoadFile loads the module in a file. Its name is the file's, without .wasm.
func (h *Host) LoadFile(ctx context.Context, file string, options ...Options) (*Module, error) {
	return h.loadFileAs(ctx, moduleName(filepath.Base(file)), file, options...)
}

func (h *Host) loadFileAs(ctx context.Context, name, file string, options ...Options) (*Module, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return h.Load(ctx, name, wasm, options...)
}

// LoadFS loads the module in a file of fsys.
func (h *Host) LoadFS(ctx context.Context, fsys fs.FS, file string, options ...Options) (*Module, error) {
	wasm, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, err
	}
	return h.Load(ctx, moduleName(path.Base(file)), wasm, options...)
}

func moduleName(file string) string { return strings.TrimSuffix(file, ".wasm") }

func (m *module) invalid(err error, format string, args ...any) error {
	return &InvalidModuleError{Module: m.name, Reason: fmt.Sprintf(format, args...), Err: err}
}

// notModule says what bytes are that are no WebAssembly module, or "".
func notModule(b []byte) string {
	magic := []byte("\x00asm")
	text := bytes.TrimSpace(b[:min(len(b), 512)])
	switch {
	case len(b) == 0:
		return "the file is empty"
	case bytes.HasPrefix(b, []byte("\x00asm\x01\x00\x00\x00")):
		return ""
	case bytes.HasPrefix(b, magic) && len(b) >= 8 && b[6] == 1:
		return "it is a WebAssembly component, and components are not supported; core modules are: build for wasm32-wasip1 (or wasi preview 1), or take the core module out of it"
	case bytes.HasPrefix(b, magic) && len(b) >= 8:
		return fmt.Sprintf("it has WebAssembly version %#x; version 1 is supported", b[4:8])
	case bytes.HasPrefix(magic, b) || bytes.HasPrefix(b, magic):
		return "it is cut off after its first bytes"
	case bytes.HasPrefix(b, []byte("\x7fELF")):
		return "it is an ELF executable, not WebAssembly: build it for wasm32-wasip1"
	case bytes.HasPrefix(b, []byte("MZ")):
		return "it is a Windows executable, not WebAssembly: build it for wasm32-wasip1"
	case bytes.HasPrefix(text, []byte("(module")) || bytes.HasPrefix(text, []byte(";;")) || bytes.HasPrefix(text, []byte("(component")):
		return "it is WebAssembly text: turn it into a binary with wat2wasm or wasm-tools parse"
	}
	return "it is not WebAssembly: the first four bytes are not \\0asm"
}

// understand finds out what tasks a compiled module has and how to enter it.
func (m *module) understand(ctx context.Context) error {
	if m.code.Irreversible != "" {
		m.snapshots.never(m.code.Irreversible)
	}
	if err := m.checkImports(); err != nil {
		return err
	}
	if err := m.checkExports(); err != nil {
		return err
	}
	for _, name := range m.defaults.Grants {
		if !slices.Contains(m.host.capabilities(), name) {
			return &InvalidInputError{fmt.Sprintf("Options.Grants: no capability %q; %s", name, m.host.capabilityNames())}
		}
	}
	for _, mem := range m.compiled.ExportedMemories() {
		m.minMemory = uint64(mem.Min()) * linear.PageSize
	}
	if most := m.host.cfg.Limits.Memory; m.minMemory > most {
		return m.invalid(nil, "it starts with %d bytes of memory, at most %d are allowed (Config.Limits.Memory)", m.minMemory, most)
	}
	if err := m.findTasks(ctx); err != nil {
		return err
	}
	m.byName = make(map[string]int, len(m.manifest.Tasks))
	for i, t := range m.manifest.Tasks {
		m.byName[t.Name] = i
	}
	m.shared = m.sharedBounds()
	return nil
}

// checkImports says early, and by name, what instantiating would only say
// later.
func (m *module) checkImports() error {
	provided := map[string]map[string]api.FunctionDefinition{}
	for _, f := range m.compiled.ImportedFunctions() {
		from, name, _ := f.Import()
		if provided[from] == nil {
			provider := m.engine.Module(from)
			if provider == nil {
				return m.invalid(nil, "it imports %s.%s; a host has %s and %s", from, name, abi.ImportModule, wasiModule)
			}
			provided[from] = provider.ExportedFunctionDefinitions()
		}
		have, ok := provided[from][name]
		switch {
		case !ok:
			return m.invalid(nil, "it imports %s.%s, which is not in this version of it", from, name)
		case !hasType(f, have.ParamTypes(), have.ResultTypes()):
			return m.invalid(nil, "it imports %s.%s as %s; it is %s", from, name, functionType(f), functionType(have))
		}
	}
	for _, mem := range m.compiled.ImportedMemories() {
		mod, name, _ := mem.Import()
		return m.invalid(nil, "it imports the memory %s.%s; a module must define its own", mod, name)
	}
	return nil
}

// entries are the exports that the host enters.
var entries = []string{abi.ExportInitialize, abi.ExportStart, abi.ExportCall, abi.ExportResume, abi.ExportManifest}

// checkExports refuses imports that are exported again as what the host enters:
// wazero would run them with the state of the host's own module.
func (m *module) checkExports() error {
	for _, name := range entries {
		if f, ok := m.compiled.ExportedFunctions()[name]; ok && isImport(f) {
			return m.invalid(nil, "its export %s is an import", name)
		}
	}
	return nil
}

func isImport(f api.FunctionDefinition) bool {
	_, _, is := f.Import()
	return is
}

// findTasks takes the tasks from the manifest, which is in the custom section or
// what the export gives, and makes tasks of other exports if there is none.
func (m *module) findTasks(ctx context.Context) error {
	sections := m.compiled.CustomSections()
	i := slices.IndexFunc(sections, func(s api.CustomSection) bool { return s.Name() == abi.ManifestSection })
	ask, asks := m.compiled.ExportedFunctions()[abi.ExportManifest]
	if i < 0 && !asks {
		return m.useExports()
	}
	m.hasManifest = true
	unfit := m.chooseStyle()
	if m.manifest != nil { // it is known
		m.schemas = make([]taskSchemas, len(m.manifest.Tasks))
		return unfit
	}
	switch {
	case i >= 0:
		if err := m.parseManifest(sections[i].Data()); err != nil {
			return err
		}
	case !hasType(ask, nil, []api.ValueType{api.ValueTypeI64}):
		return &InvalidManifestError{m.name, errors.New("the export " + abi.ExportManifest + " must take nothing and return an i64")}
	default:
		m.asksGuest = true
		if err := m.askGuest(ctx); err != nil {
			return err
		}
	}
	if unfit != nil {
		return unfit
	}
	return m.compileSchemas()
}

func (m *module) parseManifest(text []byte) (err error) {
	if m.manifest, err = abi.ParseManifest(text); err != nil {
		return &InvalidManifestError{m.name, err}
	}
	return nil
}

// askGuest asks an instance for the manifest. What that is before it was asked
// is the module's snapshot.
func (m *module) askGuest(ctx context.Context) error {
	inst := m.newInstance(owner{isolation: PerTask}, newInbox())
	timer := time.AfterFunc(bootTimeout, func() { inst.stop(&TimeoutError{Phase: "run", Limit: bootTimeout}) })
	defer timer.Stop()
	stop := context.AfterFunc(ctx, func() { inst.stop(contextError(ctx)) })
	defer stop()
	// Its idle time begins only when nothing can stop it any more.
	defer func() {
		if !timer.Stop() || !stop() || !m.firstToServe(inst) {
			inst.close()
		}
	}()
	if err := inst.boot(m.defaults.WASI, m.own); err != nil {
		return &InvalidManifestError{m.name, fmt.Errorf("starting the module: %w", err)}
	}
	var snap *snapshot
	if m.snapshots.why() == "" {
		snap = inst.capture()
	}
	inst.meter.begin(m.own.fuel)
	var place [1]uint64
	err := inst.enter(inst.wasm.ExportedFunction(abi.ExportManifest), place[:])
	if err != nil {
		err = &InvalidManifestError{m.name, err}
	} else if text, ok := inst.memory.Read(place[0]>>32, uint64(uint32(place[0]))); ok {
		err = m.parseManifest(text)
	} else {
		err = &InvalidManifestError{m.name, fmt.Errorf("%s points to %d bytes at %#x, which are not inside the memory", abi.ExportManifest, uint32(place[0]), place[0]>>32)}
	}
	switch {
	case snap == nil:
	case err != nil:
		snap.close()
	default:
		m.keepSnapshot(inst, snap)
	}
	return err
}

// firstToServe keeps the instance that was asked for the manifest for the first
// task. It returns false if that is not possible.
func (m *module) firstToServe(inst *instance) bool {
	if m.manifest == nil || inst.wasm == nil || !inst.clean() || !inst.restore() {
		return false
	}
	m.pools[m.manifest.Tasks[0].Mode].put(inst, 0)
	return true
}

// chooseStyle finds out how the tasks of a manifest are run.
func (m *module) chooseStyle() error {
	exports := m.compiled.ExportedFunctions()
	call, hasCall := exports[abi.ExportCall]
	resume, hasResume := exports[abi.ExportResume]
	i32 := api.ValueTypeI32
	switch {
	case hasCall && hasResume:
		return m.invalid(nil, "it exports both %s and %s: a guest is direct or resumable", abi.ExportCall, abi.ExportResume)
	case hasCall && !hasType(call, []api.ValueType{i32, i32}, nil):
		return m.invalid(nil, "its export %s must take two i32 and return nothing", abi.ExportCall)
	case hasResume && !hasType(resume, nil, []api.ValueType{i32}):
		return m.invalid(nil, "its export %s must take nothing and return an i32", abi.ExportResume)
	case hasCall:
		m.style, m.entry = Direct, abi.ExportCall
	case hasResume:
		m.style, m.entry = Resumable, abi.ExportResume
	default:
		return m.invalid(nil, "it has a manifest, but exports neither %s nor %s to run its tasks", abi.ExportCall, abi.ExportResume)
	}
	if _, ok := m.compiled.ExportedMemories()[abi.ExportMemory]; !ok {
		return m.invalid(nil, "it does not export its memory as %q", abi.ExportMemory)
	}
	return nil
}

// useExports makes tasks of a module without a manifest.
func (m *module) useExports() error {
	m.manifest = &abi.Manifest{}
	exports := m.compiled.ExportedFunctions()
	if _, ok := exports[abi.ExportStart]; ok {
		m.style, m.entry = Command, abi.ExportStart
		m.snapshots.never("it is a program, which runs once")
		m.manifest.Tasks = []abi.Task{{Name: "main", Mode: Blocking, Doc: "The program: standard input in, standard output out."}}
		return nil
	}
	m.style = Bare
	for name, f := range exports {
		if isBare(f) && name != abi.ExportInitialize && !instrument.Added(name) {
			doc := "The exported function " + functionType(f) + "."
			m.manifest.Tasks = append(m.manifest.Tasks, abi.Task{Name: name, Mode: Blocking, Doc: doc})
		}
	}
	if len(m.manifest.Tasks) == 0 {
		return m.invalid(nil, "it has no tasks: no manifest, no %s, and no exported function of numbers", abi.ExportStart)
	}
	slices.SortFunc(m.manifest.Tasks, func(a, b abi.Task) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func hasType(f api.FunctionDefinition, params, results []api.ValueType) bool {
	return slices.Equal(f.ParamTypes(), params) && slices.Equal(f.ResultTypes(), results)
}
