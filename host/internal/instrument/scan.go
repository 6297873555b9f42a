package instrument

// scan walks over all functions for the first time.
func (m *module) scan(o Options) error {
	var s scanner
	for i := range m.functions {
		if err := s.scan(m, &m.functions[i], o); err != nil {
			return err
		}
	}
	return nil
}

func (s *scanner) scan(m *module, f *function, o Options) error {
	w := m.walk(f)
	*s = scanner{w: w, f: f, o: o, blocks: s.blocks[:0], weighing: s.weighing, dispatcher: dispatcher{open: s.dispatcher.open[:0]}}
	s.blocks = append(s.blocks, scanned{loop: -1, results: f.typ.results, statement: f.code})
	s.weighing.begin(f)
	for w.next() {
		s.step()
	}
	if w.err == nil {
		w.err = s.weighing.finish(f, m.changing)
	}
	f.jumps = s.dispatcher.settle()
	for _, j := range f.jumps {
		if !j.direct {
			f.loops[j.loop].again = true
		}
	}
	return w.err
}

// scanner holds what scan knows at an instruction.
type scanner struct {
	w          *walker
	f          *function
	o          Options
	blocks     []scanned
	height     int // of operands
	tries      int // that are open
	dispatcher dispatcher
	weighing   weighing
}

// scanned is a block that is open.
type scanned struct {
	op      opcode
	loop    int // its number, or -1
	base    int // the operands below it
	params  int
	results int
	// statement is where the last one began.
	statement int
}

func (s *scanner) step() {
	w, f := s.w, s.f
	f.rough++
	s.height = max(s.height-int(w.shape.pop), 0) + int(w.shape.push)
	jumps := s.dispatcher.step(w)
	for _, l := range s.branches() {
		if jumps {
			break // settled later
		}
		if i := s.blocks[len(s.blocks)-1-int(l.depth)].loop; i >= 0 {
			f.loops[i].again = true
		}
	}
	switch w.op {
	case opBlock, opLoop, opIf, opTryTable:
		s.open()
	case opElse:
		b := s.blocks[len(s.blocks)-1]
		s.height = b.base + b.params
	case opEnd:
		b := s.blocks[len(s.blocks)-1]
		s.blocks = s.blocks[:len(s.blocks)-1]
		s.height = b.base + b.results
		if b.op == opTryTable {
			s.tries--
		}
	case opThrow, opThrowRef:
		if !s.o.Exceptions {
			w.fail(w.start, "it throws exceptions: only trusted modules may")
		}
	case opCall, opReturnCall:
		s.call(int(w.x))
	case opCallIndirect, opReturnCallIndirect, opCallRef, opReturnCallRef:
		s.call(indirect)
		s.height = max(s.height-1, 0)
	case opRefFunc:
		w.m.refer(w.x)
	case opMemoryFill, opMemoryCopy, opMemoryInit, opTableFill, opTableCopy, opTableInit, opTableGrow:
		f.rough += bulkCost
		f.bulkMemory = f.bulkMemory || onMemory(w.op)
		w.m.needs(w)
	}
	w.m.noteState(w)
	if t := w.callee(); t != nil {
		s.height = max(s.height-t.params, 0) + t.results
	}
	f.height = max(f.height, s.height)
	s.weighing.step(w, s.height)
	if len(s.blocks) > 0 {
		if b := &s.blocks[len(s.blocks)-1]; s.height <= b.base || w.op == opElse {
			b.statement = w.pos
		}
	}
}

func (s *scanner) call(callee int) {
	if callee != int(s.f.index) {
		s.f.rough += freeCharge
	}
	s.f.calls = append(s.f.calls, call{callee, s.blocks[len(s.blocks)-1].statement})
}

// branches returns the labels of the instruction.
func (s *scanner) branches() []label {
	switch s.w.shape.imm {
	case immLabel, immLabels, immTry:
		return s.w.labels
	}
	return nil
}

func (s *scanner) open() {
	w, f := s.w, s.f
	if w.op == opIf {
		s.height = max(s.height-1, 0)
	}
	b := scanned{op: w.op, loop: -1, params: w.block.params, results: w.block.results}
	b.base = max(s.height-b.params, 0)
	b.statement = w.pos
	switch w.op {
	case opLoop:
		b.loop = len(f.loops)
		f.loops = append(f.loops, loop{params: b.params > 0})
	case opTryTable:
		if !s.o.Exceptions {
			w.fail(w.start, "it catches exceptions: only trusted modules may")
		}
		s.tries++
		f.tries = max(f.tries, s.tries)
	}
	s.blocks = append(s.blocks, b)
}
