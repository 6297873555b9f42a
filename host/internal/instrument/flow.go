package instrument

import (
	"math"

	"github.com/wexec/wexec/host/internal/wasm"
)

// flow is the code of a function as a graph of stretches, in the order of the
// code: a branch leads to a later stretch, or back to the head of a loop.
type flow struct {
	stretches []stretch
	edges     []edge
	rings     []ring
	blocks    []openBlock // beside the walker's
	ends      []int32     // the stretch after the end of a block, by its number

	here int32 // the stretch that code is in, or none: control never gets here
	ring int32 // the innermost ring around it, or none
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
}

// edge is a way from one stretch to another.
type edge struct {
	to   int32
	next int32 // from the same stretch
	wait int32 // the next that leads to the end of the same block, while that is open
}

// ring is a loop that goes round.
type ring struct {
	outer  int32 // around it
	entry  int32 // the stretch that leads into it
	head   int32 // the stretch that it begins with
	weight *int64

	// Those of the ways out.
	rest, paid, need, far int64
}

// openBlock is a block that is open.
type openBlock struct {
	number int32
	wait   int32 // the last edge to its end
	ring   int32 // around it
	inside int32 // its own ring
	entry  int32 // the stretch before it, if it is an if without else
	caught bool  // a try_table leads to its end
}

// never is what stands for a sum that there is not, because no way leads there.
const never = math.MaxInt64 / 4

// begin begins a function.
func (f *flow) begin(at int) {
	f.stretches, f.edges, f.rings = f.stretches[:0], f.edges[:0], f.rings[:0]
	f.ends, f.blocks = f.ends[:0], f.blocks[:0]
	f.ring = none
	f.push(0)
	f.here = f.stretch(at)
}

// push adds an open block.
func (f *flow) push(place int) *openBlock {
	b := openBlock{number: int32(len(f.ends)), wait: none, ring: f.ring, inside: none, entry: none}
	f.ends = append(f.ends, none)
	f.blocks = append(f.blocks[:place], b)
	return &f.blocks[place]
}

// stretch adds a stretch.
func (f *flow) stretch(at int) int32 {
	f.stretches = append(f.stretches, stretch{at: at, first: none, ring: f.ring, block: none, paid: never})
	return int32(len(f.stretches) - 1)
}

// lead adds a way between two stretches.
func (f *flow) lead(from, to int32) {
	s := &f.stretches[from]
	f.edges = append(f.edges, edge{to, s.first, none})
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
		f.lead(from, f.here)
	}
}

// branch adds a branch to a block.
func (f *flow) branch(b *openBlock) {
	switch {
	case f.here == none:
	case b.inside != none:
		f.lead(f.here, f.rings[b.inside].head)
	default:
		f.lead(f.here, none)
		last := int32(len(f.edges) - 1)
		f.edges[last].wait, b.wait = b.wait, last
	}
}

// open notes the block that w stands at. If it is a loop that goes round,
// weight is where its weight belongs.
func (f *flow) open(w *walker, weight *int64) {
	b := f.push(w.Top())
	switch {
	case f.here == none:
	case w.Op == wasm.OpIf:
		b.entry = f.here
		f.next(w.Pos())
	case weight != nil:
		b.inside = int32(len(f.rings))
		f.rings = append(f.rings, ring{outer: f.ring, entry: f.here, head: int32(len(f.stretches)), weight: weight})
		f.ring = b.inside
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
	if b.wait == none && b.entry == none && b.inside == none && w.Top() > 0 {
		return // the stretch goes on
	}
	if b.inside != none && f.here == none {
		return
	}
	from := f.here
	f.here = f.stretch(w.Pos())
	if from != none {
		f.lead(from, f.here)
	}
	if b.entry != none {
		f.lead(b.entry, f.here)
	}
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

// see tells what the way from a stretch to another is. ring is the one that it
// leads into or out of: the outermost one.
func (f *flow) see(from, to int32) (v view, ring int32) {
	a, b := f.stretches[from].ring, f.stretches[to].ring
	switch {
	case a == b && to <= from:
		return again, a
	case a == b:
		return within, a
	case to > from && b != none && f.rings[b].outer == a:
		return into, b
	}
	for f.rings[a].outer != b {
		a = f.rings[a].outer
	}
	return out, a
}
