package wasm

// Shape is what an instruction has whatever its operands are.
type Shape struct {
	// Pop and Push are how many operands it takes and leaves. They are 0 where
	// that depends on types.
	Pop, Push uint8
	// Memory reports whether it loads or stores at an address.
	Memory bool

	known bool
	imm   immediate
}

// immediate says what follows an opcode.
type immediate uint8

const (
	immNone     immediate = iota
	immIndex              // an index
	immType               // the index of a type
	immFunction           // that of a function, and so on
	immLocal
	immGlobal
	immTwo        // two indices
	immLabel      // a label
	immLabels     // of br_table: labels, and one more
	immBlock      // a block type
	immTry        // a block type and catch clauses
	immMemory     // alignment and offset
	immMemoryLane // and a lane
	immByte
	immI32
	immI64
	immF32
	immF64
	immV128
	immHeapType
	immTypes // value types
)

// shapes has the shapes by prefix; the first list is of instructions without
// one.
var shapes = func() (all [4][256]Shape) {
	for _, s := range spans {
		memory := s.imm == immMemory || s.imm == immMemoryLane
		for sub := int(s.first); sub <= int(s.last); sub++ {
			all[prefixIndex(s.prefix)][sub] = Shape{s.pop, s.push, memory, true, s.imm}
		}
	}
	return all
}()

func prefixIndex(prefix byte) int {
	if prefix < prefixMisc {
		return 0
	}
	return int(prefix) - prefixMisc + 1
}

// shapeOf returns the shape of an instruction. That of an unknown one is zero.
func shapeOf(op Opcode) Shape { return shapes[prefixIndex(byte(op>>8))][byte(op)] }

// spans are the instructions that wazero 1.12 supports, with all its features.
// Numbers: the WebAssembly core specification, "Index of instructions", and
// the proposals threads, tail-call, function-references and exception-handling.
var spans = []struct {
	prefix, first, last byte
	imm                 immediate
	pop, push           uint8
}{
	{0, 0x00, 0x01, immNone, 0, 0},  // unreachable, nop
	{0, 0x02, 0x04, immBlock, 0, 0}, // block, loop, if
	{0, 0x05, 0x05, immNone, 0, 0},  // else
	{0, 0x08, 0x08, immIndex, 0, 0}, // throw
	{0, 0x0a, 0x0b, immNone, 0, 0},  // throw_ref, end
	{0, 0x0c, 0x0c, immLabel, 0, 0}, // br
	{0, 0x0d, 0x0d, immLabel, 1, 0}, // br_if
	{0, 0x0e, 0x0e, immLabels, 1, 0},
	{0, 0x0f, 0x0f, immNone, 0, 0},     // return
	{0, 0x10, 0x10, immFunction, 0, 0}, // call
	{0, 0x11, 0x11, immTwo, 0, 0},      // call_indirect
	{0, 0x12, 0x12, immFunction, 0, 0}, // return_call
	{0, 0x13, 0x13, immTwo, 0, 0},      // return_call_indirect
	{0, 0x14, 0x15, immType, 0, 0},     // call_ref, return_call_ref
	{0, 0x1a, 0x1a, immNone, 1, 0},     // drop
	{0, 0x1b, 0x1b, immNone, 3, 1},     // select
	{0, 0x1c, 0x1c, immTypes, 3, 1},    // select with types
	{0, 0x1f, 0x1f, immTry, 0, 0},      // try_table
	{0, 0x20, 0x20, immLocal, 0, 1},    // local.get
	{0, 0x21, 0x21, immLocal, 1, 0},    // local.set
	{0, 0x22, 0x22, immLocal, 1, 1},    // local.tee
	{0, 0x23, 0x23, immGlobal, 0, 1},   // global.get
	{0, 0x24, 0x24, immGlobal, 1, 0},   // global.set
	{0, 0x25, 0x25, immIndex, 1, 1},    // table.get
	{0, 0x26, 0x26, immIndex, 2, 0},    // table.set
	{0, 0x28, 0x35, immMemory, 1, 1},   // loads
	{0, 0x36, 0x3e, immMemory, 2, 0},   // stores
	{0, 0x3f, 0x3f, immByte, 0, 1},     // memory.size
	{0, 0x40, 0x40, immByte, 1, 1},     // memory.grow
	{0, 0x41, 0x41, immI32, 0, 1},      // i32.const
	{0, 0x42, 0x42, immI64, 0, 1},      // i64.const
	{0, 0x43, 0x43, immF32, 0, 1},      // f32.const
	{0, 0x44, 0x44, immF64, 0, 1},      // f64.const
	{0, 0x45, 0x45, immNone, 1, 1},     // i32.eqz
	{0, 0x46, 0x4f, immNone, 2, 1},     // i32 comparisons
	{0, 0x50, 0x50, immNone, 1, 1},     // i64.eqz
	{0, 0x51, 0x66, immNone, 2, 1},     // other comparisons
	{0, 0x67, 0x69, immNone, 1, 1},     // i32: of one operand
	{0, 0x6a, 0x78, immNone, 2, 1},     // i32: of two
	{0, 0x79, 0x7b, immNone, 1, 1},     // i64
	{0, 0x7c, 0x8a, immNone, 2, 1},     //
	{0, 0x8b, 0x91, immNone, 1, 1},     // f32
	{0, 0x92, 0x98, immNone, 2, 1},     //
	{0, 0x99, 0x9f, immNone, 1, 1},     // f64
	{0, 0xa0, 0xa6, immNone, 2, 1},     //
	{0, 0xa7, 0xc4, immNone, 1, 1},     // conversions, sign extension
	{0, 0xd0, 0xd0, immHeapType, 0, 1}, // ref.null
	{0, 0xd1, 0xd1, immNone, 1, 1},     // ref.is_null
	{0, 0xd2, 0xd2, immFunction, 0, 1}, // ref.func
	{0, 0xd4, 0xd4, immNone, 1, 1},     // ref.as_non_null
	{0, 0xd5, 0xd5, immLabel, 1, 1},    // br_on_null
	{0, 0xd6, 0xd6, immLabel, 1, 0},    // br_on_non_null

	{0xfc, 0x00, 0x07, immNone, 1, 1},  // saturating conversions
	{0xfc, 0x08, 0x08, immTwo, 3, 0},   // memory.init
	{0xfc, 0x09, 0x09, immIndex, 0, 0}, // data.drop
	{0xfc, 0x0a, 0x0a, immTwo, 3, 0},   // memory.copy
	{0xfc, 0x0b, 0x0b, immIndex, 3, 0}, // memory.fill
	{0xfc, 0x0c, 0x0c, immTwo, 3, 0},   // table.init
	{0xfc, 0x0d, 0x0d, immIndex, 0, 0}, // elem.drop
	{0xfc, 0x0e, 0x0e, immTwo, 3, 0},   // table.copy
	{0xfc, 0x0f, 0x0f, immIndex, 2, 1}, // table.grow
	{0xfc, 0x10, 0x10, immIndex, 0, 1}, // table.size
	{0xfc, 0x11, 0x11, immIndex, 3, 0}, // table.fill

	{0xfd, 0x00, 0x0a, immMemory, 1, 1},     // loads
	{0xfd, 0x0b, 0x0b, immMemory, 2, 0},     // v128.store
	{0xfd, 0x0c, 0x0c, immV128, 0, 1},       // v128.const
	{0xfd, 0x0d, 0x0d, immV128, 2, 1},       // i8x16.shuffle
	{0xfd, 0x0e, 0x0e, immNone, 2, 1},       // i8x16.swizzle
	{0xfd, 0x0f, 0x14, immNone, 1, 1},       // splats
	{0xfd, 0x15, 0x16, immByte, 1, 1},       // i8x16.extract_lane
	{0xfd, 0x17, 0x17, immByte, 2, 1},       // i8x16.replace_lane
	{0xfd, 0x18, 0x19, immByte, 1, 1},       // i16x8
	{0xfd, 0x1a, 0x1a, immByte, 2, 1},       //
	{0xfd, 0x1b, 0x1b, immByte, 1, 1},       // i32x4
	{0xfd, 0x1c, 0x1c, immByte, 2, 1},       //
	{0xfd, 0x1d, 0x1d, immByte, 1, 1},       // i64x2
	{0xfd, 0x1e, 0x1e, immByte, 2, 1},       //
	{0xfd, 0x1f, 0x1f, immByte, 1, 1},       // f32x4
	{0xfd, 0x20, 0x20, immByte, 2, 1},       //
	{0xfd, 0x21, 0x21, immByte, 1, 1},       // f64x2
	{0xfd, 0x22, 0x22, immByte, 2, 1},       //
	{0xfd, 0x23, 0x4c, immNone, 2, 1},       // comparisons
	{0xfd, 0x4d, 0x4d, immNone, 1, 1},       // v128.not
	{0xfd, 0x4e, 0x51, immNone, 2, 1},       // v128.and to xor
	{0xfd, 0x52, 0x52, immNone, 3, 1},       // v128.bitselect
	{0xfd, 0x53, 0x53, immNone, 1, 1},       // v128.any_true
	{0xfd, 0x54, 0x57, immMemoryLane, 2, 1}, // v128.loadN_lane
	{0xfd, 0x58, 0x5b, immMemoryLane, 2, 0}, // v128.storeN_lane
	{0xfd, 0x5c, 0x5d, immMemory, 1, 1},     // v128.loadN_zero
	{0xfd, 0x5e, 0x5f, immNone, 1, 1},       // demote, promote
	{0xfd, 0x60, 0x64, immNone, 1, 1},       // i8x16
	{0xfd, 0x65, 0x66, immNone, 2, 1},       //
	{0xfd, 0x67, 0x6a, immNone, 1, 1},       // f32x4.ceil to nearest
	{0xfd, 0x6b, 0x73, immNone, 2, 1},       //
	{0xfd, 0x74, 0x75, immNone, 1, 1},       // f64x2.ceil, floor
	{0xfd, 0x76, 0x79, immNone, 2, 1},       //
	{0xfd, 0x7a, 0x7a, immNone, 1, 1},       // f64x2.trunc
	{0xfd, 0x7b, 0x7b, immNone, 2, 1},       //
	{0xfd, 0x7c, 0x81, immNone, 1, 1},       // i16x8
	{0xfd, 0x82, 0x82, immNone, 2, 1},       //
	{0xfd, 0x83, 0x84, immNone, 1, 1},       //
	{0xfd, 0x85, 0x86, immNone, 2, 1},       //
	{0xfd, 0x87, 0x8a, immNone, 1, 1},       //
	{0xfd, 0x8b, 0x93, immNone, 2, 1},       //
	{0xfd, 0x94, 0x94, immNone, 1, 1},       // f64x2.nearest
	{0xfd, 0x95, 0x99, immNone, 2, 1},       //
	{0xfd, 0x9b, 0x9f, immNone, 2, 1},       //
	{0xfd, 0xa0, 0xa1, immNone, 1, 1},       // i32x4
	{0xfd, 0xa3, 0xa4, immNone, 1, 1},       //
	{0xfd, 0xa7, 0xaa, immNone, 1, 1},       //
	{0xfd, 0xab, 0xae, immNone, 2, 1},       //
	{0xfd, 0xb1, 0xb1, immNone, 2, 1},       //
	{0xfd, 0xb5, 0xba, immNone, 2, 1},       //
	{0xfd, 0xbc, 0xbf, immNone, 2, 1},       //
	{0xfd, 0xc0, 0xc1, immNone, 1, 1},       // i64x2
	{0xfd, 0xc3, 0xc4, immNone, 1, 1},       //
	{0xfd, 0xc7, 0xca, immNone, 1, 1},       //
	{0xfd, 0xcb, 0xce, immNone, 2, 1},       //
	{0xfd, 0xd1, 0xd1, immNone, 2, 1},       //
	{0xfd, 0xd5, 0xdf, immNone, 2, 1},       //
	{0xfd, 0xe0, 0xe1, immNone, 1, 1},       // f32x4
	{0xfd, 0xe3, 0xe3, immNone, 1, 1},       //
	{0xfd, 0xe4, 0xeb, immNone, 2, 1},       //
	{0xfd, 0xec, 0xed, immNone, 1, 1},       // f64x2
	{0xfd, 0xef, 0xef, immNone, 1, 1},       //
	{0xfd, 0xf0, 0xf7, immNone, 2, 1},       //
	{0xfd, 0xf8, 0xff, immNone, 1, 1},       // conversions

	{0xfe, 0x00, 0x00, immMemory, 2, 1}, // memory.atomic.notify
	{0xfe, 0x01, 0x02, immMemory, 3, 1}, // memory.atomic.wait
	{0xfe, 0x03, 0x03, immByte, 0, 0},   // atomic.fence
	{0xfe, 0x10, 0x16, immMemory, 1, 1}, // loads
	{0xfe, 0x17, 0x1d, immMemory, 2, 0}, // stores
	{0xfe, 0x1e, 0x47, immMemory, 2, 1}, // read, modify, write
	{0xfe, 0x48, 0x4e, immMemory, 3, 1}, // compare and exchange
}
