package wasm

// Body is the code of one of the module's own functions.
type Body struct {
	Entry  []byte // of the code section: locals and instructions
	Offset int    // of Entry in the module
	Code   int    // where in Entry the instructions begin
	Locals int    // parameters included
	Groups int    // of locals of the same type, as Entry begins with
}

func (m *Module) parseBodies(r *Reader) {
	imported := m.Imported(KindFunction)
	n := r.Count()
	if have := len(m.Functions) - imported; n != have {
		r.Fail(0, "there are %d bodies of %d functions", n, have)
		return
	}
	m.Bodies = make([]Body, n)
	all := 0
	for i := range m.Bodies {
		size := r.Count()
		b := &m.Bodies[i]
		start := r.pos
		b.Offset = r.at + start
		b.Entry = r.Bytes(size)
		if size > maxBody {
			r.Fail(start, "a function has %d bytes, at most %d are allowed", size, maxBody)
		}
		if r.err == nil {
			r.err = b.parseLocals(m, len(m.Types[m.Functions[imported+i]].Params))
		}
		if all += b.Locals; all > maxAllLocals {
			r.Fail(start, "the functions have more than %d locals together", maxAllLocals)
		}
		if r.err != nil {
			return
		}
	}
}

// parseLocals reads the locals of a function that has that many parameters.
func (b *Body) parseLocals(m *Module, params int) error {
	r := &Reader{b: b.Entry, at: b.Offset, m: m}
	b.Locals = params
	b.Groups = r.Count()
	for range b.Groups {
		start := r.pos
		n := int(r.U32())
		r.valueType()
		if b.Locals += n; b.Locals > maxLocals {
			r.Fail(start, "a function has more than %d locals", maxLocals)
		}
	}
	b.Code = r.pos
	m.TypedReferences = m.TypedReferences || r.typed
	return r.err
}

// Segment is a data segment.
type Segment struct {
	Active bool
	// Known reports whether the address of an active segment is a plain number.
	Known   bool
	Address uint32
	Bytes   []byte
	Encoded []byte // the whole segment, as the module has it
}

func (m *Module) parseData(r *Reader) {
	n := r.countTo(maxData, "data segments")
	m.Data = make([]Segment, 0, n)
	for range n {
		start := r.pos
		var s Segment
		switch flags := r.U32(); flags {
		case 0, 2:
			first := flags == 0 || r.U32() == 0 // of the memories, of which there is one
			s.Active = true
			s.Address, s.Known = r.address()
			s.Known = s.Known && first
		case 1:
		default:
			r.Fail(start, "a data segment has unknown flags %#x", flags)
		}
		s.Bytes = r.Bytes(r.Count())
		s.Encoded = r.b[start:r.pos]
		m.Data = append(m.Data, s)
	}
}

// address reads a constant expression. It is known if it is one number.
func (r *Reader) address() (address uint32, known bool) {
	start := r.pos
	if Opcode(r.Byte()) == OpI32Const {
		address = uint32(r.Signed(32))
		if Opcode(r.Byte()) == OpEnd {
			return address, r.err == nil
		}
	}
	if r.err == nil {
		r.pos = start
		r.constant(ignore)
	}
	return 0, false
}
