package wasm

// Opcode is an instruction: one byte, or a prefix and the number after it.
type Opcode uint16

// The instructions that passes over code look at.
const (
	OpUnreachable        Opcode = 0x00
	OpNop                Opcode = 0x01
	OpBlock              Opcode = 0x02
	OpLoop               Opcode = 0x03
	OpIf                 Opcode = 0x04
	OpElse               Opcode = 0x05
	OpThrow              Opcode = 0x08
	OpThrowRef           Opcode = 0x0a
	OpEnd                Opcode = 0x0b
	OpBr                 Opcode = 0x0c
	OpBrIf               Opcode = 0x0d
	OpBrTable            Opcode = 0x0e
	OpReturn             Opcode = 0x0f
	OpCall               Opcode = 0x10
	OpCallIndirect       Opcode = 0x11
	OpReturnCall         Opcode = 0x12
	OpReturnCallIndirect Opcode = 0x13
	OpCallRef            Opcode = 0x14
	OpReturnCallRef      Opcode = 0x15
	OpTryTable           Opcode = 0x1f
	OpLocalGet           Opcode = 0x20
	OpLocalSet           Opcode = 0x21
	OpLocalTee           Opcode = 0x22
	OpGlobalGet          Opcode = 0x23
	OpGlobalSet          Opcode = 0x24
	OpTableSet           Opcode = 0x26
	OpMemorySize         Opcode = 0x3f
	OpMemoryGrow         Opcode = 0x40
	OpI32Const           Opcode = 0x41
	OpI64Const           Opcode = 0x42
	OpF32Const           Opcode = 0x43
	OpF64Const           Opcode = 0x44
	OpI32GtU             Opcode = 0x4b
	OpI32LeU             Opcode = 0x4d
	OpI64LtS             Opcode = 0x53
	OpI64GtU             Opcode = 0x56
	OpI32Add             Opcode = 0x6a
	OpI32Sub             Opcode = 0x6b
	OpI32Mul             Opcode = 0x6c
	OpI64Add             Opcode = 0x7c
	OpI64Sub             Opcode = 0x7d
	OpI64Mul             Opcode = 0x7e
	OpI64Or              Opcode = 0x84
	OpI64Shl             Opcode = 0x86
	OpI64ShrU            Opcode = 0x88
	OpI64ExtendI32U      Opcode = 0xad
	OpRefNull            Opcode = 0xd0
	OpRefFunc            Opcode = 0xd2
	OpBrOnNull           Opcode = 0xd5
	OpBrOnNonNull        Opcode = 0xd6
	OpMemoryInit         Opcode = 0xfc08
	OpDataDrop           Opcode = 0xfc09
	OpMemoryCopy         Opcode = 0xfc0a
	OpMemoryFill         Opcode = 0xfc0b
	OpTableInit          Opcode = 0xfc0c
	OpElemDrop           Opcode = 0xfc0d
	OpTableCopy          Opcode = 0xfc0e
	OpTableGrow          Opcode = 0xfc0f
	OpTableSize          Opcode = 0xfc10
	OpTableFill          Opcode = 0xfc11
	OpV128Const          Opcode = 0xfd0c
)

// The bytes that a number follows, which says what the instruction is.
const (
	prefixGC     = 0xfb
	prefixMisc   = 0xfc
	prefixVector = 0xfd
	prefixAtomic = 0xfe
)

// Opens reports whether the instruction opens a block.
func (op Opcode) Opens() bool { return OpBlock <= op && op <= OpIf || op == OpTryTable }

// Calls reports whether the instruction calls a function.
func (op Opcode) Calls() bool { return OpCall <= op && op <= OpReturnCallRef }

// CallsIndirectly reports whether the instruction calls a function that it
// takes from a table or the stack.
func (op Opcode) CallsIndirectly() bool { return op.Calls() && op != OpCall && op != OpReturnCall }

// ReturnCalls reports whether the instruction calls a function in place of the
// one that it is in.
func (op Opcode) ReturnCalls() bool {
	return op == OpReturnCall || op == OpReturnCallIndirect || op == OpReturnCallRef
}

// Throws reports whether the instruction throws an exception.
func (op Opcode) Throws() bool { return op == OpThrow || op == OpThrowRef }

// Jumps reports whether what follows the instruction in its block is not
// reached from it.
func (op Opcode) Jumps() bool {
	switch op {
	case OpUnreachable, OpBr, OpBrTable, OpReturn:
		return true
	}
	return op.ReturnCalls() || op.Throws()
}

// BulkMemory reports whether the instruction writes as many bytes of memory as
// an operand says.
func (op Opcode) BulkMemory() bool {
	return op == OpMemoryInit || op == OpMemoryCopy || op == OpMemoryFill
}

// BulkTable reports whether the instruction writes as many elements of a table
// as an operand says.
func (op Opcode) BulkTable() bool {
	return op == OpTableInit || op == OpTableCopy || op == OpTableGrow || op == OpTableFill
}

// Bulk reports whether the instruction is one of BulkMemory or BulkTable.
func (op Opcode) Bulk() bool {
	return OpMemoryInit <= op && op <= OpTableFill && (op.BulkMemory() || op.BulkTable())
}

// TwoIndices reports whether two indices follow the instruction.
func (op Opcode) TwoIndices() bool { return shapeOf(op).imm == immTwo }

// foreign names the proposal of an instruction that is not supported.
func foreign(prefix byte, sub uint32) string {
	switch {
	case prefix == 0x06 || prefix == 0x07 || prefix == 0x09 || prefix == 0x18 || prefix == 0x19:
		return "legacy exception handling: build for the standard form, with try_table"
	case prefix == 0xfb || prefix == 0xd3:
		return "garbage collection"
	case prefix == 0xfc && sub >= 0x13 && sub <= 0x16:
		return "wide arithmetic"
	case prefix == 0xfd && sub >= 0x100 && sub <= 0x12f:
		return "relaxed SIMD"
	}
	return "no known proposal"
}
