package instrument

// What runs may be paid for where it begins, or earlier, where control comes from.
// To pay takes time. But what is paid for earlier is paid for on all ways that go
// on from there, also on those that cost less. So where some cost much less than
// others, those that cost more pay for themselves.

// Before control gets to a stretch, at most so much is paid for that the cheapest
// way through its ring pays factor times what it costs, and slack.
const (
	factor = 2
	slack  = 12
)

// settle decides where the code of a function pays. It returns what callers must
// pay for, and the most that may run until the first check.
func (f *flow) settle(exact bool, charge func(s *stretch, fuel int64)) (need, far int64) {
	f.findBefore()
	f.findRest()
	if exact {
		for i := range f.stretches {
			f.stretches[i].paid = 0
		}
	} else {
		f.findPaid()
	}
	for i := range f.rings {
		r := &f.rings[i]
		r.need, r.far = 0, 0
	}
	for i := len(f.stretches) - 1; i >= 0; i-- {
		s := &f.stretches[i]
		f.findNeed(int32(i))
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
		if more := s.need - s.paid; more > 0 || s.block != none {
			charge(s, max(more, 0))
			s.need = min(s.need, s.paid)
		}
	}
	return f.stretches[0].need, f.stretches[0].far
}

// findBefore finds the least that code costs from where its ring, or the
// function, begins to the start of each stretch.
func (f *flow) findBefore() {
	for i := range f.stretches {
		f.stretches[i].before = never
	}
	f.stretches[0].before = 0
	for i := range f.stretches {
		s := &f.stretches[i]
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			t := &f.stretches[to]
			switch v, r := f.see(int32(i), to); v {
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
	for i := len(f.stretches) - 1; i >= 0; i-- {
		s := &f.stretches[i]
		s.rest = never
		if i == len(f.stretches)-1 {
			s.rest = 0 // the end of the function, if control gets there
		}
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			switch v, r := f.see(int32(i), to); v {
			case within:
				s.rest = min(s.rest, f.stretches[to].rest)
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
			}
		}
		s.rest = min(s.rest+s.cost, never)
	}
}

// findPaid finds the most that is paid for before control gets to a stretch.
func (f *flow) findPaid() {
	for i := range f.stretches {
		s := &f.stretches[i]
		most := int64(never)
		if s.rest < never {
			most = (s.before+s.rest)*factor + slack - s.before - s.cost
		}
		for e := s.first; e != none; e = f.edges[e].next {
			to := f.edges[e].to
			t := &f.stretches[to]
			switch v, r := f.see(int32(i), to); v {
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
		switch v, r := f.see(i, to); v {
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
