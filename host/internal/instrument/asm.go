package instrument

// blockEmpty is the type of a block that takes and gives nothing.
const blockEmpty = 0x40

// asm writes instructions, one after the other.
type asm struct{ out []byte }

func (a *asm) byte(b byte) *asm {
	a.out = append(a.out, b)
	return a
}

func (a *asm) bytes(b ...byte) *asm {
	a.out = append(a.out, b...)
	return a
}

// op writes an instruction, with what follows it if that is a number of one
// byte each.
func (a *asm) op(op opcode, following ...byte) *asm {
	if op > 0xff {
		a.out = append(a.out, byte(op>>8))
	}
	a.out = append(append(a.out, byte(op)), following...)
	return a
}

// index writes an instruction with an index.
func (a *asm) index(op opcode, index uint32) *asm {
	a.op(op)
	a.out = appendU32(a.out, index)
	return a
}

func (a *asm) i32(v int32) *asm {
	a.out = appendS64(append(a.out, byte(opI32Const)), int64(v))
	return a
}

func (a *asm) i64(v int64) *asm {
	a.out = appendS64(append(a.out, byte(opI64Const)), v)
	return a
}
