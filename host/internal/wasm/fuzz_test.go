package wasm_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/host/internal/wasm"
)

// FuzzParse: whatever the bytes are, nothing panics; a module that is accepted
// holds together, and is the same module when it is written again.
func FuzzParse(f *testing.F) {
	f.Add(everything)
	f.Add([]byte("\x00asm\x01\x00\x00\x00"))
	const seeds, seedSize = 400, 1 << 10
	modules := specModules(f)
	names := slices.Sorted(maps.Keys(modules))
	for i := 0; i < len(names); i += len(names) / seeds {
		if b := modules[names[i]]; len(b) < seedSize {
			f.Add(b)
		}
	}
	f.Fuzz(check)
}

// TestSpec is FuzzParse for the modules of the specification tests.
func TestSpec(t *testing.T) {
	for name, b := range specModules(t) {
		if check(t, b); t.Failed() {
			t.Fatal(name)
		}
	}
}

func check(t *testing.T, b []byte) {
	m, err := wasm.Parse(b)
	if err != nil {
		wantError(t, b, err)
		return
	}
	if again := m.Sections.Assemble(len(b)); !bytes.Equal(again, b) {
		t.Errorf("%x was written as %x", b, again)
	}
	usable, err := wasm.Parse(m.WithUsableNames())
	if err != nil {
		t.Fatalf("with usable names only: %v", err)
	}
	if diff := cmp.Diff(m.Names(), usable.Names()); diff != "" {
		t.Errorf("- usable names, + those that were written:\n%s", diff)
	}
	have := []int{len(m.Functions), len(m.Tables), len(m.Memories), len(m.Globals), len(m.Tags)}
	for _, e := range m.Exports {
		if int(e.Index) >= have[e.Kind] {
			t.Errorf("there is no %s %d", e.Kind, e.Index)
		}
		fn, ok := m.Function(e.Name)
		if ok != (e.Kind == wasm.KindFunction) || ok && fn.Index != e.Index {
			t.Errorf("the export %q is %+v, and the function %+v, %v", e.Name, e, fn, ok)
		}
	}
	for i := range m.Functions {
		if _, ok := m.FuncTypeOf(uint32(i)); !ok {
			t.Errorf("function %d has no type", i)
		}
	}
	for i := range m.Sections {
		s := &m.Sections[i]
		err := m.EachFunction(s, func(start, end int, index uint32) {
			r := wasm.NewReader(s.Body[start:end])
			if r.U32() != index || int(index) >= len(m.Functions) {
				t.Errorf("section %d has no function %d at %d", s.ID, index, start)
			}
		})
		if err != nil {
			t.Errorf("section %d is read differently the second time: %v", s.ID, err)
		}
	}
	var w wasm.Walker
	for i := range m.Bodies {
		walk(t, m, &w, i)
	}
}

// walk walks over a body, and checks that each instruction follows the one
// before, and that labels lead to blocks that are open.
func walk(t *testing.T, m *wasm.Module, w *wasm.Walker, i int) {
	at := m.Bodies[i].Code
	m.Walk(w, i)
	for w.Next() {
		if w.Start != at || w.Pos() <= at || w.Top() < 0 {
			t.Fatalf("body %d: an instruction from %d to %d, after one to %d", i, w.Start, w.Pos(), at)
		}
		at = w.Pos()
		for _, l := range w.Labels {
			if int(l.Block) > w.Top() || l.Block < 0 {
				t.Fatalf("body %d: a label leads to block %d of %d", i, l.Block, len(w.Blocks))
			}
		}
		if w.Op.Calls() != (w.Callee() != nil) {
			t.Fatalf("body %d: %#x has the callee %v", i, w.Op, w.Callee())
		}
	}
	switch {
	case w.Next():
		t.Errorf("body %d goes on after its end", i)
	case w.Err() != nil:
		wantError(t, m.Bytes, w.Err())
	case at != len(m.Bodies[i].Entry) || len(w.Blocks) > 0:
		t.Errorf("body %d ends at %d of %d, in %d blocks", i, at, len(m.Bodies[i].Entry), len(w.Blocks))
	}
}

func wantError(t *testing.T, b []byte, err error) {
	e, ok := errors.AsType[*wasm.Error](err)
	if !ok || e.Offset < 0 || e.Offset > len(b) || e.Reason == "" {
		t.Errorf("the error %v, of %d bytes", err, len(b))
	}
}
