package instrument

import (
	"slices"

	"github.com/wexec/wexec/host/internal/wasm"
)

// Go's compiler for WebAssembly puts the body of a function into one loop with a
// table of branches at its head, and jumps by way of the table:
//
//	loop $top
//	  block … block
//	    local.get $pc
//	    br_table …
//	  end
//	  …
//	  i32.const 7
//	  local.set $pc
//	  br $top
//
// If a jump leads forward, the block that ends there is still open. A branch to
// that block does the same without the table and without a safepoint. Only jumps
// back need to pass the head of the loop, as in other languages. Jumps into and
// out of loops of the source still use the table: they are rare, and a second
// way to a place in a loop means more moves between registers there.

// jump is a jump by way of a table.
type jump struct {
	at     int  // where in the body the branch is
	loop   int  // the number of the loop at whose head the table is
	block  int  // the number of the block at whose end it leads
	place  int  // of that block among those that are open
	direct bool // a branch to that block is to take the jump's place
}

// table is a table of branches at the head of a loop.
type table struct {
	at    int // where in the body it is
	place int // of its loop among the open blocks
	loop  int // the number of its loop
	local uint32
}

// dispatcher finds jumps as a walker steps on.
type dispatcher struct {
	jumps  []jump
	found  []table
	ends   []int // where blocks ended, by their number
	tables []dispatch

	head  pattern
	place int // of the loop that head is of
	jump  pattern
	local uint32
	value uint32
}

// dispatch is a loop that is open, with a table of branches at its head.
type dispatch struct {
	loop    int // its number among loops
	place   int // among the open blocks
	local   uint32
	targets []target
}

// target is where a branch leads: the place of a block among those that are
// open, and its number.
type target struct{ place, number int }

// pattern is how much of the code above has gone by.
type pattern uint8

const (
	nothing    pattern = iota
	loopOpened         // and blocks in it
	localRead          // at the head
	constant
	localSet // to the constant
)

// begin begins a function.
func (d *dispatcher) begin() {
	*d = dispatcher{ends: append(d.ends[:0], 0), tables: d.tables[:0]}
}

// step takes note of the instruction that w stands on. It reports whether that
// is a jump.
func (d *dispatcher) step(w *wasm.Walker) (jumps bool) {
	if w.Op == wasm.OpBr && d.jump == localSet {
		jumps = d.note(w)
	}
	d.followJump(w)
	d.followHead(w)
	switch {
	case w.Op.Opens():
		d.ends = append(d.ends, 0)
	case w.Op == wasm.OpEnd:
		top := w.Top()
		d.ends[w.Blocks[top].Number] = w.Pos()
		if n := len(d.tables); n > 0 && d.tables[n-1].place == top {
			d.tables = d.tables[:n-1]
		}
	}
	return jumps
}

// note adds the branch that w stands on to the jumps, if it is one.
func (d *dispatcher) note(w *wasm.Walker) bool {
	if len(d.tables) == 0 {
		return false
	}
	t := &d.tables[len(d.tables)-1]
	if int(w.Labels[0].Block) != t.place || d.local != t.local {
		return false
	}
	to := t.targets[min(int64(d.value), int64(len(t.targets)-1))] // the last is for all others
	if to.place == 0 {
		return false // it leaves the function
	}
	forward := to.place < len(w.Blocks) && int(w.Blocks[to.place].Number) == to.number
	d.jumps = append(d.jumps, jump{w.Start, t.loop, to.number, to.place, forward})
	return true
}

// mostBack bounds how many jumps back are compared with a jump.
const mostBack = 256

// settle returns the jumps. It finds those that keep using the table.
func (d *dispatcher) settle() []jump {
	var back []jump // in order
	for _, j := range d.jumps {
		if !j.direct {
			back = append(back, j)
		}
	}
	next := 0
	for i := range d.jumps {
		j := &d.jumps[i]
		for next < len(back) && back[next].at <= j.at {
			next++
		}
		later := back[next:]
		crosses := func(b jump) bool { return d.crosses(j, &b) }
		j.direct = j.direct && len(later) <= mostBack && !slices.ContainsFunc(later, crosses)
	}
	return d.jumps
}

// crosses reports whether a jump leads into or out of the loop that a later
// jump back makes.
func (d *dispatcher) crosses(j, back *jump) bool {
	to, top := d.ends[j.block], d.ends[back.block]
	inside := top <= j.at
	return inside != (top <= to && to <= back.at)
}

func (d *dispatcher) followJump(w *wasm.Walker) {
	switch {
	case w.Op == wasm.OpI32Const:
		d.jump, d.value = constant, w.X
	case w.Op == wasm.OpLocalSet && d.jump == constant:
		d.jump, d.local = localSet, w.X
	default:
		d.jump = nothing
	}
}

func (d *dispatcher) followHead(w *wasm.Walker) {
	switch {
	case w.Op == wasm.OpLoop && w.Type.Params == 0:
		d.head, d.place = loopOpened, w.Top()
	case w.Op == wasm.OpBlock && w.Type.Params+w.Type.Results == 0 && d.head == loopOpened:
	case w.Op == wasm.OpLocalGet && d.head == loopOpened:
		d.head, d.local = localRead, w.X
	case w.Op == wasm.OpBrTable && d.head == localRead:
		d.head = nothing
		t := dispatch{loop: int(w.Blocks[d.place].Loop), place: d.place, local: d.local}
		for _, l := range w.Labels {
			t.targets = append(t.targets, target{int(l.Block), int(w.Blocks[l.Block].Number)})
		}
		d.tables = append(d.tables, t)
		d.found = append(d.found, table{w.Start, d.place, t.loop, d.local})
	default:
		d.head = nothing
	}
}
