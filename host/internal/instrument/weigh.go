package instrument

import (
	"slices"

	"github.com/wexec/wexec/host/internal/wasm"
)

// What code costs, in units of fuel. An instruction costs one. One that only
// marks a place in the code costs nothing.
const (
	callCost = 4
	// bulkCost is that of an operation on few bytes or elements.
	bulkCost = 32
	// hostCost is that of a call of the host, 50 to 100 ns. The host charges
	// for the bytes that it moves.
	hostCost = 100
	// growCost is that of memory.grow, which the host does.
	growCost = 500
	// freeCharge is the most that a function's code outside of loops may cost
	// without a check at its entry.
	freeCharge = 64
	// callCharge is the most that callers pay for the code of a function that they
	// don't know: one that is called indirectly, or recurs.
	callCharge = 12
)

// What a call takes of the stack, in bytes: frameCost, and slotCost for each
// local and operand. wazero's frames are smaller, except in functions in which
// many results of calls live long. wazero's own bound of 50 MB holds for these.
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

// plan is what is inserted into a function.
type plan struct {
	// entry is the fuel that is charged at the function's entry, with a check or
	// without.
	entry int64
	check bool
	// charges are those in its code, in order.
	charges []charge
	// stack is what it takes of the stack, or 0 if that is not counted.
	stack int64
}

// charge takes fuel before the instruction at a place in the body.
type charge struct {
	at    int
	fuel  int64
	check bool  // there is a safepoint
	local int32 // if this local is 0, it takes none; or none
}

// checks reports whether there is a safepoint among what is inserted, outside of
// loops.
func (p *plan) checks() bool {
	return p.check || slices.ContainsFunc(p.charges, func(c charge) bool { return c.check })
}

// inserts reports whether there is something to insert.
func (p *plan) inserts() bool { return p.entry > 0 || p.check || p.stack > 0 || len(p.charges) > 0 }

// graded is what callers must know of a node of the call graph.
type graded struct {
	known  bool
	charge int64 // that the caller pays
	far    int64 // what may run in it without a check
	stack  int64 // that the caller's frame needs below it
}

// plan decides what is inserted into each function.
func (m *module) plan() error {
	g := m.callGraph()
	s := weigher{m: m, g: g, grades: make([]graded, len(g.nodes))}
	for _, n := range g.order {
		if n == g.anyTaken() {
			s.grades[n] = s.gradeTaken()
			continue
		}
		if err := s.weigh(n); err != nil {
			return err
		}
	}
	return nil
}

// gradeTaken grades the node that stands for all functions whose address is
// taken.
func (s *weigher) gradeTaken() graded {
	all := graded{known: true}
	if slices.Contains(s.m.taken[:s.m.imported], true) {
		all.charge, all.far = s.most(hostCost), hostCost
	}
	for _, index := range s.g.taken {
		g := s.grade(s.g.node(int(index)))
		all.charge = max(all.charge, g.charge)
		all.far = max(all.far, g.far)
		all.stack = max(all.stack, g.stack)
	}
	return all
}

// grade returns what a caller must know of a node. What leads to the caller
// again may not be graded yet: it pays itself for what is more.
func (s *weigher) grade(n int) graded {
	switch {
	case s.grades[n].known:
		return s.grades[n]
	case n == s.g.anyTaken():
		return graded{charge: s.most(callCharge), far: freeCharge}
	}
	rough := s.m.functions[n].rough
	return graded{charge: s.most(min(callCharge, rough)), far: min(freeCharge, rough)}
}

// most returns the most that callers pay: nothing if the count is exact.
func (s *weigher) most(charge int64) int64 {
	if s.m.o.Exact {
		return 0
	}
	return charge
}

// decide makes the plan of the function that was weighed, and grades it. need is
// what is to be paid for at its entry, far is what may run until the first check.
func (s *weigher) decide(need, far int64) {
	f, p := s.f, &s.f.plan
	below := int64(0)
	for _, c := range f.calls {
		if n := s.g.node(c.callee); n >= 0 {
			below = max(below, s.grades[n].stack)
		}
	}
	stack := frameCost + slotCost*int64(f.body.Locals+f.height) + tryCost*int64(f.tries) + below
	cyclic := s.g.nodes[s.n].cyclic
	if s.m.o.Stack > 0 && (cyclic || stack > freeStack || f.tries > 0) {
		p.stack, stack = stack, 0
	}
	// Recursion has its checks where it calls.
	p.check = far > freeCharge || p.stack > 0 && (!cyclic || f.tries > 0)
	grade := graded{known: true, stack: stack}
	switch {
	case p.check:
	case cyclic || s.m.taken[f.index]:
		grade.charge, grade.far = s.most(min(need, callCharge)), far
	default:
		grade.charge, grade.far = s.most(need), far
	}
	p.entry = need - grade.charge
	s.grades[s.n] = grade
}

// weigher finds what the code of functions costs.
type weigher struct {
	m      *module
	g      *callGraph
	grades []graded // by node

	// The function that is weighed.
	f       *function
	n       int // its node
	w       *walker
	tables  []table // those that are still to come
	flow    flow
	calls   int // that have been passed
	covered int // the place of the block to whose end a check pays, or none
}

// weigh finds what the code of a function costs, and where it pays.
func (s *weigher) weigh(n int) error {
	f := &s.m.functions[n]
	s.f, s.n, s.w, s.tables, s.calls, s.covered = f, n, s.m.walk(f), f.tables, 0, none
	s.flow.begin(f.body.Code)
	for s.w.Next() {
		s.step()
	}
	if err := s.w.Err(); err != nil {
		return err
	}
	need, far := s.flow.settle(s.m.o.Exact)
	f.plan.charges = slices.Clone(s.flow.charges)
	slices.SortStableFunc(f.plan.charges, func(a, b charge) int { return a.at - b.at })
	s.decide(need, far)
	return nil
}

func (s *weigher) step() {
	w := s.w
	s.flow.spend(s.cost())
	if len(w.Labels) > 0 {
		s.branches()
	}
	switch op := w.Op; {
	case op.Opens():
		s.open()
	case op == wasm.OpElse:
		s.uncover()
		s.flow.otherwise(w)
	case op == wasm.OpEnd:
		s.uncover()
		s.flow.close(w)
	case op.Jumps():
		if op == wasm.OpReturn || op.ReturnCalls() {
			s.flow.branch(&s.flow.blocks[0])
		}
		s.flow.here = none
	}
}

func (s *weigher) branches() {
	w := s.w
	labels := w.branches()
	if len(s.tables) > 0 && s.tables[0].at == w.Start {
		t := s.tables[0]
		s.tables = s.tables[1:]
		if !s.f.loops[t.loop].other && s.flow.dispatch(t, labels) {
			return
		}
	}
	for _, l := range labels {
		b := &s.flow.blocks[l.Block]
		s.flow.branch(b)
		b.caught = b.caught || w.Op == wasm.OpTryTable
	}
	if w.jump != nil {
		s.flow.jump(w.jump, &s.flow.blocks[labels[0].Block])
	}
	if !w.Op.Jumps() && w.Op != wasm.OpTryTable {
		s.flow.next(w.Pos())
	}
}

func (s *weigher) open() {
	var weight *int64
	if s.w.Op == wasm.OpLoop {
		if l := &s.f.loops[s.w.Blocks[s.w.Top()].Loop]; l.again {
			weight = &l.weight
		}
	}
	s.flow.open(s.w, weight)
}

// uncover notes that a block ends.
func (s *weigher) uncover() {
	if s.covered == s.w.Top() {
		s.covered = none
	}
}

// cost returns what the instruction costs, and the most that may run there
// without a check.
func (s *weigher) cost() (cost, most int64) {
	cost = 1
	switch op := s.w.Op; {
	case op == wasm.OpBlock, op == wasm.OpLoop, op == wasm.OpElse, op == wasm.OpEnd, op == wasm.OpNop:
		cost = 0
	case op.Calls():
		return s.call()
	case op == wasm.OpMemoryGrow:
		cost = growCost
	case op.Bulk():
		cost = bulkCost
	}
	return cost, cost
}

// call returns what a call costs. If it may lead to the function again, there
// must be a check before it: that of a loop around it, one before an earlier
// call in the same block or one around it, or else a new one.
func (s *weigher) call() (cost, most int64) {
	c := s.f.calls[s.calls]
	s.calls++
	n := s.g.node(c.callee)
	if n < 0 {
		return hostCost, hostCost
	}
	if f := &s.flow; s.g.recurs(s.n, n) && f.ring == none && s.covered == none && f.here != none {
		s.covered = s.w.Top()
		f.next(c.statement)
		f.stretches[f.here].block = f.blocks[s.covered].number
	}
	g := s.grade(n)
	return callCost + g.charge, callCost + g.far
}
