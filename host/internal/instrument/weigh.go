package instrument

import "slices"

// What code costs, in units of fuel. An instruction costs one; what costs
// nothing is only a mark in the code.
const (
	callCost = 4
	// bulkCost is that of an operation on few bytes or elements.
	bulkCost = 32
	// hostCost is that of a call of the host, 50 to 100 ns, beside what the
	// host charges for the bytes that it moves.
	hostCost = 100
	// growCost is that of memory.grow, which the host does.
	growCost = 500
	// freeCharge is the most that a function's code outside of loops may cost
	// without a check at its entry: whoever calls it pays.
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
	charge int64 // that the caller pays
	stack  int64 // that the caller's frame needs below it
}

// plan decides what is put into each function.
func (m *module) plan(o Options) error {
	g := m.callGraph()
	grades := make([]graded, len(g.nodes))
	var s scale
	for _, n := range g.order {
		if n == g.anyTaken() {
			grades[n] = gradeTaken(g, grades)
			continue
		}
		s = scale{w: m.walk(&m.functions[n]), f: &m.functions[n], n: n, g: g, grades: grades, blocks: s.blocks[:0], regions: s.regions[:0]}
		if err := s.weigh(); err != nil {
			return err
		}
		grades[n] = s.decide(o)
	}
	return nil
}

func gradeTaken(g *callGraph, grades []graded) graded {
	all := graded{}
	if slices.Contains(g.m.taken[:len(g.m.imported)], true) {
		all.charge = hostCost
	}
	for _, index := range g.taken {
		n := g.node(int(index))
		all.charge = max(all.charge, g.charge(g.anyTaken(), n, grades))
		all.stack = max(all.stack, grades[n].stack)
	}
	return all
}

// charge returns what a call of n to another node costs n, beside the call
// itself. What leads to n again may not be graded yet.
func (g *callGraph) charge(n, to int, grades []graded) int64 {
	switch {
	case !g.recurs(n, to):
		return grades[to].charge
	case to == g.anyTaken():
		return freeCharge
	}
	return min(freeCharge, g.m.functions[to].rough)
}

// decide makes the plan of the function, which has been weighed.
func (s *scale) decide(o Options) graded {
	f, p := s.f, &s.f.plan
	below := int64(0)
	for _, c := range f.calls {
		if n := s.g.node(c.callee); n >= 0 {
			below = max(below, s.grades[n].stack)
		}
	}
	stack := frameCost + slotCost*int64(f.locals+f.height) + tryCost*int64(f.tries) + below
	cyclic := s.g.nodes[s.n].cyclic
	if o.Stack > 0 && (cyclic || stack > freeStack || f.tries > 0) {
		p.stack, stack = stack, 0
	}
	// Recursion has its checks where it calls.
	p.check = p.charge > freeCharge || p.stack > 0 && (!cyclic || f.tries > 0)
	grade := graded{stack: stack}
	if !p.check {
		grade.charge = p.charge
	}
	return grade
}

// goesRound reports whether the function has a loop with a way back.
func (f *function) goesRound() bool {
	return slices.ContainsFunc(f.loops, func(l loop) bool { return l.again })
}

// scale holds what weigh knows at an instruction.
type scale struct {
	w       *walker
	f       *function
	n       int // its node
	g       *callGraph
	grades  []graded
	now     int64 // the cost of the most expensive path to here
	loops   int   // that have begun
	calls   int
	blocks  []weighed
	regions []region
}

// region is code that is charged at one place: the function's entry, the head
// of a loop, or a check before a call, which pays to the end of its block.
type region struct {
	charge *int64
	loop   *loop // whose head it is
	outer  int64 // the cost outside, where the region begins
}

// weighed is a block that is open.
type weighed struct {
	region    int   // in which its end is
	entry     int64 // the cost where it begins
	end       int64 // that of the most expensive branch to its end
	otherwise bool  // it is an if without else
}

// weigh finds what the code of a function costs: each region the most
// expensive path through the code that is in it and in no inner one. Where
// exceptions are caught, any path may lead anywhere: it is all of the code.
func (s *scale) weigh() error {
	f := s.f
	if s.g.nodes[s.n].cyclic {
		f.plan.checks = make([]check, 0, len(f.calls)) // regions point into it
	}
	s.regions = append(s.regions, region{charge: &f.plan.charge})
	s.blocks = append(s.blocks, weighed{})
	for s.w.next() {
		s.step()
	}
	slices.SortFunc(f.plan.checks, func(a, b check) int { return a.at - b.at })
	return s.w.err
}

func (s *scale) step() {
	w := s.w
	s.now += s.cost()
	charge := s.regions[len(s.regions)-1].charge
	*charge = max(*charge, s.now)
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
		s.leave(b.region)
		b.end = max(b.end, s.now)
		b.otherwise = false
		if s.f.tries == 0 {
			s.now = b.entry
		}
	case opEnd:
		s.close()
	case opUnreachable, opBr, opBrTable, opReturn, opReturnCall, opReturnCallIndirect, opReturnCallRef, opThrow, opThrowRef:
		if s.f.tries == 0 {
			s.now = 0 // nothing goes on from here
		}
	}
}

func (s *scale) open() {
	s.blocks = append(s.blocks, weighed{region: len(s.regions) - 1, entry: s.now, otherwise: s.w.op == opIf})
	if s.w.op != opLoop {
		return
	}
	l := &s.f.loops[s.loops]
	s.loops++
	if l.again {
		s.enter(region{charge: &l.weight, loop: l})
	}
}

func (s *scale) enter(r region) {
	r.outer = s.now
	s.regions = append(s.regions, r)
	s.now = 0
}

// leave ends the regions inside of that one.
func (s *scale) leave(region int) {
	if region+1 < len(s.regions) {
		s.now = s.regions[region+1].outer
		s.regions = s.regions[:region+1]
	}
}

func (s *scale) close() {
	b := s.blocks[len(s.blocks)-1]
	s.blocks = s.blocks[:len(s.blocks)-1]
	s.leave(b.region)
	if b.otherwise {
		b.end = max(b.end, b.entry)
	}
	s.now = max(s.now, b.end)
}

// branch notes a branch to a block: its end is reached with the cost of here,
// or, from inside a region, of where that begins.
func (s *scale) branch(depth int) {
	b := &s.blocks[len(s.blocks)-1-depth]
	cost := s.now
	if b.region+1 < len(s.regions) {
		cost = s.regions[b.region+1].outer
	}
	b.end = max(b.end, cost)
}

// cost returns what the instruction costs.
func (s *scale) cost() int64 {
	switch s.w.op {
	case opBlock, opLoop, opElse, opEnd, opNop:
		return 0
	case opMemoryGrow:
		return growCost
	case opCall, opReturnCall, opCallIndirect, opReturnCallIndirect, opCallRef, opReturnCallRef:
		return s.call()
	case opMemoryFill, opMemoryCopy, opMemoryInit, opTableFill, opTableCopy, opTableInit, opTableGrow:
		return bulkCost
	}
	return 1
}

// call returns what a call costs. If it may lead to the function again, there
// must be a check before it: that of a loop that it is in, one before an
// earlier call in the same block or one around it, or else a new one.
func (s *scale) call() int64 {
	c := s.f.calls[s.calls]
	s.calls++
	n := s.g.node(c.callee)
	if n < 0 {
		return hostCost
	}
	if s.g.recurs(s.n, n) {
		if len(s.regions) == 1 {
			s.f.plan.checks = append(s.f.plan.checks, check{at: c.statement})
			s.enter(region{charge: &s.f.plan.checks[len(s.f.plan.checks)-1].charge})
		}
	}
	return callCost + s.g.charge(s.n, n, s.grades)
}
