package instrument

import "github.com/wexec/wexec/host/internal/wasm"

// scan walks over all functions for the first time.
func (m *module) scan() error {
	s := scanner{m: m}
	for i := range m.functions {
		if err := s.scan(&m.functions[i]); err != nil {
			return err
		}
	}
	m.effort, m.hardest = s.cost.total, s.cost.most
	return nil
}

// scanner holds what scan knows at an instruction.
type scanner struct {
	m          *module
	f          *function
	w          *wasm.Walker
	blocks     []scanned // beside the walker's
	height     int       // of operands
	tries      int       // how many try_tables are open
	dispatcher dispatcher
	cost       compileCost
}

// scanned is what scan knows of a block that is open.
type scanned struct {
	base      int // the operands below it
	statement int // where the last statement began
}

func (s *scanner) scan(f *function) error {
	w := &s.m.walk(f).Walker
	s.f, s.w, s.height, s.tries = f, w, 0, 0
	s.blocks = append(s.blocks[:0], scanned{statement: f.body.Code})
	s.dispatcher.begin()
	s.cost.begin(f)
	for w.Next() {
		s.step()
	}
	if err := w.Err(); err != nil {
		return err
	}
	s.m.typed = s.m.typed || w.Typed()
	f.jumps, f.tables = s.dispatcher.settle(), s.dispatcher.found
	for _, j := range f.jumps {
		if !j.direct {
			f.loops[j.loop].again = true
		}
	}
	return s.cost.finish(f, s.m.changing, s.m.o.AnyEffort)
}

func (s *scanner) step() {
	w, f := s.w, s.f
	f.rough++
	s.height = max(s.height-int(w.Shape.Pop), 0) + int(w.Shape.Push)
	if jumps := s.dispatcher.step(w); !jumps { // jumps are settled later
		for _, l := range w.Labels {
			if i := w.Blocks[l.Block].Loop; i >= 0 {
				f.loops[i].again, f.loops[i].other = true, true
			}
		}
	}
	callee := w.Callee()
	switch op := w.Op; {
	case op.Opens():
		s.open()
	case op == wasm.OpElse:
		s.height = s.blocks[w.Top()].base + int(w.Blocks[w.Top()].Params)
	case op == wasm.OpEnd:
		s.close()
	case callee != nil:
		s.call(callee)
	case op.Throws():
		s.exceptions("it throws exceptions: only trusted modules may")
	case op == wasm.OpRefFunc:
		s.m.refer(w.X)
	case op.Bulk():
		f.rough += bulkCost
		f.bulkMemory = f.bulkMemory || op.BulkMemory()
		s.m.needHelper(w)
	}
	s.m.noteState(w)
	f.height = max(f.height, s.height)
	s.cost.step(w, s.height, callee)
	s.endStatement()
}

func (s *scanner) open() {
	w, f := s.w, s.f
	if w.Op == wasm.OpIf {
		s.height = max(s.height-1, 0)
	}
	b := scanned{base: max(s.height-w.Type.Params, 0), statement: w.Pos()}
	s.blocks = append(s.blocks[:w.Top()], b)
	switch w.Op {
	case wasm.OpLoop:
		f.loops = append(f.loops, loop{params: w.Type.Params > 0})
	case wasm.OpTryTable:
		s.exceptions("it catches exceptions: only trusted modules may")
		s.tries++
		f.tries = max(f.tries, s.tries)
	}
}

func (s *scanner) close() {
	b := &s.w.Blocks[s.w.Top()]
	s.height = s.blocks[s.w.Top()].base + int(b.Results)
	if b.Op == wasm.OpTryTable {
		s.tries--
	}
}

func (s *scanner) call(t *wasm.FuncType) {
	callee := int(s.w.X)
	if s.w.Op.CallsIndirectly() {
		callee = indirect
		s.height = max(s.height-1, 0)
	}
	if callee != int(s.f.index) {
		s.f.rough += freeCharge
	}
	s.f.calls = append(s.f.calls, call{callee, s.blocks[s.w.Top()].statement})
	s.height = max(s.height-len(t.Params), 0) + len(t.Results)
}

// exceptions notes that the module handles exceptions.
func (s *scanner) exceptions(why string) {
	s.m.need("Exceptions", s.m.o.Exceptions, s.f.body.Offset+s.w.Start, why)
}

// endStatement notes where the next statement begins, if the instruction is the
// end of one.
func (s *scanner) endStatement() {
	top := s.w.Top()
	if s.w.Op == wasm.OpEnd {
		top--
	}
	if top < 0 {
		return
	}
	if b := &s.blocks[top]; s.height <= b.base || s.w.Op == wasm.OpElse {
		b.statement = s.w.Pos()
	}
}
