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
	// without a check at its entry: its callers pay.
	freeCharge = 64
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
	// charge is the fuel for its code outside of loops and of what checks pay
	// for. If check is false, callers pay it.
	charge int64
	check  bool
	// checks are before calls through which the function may be called again.
	checks []check
	// stack is what it takes of the stack, or 0 if that is not counted.
	stack int64
}

// check is a safepoint before a statement.
type check struct {
	at     int // in the body
	charge int64
}

// graded is what callers must know of a node of the call graph.
type graded struct {
	charge int64 // that the caller pays
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
		s.grades[n] = s.decide()
	}
	return nil
}

// gradeTaken grades the node that stands for all functions whose address is
// taken.
func (s *weigher) gradeTaken() graded {
	all := graded{}
	if slices.Contains(s.m.taken[:s.m.imported], true) {
		all.charge = hostCost
	}
	for _, index := range s.g.taken {
		n := s.g.node(int(index))
		all.charge = max(all.charge, s.charge(s.g.anyTaken(), n))
		all.stack = max(all.stack, s.grades[n].stack)
	}
	return all
}

// charge returns what a call costs n, in addition to the call itself, if to is
// the node that it calls. What leads to n again may not be graded yet.
func (s *weigher) charge(n, to int) int64 {
	switch {
	case !s.g.recurs(n, to):
		return s.grades[to].charge
	case to == s.g.anyTaken():
		return freeCharge
	}
	return min(freeCharge, s.m.functions[to].rough)
}

// decide makes the plan of the function that was weighed.
func (s *weigher) decide() graded {
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
	p.check = p.charge > freeCharge || p.stack > 0 && (!cyclic || f.tries > 0)
	grade := graded{stack: stack}
	if !p.check {
		grade.charge = p.charge
	}
	return grade
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
	now     int64     // the cost of the most expensive path to here
	calls   int       // that have been passed
	blocks  []weighed // beside the walker's
	regions []region
}

// region is code that is charged at one place: the function's entry, the head
// of a loop, or a check before a call, which pays to the end of its block.
type region struct {
	charge *int64
	outer  int64 // the cost outside, where the region begins
}

// weighed is what a weigher knows of a block that is open.
type weighed struct {
	region    int   // in which its end is
	entry     int64 // the cost where it begins
	end       int64 // that of the most expensive branch to its end
	otherwise bool  // it is an if without else
}

// weigh finds what the code of a function costs: for each region, the most
// expensive path through the code that is in it and in no inner one. Where
// exceptions are caught, a path may lead anywhere: the cost is that of all the
// code.
func (s *weigher) weigh(n int) error {
	f := &s.m.functions[n]
	s.f, s.n, s.w, s.now, s.calls = f, n, s.m.walk(f), 0, 0
	if s.g.nodes[n].cyclic {
		f.plan.checks = make([]check, 0, len(f.calls)) // regions point into it
	}
	s.regions = append(s.regions[:0], region{charge: &f.plan.charge})
	s.blocks = append(s.blocks[:0], weighed{})
	for s.w.Next() {
		s.step()
	}
	slices.SortFunc(f.plan.checks, func(a, b check) int { return a.at - b.at })
	return s.w.Err()
}

func (s *weigher) step() {
	w := s.w
	s.now += s.cost()
	charge := s.regions[len(s.regions)-1].charge
	*charge = max(*charge, s.now)
	if len(w.Labels) > 0 {
		for _, l := range w.branches() {
			s.branch(&s.blocks[l.Block])
		}
	}
	switch op := w.Op; {
	case op.Opens():
		s.open()
	case op == wasm.OpElse:
		b := &s.blocks[w.Top()]
		s.leave(b.region)
		b.end = max(b.end, s.now)
		b.otherwise = false
		if s.f.tries == 0 {
			s.now = b.entry
		}
	case op == wasm.OpEnd:
		s.close()
	case op.Jumps():
		if s.f.tries == 0 {
			s.now = 0 // nothing goes on from here
		}
	}
}

func (s *weigher) open() {
	w := s.w
	b := weighed{region: len(s.regions) - 1, entry: s.now, otherwise: w.Op == wasm.OpIf}
	s.blocks = append(s.blocks[:w.Top()], b)
	if w.Op != wasm.OpLoop {
		return
	}
	if l := &s.f.loops[w.Blocks[w.Top()].Loop]; l.again {
		s.enter(&l.weight)
	}
}

// enter begins a region.
func (s *weigher) enter(charge *int64) {
	s.regions = append(s.regions, region{charge, s.now})
	s.now = 0
}

// leave ends the regions inside of that one.
func (s *weigher) leave(region int) {
	if region+1 < len(s.regions) {
		s.now = s.regions[region+1].outer
		s.regions = s.regions[:region+1]
	}
}

func (s *weigher) close() {
	b := &s.blocks[s.w.Top()]
	s.leave(b.region)
	if b.otherwise {
		b.end = max(b.end, b.entry)
	}
	s.now = max(s.now, b.end)
}

// branch notes a branch to a block. It reaches the end of the block with the
// cost of here, or, from inside a region, of where the region begins.
func (s *weigher) branch(b *weighed) {
	cost := s.now
	if b.region+1 < len(s.regions) {
		cost = s.regions[b.region+1].outer
	}
	b.end = max(b.end, cost)
}

// cost returns what the instruction costs.
func (s *weigher) cost() int64 {
	switch op := s.w.Op; {
	case op == wasm.OpBlock, op == wasm.OpLoop, op == wasm.OpElse, op == wasm.OpEnd, op == wasm.OpNop:
		return 0
	case op.Calls():
		return s.call()
	case op == wasm.OpMemoryGrow:
		return growCost
	case op.Bulk():
		return bulkCost
	}
	return 1
}

// call returns what a call costs. If it may lead to the function again, there
// must be a check before it: that of a loop around it, one before an earlier
// call in the same block or one around it, or else a new one.
func (s *weigher) call() int64 {
	c := s.f.calls[s.calls]
	s.calls++
	n := s.g.node(c.callee)
	if n < 0 {
		return hostCost
	}
	if s.g.recurs(s.n, n) && len(s.regions) == 1 {
		s.f.plan.checks = append(s.f.plan.checks, check{at: c.statement})
		s.enter(&s.f.plan.checks[len(s.f.plan.checks)-1].charge)
	}
	return callCost + s.charge(s.n, n)
}
