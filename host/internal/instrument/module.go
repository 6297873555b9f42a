package instrument

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wexec/wexec/host/internal/wasm"
)

// module is a module that is being rewritten. The embedded one stays as it is,
// and all indices are those of it.
type module struct {
	*wasm.Module
	o         Options
	sections  wasm.Sections // of the rewritten module
	imported  int           // how many functions are imported
	functions []function    // the module's own
	walker    walker        // over one function at a time

	needs   []string    // the fields of Options that it needs
	missing *wasm.Error // the first place that needs one that is not set

	growth   int     // how many elements each table may grow by
	changing int     // how many globals are mutable
	effort   float64 // to compile it
	hardest  float64 // to compile any one function
	marks    bool    // code makes irreversible changes: see state.go
	dataUsed int     // how many data segments code may refer to
	typed    bool    // there are references to functions of a type
	// taken tells of each function whether its address is taken, so that it may
	// be called indirectly. declared tells whether code may refer to it.
	taken, declared []bool
	undeclared      bool // code refers to a function that it may not refer to

	// Functions that are added: see bulk.go.
	helperList []bulk
	helpers    map[bulk]uint32 // their indices, as if no function had moved
	// Functions that code refers to, in the order in which they got a global.
	referenceList []uint32
	references    map[uint32]uint32
}

// newModule checks what a module declares, which is everything but its code.
func newModule(original *wasm.Module, o Options) (*module, error) {
	m := &module{
		Module:   original,
		o:        o,
		sections: slices.Clone(original.Sections),
		imported: original.Imported(wasm.KindFunction),
		taken:    slices.Clone(original.Referenced),
		declared: slices.Clone(original.Referenced),
		typed:    original.TypedReferences,
	}
	for _, g := range m.Globals {
		if g.Mutable {
			m.changing++
		}
	}
	for _, e := range m.Exports {
		if e.Kind == wasm.KindFunction {
			m.declared[e.Index] = true
		}
	}
	m.functions = make([]function, len(m.Bodies))
	for i := range m.functions {
		f := &m.functions[i]
		f.index = uint32(m.imported + i)
		f.body = &m.Bodies[i]
		f.typ = &m.Types[m.Functions[f.index]]
	}
	for _, check := range []func() error{m.checkBorder, m.checkTables} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	if len(m.Memories) > 0 && m.Memories[0].Shared {
		const why = "it has a shared memory, on which a wait can't be stopped: only trusted modules may"
		place := wasm.SectionMemory
		if !m.sections.Has(place) {
			place = wasm.SectionImport
		}
		m.need("SharedMemory", o.SharedMemory, m.sections.Find(place).Offset, why)
	}
	return m, nil
}

// checkBorder refuses imports and exports that are ours.
func (m *module) checkBorder() error {
	for _, i := range m.Imports {
		if i.Module == Module {
			return m.refuse(wasm.SectionImport, "a module may not import from %q", Module)
		}
	}
	for _, e := range m.Exports {
		if strings.HasPrefix(e.Name, namePrefix) {
			return m.refuse(wasm.SectionExport, "a module may not export %q", e.Name)
		}
	}
	return nil
}

// checkTables bounds the elements of the module's own tables, and those of all
// element segments.
func (m *module) checkTables() error {
	own := m.Tables[m.Imported(wasm.KindTable):]
	room := m.o.Table
	for _, t := range own {
		if room -= int(t.Min); room < 0 {
			return m.refuse(wasm.SectionTable, "its tables begin with more than %d elements", m.o.Table)
		}
	}
	if len(own) > 0 {
		m.growth = max(room/len(own), 1)
	}
	room = m.o.Table
	for _, e := range m.Elements {
		if room -= e.Len; room < 0 {
			return m.refuse(wasm.SectionElement, "its element segments have more than %d elements", m.o.Table)
		}
	}
	return nil
}

// refuse returns the error that refuses something in a section.
func (m *module) refuse(id wasm.SectionID, format string, args ...any) error {
	return &wasm.Error{Offset: m.sections.Find(id).Offset, Reason: fmt.Sprintf(format, args...)}
}

// need notes that the module needs a field of Options, and where and why.
func (m *module) need(field string, given bool, offset int, why string) {
	if !slices.Contains(m.needs, field) {
		m.needs = append(m.needs, field)
		slices.Sort(m.needs)
	}
	if !given && m.missing == nil {
		m.missing = &wasm.Error{Offset: offset, Reason: why}
	}
}

// function is one of the module's own functions: what it has, and what is to be
// inserted into it.
type function struct {
	index uint32
	body  *wasm.Body
	typ   *wasm.FuncType

	// What scan finds.
	loops      []loop
	jumps      []jump // by way of a table: see dispatch.go
	tables     []table
	calls      []call // in order
	bulkMemory bool   // it has operations on many bytes
	tries      int    // how deep try_tables are nested
	height     int    // the most operands at once
	rough      int64  // at least what callers pay for a call of it

	plan plan
}

// call is a call instruction.
type call struct {
	callee int // the function, or indirect
	// statement is where in the body its statement begins: the last place before
	// it in its block where there is no operand.
	statement int
}

// indirect stands for the function that is found in a table or a reference.
const indirect = -1

// loop is a loop of a function, in the order in which they begin.
type loop struct {
	again  bool  // some branch goes back to its head
	other  bool  // and one of these is no jump by way of a table
	params bool  // it takes operands
	weight int64 // the most that one pass over its own code costs
}

// goesRound reports whether the function has a loop with a way back.
func (f *function) goesRound() bool {
	return slices.ContainsFunc(f.loops, func(l loop) bool { return l.again })
}

// walker walks over a function that was scanned.
type walker struct {
	wasm.Walker
	jumps []jump // those that are still to come
	jump  *jump  // the one that the instruction is, if it uses the table
}

// walk returns the module's walker, before the first instruction of a function.
func (m *module) walk(f *function) *walker {
	w := &m.walker
	m.Walk(&w.Walker, int(f.index)-m.imported)
	w.jumps = f.jumps
	return w
}

// branches returns the labels of the instruction. That of a jump that is direct
// leads where the branch does that takes its place. It must be called for each
// instruction that has labels, once.
func (w *walker) branches() []wasm.Label {
	w.jump = nil
	if len(w.jumps) > 0 && w.jumps[0].at == w.Start {
		if w.jump = &w.jumps[0]; w.jump.direct {
			w.Labels[0].Block = int32(w.jump.place)
			w.jump = nil
		}
		w.jumps = w.jumps[1:]
	}
	return w.Labels
}
