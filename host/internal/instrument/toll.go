package instrument

// What runs may be paid for where it begins, or earlier, where control comes from.
// To pay takes time. But what is paid for earlier is paid for on all ways that go
// on from there, also on those that cost less. So where some cost much less than
// others, those that cost more pay for themselves.

// Before control gets to a stretch, at most so much is paid for that the cheapest
// way through its ring pays factor (in percent) of what it costs, and slack.
const (
	factor = 170
	slack  = 6
	// few is what is paid too much where less is not worth a charge.
	few = 8
)

// settle decides where the code of a function pays: see charges. It returns what
// must be paid for at the function's entry, and the most that may run until the first
// check.
func (f *flow) settle(exact bool) (need, far int64) {
	f.findBefore()
	f.findRest()
	if exact {
		for i := range f.stretches {
			f.stretches[i].paid = 0
		}
	} else {
		f.findPaid()
	}
	tables := f.tables
	for i := len(f.stretches) - 1; i >= 0; i-- {
		s := &f.stretches[i]
		f.findNeed(int32(i))
		if n := len(tables); n > 0 && tables[n-1].stretch == int32(i) {
			f.settleTable(&tables[n-1])
			tables = tables[:n-1]
		}
		if s.ring != none && f.rings[s.ring].head == int32(i) {
			*f.rings[s.ring].weight = s.need
			continue
		}
		if s.block != none {
			s.paid, s.far = 0, 0
			if end := f.ends[s.block]; end != none {
				s.far = f.stretches[end].far
				if !exact {
					s.paid = f.stretches[end].need
				}
			}
		}
		if s.paid > 0 && s.need <= s.paid+few && s.block == none {
			continue // not worth a charge
		}
		if more := s.need - s.paid; more > 0 || s.block != none {
			f.charges = append(f.charges, charge{s.at, max(more, 0), s.block != none, none})
			s.need = min(s.need, s.paid)
		}
	}
	for _, j := range f.sites {
		to := &f.stretches[f.ends[j.block]]
		if more := to.need - f.tables[f.rings[j.ring].table].paid; more > 0 {
			f.charges = append(f.charges, charge{f.stretches[j.stretch].at, more, false, none})
		}
	}
	return f.stretches[0].need, f.stretches[0].far
}

// settleTable decides what the head of a loop with a table pays for, and what is
// paid for before the loop.
func (f *flow) settleTable(t *dispatching) {
	s := &f.stretches[t.stretch]
	first, all := f.stretches[f.ends[t.targets[0]]].need, int64(0)
	for _, block := range t.targets {
		to := &f.stretches[f.ends[block]]
		all, s.far = max(all, to.need), max(s.far, s.most+to.far)
	}
	t.paid = first
	if t.ring != none {
		least, most := int64(never), int64(0)
		for j := f.rings[t.ring].sites; j != none; j = f.sites[j].before {
			need := f.stretches[f.ends[f.sites[j].block]].need
			least, most = min(least, need), max(most, need)
		}
		t.paid = min(least+few, most)
		s.need = s.cost + t.paid
		f.rings[t.ring].need += max(0, first-t.paid)
	}
	if more := all - max(first, t.paid); more > 0 {
		f.charges = append(f.charges, charge{t.at, more, false, int32(t.local)})
	}
}

// findBefore finds the least that code costs from where its ring, or the
// function, begins to the start of each stretch.
func (f *flow) findBefore() {
	for i := range f.stretches {
		f.stretches[i].before = never
	}
	f.stretches[0].before = 0
	for _, j := range f.sites {
		f.stretches[f.ends[j.block]].before = 0
	}
	for i := range f.stretches {
		s := &f.stretches[i]
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			t := &f.stretches[to]
			switch v, r := f.see(int32(i), &f.edges[e]); v {
			case within:
				t.before = min(t.before, s.before+s.cost)
			case into:
				t.before = 0
			case out:
				entry := &f.stretches[f.rings[r].entry]
				t.before = min(t.before, entry.before+entry.cost)
			}
		}
	}
}

// findRest finds the least that code costs from the start of each stretch until
// control is at the head of the ring again, or at the end of the function. Ways
// that leave the ring don't count: most often, control stays in it.
func (f *flow) findRest() {
	for i := range f.rings {
		f.rings[i].rest = never
	}
	f.findTurns()
	for i := len(f.stretches) - 1; i >= 0; i-- {
		s := &f.stretches[i]
		s.rest = never
		if i == len(f.stretches)-1 {
			s.rest = 0 // the end of the function, if control gets there
		}
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			switch v, r := f.see(int32(i), &f.edges[e]); v {
			case within:
				if s.turn == none || s.turn <= to && to <= f.stretches[s.turn].last {
					s.rest = min(s.rest, f.stretches[to].rest)
				}
			case again:
				s.rest = 0
			case into:
				s.rest = min(s.rest, f.rings[r].rest)
			case out:
				rest := int64(0)
				if int(to) > i {
					rest = f.stretches[to].rest
				}
				f.rings[r].rest = min(f.rings[r].rest, rest)
				if f.rings[r].table != none && r == s.ring && s.turn == none {
					s.rest = min(s.rest, rest) // the loop is the whole function
				}
			}
		}
		s.rest = min(s.rest+s.cost, never)
	}
}

// findTurns finds the loops that jumps make by way of tables.
func (f *flow) findTurns() {
	for _, j := range f.sites {
		if to := f.ends[j.block]; to <= j.stretch {
			t := &f.stretches[to]
			t.last = max(t.last, j.stretch)
		}
	}
	f.turns = f.turns[:0]
	for i := range f.stretches {
		n := len(f.turns)
		for n > 0 && f.stretches[f.turns[n-1]].last < int32(i) {
			n--
		}
		if f.turns = f.turns[:n]; f.stretches[i].last > 0 {
			f.turns = append(f.turns, int32(i))
			n++
		}
		if n > 0 {
			f.stretches[i].turn = f.turns[n-1]
		}
	}
}

// findPaid finds the most that is paid for before control gets to a stretch.
func (f *flow) findPaid() {
	for i := range f.stretches {
		s := &f.stretches[i]
		most := int64(never)
		if s.rest < never && s.before < never {
			most = (s.before+s.rest)*factor/100 + slack - s.before - s.cost
		}
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			t := &f.stretches[to]
			switch v, r := f.see(int32(i), &f.edges[e]); v {
			case within:
				t.paid = min(t.paid, most)
			case into:
				f.rings[r].paid = most
			case out:
				if int(to) > i {
					t.paid = min(t.paid, f.rings[r].paid)
				}
			}
		}
	}
}

// findNeed finds what must be paid for once control gets to the i-th stretch,
// and what may run from there on.
func (f *flow) findNeed(i int32) {
	s := &f.stretches[i]
	s.need, s.far = 0, 0
	for e := s.first; e != none; e = f.edges[e].next {
		to := f.edges[e].to
		t := &f.stretches[to]
		switch v, r := f.see(i, &f.edges[e]); v {
		case within:
			s.need, s.far = max(s.need, t.need), max(s.far, t.far)
		case into:
			s.need, s.far = max(s.need, f.rings[r].need), max(s.far, f.rings[r].far)
		case out:
			if to > i {
				r := &f.rings[r]
				r.need, r.far = max(r.need, t.need), max(r.far, t.far)
			}
		}
	}
	s.need += s.cost
	s.far += s.most
}
