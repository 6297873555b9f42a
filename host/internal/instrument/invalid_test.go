package instrument_test

import (
	"bytes"
	"testing"

	"github.com/wexec/wexec/host/internal/instrument"
)

// TestNothingAddedIsReached: code can't get at what Rewrite adds to a module.
// An index that led to nothing is still invalid. It doesn't lead to the
// countdown, which code could set, or to a local or function that wasn't there.
func TestNothingAddedIsReached(t *testing.T) {
	w := newWorld(t, everything, plain)
	if err := w.validate(with(nil, nil)); err != nil {
		t.Fatalf("it isn't valid without an index too many: %v", err)
	}
	takes, gives := []byte{2, 0x60, 0, 0, 0x60, 1, 0x7f, 0}, []byte{2, 0x60, 0, 0, 0x60, 0, 1, 0x7f}
	twoFunctions := vector([][]byte{sized([]byte{0, 0x0b}), sized([]byte{0, 0x00, 0x0b})})
	for name, wasm := range map[string][]byte{
		"local.get 0":             with(nil, []byte{0x20, 0, 0x1a}),
		"local.get 1":             with(nil, []byte{0x20, 1, 0x1a}),
		"local.set 0":             with(nil, []byte{0x42, 5, 0x21, 0}),
		"local.tee 0":             with(nil, []byte{0x42, 5, 0x22, 0, 0x1a}),
		"global.get 0":            with(nil, []byte{0x23, 0, 0x1a}),
		"global.get 1":            with(nil, []byte{0x23, 1, 0x1a}),
		"global.set 0":            with(nil, []byte{0x42, 5, 0x24, 0}),
		"global.set 1":            with(nil, []byte{0x42, 5, 0x24, 1}),
		"call 1":                  with(nil, []byte{0x41, 0, 0x41, 0, 0x41, 0, 0x10, 1}),
		"call 2":                  with(nil, []byte{0x42, 0, 0x10, 2, 0x1a}),
		"return_call 1":           with(nil, []byte{0x41, 0, 0x41, 0, 0x41, 0, 0x12, 1}),
		"ref.func 1":              with(sections{9: {1, 3, 0, 1, 1}}, []byte{0xd2, 1, 0x1a}),
		"call_indirect (type 1)":  with(nil, []byte{0x42, 0, 0x41, 0, 0x11, 1, 0, 0x1a}),
		"call_ref (type 1)":       with(nil, []byte{0x42, 0, 0xd0, 1, 0x14, 1, 0x1a}),
		"block (type 1)":          with(nil, []byte{0x42, 0, 0x02, 1, 0x0b, 0x1a}),
		"ref.null (type 1)":       with(nil, []byte{0xd0, 1, 0x1a}),
		"select (ref type 1)":     with(nil, []byte{0xd0, 0, 0xd0, 0, 0x41, 0, 0x1c, 1, 0x63, 1, 0x1a}),
		"br 2":                    with(nil, []byte{0x03, 0x40, 0x0c, 2, 0x0b}),
		"br_table 2 0":            with(nil, []byte{0x03, 0x40, 0x41, 0, 0x0e, 1, 2, 0, 0x0b}),
		"an import of type 1":     with(sections{2: {1, 1, 'a', 1, 'b', 0, 1}}, nil),
		"a tag of type 1":         with(sections{13: {1, 0, 1}}, nil),
		"a global (ref type 1)":   with(sections{6: {1, 0x63, 1, 0, 0xd0, 1, 0x0b}}, nil),
		"a global of ref.func 1":  with(sections{6: {1, 0x70, 0, 0xd2, 1, 0x0b}}, nil),
		"a global of global 1":    with(sections{6: {1, 0x7e, 0, 0x23, 1, 0x0b}}, nil),
		"a table of global 0":     with(sections{4: {1, 0x40, 0, 0x70, 0, 1, 0x23, 0, 0x0b}}, nil),
		"the export of func 1":    with(sections{7: {1, 1, 'x', 0, 1}}, nil),
		"the export of func 2":    with(sections{7: {1, 1, 'x', 0, 2}}, nil),
		"the export of global 0":  with(sections{7: {1, 1, 'x', 3, 0}}, nil),
		"the export of global 1":  with(sections{7: {1, 1, 'x', 3, 1}}, nil),
		"the start of func 1":     with(sections{8: {1}}, nil),
		"an element at global 0":  with(sections{9: {1, 0, 0x23, 0, 0x0b, 0}}, nil),
		"an element of func 1":    with(sections{9: {1, 0, 0x41, 0, 0x0b, 1, 1}}, nil),
		"an element (ref.func 1)": with(sections{9: {1, 4, 0x41, 0, 0x0b, 1, 0xd2, 1, 0x0b}}, nil),
		"data at global 0":        with(sections{11: {1, 0, 0x23, 0, 0x0b, 0}}, nil),
		"data in memory 1":        with(sections{11: {1, 2, 1, 0x41, 0, 0x0b, 0}}, nil),
		"data at an i64":          with(sections{11: {1, 0, 0x42, 0, 0x0b, 0}}, nil),
		"two data, and one":       with(sections{12: {2}, 11: {1, 0, 0x41, 0, 0x0b, 0}}, nil),
		"a start that takes":      with(sections{1: takes, 3: {2, 0, 1}, 8: {1}, 10: twoFunctions}, nil),
		"a start that gives":      with(sections{1: gives, 3: {2, 0, 1}, 8: {1}, 10: twoFunctions}, nil),
	} {
		if w.validate(wasm) == nil {
			t.Errorf("%s is valid", name)
		}
		sameValidity(t, w, name, wasm, instrument.Options{})
		sameValidity(t, w, name, wasm, instrument.Options{State: true})
	}
}

// TestNamesThatAreNotThere: a count of names that can't be true is dropped, also
// from a module with nothing to change. wazero would make room for the names, and
// the process would die of it.
func TestNamesThatAreNotThere(t *testing.T) {
	const many = "\x84\x84\x84\x84\x04"
	w := newWorld(t, everything, plain)
	empty := "\x00asm\x01\x00\x00\x00"
	for _, module := range []string{empty, string(with(nil, nil))} {
		for _, names := range []string{
			"\x01\x05" + many,         // functions
			"\x02\x05" + many,         // functions that have names of locals
			"\x02\x07\x01\x00" + many, // locals
			"\x00\x01\x00\x01\x05" + many,
			"\x02\x00" + many, // wazero doesn't mind the size
		} {
			wasm := append([]byte(module), section(0, []byte("\x04name"+names))...)
			out, err := rewrite(wasm, instrument.Options{})
			if err != nil {
				t.Errorf("the names %q of a module of %d bytes: %v", names, len(module), err)
			} else if bytes.Contains(out.Wasm, []byte(many)) || w.validate(out.Wasm) != nil {
				t.Errorf("the names %q of a module of %d bytes are not dropped", names, len(module))
			}
		}
	}
}

// sections are what replaces sections of a module, or is added to it.
type sections map[byte][]byte

// with makes a module with a function that begins with code. It has all that
// Rewrite adds something for: a loop, recursion, and an operation on many
// bytes.
func with(other sections, code []byte) []byte {
	wasm := []byte("\x00asm\x01\x00\x00\x00")
	for _, id := range []byte{1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11} {
		content, ok := sections{
			1: {1, 0x60, 0, 0},   // type 0, () -> ()
			3: {1, 0},            // function 0
			4: {1, 0x70, 0, 2},   // a table
			5: {1, 0, 1},         // a memory
			7: {1, 1, 'f', 0, 0}, // its export
			10: vector([][]byte{sized(concat([]byte{0}, code, []byte{
				0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b, // loop (br_if 0 (i32.const 0))
				0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, // memory.fill
				0x10, 0, // call 0, itself
				0x0b,
			}))}),
		}[id]
		if replaced := other[id]; replaced != nil {
			content, ok = replaced, true
		}
		if ok {
			wasm = append(wasm, section(id, content)...)
		}
	}
	return wasm
}

// TestReadAlike: what wazero's validator and its compiler read differently is
// refused. A select of a type of two bytes is skipped short by the compiler,
// which then takes the type's end for an instruction: one that sets the
// countdown, say.
func TestReadAlike(t *testing.T) {
	for name, code := range map[string][]byte{
		"select of a nullable reference": {0xd0, 0x70, 0xd0, 0x70, 0x41, 0, 0x1c, 1, 0x63, 0x70, 0x1a},
		"select of a typed reference":    {0x42, 0, 0x42, 0, 0x41, 0, 0x1c, 1, 0x63, 0x00, 0x1a},
		"select of two types":            {0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 2, 0x7f, 0x7f, 0x1a},
		"select with a padded count":     {0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 0x81, 0x00, 0x7f, 0x1a},
		"a padded vector instruction":    {0xfd, 0x8c, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a},
	} {
		if _, err := rewrite(with(nil, code), instrument.Options{}); err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
	plain := with(nil, []byte{0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 1, 0x7f, 0x1a})
	if _, err := rewrite(plain, instrument.Options{}); err != nil {
		t.Errorf("a select of a plain type: %v", err)
	}
}

// TestIrreversible: modules whose instances can't be restored are known.
func TestIrreversible(t *testing.T) {
	globals := func(n int) []byte {
		list := make([][]byte, n)
		for i := range list {
			list[i] = []byte{0x7f, 1, 0x41, 0, 0x0b}
		}
		return vector(list)
	}
	for name, c := range map[string]struct {
		wasm         []byte
		irreversible bool
		globals      int
	}{
		"nothing":              {with(nil, nil), false, 0},
		"a thousand globals":   {with(sections{6: globals(1000)}, nil), false, 1000},
		"more":                 {with(sections{6: globals(100_000)}, nil), true, 0},
		"data":                 {with(sections{11: {1, 0, 0x41, 8, 0x0b, 1, 5}}, nil), false, 0},
		"data that is put off": {with(sections{11: {1, 0, 0x41, 4, 0x41, 4, 0x6a, 0x0b, 1, 5}}, nil), true, 0},
		"a shared memory":      {with(sections{5: {1, 3, 1, 2}}, nil), true, 0},
	} {
		out, err := rewrite(c.wasm, instrument.Options{State: true, SharedMemory: true})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if (out.Irreversible != "") != c.irreversible || out.Globals != c.globals {
			t.Errorf("%s: %q, %d globals", name, out.Irreversible, out.Globals)
		}
	}
}
