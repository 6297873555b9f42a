package instrument

import "slices"

// What code costs, in units of fuel. An instruction costs one; what costs
// nothing is only a mark in the code.
const (
	callCost = 4
	// hostCost is that of a call of the host, 50 to 100 ns, beside what the
	// host charges for the bytes that it moves.
	hostCost = 100
	// growCost is that of memory.grow, which the host does.
	growCost = 500
	// freeCharge is the most that a function outside of recursion may cost
	// without a check of its own: whoever calls it pays.
	freeCharge = 64
)

// What a call takes of the stack, in bytes: frameCost, and slotCost for each
// local and operand. wazero's frames are smaller, but for those of functions
// in which many results of calls live long; its own bound of 50 MB holds
// for these.
const (
	frameCost = 64
	slotCost  = 8
	// freeStack is the most that functions outside of recursion may take
	// together without being counted.
	freeStack = 64 << 10
	// tryCost makes 256 the most try_tables that are live at once, with a
	// stack of 16 MiB: wazero copies the whole stack for each.
	tryCost = 64 << 10
)

// graded is what callers must know of a node of the call graph.
type graded struct {
	charge  int64 // that the caller pays
	neutral bool  // it never counts
	stack   int64 // that the caller's frame needs below it
}

// plan decides what is put into each function.
func (m *module) plan(o Options) error {
	g := m.callGraph()
	grades := make([]graded, len(g.nodes))
	for _, n := range g.order {
		if n == g.anyTaken() {
			grades[n] = m.gradeTaken(g, grades)
			continue
		}
		f := &m.functions[n]
		if err := m.weigh(f, g, grades); err != nil {
			return err
		}
		grades[n] = f.decide(g.nodes[n].cyclic, m.below(f, g, grades), m.neutral(f, grades), o)
	}
	return nil
}

func (m *module) gradeTaken(g *callGraph, grades []graded) graded {
	all := graded{}
	for _, index := range g.taken {
		one := grades[int(index)-len(m.imported)]
		all.charge, all.stack = max(all.charge, one.charge), max(all.stack, one.stack)
	}
	return all
}

// below is the most stack that the functions take that f calls.
func (m *module) below(f *function, g *callGraph, grades []graded) (most int64) {
	for _, callee := range f.callees {
		if n := int(callee) - len(m.imported); n >= 0 {
			most = max(most, grades[n].stack)
		}
	}
	if f.indirect {
		most = max(most, grades[g.anyTaken()].stack)
	}
	return most
}

// neutral reports whether nothing that f calls counts.
func (m *module) neutral(f *function, grades []graded) bool {
	for _, callee := range f.callees {
		if n := int(callee) - len(m.imported); n < 0 || !grades[n].neutral {
			return false
		}
	}
	return !f.indirect && !f.bulk
}

// decide makes the plan of a function that has been weighed.
func (f *function) decide(cyclic bool, below int64, neutral bool, o Options) graded {
	p := &f.plan
	stack := frameCost + slotCost*int64(f.locals+f.height) + tryCost*int64(f.tries) + below
	if o.Stack > 0 && (cyclic || stack > freeStack || f.tries > 0) {
		p.stack, stack = stack, 0
	}
	p.check = cyclic || p.stack > 0 || p.charge > freeCharge
	// wazero rolls locals back at a catch.
	p.local = f.goesRound() && f.tries == 0
	p.neutral = neutral && !p.check && !f.goesRound()
	grade := graded{neutral: p.neutral, stack: stack}
	if !p.check {
		grade.charge = p.charge
	}
	return grade
}

// goesRound reports whether the function has a loop with a way back.
func (f *function) goesRound() bool {
	return slices.ContainsFunc(f.loops, func(l loop) bool { return l.again })
}

// weigh finds what the code of a function costs: the most expensive path
// through it, and for each loop that goes round the most expensive path from
// its head. Code is charged by the innermost such loop that it is in.
func (m *module) weigh(f *function, g *callGraph, grades []graded) error {
	w := m.walk(f)
	s := scale{w: w, f: f, g: g, grades: grades}
	s.regions = append(s.regions, region{loop: -1})
	s.blocks = append(s.blocks, weighed{})
	for w.next() {
		s.step()
	}
	f.plan.charge = s.regions[0].most
	return w.err
}

// scale holds what weigh knows at an instruction.
type scale struct {
	w       *walker
	f       *function
	g       *callGraph
	grades  []graded
	now     int64 // the cost of the most expensive path to here
	loops   int   // that have begun
	blocks  []weighed
	regions []region
}

// region is code that is charged at one place: the function's entry, or the
// head of a loop.
type region struct {
	loop  int
	most  int64
	outer int64 // the cost outside, where the loop is
}

// weighed is a block that is open.
type weighed struct {
	op        opcode
	region    int   // in which its end is
	entry     int64 // the cost where it begins
	end       int64 // that of the most expensive branch to its end
	otherwise bool  // it is an if without else
}

func (s *scale) step() {
	w := s.w
	s.now += s.cost()
	top := &s.regions[len(s.regions)-1]
	top.most = max(top.most, s.now)
	switch w.shape.imm {
	case immLabel, immLabels, immTry:
		for _, l := range w.labels {
			s.branch(int(l.depth))
		}
	}
	switch w.op {
	case opBlock, opLoop, opIf, opTryTable:
		s.open()
	case opElse:
		b := &s.blocks[len(s.blocks)-1]
		b.end = max(b.end, s.now)
		b.otherwise = false
		s.now = b.entry
	case opEnd:
		s.close()
	case opUnreachable, opBr, opBrTable, opReturn, opReturnCall, opReturnCallIndirect, opReturnCallRef, opThrow, opThrowRef:
		s.now = 0 // nothing goes on from here
	}
}

func (s *scale) open() {
	b := weighed{op: s.w.op, region: len(s.regions) - 1, entry: s.now, otherwise: s.w.op == opIf}
	if s.w.op == opLoop {
		i := s.loops
		s.loops++
		if s.f.loops[i].again {
			s.regions = append(s.regions, region{loop: i, outer: s.now})
			s.now = 0
		}
	}
	s.blocks = append(s.blocks, b)
}

func (s *scale) close() {
	b := s.blocks[len(s.blocks)-1]
	s.blocks = s.blocks[:len(s.blocks)-1]
	if b.otherwise {
		b.end = max(b.end, b.entry)
	}
	s.now = max(s.now, b.end)
	if top := len(s.regions) - 1; top > b.region {
		r := s.regions[top]
		s.regions = s.regions[:top]
		s.f.loops[r.loop].weight = r.most
		s.now = r.outer
	}
}

// branch notes a branch to a block: its end is reached with the cost of here,
// or, from inside a loop, of where that is.
func (s *scale) branch(depth int) {
	b := &s.blocks[len(s.blocks)-1-depth]
	cost := s.now
	if b.region+1 < len(s.regions) {
		cost = s.regions[b.region+1].outer
	}
	b.end = max(b.end, cost)
}

// cost returns what the instruction costs, and notes calls that count in the
// loops around it.
func (s *scale) cost() int64 {
	switch w := s.w; w.op {
	case opBlock, opLoop, opElse, opEnd, opNop:
		return 0
	case opMemoryGrow:
		return growCost
	case opCall, opReturnCall:
		n := int(w.x) - len(w.m.imported)
		if n < 0 {
			s.syncs()
			return hostCost
		}
		if !s.grades[n].neutral {
			s.syncs()
		}
		return callCost + s.grades[n].charge
	case opCallIndirect, opReturnCallIndirect, opCallRef, opReturnCallRef:
		s.syncs()
		return 2*callCost + s.grades[s.g.anyTaken()].charge
	case opMemoryFill, opMemoryCopy, opMemoryInit, opTableFill, opTableCopy, opTableInit, opTableGrow:
		s.syncs()
		return callCost
	}
	return 1
}

func (s *scale) syncs() {
	for _, r := range s.regions[1:] {
		s.f.loops[r.loop].syncs = true
	}
}
