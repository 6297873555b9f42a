// Package instrument rewrites WebAssembly modules so that their code can be
// stopped, metered and made to yield: it counts down as it runs, and calls the
// host when the count falls below zero.
//
// Rewrite takes a parsed module through four steps. scan walks over each
// function, finds its loops and calls (scan.go, dispatch.go) and refuses code
// that takes too long to compile (effort.go). callGraph finds recursion
// (graph.go). plan weighs the code (weigh.go, flow.go) and decides where it pays
// (toll.go). The emitter writes that (emit.go, bulk.go, move.go). All
// that is not changed stays as it was, byte for byte.
//
// With Options.State, Rewrite also makes a module's state reachable from
// outside, so that an instance can be restored to an earlier one (state.go).
// RATIONALE.md says why.
package instrument

import (
	"cmp"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/internal/wasm"
)

// What a rewritten module has that the original has not.
const (
	// Module is the module that Pause is imported from.
	Module = "wexec:safepoint"
	// Pause is the import that code calls when the countdown is below zero. It
	// takes nothing and returns nothing, and should raise the countdown.
	Pause = "pause"
	// Countdown is the export of the global that holds the fuel left until the
	// next Pause, a mutable i64.
	Countdown = "wexec:countdown"
	// Stack is the export of the global that holds the bytes of stack that are
	// left, a mutable i64. Below zero, Pause must trap. A module that never
	// needs much stack has no such export.
	Stack = "wexec:stack"
)

// Added reports whether a frame of a stack trace, "module.function(types)", is
// of a function that Rewrite added.
func Added(frame string) bool {
	return strings.HasPrefix(frame, namePrefix) || strings.Contains(frame, "."+namePrefix)
}

// Options say what a module may have, and what to insert. The zero value is for
// untrusted modules.
type Options struct {
	// Exceptions allows exception handling.
	Exceptions bool
	// SharedMemory allows shared memories, and so atomic waits.
	SharedMemory bool
	// Stack is about how many bytes of stack a call from outside may take. 0 is
	// DefaultStack; below 0, stack is not counted.
	Stack int64
	// Table is how many elements the module's tables may have together. 0 is
	// DefaultTable.
	Table int
	// State makes the state of instances reachable: see Rewritten.
	State bool
	// AnyEffort accepts functions that may take long to compile: see
	// Rewritten.Effort.
	AnyEffort bool
	// Exact makes all code pay for itself, and for nothing else, which makes it
	// slow. It is for tests, which compare the fuel of other modules with that.
	Exact bool
}

// The defaults of Options.
const (
	DefaultStack = 16 << 20
	DefaultTable = 1 << 20
)

// Rewritten is the result of Rewrite. Data, Globals and Irreversible are for
// Options.State.
type Rewritten struct {
	Wasm []byte
	// Effort is how hard the module is to compile, where [MostEffort] is as hard as
	// modules may be without Options.AnyEffort. It may be above that with it.
	Effort float64
	// Hardest is the effort of the function that is hardest to compile. Without
	// Options.AnyEffort it is at most 1.
	Hardest float64
	// Needs are the fields of Options without which the module is refused:
	// "Exceptions", "SharedMemory".
	Needs []string
	// Data is the initial contents of memory, which Wasm does not have. The
	// function that was the start function is the export Start. It is to be
	// called once Data is in memory.
	Data Data
	// Globals is the number of exports that Global names.
	Globals int
	// Irreversible says why an instance can't be restored to an earlier state.
	// It is empty if it can.
	Irreversible string
}

// NeedsError says that a module needs Options that it was not given. There is
// no other reason to refuse it.
type NeedsError struct {
	// Needs are all the fields of Options that it needs: see Rewritten.
	Needs []string
	// First is the first place that needs a field that is not set.
	First *wasm.Error
}

func (e *NeedsError) Error() string { return e.First.Error() }

func (e *NeedsError) Unwrap() error { return e.First }

// Rewrite returns a module with safepoints inserted. A module that can't run
// for long stays as it is, except for names that can't be used. The original
// need not be valid: an invalid module is refused, or the result is invalid,
// too. An error is a *NeedsError or a *wasm.Error.
func Rewrite(original *wasm.Module, o Options) (*Rewritten, error) {
	o.Stack = cmp.Or(o.Stack, DefaultStack)
	o.Table = cmp.Or(o.Table, DefaultTable)
	m, err := newModule(original, o)
	if err != nil {
		return nil, err
	}
	if err := m.scan(); err != nil {
		return nil, err
	}
	if m.missing != nil {
		return nil, &NeedsError{m.needs, m.missing}
	}
	if err := m.plan(); err != nil {
		return nil, err
	}
	out := &Rewritten{Needs: m.needs, Effort: m.effort, Hardest: m.hardest}
	if o.State {
		out.Irreversible = m.irreversible()
	}
	if m.changes() || o.State && m.hasState() {
		return out, m.rewrite(out)
	}
	out.Wasm = original.WithUsableNames()
	return out, nil
}

// changes reports whether there is something to insert.
func (m *module) changes() bool {
	return len(m.helperList)+len(m.referenceList) > 0 || slices.ContainsFunc(m.functions, func(f function) bool {
		return f.plan.inserts() || f.goesRound()
	})
}

// rewrite writes the module with all that is planned.
func (m *module) rewrite(out *Rewritten) error {
	size := len(m.Bytes)
	e := newEmitter(m)
	code, err := e.code(size)
	if err != nil {
		return err
	}
	m.boundTables()
	if err := m.move(e.moved); err != nil {
		return err
	}
	m.renameFunctions(e.moved)
	m.sections.Find(wasm.SectionCode).Body = code
	m.add(e)
	if m.o.State {
		if out.Irreversible == "" {
			out.Globals = m.exportGlobals()
		}
		m.exportStart(e.moved)
		out.Data = m.takeData()
	}
	m.sections = slices.DeleteFunc(m.sections, speaksOfCode)
	out.Wasm = m.sections.Assemble(size + size/2)
	return nil
}

// add adds what rewritten code uses.
func (m *module) add(e *emitter) {
	pauseType := e.types.add([]byte{0x60, 0, 0})
	pause := append(wasm.AppendName(wasm.AppendName(nil, Module), Pause), byte(wasm.KindFunction))
	m.sections.Append(wasm.SectionImport, 1, wasm.AppendU32(pause, pauseType))

	var functions []byte
	for _, k := range m.helperList {
		functions = wasm.AppendU32(functions, e.types.add(m.signature(k)))
	}
	m.sections.Append(wasm.SectionFunction, len(m.helperList), functions)

	m.addGlobal(Countdown, e.countdown, 0) // the first safepoint pauses
	if m.countsStack() {
		m.addGlobal(Stack, e.stack, m.o.Stack)
	}
	if e.marks {
		m.addGlobal(Changed, e.changed, 0)
	}
	m.addReferences(e)
	m.sections.Append(wasm.SectionType, e.types.count, e.types.list)
}

// addGlobal adds an exported mutable i64.
func (m *module) addGlobal(name string, index uint32, value int64) {
	a := asm{[]byte{byte(wasm.I64), 1}}
	m.sections.Append(wasm.SectionGlobal, 1, a.i64(value).op(wasm.OpEnd).out)
	m.export(name, wasm.KindGlobal, index)
}

// export adds an export.
func (m *module) export(name string, kind wasm.Kind, index uint32) {
	item := append(wasm.AppendName(nil, name), byte(kind))
	m.sections.Append(wasm.SectionExport, 1, wasm.AppendU32(item, index))
}
