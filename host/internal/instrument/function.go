package instrument

// function is one of the module's own functions: what is in it, and what is to
// be put there.
type function struct {
	index  uint32 // as the module was
	typ    *funcType
	at     int // of its entry in the module
	entry  []byte
	code   int // where its instructions begin in entry
	locals int // parameters included
	groups int // of declared locals

	// What a first walk finds.
	loops      []loop
	jumps      []jump // by way of a table: see dispatch.go
	calls      []call // in order
	bulkMemory bool   // it has operations on many bytes
	tries      int    // how deep try_tables stand in each other
	height     int    // the most operands at once
	rough      int64  // no less than what callers pay for a call of it

	plan plan
}

// call is a call instruction.
type call struct {
	callee int // the function, or indirect
	// statement is where its statement begins in the entry: the last place
	// before it in its block where there is no operand.
	statement int
}

// indirect stands for what is found in a table or a reference.
const indirect = -1

// loop is a loop of a function, in the order in which they begin.
type loop struct {
	again  bool  // some branch goes back to its head
	params bool  // it takes operands
	weight int64 // the most that one pass over its own code costs
}

// plan is what is put into a function.
type plan struct {
	// charge is the fuel for its code outside of loops and of what checks pay
	// for. If check is false, callers pay it.
	charge int64
	check  bool
	// checks are before calls through which the function may be called again.
	checks []check
	// stack is what it takes of the stack, or 0 if that is not counted.
	stack int64
}

// keepsBottom reports whether the stack that is left is kept in a local. With
// loops, registers are better spent on other things; but at a catch, it must be
// known.
func (f *function) keepsBottom() bool {
	return f.plan.stack > 0 && (f.tries > 0 || !f.goesRound())
}

// check is a safepoint before a statement.
type check struct {
	at     int // in the entry
	charge int64
}

func (m *module) parseCode(r *reader, o Options) {
	n := r.count()
	if n != len(m.defined) {
		r.fail(0, "there are %d bodies of %d functions", n, len(m.defined))
		return
	}
	m.functions = make([]function, n)
	for i := range m.functions {
		f := &m.functions[i]
		f.index = uint32(len(m.imported) + i)
		f.typ = &m.types[m.defined[i]]
		size := r.count()
		f.at = r.at + r.pos
		f.entry = r.bytes(size)
		if size > maxBody {
			r.fail(f.at-r.at, "a function has %d bytes, at most %d are allowed", size, maxBody)
		}
		if r.err == nil {
			r.err = f.parseLocals(r.have)
		}
		if m.locals += f.locals; m.locals > maxAllLocals {
			r.fail(f.at-r.at, "the functions have more than %d locals together", maxAllLocals)
		}
		if r.err != nil {
			return
		}
	}
}

// Bounds of a module. wazero makes lists of all these, and of 2^32 locals there
// can be in a few bytes. The largest real modules have 46,000 functions, 2,400
// types, 2,100 exports, 8,000 locals in a function and 420,000 in all, and 42
// parameters.
const (
	maxFunctions = 200_000
	maxTypes     = 50_000
	maxImports   = 10_000
	maxExports   = 100_000
	maxParams    = 1_000 // and as many results
	maxLocals    = 16_384
	maxAllLocals = 4_000_000
	maxBody      = 2 << 20 // bytes; 379,000
)

func (f *function) parseLocals(have *counts) error {
	r := &reader{b: f.entry, at: f.at, have: have}
	f.locals = f.typ.params
	f.groups = r.count()
	for range f.groups {
		start := r.pos
		n := int(r.u32())
		valueType(r)
		if f.locals += n; f.locals > maxLocals {
			r.fail(start, "a function has more than %d locals", maxLocals)
		}
	}
	f.code = r.pos
	return r.err
}

// walk returns the module's walker, at the function's first instruction.
func (m *module) walk(f *function) *walker {
	w := &m.walker
	*w = walker{m: m, depth: 1, locals: f.locals, labels: w.labels[:0]}
	w.b, w.at, w.pos, w.have, w.jumps = f.entry, f.at, f.code, &m.have, f.jumps
	return w
}
