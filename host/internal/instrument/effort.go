package instrument

// wazero's compiler takes long, and much memory, for some small functions: its
// work grows with products of what is in them. effort counts the products, in
// the one pass of scan, with what the code's structure tells of its blocks.
// What real modules need is known (the largest of 30 large ones, among them
// Ruby, PHP, SpiderMonkey, DuckDB, yosys and biome), and what is far above that
// is refused.

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
	rounds     int64 // over loops: their depth by the square of the locals that live in them, and these by the square of the branches back
	loops      int64 // loops, by locals
	globals    int64 // calls, by globals that can change
}

// bound is the most of a measure.
type bound struct {
	what string
	most int64
	of   func(*effort) int64
}

// bounds are two to six times what the largest real function has; what is close
// to one compiles in a few seconds.
var bounds = []bound{
	{"blocks in each other", 8 << 10, func(e *effort) int64 { return e.nesting }},
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
	{"loops, by the locals that live in them", 512 << 20, func(e *effort) int64 { return e.rounds }},
	{"loops, by locals", mostLoops, func(e *effort) int64 { return e.loops }},
	{"calls, by globals that can change", 4 << 20, func(e *effort) int64 { return e.globals }},
}

const mostLoops = 512 << 10

// mostEffort is the most of all functions of a module together, of whatever
// each has most of, as a multiple of what one may have.
const mostEffort = 64

// weighing counts an effort as scan steps on.
type weighing struct {
	effort
	total  float64 // of the functions before
	depth  int64   // of the current block in the tree of dominators
	access int64   // accesses that lead to it
	frames []frame
	uses   []use // by local
	spans  []span
	nest   int64 // of loops
	tables int   // br_tables
}

// frame is a block that is open.
type frame struct {
	op            opcode
	preds         int64 // branches to its label
	depth, access int64 // where it begins
	arity         int64
	noElse        bool
	span          int // of a loop
	table         int // the last br_table that leads to it, counted from 1
}

// use says in which blocks a local is used first and last, counted from 1.
type use struct{ first, last int64 }

// span is a loop: the block that it begins with, and how deep it is in loops.
// and the branches back to it.
type span struct{ block, nest, back int64 }

func (g *weighing) begin(f *function) {
	*g = weighing{total: g.total, frames: g.frames[:0], uses: g.uses[:0], spans: g.spans[:0]}
	g.frames = append(g.frames, frame{arity: int64(f.typ.results)})
	for range f.locals {
		g.uses = append(g.uses, use{})
	}
	g.blocks = 1
}

// step counts an instruction, with so many operands after it.
func (g *weighing) step(w *walker, height int) {
	switch w.shape.imm {
	case immMemory, immMemoryLane:
		g.access++
	case immLabel, immLabels, immTry:
		g.branches(w)
	}
	switch w.op {
	case opLocalGet:
		g.use(&g.uses[w.x], 1) // if it was not set, it is so from the entry
	case opLocalSet, opLocalTee:
		g.use(&g.uses[w.x], g.blocks)
	case opBlock, opLoop, opIf, opTryTable:
		g.open(w, height)
	case opElse:
		b := &g.frames[len(g.frames)-1]
		b.preds++
		b.noElse = false
		g.depth, g.access = b.depth, b.access
		g.block(height)
	case opEnd:
		g.close(height)
	case opBrIf, opBrOnNull, opBrOnNonNull:
		g.block(height)
	}
	if t := w.callee(); t != nil {
		g.arity += int64(t.params + t.results)
	}
}

// block begins a basic block.
func (g *weighing) block(height int) {
	g.blocks++
	g.depth++
	g.known += g.access
	g.operands += int64(height)
}

func (g *weighing) open(w *walker, height int) {
	b := frame{op: w.op, depth: g.depth, access: g.access, noElse: w.op == opIf}
	b.arity = int64(w.block.results)
	if w.op == opLoop {
		b.arity = int64(w.block.params)
	}
	g.arity += int64(w.block.params + w.block.results)
	if w.op != opBlock {
		g.block(height)
	}
	if w.op == opLoop {
		g.nest++
		b.span = len(g.spans)
		g.spans = append(g.spans, span{block: g.blocks, nest: g.nest})
	}
	g.frames = append(g.frames, b)
	g.nesting = max(g.nesting, int64(len(g.frames)))
}

func (g *weighing) close(height int) {
	b := g.frames[len(g.frames)-1]
	g.frames = g.frames[:len(g.frames)-1]
	if b.noElse {
		b.preds++
	}
	if b.preds > 0 {
		g.fan += b.preds * b.preds
		g.merged += (b.preds + 1) * int64(len(g.uses))
	}
	if b.op == opLoop {
		g.nest--
		g.spans[b.span].back = b.preds
		return
	}
	if b.preds > 0 {
		g.dominators += g.depth
		g.depth, g.access = b.depth, b.access
		g.block(height)
	}
}

func (g *weighing) branches(w *walker) {
	if w.shape.imm == immLabels {
		g.tables++
	}
	for _, l := range w.labels {
		b := &g.frames[len(g.frames)-1-int(l.depth)]
		if w.shape.imm == immLabels && b.table == g.tables {
			continue // it leads there already
		}
		b.table = g.tables
		b.preds++
		g.labels += int64(l.depth)
		g.arity += b.arity
		g.dominators += g.depth
	}
	if w.shape.imm == immLabels {
		g.targets += int64(len(w.labels))
		g.blocks += int64(len(w.labels))
	}
}

// use notes a use of a local, which is from that block on if it is the first.
func (g *weighing) use(u *use, from int64) {
	if u.first == 0 {
		u.first, u.last = from, from
	}
	g.reads += g.blocks - u.last
	u.last = g.blocks
}

// finish returns an error if a measure is too large.
func (g *weighing) finish(f *function, changing int) error {
	g.loops = int64(len(g.spans) * f.locals)
	g.globals = int64(len(f.calls) * changing)
	for _, u := range g.uses {
		if u.first > 0 {
			g.live += u.last - u.first
		}
	}
	if g.loops <= mostLoops {
		g.countRounds()
	}
	most := 0.0
	for _, b := range bounds {
		share := float64(b.of(&g.effort)) / float64(b.most)
		if most = max(most, share); share > 1 {
			return &Error{f.at, "a function would take too long to compile: it has too many " + b.what}
		}
	}
	if g.total += most; g.total > mostEffort {
		return &Error{f.at, "the module would take too long to compile: it has too many functions that do"}
	}
	return nil
}

func (g *weighing) countRounds() {
	for _, s := range g.spans {
		inside := int64(0)
		for _, u := range g.uses {
			if u.first > 0 && u.first <= s.block && u.last >= s.block {
				inside++
			}
		}
		g.rounds += s.nest*inside*inside + s.back*s.back*inside
	}
}
