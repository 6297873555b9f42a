package instrument

import "slices"

// Go's compiler for WebAssembly puts the body of a function into one loop, with
// a table of branches at its head, and jumps by way of that:
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
// Where a jump leads forward, the block that ends there is still open, and a
// branch to it does the same, without the table and without a safepoint. Only
// jumps back need to pass the head of the loop, as in other languages. But
// jumps into a loop of the source, or out of one, are left to the table: they
// are rare, and a second way to reach a place in a loop means more moves
// between registers there.

// jump is a jump by way of a table.
type jump struct {
	at     int    // the branch's place in the entry
	loop   int    // the loop at whose head the table is, by number
	block  int    // the block at whose end it leads, by number
	depth  uint32 // of a branch to that
	direct bool   // such a branch is to take its place
}

// dispatcher finds jumps as a walker steps on.
type dispatcher struct {
	jumps  []jump
	ends   []int // where blocks ended, by number
	open   []int // those that are open, by number
	tables []dispatch

	loops int // that have begun
	head  pattern
	place int // of the loop whose head it is
	jump  pattern
	local uint32
	value uint32
}

// dispatch is a loop that is open, with a table of branches at its head.
type dispatch struct {
	loop    int // its number among the loops
	place   int // its place among the open blocks
	local   uint32
	targets []target
}

// target is where a branch leads: a block's place among those that are open,
// and its number.
type target struct{ place, number int }

// pattern is how much of the code above has been seen.
type pattern uint8

const (
	nothing    pattern = iota
	loopOpened         // and blocks in it
	localRead          // at the head
	constant
	localSet // to the constant
)

// step takes note of the instruction that w stands on. It reports whether that
// is a jump.
func (d *dispatcher) step(w *walker) (jumps bool) {
	if w.op == opBr && d.jump == localSet {
		jumps = d.note(w)
	}
	d.followJump(w)
	d.followHead(w)
	switch w.op {
	case opBlock, opLoop, opIf, opTryTable:
		if w.op == opLoop {
			d.loops++
		}
		d.open = append(d.open, len(d.ends))
		d.ends = append(d.ends, 0)
	case opEnd:
		last := len(d.open) - 1
		if last < 0 {
			return false
		}
		d.ends[d.open[last]] = w.pos
		d.open = d.open[:last]
		if n := len(d.tables); n > 0 && d.tables[n-1].place == last {
			d.tables = d.tables[:n-1]
		}
	}
	return jumps
}

// note adds the branch that w stands on to the jumps, if it is one.
func (d *dispatcher) note(w *walker) bool {
	if len(d.tables) == 0 {
		return false
	}
	t := &d.tables[len(d.tables)-1]
	if len(d.open)-1-int(w.x) != t.place || d.local != t.local {
		return false
	}
	to := t.targets[min(int64(d.value), int64(len(t.targets)-1))] // the last is for all others
	if to.place < 0 {
		return false
	}
	forward := to.place < len(d.open) && d.open[to.place] == to.number
	d.jumps = append(d.jumps, jump{w.start, t.loop, to.number, uint32(len(d.open) - 1 - to.place), forward})
	return true
}

// mostBack bounds the jumps back that are looked at for a jump.
const mostBack = 256

// settle returns the jumps. Those that are left to the table are not direct
// any more.
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
		if j.direct {
			j.direct = len(later) <= mostBack && !slices.ContainsFunc(later, func(b jump) bool { return d.crosses(j, &b) })
		}
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

func (d *dispatcher) followJump(w *walker) {
	switch {
	case w.op == opI32Const:
		d.jump, d.value = constant, w.x
	case w.op == opLocalSet && d.jump == constant:
		d.jump, d.local = localSet, w.x
	default:
		d.jump = nothing
	}
}

func (d *dispatcher) followHead(w *walker) {
	switch {
	case w.op == opLoop && w.block.params == 0:
		d.head, d.place = loopOpened, len(d.open)
	case w.op == opBlock && w.block.params+w.block.results == 0 && d.head == loopOpened:
	case w.op == opLocalGet && d.head == loopOpened:
		d.head, d.local = localRead, w.x
	case w.op == opBrTable && d.head == localRead:
		d.head = nothing
		t := dispatch{loop: d.loops - 1, place: d.place, local: d.local}
		for _, l := range w.labels {
			to := target{place: len(d.open) - 1 - int(l.depth)}
			if to.place >= 0 {
				to.number = d.open[to.place]
			}
			t.targets = append(t.targets, to)
		}
		d.tables = append(d.tables, t)
	default:
		d.head = nothing
	}
}
