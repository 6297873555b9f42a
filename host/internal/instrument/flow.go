package instrument

import "github.com/wexec/wexec/host/internal/wasm"

// flow is the code of a function as a graph of stretches, in the order of the
// code: a branch leads to a later stretch, or back to the head of a loop.
type flow struct {
	stretches []stretch
	edges     []edge
	rings     []ring
	tables    []dispatching
	sites     []site
	turns     []int32
	charges   []charge
	blocks    []openBlock // beside the walker's
	ends      []int32     // the stretch after the end of a block, by its number

	here int32   // the stretch that code is in, or none: control never gets here
	ring int32   // the innermost ring around it, or none
	nest []int32 // the rings around it, the innermost last
}

// none stands for a stretch, edge or ring that there is not.
const none = -1

// stretch is code that control enters at its start and leaves at its end.
type stretch struct {
	at    int   // where in the body a charge for it belongs
	cost  int64 // of its code
	most  int64 // its cost with all that may run in functions that it calls, and that have no check
	first int32 // the first edge out of it
	ring  int32
	block int32 // the number of the block to whose end a check at its start pays, or none

	// What settle finds: see toll.go.
	before, rest, paid, need, far int64

	turn int32 // the stretch that the innermost loop of jumps around it begins with, or none
	last int32 // the last of the loop of jumps that begins here, or 0
}

// edge is a way from one stretch to another.
type edge struct {
	to   int32
	next int32 // from the same stretch
	wait int32 // the next that leads to the end of the same block, while that is open
	out  int32 // the outermost ring that it leads out of, or none
}

// ring is a loop that goes round.
type ring struct {
	outer  int32 // around it
	entry  int32 // the stretch that leads into it
	head   int32 // the stretch that it begins with
	weight *int64

	// Those of the ways out.
	rest, paid, need, far int64

	table int32 // the table at its head, by which all that go round jump, or none
	sites int32 // the last of these jumps, or none
}

// dispatching is a table at the head of a loop that is used as told in dispatch.go.
// The local is 0 when the loop is entered, or almost never anything else. So its
// first target is what the stretch at the head leads to, and if the local is not 0,
// the rest is paid for before the loop. Jumps pay for their target.
type dispatching struct {
	stretch int32   // that ends with the table
	ring    int32   // of the loop, or none
	targets []int32 // the numbers of the blocks at whose ends they are
	at      int     // where in the body its loop begins
	local   uint32
	paid    int64 // what the head pays for
}

// site is a jump by way of the table of a ring.
type site struct {
	stretch, ring int32
	block         int32 // the number of the block at whose end it leads
	before        int32 // the one before it in the same ring, or none
}

// openBlock is a block that is open.
type openBlock struct {
	at     int // where in the body it begins
	number int32
	wait   int32 // the last edge to its end
	ring   int32 // around it
	rings  int   // how many are around it
	inside int32 // its own ring
	entry  int32 // the stretch before it, if it is an if without else
	caught bool  // a try_table leads to its end
	target bool  // a table leads to its end
}

// never is what stands for a sum that there is not, because no way leads there.
const never = 1 << 50

// begin begins a function.
func (f *flow) begin(at int) {
	f.stretches, f.edges, f.rings = f.stretches[:0], f.edges[:0], f.rings[:0]
	f.tables, f.sites, f.charges = f.tables[:0], f.sites[:0], f.charges[:0]
	f.ends, f.blocks = f.ends[:0], f.blocks[:0]
	f.ring, f.nest = none, f.nest[:0]
	f.push(0)
	f.here = f.stretch(at)
}

// push adds an open block.
func (f *flow) push(place int) *openBlock {
	b := openBlock{number: int32(len(f.ends)), wait: none, ring: f.ring, rings: len(f.nest), inside: none, entry: none}
	f.ends = append(f.ends, none)
	f.blocks = append(f.blocks[:place], b)
	return &f.blocks[place]
}

// stretch adds a stretch.
func (f *flow) stretch(at int) int32 {
	f.stretches = append(f.stretches, stretch{at: at, first: none, ring: f.ring, block: none, paid: never, turn: none})
	return int32(len(f.stretches) - 1)
}

// lead adds a way between two stretches. rings is how many are around the second.
func (f *flow) lead(from, to int32, rings int) {
	out := int32(none)
	if rings < len(f.nest) {
		out = f.nest[rings]
	}
	s := &f.stretches[from]
	f.edges = append(f.edges, edge{to, s.first, none, out})
	s.first = int32(len(f.edges) - 1)
}

// spend adds to the cost of the stretch.
func (f *flow) spend(cost, most int64) {
	if f.here != none {
		s := &f.stretches[f.here]
		s.cost += cost
		s.most += most
	}
}

// next begins the next stretch, to which this one leads.
func (f *flow) next(at int) {
	if from := f.here; from != none {
		f.here = f.stretch(at)
		f.lead(from, f.here, len(f.nest))
	}
}

// branch adds a branch to a block.
func (f *flow) branch(b *openBlock) {
	switch {
	case f.here == none:
	case b.inside != none:
		f.lead(f.here, f.rings[b.inside].head, b.rings+1)
	default:
		f.lead(f.here, none, b.rings)
		last := int32(len(f.edges) - 1)
		f.edges[last].wait, b.wait = b.wait, last
	}
}

// dispatch notes a table. It reports false if the table leads elsewhere than to ends
// of blocks in its loop, and so is none as in dispatch.go.
func (f *flow) dispatch(t table, labels []wasm.Label) bool {
	loop := &f.blocks[t.place]
	for _, l := range labels {
		if f.here == none || int(l.Block) <= t.place || f.blocks[l.Block].inside != none {
			return false
		}
	}
	d := dispatching{stretch: f.here, ring: loop.inside, at: loop.at, local: t.local}
	for _, l := range labels {
		b := &f.blocks[l.Block]
		b.target = true
		d.targets = append(d.targets, b.number)
	}
	f.branch(&f.blocks[labels[0].Block])
	if loop.inside != none {
		f.rings[loop.inside].table = int32(len(f.tables))
	}
	f.tables = append(f.tables, d)
	return true
}

// jump notes a jump by way of the table of a loop.
func (f *flow) jump(j *jump, loop *openBlock) {
	if f.here != none && loop.inside != none && f.rings[loop.inside].table != none {
		r := &f.rings[loop.inside]
		f.sites = append(f.sites, site{f.here, loop.inside, int32(j.block), r.sites})
		r.sites = int32(len(f.sites) - 1)
	}
}

// open notes the block that w stands at. If it is a loop that goes round,
// weight is where its weight belongs.
func (f *flow) open(w *walker, weight *int64) {
	b := f.push(w.Top())
	b.at = w.Start
	switch {
	case f.here == none:
	case w.Op == wasm.OpIf:
		b.entry = f.here
		f.next(w.Pos())
	case weight != nil:
		b.inside = int32(len(f.rings))
		f.rings = append(f.rings, ring{
			outer: f.ring, entry: f.here, head: int32(len(f.stretches)), weight: weight, table: none, sites: none,
		})
		f.ring, f.nest = b.inside, append(f.nest, b.inside)
		f.next(w.Pos())
	}
}

// otherwise notes an else.
func (f *flow) otherwise(w *walker) {
	b := &f.blocks[w.Top()]
	f.branch(b)
	if f.here = b.entry; f.here != none {
		f.next(w.Pos())
	}
	b.entry = none
}

// close notes the end of a block.
func (f *flow) close(w *walker) {
	b := &f.blocks[w.Top()]
	f.ring = b.ring
	alone := b.wait == none && b.entry == none && !b.target && w.Top() > 0
	if alone && (b.inside == none || f.here == none) {
		f.nest = f.nest[:b.rings]
		return // the stretch goes on, or control never gets here
	}
	from := f.here
	f.here = f.stretch(w.Pos())
	if from != none {
		f.lead(from, f.here, b.rings)
	}
	if b.entry != none {
		f.lead(b.entry, f.here, b.rings)
	}
	f.nest = f.nest[:b.rings]
	for e := b.wait; e != none; e = f.edges[e].wait {
		f.edges[e].to = f.here
	}
	f.ends[b.number] = f.here
	if b.caught {
		f.stretches[f.here].paid = 0
	}
}

// view is what an edge means to the stretch that it comes from.
type view uint8

const (
	within view = iota // it leads to another stretch of the same ring
	again              // to the head of the ring
	into               // into a ring
	out                // out of one
)

// see tells what an edge means. ring is the one that it leads into or out of.
func (f *flow) see(from int32, e *edge) (v view, ring int32) {
	a, b := f.stretches[from].ring, f.stretches[e.to].ring
	switch {
	case e.out != none:
		return out, e.out
	case e.to <= from:
		return again, a
	case a == b:
		return within, a
	}
	return into, b
}
