package wasi

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// wasmGuest is an instance on wazero.
type wasmGuest struct {
	system *System
	mod    api.Module
	ctx    context.Context
	log    func(...any)
}

type guestKey struct{}

// newWasmGuest returns the context to run a guest with that has the system.
func newWasmGuest(ctx context.Context, t testing.TB, system *System) context.Context {
	g := &wasmGuest{system: system, log: t.Log}
	g.ctx = context.WithValue(ctx, guestKey{}, g)
	return g.ctx
}

// exited is the panic of Exit.
type exited struct{ code uint32 }

func (e exited) Error() string { return fmt.Sprintf("exited with code %d", e.code) }

func (g *wasmGuest) Memory() []byte {
	mem := g.mod.Memory()
	b, _ := mem.Read(0, mem.Size())
	return b
}

func (g *wasmGuest) Charge(int) {
	if g.ctx.Err() != nil {
		panic(g.ctx.Err())
	}
}

func (g *wasmGuest) Context() context.Context { return g.ctx }
func (g *wasmGuest) CanPark() bool            { return true }
func (g *wasmGuest) Exit(code uint32)         { panic(exited{code}) }
func (g *wasmGuest) Warn(msg string)          { g.log(msg) }

func (g *wasmGuest) Park(wait func()) {
	wait()
	g.Charge(0)
}

// engine runs commands with the functions of this package.
type engine struct {
	runtime wazero.Runtime
	cache   map[string]wazero.CompiledModule
}

func newEngine(t testing.TB, config wazero.RuntimeConfig) *engine {
	t.Helper()
	ctx := context.Background()
	e := &engine{wazero.NewRuntimeWithConfig(ctx, config), map[string]wazero.CompiledModule{}}
	t.Cleanup(func() { _ = e.runtime.Close(ctx) })
	for name, functions := range map[string][]Function{"wasi_snapshot_preview1": Functions, "wasi_unstable": Unstable} {
		builder := e.runtime.NewHostModuleBuilder(name)
		for _, f := range functions {
			call := func(ctx context.Context, mod api.Module, stack []uint64) {
				g := ctx.Value(guestKey{}).(*wasmGuest)
				g.mod = mod
				f.Call(g.system, g, stack)
			}
			builder.NewFunctionBuilder().
				WithGoModuleFunction(api.GoModuleFunc(call), f.Params, f.Results).Export(f.Name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// run runs a command, and returns its exit code.
func (e *engine) run(ctx context.Context, t testing.TB, name string, code []byte, c Config) (exit uint32, err error) {
	t.Helper()
	module := e.cache[name]
	if module == nil {
		if module, err = e.runtime.CompileModule(ctx, code); err != nil {
			t.Fatal(err)
		}
		e.cache[name] = module
	}
	system, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer system.Close()
	ctx = newWasmGuest(ctx, t, system)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions()
	instance, err := e.runtime.InstantiateModule(ctx, module, config)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close(ctx)
	_, err = instance.ExportedFunction("_start").Call(ctx)
	var end exited
	if errors.As(err, &end) {
		return end.code, nil
	}
	return 0, err
}
