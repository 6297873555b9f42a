package instrument

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
// Where the jump leads forward, the block that ends there is still open, and a
// branch to it does the same, without the table and without a safepoint. So
// only jumps back pass the head of the loop, as in other languages.

// dispatcher finds such jumps as a walker steps on.
type dispatcher struct {
	open   []int // the blocks that are open, by number
	number int   // of the block that was opened last
	tables []dispatch

	head  pattern
	loop  int // the place of the loop whose head it is
	jump  pattern
	local uint32
	value uint32
}

// dispatch is a loop that is open, with a table of branches at its head.
type dispatch struct {
	loop    int // its place among the open blocks
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

// step takes note of the instruction that w stands on. If that is a jump that
// leads forward, it returns the depth of the branch that does the same.
func (d *dispatcher) step(w *walker) (depth uint32, ok bool) {
	if w.op == opBr && d.jump == localSet {
		depth, ok = d.forward(w.x)
	}
	d.followJump(w)
	d.followHead(w)
	switch w.op {
	case opBlock, opLoop, opIf, opTryTable:
		d.number++
		d.open = append(d.open, d.number)
	case opEnd:
		if len(d.open) == 0 {
			return 0, false
		}
		d.open = d.open[:len(d.open)-1]
		if n := len(d.tables); n > 0 && d.tables[n-1].loop == len(d.open) {
			d.tables = d.tables[:n-1]
		}
	}
	return depth, ok
}

// forward returns where a jump leads, if the block that ends there is open.
func (d *dispatcher) forward(label uint32) (depth uint32, ok bool) {
	if len(d.tables) == 0 {
		return 0, false
	}
	t := &d.tables[len(d.tables)-1]
	if len(d.open)-1-int(label) != t.loop || d.local != t.local {
		return 0, false
	}
	to := t.targets[min(int64(d.value), int64(len(t.targets)-1))] // the last is for all others
	if to.place < 0 || to.place >= len(d.open) || d.open[to.place] != to.number {
		return 0, false
	}
	return uint32(len(d.open) - 1 - to.place), true
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
		d.head, d.loop = loopOpened, len(d.open)
	case w.op == opBlock && w.block.params+w.block.results == 0 && d.head == loopOpened:
	case w.op == opLocalGet && d.head == loopOpened:
		d.head = localRead
		d.tables = append(d.tables, dispatch{loop: d.loop, local: w.x})
	case w.op == opBrTable && d.head == localRead:
		d.head = nothing
		t := &d.tables[len(d.tables)-1]
		for _, l := range w.labels {
			place := len(d.open) - 1 - int(l.depth)
			to := target{place: place}
			if place >= 0 {
				to.number = d.open[place]
			}
			t.targets = append(t.targets, to)
		}
	default:
		if d.head == localRead { // it was no such loop
			d.tables = d.tables[:len(d.tables)-1]
		}
		d.head = nothing
	}
}
