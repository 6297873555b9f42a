package instrument

import (
	"bytes"
	"strconv"
)

// The name section's parts that have to do with functions. See the custom
// section "name" in the specification's appendix, and for labels the extended
// name section proposal.
const (
	nameSection      = "name"
	namesOfFunctions = 1
	namesOfLocals    = 2
	namesOfLabels    = 3
)

// checkNames checks a name section. wazero makes room for as many names as it
// says that there are.
func checkNames(r *reader) {
	next := byte(0)
	for r.more() {
		start, id := r.pos, r.byte()
		if id < next {
			r.fail(start, "the name section has part %d too late, or twice", id)
		}
		next = id + 1
		size := r.count()
		part := &reader{b: r.bytes(size), at: r.at + r.pos - size, err: r.err}
		switch id {
		case 0:
			part.name()
		case namesOfFunctions:
			nameMap(part)
		case namesOfLocals:
			for range part.count() {
				part.u32()
				nameMap(part)
			}
		default:
			continue
		}
		if part.err == nil && part.pos != size {
			part.fail(part.pos, "%d bytes are left over in the names", size-part.pos)
		}
		r.err = part.err
	}
}

// nameMap reads names of things by index.
func nameMap(r *reader) {
	next := int64(0)
	for range r.count() {
		start := r.pos
		index := int64(r.u32())
		if index < next && r.err == nil {
			r.fail(start, "names are out of order")
		}
		next = index + 1
		if r.name(); r.pos-start > maxName {
			r.fail(start, "a name has more than %d bytes", maxName)
		}
	}
}

// maxName bounds names: a stack trace may have thirty.
const maxName = 64 << 10

// rename writes the name section of the rewritten module. Functions that have
// no name are given one, that which stack traces show for them before: their
// number. Labels lose theirs: blocks were added.
func (m *module) rename(body []byte, moved func(uint32) uint32) []byte {
	var parts [256][]byte
	if r := (&reader{b: body}); body != nil {
		r.name()
		for r.more() {
			id := r.byte()
			parts[id] = r.bytes(r.count())
		}
	}
	parts[namesOfFunctions] = m.renameFunctions(parts[namesOfFunctions], moved)
	parts[namesOfLocals] = renameLocals(parts[namesOfLocals], moved)
	parts[namesOfLabels] = nil
	out := appendName(nil, nameSection)
	for id, part := range parts {
		if part != nil {
			out = append(appendU32(append(out, byte(id)), uint32(len(part))), part...)
		}
	}
	return out
}

// renameFunctions returns the names of all functions.
func (m *module) renameFunctions(old []byte, moved func(uint32) uint32) []byte {
	imports, total := uint32(len(m.imported)), uint32(m.have.functions)
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
	if old != nil {
		r := &reader{b: old}
		for range r.count() {
			index, name := r.u32(), r.bytes(r.count())
			if index < total {
				unnamed(index)
				add(index, shortened(name))
				next = max(next, index+1)
			}
		}
	}
	unnamed(total)
	for i, k := range m.helperList {
		add(total+uint32(i), []byte(k.name()))
	}
	return append(appendU32(nil, count), list...)
}

// shortened cuts a name where it would fill a stack trace.
func shortened(name []byte) []byte {
	const most = 512
	if len(name) <= most {
		return name
	}
	return append(bytes.ToValidUTF8(name[:most], nil), "…"...)
}

// renameLocals moves the functions that have names of locals.
func renameLocals(old []byte, moved func(uint32) uint32) []byte {
	p := &patcher{reader: reader{b: old}}
	if old == nil {
		return nil
	}
	for range p.count() {
		p.function(moved)
		nameMap(&p.reader)
	}
	out, _ := p.finish() // the names have been checked
	return out
}
