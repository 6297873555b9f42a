// Package instrument rewrites WebAssembly modules so that the code in them can
// be stopped, metered and made to give way: it counts down as it runs, and
// calls the host when the count is below zero.
//
// A module goes one way through it: parse takes it apart (module.go), scan
// walks over each function, finds its loops and calls (scan.go, dispatch.go)
// and refuses what can't be compiled in time (effort.go), callGraph finds
// recursion (graph.go), plan weighs the code and decides what to put where
// (weigh.go), and the emitter writes it (emit.go, bulk.go, refer.go, names.go).
// What is not touched stays as it was, byte for byte.
//
// If it is asked to, it also makes a module's state reachable from outside, so
// that an instance can be put back to an earlier one (state.go, data.go).
// RATIONALE.md says why.
package instrument

import (
	"cmp"
	"slices"
	"strings"
)

// What a rewritten module has that the module before had not.
const (
	// Module is the module that Pause is imported from.
	Module = "wexec:safepoint"
	// Pause is the import that code calls when the countdown is below zero. It
	// takes and gives nothing, and should raise the countdown.
	Pause = "pause"
	// Countdown is the export of the global that has the fuel left until the
	// next Pause, a mutable i64.
	Countdown = "wexec:countdown"
	// Stack is the export of the global that has the bytes of stack that are
	// left, a mutable i64. Below zero, Pause must trap. A module that needs
	// little stack whatever it does has none.
	Stack = "wexec:stack"
)

// Added reports whether a frame of a stack trace, "module.function(types)", is
// of a function that a rewritten module has and the module before had not.
func Added(frame string) bool {
	return strings.HasPrefix(frame, namePrefix) || strings.Contains(frame, "."+namePrefix)
}

// Options say what may be in a module, and what to put there. The zero value
// is for modules that nobody trusts.
type Options struct {
	// Exceptions lets exception handling pass.
	Exceptions bool
	// SharedMemory lets shared memories pass, and so atomic waits.
	SharedMemory bool
	// Stack is the most bytes of stack that code may take when it is called
	// from outside, about. 0 is DefaultStack; less than 0 leaves the count out.
	Stack int64
	// Table is the most elements that the module's tables may have together.
	// 0 is DefaultTable.
	Table int
	// State makes the state of instances reachable: see Rewritten.
	State bool
}

// The defaults of Options.
const (
	DefaultStack = 16 << 20
	DefaultTable = 1 << 20
)

// Rewritten is what Rewrite makes of a module. All but Wasm is for
// Options.State.
type Rewritten struct {
	Wasm []byte
	// Data is what memory begins with; Wasm does not have it. The function that
	// was the start function is the export Start, to be called after Data is
	// where it belongs.
	Data Data
	// Globals is how many exports Global names.
	Globals int
	// Lasting says why an instance can't be put back to an earlier state, or is
	// empty if it can.
	Lasting string
}

// Rewrite returns the module with safepoints in it. wasm is not changed. A
// module in which nothing can take long stays as it is. The module need not be
// valid: what is invalid stays so, or is refused.
func Rewrite(wasm []byte, o Options) (*Rewritten, error) {
	o.Stack = cmp.Or(o.Stack, DefaultStack)
	o.Table = cmp.Or(o.Table, DefaultTable)
	m, err := parse(wasm, o)
	if err != nil {
		return nil, err
	}
	if err := m.scan(o); err != nil {
		return nil, err
	}
	if err := m.plan(o); err != nil {
		return nil, err
	}
	out := &Rewritten{Wasm: wasm}
	if o.State {
		out.Lasting = m.lasting()
	}
	if m.changes() || o.State && m.hasState() {
		err = m.rewrite(out, o)
	}
	return out, err
}

// changes reports whether there is something to put into the module.
func (m *module) changes() bool {
	return len(m.helperList)+len(m.referenceList) > 0 || slices.ContainsFunc(m.functions, func(f function) bool {
		return f.plan.check || len(f.plan.checks) > 0 || f.plan.stack > 0 || f.goesRound()
	})
}

// rewrite writes the module with what is planned.
func (m *module) rewrite(out *Rewritten, o Options) error {
	size := len(out.Wasm)
	e := newEmitter(m, o)
	code, err := e.code(size)
	if err != nil {
		return err
	}
	if err := m.move(e.moved); err != nil {
		return err
	}
	m.find(secCode).body = code
	m.add(e, o)
	if o.State {
		if out.Lasting == "" {
			out.Globals = m.exportGlobals()
		}
		m.exportStart(e.moved)
		out.Data = m.takeData()
	}
	out.Wasm = m.assemble(size + size/2)
	return nil
}

// add adds what rewritten code uses.
func (m *module) add(e *emitter, o Options) {
	pauseType := e.types.add([]byte{0x60, 0, 0})
	pause := append(appendName(appendName(nil, Module), Pause), kindFunction)
	m.extend(secImport, 1, appendU32(pause, pauseType))

	var functions []byte
	for _, k := range m.helperList {
		functions = appendU32(functions, e.types.add(m.signature(k)))
	}
	m.extend(secFunction, len(m.helperList), functions)

	m.addGlobal(Countdown, e.countdown, 0) // the first safepoint pauses
	if m.countsStack() {
		m.addGlobal(Stack, e.stack, o.Stack)
	}
	if e.marks {
		m.addGlobal(Changed, e.changed, 0)
	}
	m.addReferences(e)
	m.extend(secType, e.types.count, e.types.list)
}

// countsStack reports whether some function counts its stack.
func (m *module) countsStack() bool {
	return slices.ContainsFunc(m.functions, func(f function) bool { return f.plan.stack > 0 })
}

// addGlobal adds an exported i64 that can change.
func (m *module) addGlobal(name string, index uint32, value int64) {
	a := asm{[]byte{0x7e, 1}}
	m.extend(secGlobal, 1, a.i64(value).op(opEnd).out)
	m.export(name, kindGlobal, index)
}

// export adds an export.
func (m *module) export(name string, kind byte, index uint32) {
	m.extend(secExport, 1, appendU32(append(appendName(nil, name), kind), index))
}
