package instrument

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/wexec/wexec/host/internal/wasm"
)

// renameFunctions writes the name section of the rewritten module. A function
// without a name gets the one that stack traces showed for it before: its
// number. Labels lose their names: blocks were added.
func (m *module) renameFunctions(moved func(uint32) uint32) {
	i := slices.IndexFunc(m.sections, func(s wasm.Section) bool {
		return s.ID == wasm.SectionCustom && s.Name == wasm.NameSection
	})
	var parts [256][]byte
	if i < 0 {
		i = len(m.sections)
		m.sections = append(m.sections, wasm.Section{ID: wasm.SectionCustom, Name: wasm.NameSection})
	} else {
		r := wasm.NewReader(m.sections[i].Body)
		r.Name()
		for r.More() {
			id := r.Byte()
			parts[id] = r.Bytes(r.Count())
		}
	}
	parts[wasm.NamesOfFunctions] = m.namesOfFunctions(parts[wasm.NamesOfFunctions], moved)
	parts[wasm.NamesOfLocals] = namesOfLocals(parts[wasm.NamesOfLocals], moved)
	parts[wasm.NamesOfLabels] = nil
	out := wasm.AppendName(nil, wasm.NameSection)
	for id, part := range parts {
		if part != nil {
			out = append(wasm.AppendU32(append(out, byte(id)), uint32(len(part))), part...)
		}
	}
	m.sections[i].Body = out
}

// namesOfFunctions returns the names of all functions.
func (m *module) namesOfFunctions(old []byte, moved func(uint32) uint32) []byte {
	total := uint32(len(m.Functions))
	count, next := uint32(0), uint32(m.imported)
	var list []byte
	add := func(index uint32, name []byte) {
		list = wasm.AppendU32(list, moved(index))
		list = append(wasm.AppendU32(list, uint32(len(name))), name...)
		count++
	}
	unnamed := func(until uint32) {
		for ; next < until; next++ {
			add(next, strconv.AppendUint([]byte{'$'}, uint64(next), 10))
		}
	}
	if old != nil {
		r := wasm.NewReader(old)
		for range r.Count() {
			index, name := r.U32(), r.Bytes(r.Count())
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
	return append(wasm.AppendU32(nil, count), list...)
}

// shortened cuts a name that would fill a stack trace.
func shortened(name []byte) []byte {
	const most = 512
	if len(name) <= most {
		return name
	}
	return append(bytes.ToValidUTF8(name[:most], nil), "…"...)
}

// namesOfLocals moves the functions whose locals have names.
func namesOfLocals(old []byte, moved func(uint32) uint32) []byte {
	if old == nil {
		return nil
	}
	c := copier{from: old}
	r := wasm.NewReader(old)
	for range r.Count() {
		start := r.Pos()
		if index := r.U32(); moved(index) != index {
			a := c.replace(start, r.Pos())
			a.out = wasm.AppendU32(a.out, moved(index))
		}
		for range r.Count() {
			r.U32()
			r.Bytes(r.Count())
		}
	}
	return c.finish()
}
