package wasm_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/host/internal/wasm"
)

// function makes a module with one function of the type (i32) -> (i32), and
// another type, () -> ().
func function(code ...byte) []byte {
	types := section(1, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0)
	return module(types, section(3, 1, 0), section(10, concat([]byte{1}, body(code...))...))
}

// TestBlocks: a walker knows the blocks that are open at each instruction, and
// where labels lead.
func TestBlocks(t *testing.T) {
	m, err := wasm.Parse(function(
		0x02, 0x40, // block
		0x03, 0x7f, // loop (result i32)
		0x20, 0, // local.get 0
		0x0d, 1, // br_if 1, to the block
		0x20, 0,
		0x04, 0x00, // if (type 0)
		0x0c, 1, // br 1, to the loop
		0x05,    // else
		0x0c, 3, // br 3, out of the function
		0x0b,
		0x0b,
		0x0b,
		0x00))
	if err != nil {
		t.Fatal(err)
	}
	function := wasm.Block{Op: wasm.OpBlock, Params: 1, Results: 1, Loop: -1}
	block := wasm.Block{Op: wasm.OpBlock, Number: 1, Loop: -1}
	loop := wasm.Block{Op: wasm.OpLoop, Results: 1, Number: 2}
	branch := wasm.Block{Op: wasm.OpIf, Params: 1, Results: 1, Number: 3, Loop: -1}
	type place struct {
		Op     wasm.Opcode
		Blocks []wasm.Block
		Target int // of the label, or -1
	}
	want := []place{
		{wasm.OpBlock, []wasm.Block{function, block}, -1},
		{wasm.OpLoop, []wasm.Block{function, block, loop}, -1},
		{wasm.OpLocalGet, []wasm.Block{function, block, loop}, -1},
		{wasm.OpBrIf, []wasm.Block{function, block, loop}, 1},
		{wasm.OpLocalGet, []wasm.Block{function, block, loop}, -1},
		{wasm.OpIf, []wasm.Block{function, block, loop, branch}, -1},
		{wasm.OpBr, []wasm.Block{function, block, loop, branch}, 2},
		{wasm.OpElse, []wasm.Block{function, block, loop, branch}, -1},
		{wasm.OpBr, []wasm.Block{function, block, loop, branch}, 0},
		{wasm.OpEnd, []wasm.Block{function, block, loop, branch}, -1},
		{wasm.OpEnd, []wasm.Block{function, block, loop}, -1},
		{wasm.OpEnd, []wasm.Block{function, block}, -1},
		{wasm.OpUnreachable, []wasm.Block{function}, -1},
		{wasm.OpEnd, []wasm.Block{function}, -1},
	}
	var got []place
	var w wasm.Walker
	m.Walk(&w, 0)
	for w.Next() {
		p := place{w.Op, append([]wasm.Block{}, w.Blocks...), -1}
		if len(w.Labels) == 1 {
			p.Target = int(w.Labels[0].Block)
		}
		got = append(got, p)
	}
	if w.Err() != nil {
		t.Fatal(w.Err())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if arity := loop.Arity(); arity != 0 {
		t.Errorf("a branch to the loop takes %d", arity)
	}
	if arity := branch.Arity(); arity != 1 {
		t.Errorf("a branch to the if takes %d", arity)
	}
}

// TestUnreadable: code that a walker can't read is an error.
func TestUnreadable(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   []byte
		reason string
	}{
		{"no end", []byte{0x02, 0x40}, "unexpected end"},
		{"code after the end", []byte{0x0b}, "follow the end"},
		{"a branch too far", []byte{0x0c, 1}, "leaves 2 blocks, and only 1 are open"},
		{"no such local", []byte{0x20, 1}, "there is no local 1"},
		{"no such global", []byte{0x23, 0}, "there is no global 0"},
		{"no such function", []byte{0x10, 1}, "there is no function 1"},
		{"no such type", []byte{0x02, 2}, "there is no type 2"},
		{"an old exception", []byte{0x06, 0x40}, "legacy exception handling"},
		{"an array", []byte{0xfb, 6}, "garbage collection"},
		{"no instruction", []byte{0xfd, 0xff, 0x1f}, "no known proposal"},
		{"a long vector instruction", []byte{0xfd, 0x8e, 0x00}, "more bytes than it needs"},
		{"a select of two", []byte{0x1c, 2, 0x7f, 0x7f}, "a select has 2 types"},
	} {
		m, err := wasm.Parse(function(c.code...))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var w wasm.Walker
		for m.Walk(&w, 0); w.Next(); {
		}
		if w.Err() == nil || !strings.Contains(w.Err().Error(), c.reason) {
			t.Errorf("%s: %v, want %q", c.name, w.Err(), c.reason)
		}
	}
}

// TestOpcodes: the predicates name the instructions that they should.
func TestOpcodes(t *testing.T) {
	type ops = []wasm.Opcode
	memory := ops{wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpMemoryFill}
	table := ops{wasm.OpTableInit, wasm.OpTableCopy, wasm.OpTableGrow, wasm.OpTableFill}
	returns := ops{wasm.OpReturnCall, wasm.OpReturnCallIndirect, wasm.OpReturnCallRef}
	indirect := ops{wasm.OpCallIndirect, wasm.OpReturnCallIndirect, wasm.OpCallRef, wasm.OpReturnCallRef}
	throws := ops{wasm.OpThrow, wasm.OpThrowRef}
	jumps := ops{wasm.OpUnreachable, wasm.OpBr, wasm.OpBrTable, wasm.OpReturn}
	twice := ops{wasm.OpMemoryInit, wasm.OpMemoryCopy, wasm.OpTableInit, wasm.OpTableCopy}
	for name, c := range map[string]struct {
		is   func(wasm.Opcode) bool
		want ops
	}{
		"Opens":           {wasm.Opcode.Opens, ops{wasm.OpBlock, wasm.OpLoop, wasm.OpIf, wasm.OpTryTable}},
		"Calls":           {wasm.Opcode.Calls, append(ops{wasm.OpCall, wasm.OpReturnCall}, indirect...)},
		"CallsIndirectly": {wasm.Opcode.CallsIndirectly, indirect},
		"ReturnCalls":     {wasm.Opcode.ReturnCalls, returns},
		"Throws":          {wasm.Opcode.Throws, throws},
		"Jumps":           {wasm.Opcode.Jumps, slices.Concat(jumps, returns, throws)},
		"BulkMemory":      {wasm.Opcode.BulkMemory, memory},
		"BulkTable":       {wasm.Opcode.BulkTable, table},
		"Bulk":            {wasm.Opcode.Bulk, slices.Concat(memory, table)},
		"TwoIndices":      {wasm.Opcode.TwoIndices, append(twice, wasm.OpCallIndirect, wasm.OpReturnCallIndirect)},
	} {
		var got ops
		for op := range wasm.Opcode(0xfeff) {
			if (op < 0x100 || op >= 0xfc00) && c.is(op) {
				got = append(got, op)
			}
		}
		slices.Sort(c.want)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: - want, + got:\n%s", name, diff)
		}
	}
}
