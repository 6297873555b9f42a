package instrument

import (
	"slices"

	"github.com/wexec/wexec/host/internal/wasm"
)

// wazero's compiler needs much time and memory for some small functions: its
// work grows with products of what is in them. compileCost counts the products
// in the one pass of scan. What real modules need is known: the largest of 30
// large ones, among them Ruby, PHP, SpiderMonkey, DuckDB, yosys and biome. What
// needs several times as much is refused.

// effort is what a function costs to compile, in several measures.
type effort struct {
	nesting    int64 // of blocks
	blocks     int64 // basic blocks
	targets    int64 // of br_tables
	labels     int64 // over branches: how far out they lead
	dominators int64 // over branches and merges: the chain of blocks that lead there
	fan        int64 // over merges: the square of the branches to them
	merged     int64 // over merges: branches to them, by the locals
	operands   int64 // over blocks: operands that live there
	arity      int64 // over blocks, branches and calls: what they take and give
	reads      int64 // over uses of locals: blocks since the last one
	known      int64 // over blocks: memory accesses that lead there
	live       int64 // over locals: blocks from their first use to their last
	crowd      int64 // live, by the most locals that live at once
	// rounds is, over loops: their depth by the square of the locals that live in
	// them, and these locals by the square of the branches back.
	rounds  int64
	loops   int64 // loops, by locals
	globals int64 // calls, by mutable globals
}

// bound is the most of a measure.
type bound struct {
	what string
	most int64
	of   func(*effort) int64
}

// bounds are two to six times what the largest real function has. A function
// that is close to one compiles in a few seconds.
var bounds = []bound{
	{"blocks in each other", mostNesting, func(e *effort) int64 { return e.nesting }},
	{"blocks", 128 << 10, func(e *effort) int64 { return e.blocks }},
	{"targets of br_table", 100_000, func(e *effort) int64 { return e.targets }},
	{"branches, by how far out they lead", 32 << 20, func(e *effort) int64 { return e.labels }},
	{"branches, by the blocks before them", 16 << 20, func(e *effort) int64 { return e.dominators }},
	{"branches that meet", 24 << 20, func(e *effort) int64 { return e.fan }},
	{"branches that meet, by locals", 32 << 20, func(e *effort) int64 { return e.merged }},
	{"operands that live across blocks", 128 << 10, func(e *effort) int64 { return e.operands }},
	{"operands of blocks and calls", 128 << 10, func(e *effort) int64 { return e.arity }},
	{"locals, by the blocks between their uses", 32 << 20, func(e *effort) int64 { return e.reads }},
	{"memory accesses, by blocks", 64 << 20, func(e *effort) int64 { return e.known }},
	{"locals, by the blocks that they live in", 16 << 20, func(e *effort) int64 { return e.live }},
	{"locals that live at once, by the blocks that they live in", 4 << 30, func(e *effort) int64 { return e.crowd }},
	{"loops, by the locals that live in them", 512 << 20, func(e *effort) int64 { return e.rounds }},
	{"loops, by locals", mostLoops, func(e *effort) int64 { return e.loops }},
	{"calls, by globals that can change", 4 << 20, func(e *effort) int64 { return e.globals }},
}

const (
	mostNesting = 8 << 10
	mostLoops   = 512 << 10
)

const tooMany = "a function would take too long to compile: it has too many "

// MostEffort bounds the sum over all functions of a module. Each counts with
// the measure of which it has most, as a share of the bound.
const MostEffort = 64

// compileCost counts the effort of a function as scan steps on.
type compileCost struct {
	effort
	total  float64 // of the functions before
	most   float64 // of any of them
	depth  int64   // of the current block in the tree of dominators
	access int64   // accesses that lead to it
	frames []frame // beside the walker's blocks
	uses   []use   // by local
	spans  []span  // by loop
	nest   int64   // of loops
	// Lists that mostAlive uses again.
	firsts, lasts []int64
	tables        int // br_tables
}

// frame is what compileCost knows of a block that is open.
type frame struct {
	preds         int64 // branches to its label
	depth, access int64 // where it begins
	noElse        bool
	table         int // the last br_table that leads to it, counted from 1
}

// use says in which blocks a local is used first and last, counted from 1.
type use struct{ first, last int64 }

// span is a loop: the basic block that it begins with, how deep it is nested in
// loops, and how many branches lead back to it.
type span struct{ block, nest, back int64 }

func (c *compileCost) begin(f *function) {
	*c = compileCost{
		total: c.total, most: c.most, frames: append(c.frames[:0], frame{}),
		uses: c.uses[:0], spans: c.spans[:0], firsts: c.firsts, lasts: c.lasts,
	}
	for range f.body.Locals {
		c.uses = append(c.uses, use{})
	}
	c.blocks = 1
}

// step counts an instruction. height is how many operands there are after it;
// callee is the type of the function that it calls, if it does.
func (c *compileCost) step(w *wasm.Walker, height int, callee *wasm.FuncType) {
	if w.Shape.Memory {
		c.access++
	}
	if len(w.Labels) > 0 {
		c.branches(w)
	}
	if callee != nil {
		c.arity += int64(len(callee.Params) + len(callee.Results))
	}
	switch op := w.Op; {
	case op == wasm.OpLocalGet:
		c.use(&c.uses[w.X], 1) // before it is set, it lives from the entry on
	case op == wasm.OpLocalSet, op == wasm.OpLocalTee:
		c.use(&c.uses[w.X], c.blocks)
	case op.Opens():
		c.open(w, height)
	case op == wasm.OpElse:
		b := &c.frames[w.Top()]
		b.preds++
		b.noElse = false
		c.depth, c.access = b.depth, b.access
		c.block(height)
	case op == wasm.OpEnd:
		c.close(w, height)
	case op == wasm.OpBrIf, op == wasm.OpBrOnNull, op == wasm.OpBrOnNonNull:
		c.block(height)
	}
}

// block begins a basic block.
func (c *compileCost) block(height int) {
	c.blocks++
	c.depth++
	c.known += c.access
	c.operands += int64(height)
}

func (c *compileCost) open(w *wasm.Walker, height int) {
	b := frame{depth: c.depth, access: c.access, noElse: w.Op == wasm.OpIf}
	c.frames = append(c.frames[:w.Top()], b)
	if c.nesting = max(c.nesting, int64(len(c.frames))); c.nesting > mostNesting {
		w.Fail(0, tooMany+"blocks in each other") // now, before the stacks take much memory
	}
	c.arity += int64(w.Type.Params + w.Type.Results)
	if w.Op != wasm.OpBlock {
		c.block(height)
	}
	if w.Op == wasm.OpLoop {
		c.nest++
		c.spans = append(c.spans, span{block: c.blocks, nest: c.nest})
	}
}

func (c *compileCost) close(w *wasm.Walker, height int) {
	b := &c.frames[w.Top()]
	if b.noElse {
		b.preds++
	}
	if b.preds > 0 {
		c.fan += b.preds * b.preds
		c.merged += (b.preds + 1) * int64(len(c.uses))
	}
	if loop := w.Blocks[w.Top()].Loop; loop >= 0 {
		c.nest--
		c.spans[loop].back = b.preds
		return
	}
	if b.preds > 0 {
		c.dominators += c.depth
		c.depth, c.access = b.depth, b.access
		c.block(height)
	}
}

func (c *compileCost) branches(w *wasm.Walker) {
	table := w.Op == wasm.OpBrTable
	if table {
		c.tables++
		c.targets += int64(len(w.Labels))
		c.blocks += int64(len(w.Labels))
	}
	for _, l := range w.Labels {
		b := &c.frames[l.Block]
		if table && b.table == c.tables {
			continue // it leads there already
		}
		b.table = c.tables
		b.preds++
		c.labels += int64(l.Depth)
		c.arity += int64(w.Blocks[l.Block].Arity())
		c.dominators += c.depth
	}
}

// use notes a use of a local. If it is the first one, the local lives from that
// block on.
func (c *compileCost) use(u *use, from int64) {
	if u.first == 0 {
		u.first, u.last = from, from
	}
	c.reads += c.blocks - u.last
	u.last = c.blocks
}

// finish adds the effort of the function to the total. Unless any effort is accepted,
// it returns an error if a measure is too large.
func (c *compileCost) finish(f *function, mutable int, any bool) error {
	c.loops = int64(len(c.spans) * f.body.Locals)
	c.globals = int64(len(f.calls) * mutable)
	for _, u := range c.uses {
		if u.first > 0 {
			c.live += u.last - u.first
		}
	}
	c.crowd = c.live * c.mostAlive()
	if c.loops <= mostLoops {
		c.countRounds()
	}
	most := 0.0
	for _, b := range bounds {
		share := float64(b.of(&c.effort)) / float64(b.most)
		if most = max(most, share); share > 1 && !any {
			return &wasm.Error{Offset: f.body.Offset, Reason: tooMany + b.what}
		}
	}
	c.most = max(c.most, most)
	if c.total += most; c.total > MostEffort && !any {
		const all = "the module would take too long to compile: it has too many functions that do"
		return &wasm.Error{Offset: f.body.Offset, Reason: all}
	}
	return nil
}

// mostAlive returns the most locals that live in any one block.
func (c *compileCost) mostAlive() int64 {
	first, last := c.firsts[:0], c.lasts[:0]
	for _, u := range c.uses {
		if u.first > 0 {
			first, last = append(first, u.first), append(last, u.last)
		}
	}
	c.firsts, c.lasts = first, last
	slices.Sort(first)
	slices.Sort(last)
	most, ended := 0, 0
	for began, at := range first {
		for last[ended] < at {
			ended++
		}
		most = max(most, began+1-ended)
	}
	return int64(most)
}

func (c *compileCost) countRounds() {
	for _, s := range c.spans {
		inside := int64(0)
		for _, u := range c.uses {
			if u.first > 0 && u.first <= s.block && u.last >= s.block {
				inside++
			}
		}
		c.rounds += s.nest*inside*inside + s.back*s.back*inside
	}
}
