package wasm

// NameSection is the name of the custom section that has names for functions,
// locals and so on: see "name section" in the specification's appendix.
const NameSection = "name"

// The parts of a name section. The names of labels are of the proposal of
// extended names.
const (
	NamesOfModule    = 0
	NamesOfFunctions = 1
	NamesOfLocals    = 2
	NamesOfLabels    = 3
)

// CheckNames returns an error if a name section is malformed, or a name in it
// is very long. The specification says to ignore such sections, but wazero
// makes room for as many names as a section claims to have.
func (m *Module) CheckNames() error {
	for i := range m.Sections {
		if s := &m.Sections[i]; s.ID == SectionCustom && s.Name == NameSection {
			r := &Reader{b: s.Body, at: s.Offset}
			r.Name()
			if r.checkNames(); r.err != nil {
				return r.err
			}
		}
	}
	return nil
}

func (r *Reader) checkNames() {
	last := -1
	for r.More() {
		start, id := r.pos, r.Byte()
		if int(id) <= last {
			r.Fail(start, "the name section has part %d too late, or twice", id)
		}
		last = int(id)
		size := r.Count()
		part := &Reader{b: r.Bytes(size), at: r.at + r.pos - size, err: r.err}
		switch id {
		case NamesOfModule:
			part.Name()
		case NamesOfFunctions:
			part.checkNameMap()
		case NamesOfLocals:
			for range part.Count() {
				part.U32()
				part.checkNameMap()
			}
		default:
			continue
		}
		if part.err == nil && part.pos != size {
			part.Fail(part.pos, "%d bytes follow the names", size-part.pos)
		}
		r.err = part.err
	}
}

// checkNameMap checks names of things by index.
func (r *Reader) checkNameMap() {
	last := int64(-1)
	for range r.Count() {
		start := r.pos
		index := int64(r.U32())
		if index <= last {
			r.Fail(start, "names are out of order")
		}
		last = index
		if r.Bytes(r.Count()); r.pos-start > maxName {
			r.Fail(start, "a name has more than %d bytes", maxName)
		}
	}
}
