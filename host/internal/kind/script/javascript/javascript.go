// Package javascript runs scripts in JavaScript. Its engines are builds of QuickJS that
// export its C API, and the additions of quickjs-wasi: see functions.go. The files in
// the folder prelude are the modules that a script imports as "wexec", and its globals.
package javascript

import (
	"context"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/kind/script"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Engine is the SHA-256 of the engine that the package is made for: quickjs.wasm in
// the npm package quickjs-wasi 3.6.2, which has QuickJS-ng 0.17.
const Engine = "d4c9375f2b1ca4dc95f72c8aa2982a7a9951ac8011490d79c6582df732b4bbd9"

// Language implements script.Language.
type Language struct{}

// Name implements script.Language.
func (Language) Name() string { return "javascript" }

// Accept implements script.Language.
func (Language) Accept(m *wasm.Module) error {
	for _, f := range functions {
		has, ok := m.Function(f.name)
		if !ok {
			return fault.InvalidModule("it does not export %s, as builds of quickjs-wasi do", f.name)
		}
		if !has.Type.Equal(signature(f.signature)) {
			return fault.InvalidModule("its export %s is %v, not %v", f.name, has.Type, signature(f.signature))
		}
	}
	return nil
}

// Attach implements script.Language.
func (Language) Attach(inst *guest.Instance, source *script.Source) script.Side {
	return newSide(inst, source)
}

// Imports implements script.Language.
func (Language) Imports() []engine.Import {
	module := engine.Import{Module: "env"}
	for _, f := range []struct {
		name, signature string
		call            func(s *side, stack []uint64)
	}{
		{"host_call", "iiiii:i", (*side).hostCall},
		{"host_module_normalize", "ii:i", (*side).normalize},
		{"host_module_load", "ii:i", (*side).load},
		{"host_get_timezone_offset", "ii:i", func(_ *side, stack []uint64) { stack[0] = 0 }}, // UTC
		{"host_interrupt", ":i", func(_ *side, stack []uint64) { stack[0] = 0 }},             // nothing asks for it
		{"host_promise_rejection", "iii:", (*side).rejected},
	} {
		module.Functions = append(module.Functions, engine.HostFunction{
			Name: f.name, Type: signature(f.signature),
			Call: func(ctx context.Context, stack []uint64) { f.call(sideOf(ctx), stack) },
		})
	}
	return []engine.Import{module}
}

func sideOf(ctx context.Context) *side {
	if s, ok := guest.Of(ctx).Side().(*side); ok {
		return s
	}
	panic(fault.Misuse("a module that is not an engine of a script calls the host as one"))
}
