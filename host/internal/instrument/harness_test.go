package instrument_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
)

// everything is all that wazero can do.
const everything = api.CoreFeaturesV2 |
	experimental.CoreFeaturesThreads |
	experimental.CoreFeaturesTailCall |
	experimental.CoreFeaturesExtendedConst |
	experimental.CoreFeaturesExceptionHandling |
	experimental.CoreFeaturesTypedFunctionReferences

// stackBytes is the stack that a call in a world has: less than wazero gives,
// so that rewritten modules run out of it by their own count.
const stackBytes = 1 << 24

// errStack is what a pause ends a call with that has no stack left.
var errStack = errors.New("wasm error: stack overflow")

// A rewriter makes of a module the one that runs in its place.
type rewriter func(wasm []byte) (*instrument.Rewritten, error)

// plain runs modules as they are, for worlds to compare with.
func plain(wasm []byte) (*instrument.Rewritten, error) {
	return &instrument.Rewritten{Wasm: wasm}, nil
}

// rewritten runs what is in the product.
func rewritten(o instrument.Options) rewriter {
	return func(wasm []byte) (*instrument.Rewritten, error) { return rewrite(wasm, o) }
}

// rewrite parses a module and rewrites it.
func rewrite(b []byte, o instrument.Options) (*instrument.Rewritten, error) {
	m, err := wasm.Parse(b)
	if err != nil {
		return nil, err
	}
	return instrument.Rewrite(m, o)
}

// A world is a runtime for modules that are all rewritten in the same way, and
// the host that their safepoints call.
type world struct {
	t       testing.TB
	runtime wazero.Runtime
	rewrite rewriter
	// slices are what pauses grant, in turn. Small and odd ones lead through
	// the slow path of a safepoint often, and at ever other points.
	slices  []int64
	pauses  int
	granted int64
	modules []api.Module
	// stacks are the globals of those modules that count their stack.
	stacks []api.MutableGlobal
}

func newWorld(t testing.TB, features api.CoreFeatures, rewrite rewriter, slices ...int64) *world {
	t.Helper()
	ctx := context.Background()
	config := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features).WithDebugInfoEnabled(false)
	w := &world{
		t:       t,
		runtime: wazero.NewRuntimeWithConfig(ctx, config),
		rewrite: rewrite,
		slices:  slices,
	}
	t.Cleanup(func() { w.runtime.Close(ctx) })
	_, err := w.runtime.NewHostModuleBuilder(instrument.Module).NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(w.pause), nil, nil).
		Export(instrument.Pause).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pause pays what is owed, and grants the next slice.
func (w *world) pause(_ context.Context, m api.Module, _ []uint64) {
	if g := m.ExportedGlobal(instrument.Stack); g != nil && int64(g.Get()) < 0 {
		panic(errStack)
	}
	g := m.ExportedGlobal(instrument.Countdown).(api.MutableGlobal)
	left := int64(g.Get())
	if left >= 0 {
		w.t.Errorf("a pause with %d left", left)
	}
	slice := w.slices[w.pauses%len(w.slices)]
	w.pauses++
	w.granted += slice - left
	g.Set(uint64(slice))
}

// consumed is how much the modules in the world have counted down.
func (w *world) consumed() int64 {
	n := w.granted
	for _, m := range w.modules {
		if g := m.ExportedGlobal(instrument.Countdown); g != nil {
			n -= int64(g.Get())
		}
	}
	return n
}

// refused is the kind of error of a module that isn't valid.
const refused = "refused"

// validate tells why wazero refuses a module. Some it panics on, as on a
// call_ref of a type that there is not.
func (w *world) validate(wasm []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("wazero panics: %v", r)
		}
	}()
	c, err := w.runtime.CompileModule(context.Background(), wasm)
	if err == nil {
		c.Close(context.Background())
	}
	return err
}

// instantiate makes an instance. kind is "" or the kind of error.
func (w *world) instantiate(name string, wasm []byte) (m api.Module, kind string) {
	ctx := context.Background()
	r, err := w.rewrite(wasm)
	if err != nil {
		return nil, refused
	}
	c, err := w.runtime.CompileModule(ctx, r.Wasm)
	if err != nil {
		return nil, refused
	}
	if err = checkElements(wasm); err == nil {
		m, err = w.runtime.InstantiateModule(ctx, c, wazero.NewModuleConfig().WithName(name).WithStartFunctions())
	}
	if err == nil {
		err = begin(m, r)
	}
	if err != nil {
		return nil, kindOf(err)
	}
	w.modules = append(w.modules, m)
	if g, ok := m.ExportedGlobal(instrument.Stack).(api.MutableGlobal); ok {
		w.stacks = append(w.stacks, g)
	}
	return m, ""
}

// checkElements does what wazero leaves out.
func checkElements(b []byte) error {
	m, err := wasm.Parse(b)
	if err != nil {
		return nil // it may be invalid, but a world of plain modules does not mind
	}
	return m.CheckElements()
}

// begin does what the instantiation of a rewritten module has left to do.
func begin(m api.Module, r *instrument.Rewritten) error {
	if len(r.Data) > 0 {
		memory, _ := m.Memory().Read(0, m.Memory().Size())
		if err := r.Data.CopyTo(memory, func(to, from []byte) int { return copy(to, from) }); err != nil {
			return err
		}
	}
	if start := m.ExportedFunction(instrument.Start); start != nil {
		_, err := start.Call(context.Background())
		return err
	}
	return nil
}

// An outcome is how a call ended: with results, or with an error of a kind
// that went through functions.
type outcome struct {
	Results []uint64
	Kind    string
	Trace   []string
}

// call calls a function. References among the results are 1 if they aren't
// null, because they are addresses, except for those that come from outside.
func (w *world) call(m api.Module, function string, args ...uint64) outcome {
	for _, g := range w.stacks {
		g.Set(stackBytes)
	}
	f := m.ExportedFunction(function)
	if f == nil {
		w.t.Fatalf("there is no function %q", function)
	}
	results, err := f.Call(context.Background(), args...)
	if err != nil {
		return outcome{Kind: kindOf(err), Trace: traceOf(err)}
	}
	for _, g := range w.stacks {
		if left := int64(g.Get()); left != stackBytes {
			w.t.Errorf("%s gave back a stack of %d, not %d", function, left, stackBytes)
		}
	}
	i := 0
	for _, t := range f.Definition().ResultTypes() {
		results[i] = comparable64(t, results[i])
		if i++; t == valueTypeV128 {
			i++
		}
	}
	return outcome{Results: results}
}

// valueTypeV128 is a type that package api doesn't name.
const valueTypeV128 api.ValueType = 0x7b

func comparable64(t api.ValueType, v uint64) uint64 {
	switch t {
	case api.ValueTypeI32, api.ValueTypeI64, api.ValueTypeF32, api.ValueTypeF64, valueTypeV128, api.ValueTypeExternref:
		return v
	}
	return min(v, 1)
}

// A state is what can be seen of an instance after a call.
type state struct {
	MemorySize uint32
	MemorySum  uint32 // of the first megabyte
	Globals    []uint64
}

// stateOf returns the state of an instance, with the globals that it has if it
// isn't rewritten: Rewrite puts its own behind them.
func stateOf(m api.Module) state {
	var s state
	for name := range m.ExportedMemoryDefinitions() {
		memory := m.ExportedMemory(name)
		s.MemorySize = memory.Size()
		data, _ := memory.Read(0, min(s.MemorySize, 1<<20))
		s.MemorySum = crc32.ChecksumIEEE(data)
	}
	globals := m.(experimental.InternalModule)
	// Those that were added begin with the countdown, which is found by a mark.
	const mark = 0x5eed_c0de_cafe_f00d
	if countdown, ok := m.ExportedGlobal(instrument.Countdown).(api.MutableGlobal); ok {
		defer countdown.Set(countdown.Get())
		countdown.Set(mark)
	}
	for i := range globals.NumGlobal() {
		g := globals.Global(i)
		if g.Type() == api.ValueTypeI64 && g.Get() == mark {
			break
		}
		s.Globals = append(s.Globals, comparable64(g.Type(), g.Get()))
	}
	return s
}

// kindOf returns what errors have in common that are the same trap, or the
// same failure to link.
func kindOf(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	line = strings.TrimSuffix(line, " (recovered by wazero)")
	if _, trap, ok := strings.Cut(line, "wasm error: "); ok {
		return trap
	}
	const outside = "out of bounds memory access"
	if before, _, ok := strings.Cut(line, outside); ok {
		return before + outside
	}
	return line
}

// traceFrames is how much of a stack trace is compared: wazero cuts it after
// 30 frames, some of which may be helpers.
const traceFrames = 20

// traceOf returns the functions that a trap went through, innermost first,
// without the helpers that Rewrite adds.
func traceOf(err error) []string {
	_, text, _ := strings.Cut(err.Error(), "wasm stack trace:\n\t")
	lines := strings.Split(text, "\n\t")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "(")
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, ".wexec:") })
	return lines[:min(len(lines), traceFrames)]
}
