package instrument

import "strconv"

// The name section's parts that have to do with functions. See the custom
// section "name" in the specification's appendix, and for labels the extended
// name section proposal.
const (
	nameSection      = "name"
	namesOfFunctions = 1
	namesOfLocals    = 2
	namesOfLabels    = 3
)

// rename writes the name section of the rewritten module. Functions that have
// no name are given one, that which stack traces show for them before: their
// number.
func (m *module) rename(body []byte, at int, moved func(uint32) uint32) ([]byte, error) {
	r := &reader{b: body, at: at}
	out := appendName(nil, nameSection)
	if body != nil {
		r.name()
	}
	named := false
	for r.more() {
		id := r.byte()
		size := r.count()
		part := &patcher{reader: reader{b: r.bytes(size), at: r.at + r.pos - size}}
		switch {
		case id >= namesOfFunctions && !named:
			named = true
			var old *patcher
			if id == namesOfFunctions {
				old = part
			}
			names, err := m.renameFunctions(old, moved)
			if err != nil {
				return nil, err
			}
			out = appendPart(out, namesOfFunctions, names)
			if id == namesOfFunctions {
				continue
			}
		case id == namesOfLabels:
			continue // blocks were added
		}
		if id == namesOfLocals {
			names, err := renameLocals(part, moved)
			if err != nil {
				return nil, err
			}
			out = appendPart(out, id, names)
			continue
		}
		out = appendPart(out, id, part.b)
	}
	if r.err != nil {
		return nil, r.err
	}
	if !named {
		names, err := m.renameFunctions(nil, moved)
		if err != nil {
			return nil, err
		}
		out = appendPart(out, namesOfFunctions, names)
	}
	return out, nil
}

func appendPart(out []byte, id byte, part []byte) []byte {
	return append(appendU32(append(out, id), uint32(len(part))), part...)
}

// renameFunctions returns the names of all functions. old may be nil.
func (m *module) renameFunctions(old *patcher, moved func(uint32) uint32) ([]byte, error) {
	imports, total := uint32(len(m.imported)), uint32(len(m.imported)+len(m.defined))
	count, next := uint32(0), imports
	var list []byte
	add := func(index uint32, name []byte) {
		list = appendU32(list, moved(index))
		list = append(appendU32(list, uint32(len(name))), name...)
		count++
	}
	unnamed := func(until uint32) {
		for ; next < until; next++ {
			add(next, strconv.AppendUint([]byte{'$'}, uint64(next), 10))
		}
	}
	last := int64(-1)
	if old != nil {
		for range old.count() {
			start := old.pos
			index := old.u32()
			name := old.bytes(old.count())
			if old.err != nil {
				return nil, old.err
			}
			if int64(index) <= last {
				return nil, &Error{old.at + start, "names of functions are out of order"}
			}
			last = int64(index)
			if index >= total {
				continue
			}
			unnamed(index)
			add(index, name)
			next = max(next, index+1)
		}
	}
	unnamed(total)
	for i, k := range m.helperList {
		add(total+uint32(i), []byte(k.name()))
	}
	return append(appendU32(nil, count), list...), nil
}

// renameLocals moves the functions that have names of locals.
func renameLocals(p *patcher, moved func(uint32) uint32) ([]byte, error) {
	for range p.count() {
		p.function(moved)
		for range p.count() {
			p.u32()
			p.name()
		}
	}
	return p.finish()
}
