package instrument_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/instrument"
)

// TestRecursion: recursion without end runs out of the stack that Rewrite
// counts, whichever way it goes, before it runs out of wazero's.
func TestRecursion(t *testing.T) {
	for name, codes := range map[string][2][]byte{ // of functions 0 and 1, both () -> ()
		"direct":                {{0x10, 0}},
		"mutual":                {{0x10, 1}, {0x10, 0}},
		"indirect":              {{0x41, 0, 0x11, 0, 0}},
		"mutual and indirect":   {{0x41, 1, 0x11, 0, 0}, {0x10, 0}},
		"by reference":          {{0xd2, 0, 0x14, 0}},
		"in a loop":             {{0x03, 0x40, 0x10, 0, 0x0c, 0, 0x0b}},
		"in an if":              {{0x41, 1, 0x04, 0x40, 0x10, 0, 0x0b}},
		"back by tail call":     {{0x10, 1}, {0x12, 0}},
		"back by indirect tail": {{0x10, 1}, {0x41, 0, 0x13, 0, 0}},
		"back by reference":     {{0x10, 1}, {0xd2, 0, 0x15, 0}},
	} {
		var bodies [][]byte
		for _, code := range codes {
			bodies = append(bodies, sized(concat([]byte{0}, code, []byte{0x0b})))
		}
		w := newWorld(t, everything, rewritten(instrument.Options{}), 1, 7, 1000)
		m, kind := w.instantiate("guest", with(sections{
			3: {2, 0, 0}, 9: {1, 0, 0x41, 0, 0x0b, 2, 0, 1}, 10: vector(bodies),
		}, nil))
		if kind != "" {
			t.Fatalf("%s: %s", name, kind)
		}
		if _, err := m.ExportedFunction("f").Call(context.Background()); !errors.Is(err, errStack) {
			t.Errorf("%s: ended with %v", name, err)
		}
	}
}

// TestFuelCoversCode: fuel is taken for each instruction on the way that code
// goes, whichever that is.
func TestFuelCoversCode(t *testing.T) {
	const rounds, heavy, light = 1000, 600, 40
	work := func(n int) []byte { return bytes.Repeat([]byte{0x01, 0x41, 0, 0x1a}, n/2) } // nop, i32.const, drop
	hard := work(heavy)
	odd := []byte{0x20, 0, 0x41, 1, 0x71} // whether the round is odd
	for name, c := range map[string]struct {
		round, callee []byte
		want          int64 // that a round costs, at least
	}{
		"in a row":       {round: hard, want: heavy},
		"then":           {round: concat(odd, []byte{0x04, 0x40}, hard, []byte{0x0b}), want: heavy / 2},
		"else":           {round: concat(odd, []byte{0x04, 0x40, 0x05}, hard, []byte{0x0b}), want: heavy / 2},
		"after then":     {round: concat([]byte{0x41, 1, 0x04, 0x40}, hard, []byte{0x0b}, hard), want: 2 * heavy},
		"after else":     {round: concat([]byte{0x41, 0, 0x04, 0x40, 0x05}, hard, []byte{0x0b}, hard), want: 2 * heavy},
		"before no then": {round: concat(hard, []byte{0x41, 0, 0x04, 0x40, 0x00, 0x0b}, hard), want: 2 * heavy},
		"before br":      {round: concat([]byte{0x02, 0x40}, hard, []byte{0x0c, 0, 0x0b}, hard), want: 2 * heavy},
		"before br_if": {
			round: concat([]byte{0x02, 0x40}, hard, []byte{0x41, 1, 0x0d, 0, 0x00, 0x0b}, hard), want: 2 * heavy,
		},
		"before br_table": {
			round: concat([]byte{0x02, 0x40, 0x02, 0x40}, hard, []byte{0x41, 0, 0x0e, 1, 1, 0, 0x0b, 0x00, 0x0b}, hard),
			want:  2 * heavy,
		},
		"around a loop": {
			round: concat(hard, []byte{0x03, 0x40, 0x41, 0, 0x0d, 0}, hard, []byte{0x0b}, hard), want: 3 * heavy,
		},
		"out of a loop": {
			round: concat(hard, []byte{0x02, 0x40, 0x03, 0x40}, hard,
				[]byte{0x41, 1, 0x0d, 1, 0x0c, 0, 0x0b, 0x0b}, hard),
			want: 3 * heavy,
		},
		"in no loop":        {round: concat([]byte{0x03, 0x40}, hard, []byte{0x0b}, hard), want: 2 * heavy},
		"in a function":     {round: []byte{0x10, 1}, callee: hard, want: heavy},
		"in a small one":    {round: []byte{0x10, 1}, callee: work(light), want: light},
		"in the table":      {round: []byte{0x41, 1, 0x11, 0, 0}, callee: hard, want: heavy},
		"in the table, too": {round: []byte{0x41, 1, 0x11, 0, 0}, callee: work(light), want: light},
		"in a reference":    {round: []byte{0xd2, 1, 0x14, 0}, callee: work(light), want: light},
		"before return": {
			round: []byte{0x10, 1}, callee: concat([]byte{0x02, 0x40}, hard, []byte{0x0f, 0x0b}), want: heavy,
		},
	} {
		main := concat([]byte{1, 1, 0x7f, 0x41}, sleb(rounds), []byte{0x21, 0, 0x03, 0x40}, c.round,
			[]byte{0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x0b}) // i--, and again unless that is 0
		callee := concat([]byte{0}, c.callee, []byte{0x0b})
		w := newWorld(t, everything, rewritten(instrument.Options{}), 1000)
		m, kind := w.instantiate("guest", with(sections{
			3: {2, 0, 0}, 9: {1, 0, 0x41, 0, 0x0b, 2, 0, 1}, 10: vector([][]byte{sized(main), sized(callee)}),
		}, nil))
		if kind != "" {
			t.Fatalf("%s: %s", name, kind)
		}
		if o := w.call(m, "f"); o.Kind != "" {
			t.Fatalf("%s: %s", name, o.Kind)
		}
		// What is not on the way may cost as much again.
		if got := w.consumed() / rounds; got < c.want || got > 2*c.want+100 {
			t.Errorf("work %s: a round costs %d, want at least %d", name, got, c.want)
		}
	}
}

// TestBulk compares operations on much memory and long tables, which Rewrite
// does in pieces: over each other, at the edges, and beyond them.
func TestBulk(t *testing.T) {
	const pages, segment, elements = 8, 150_000, 20_000
	// All functions but the last two take three numbers, the last of which is
	// a length.
	three := []byte{0x20, 0, 0x20, 1, 0x20, 2}
	operations := []struct {
		code []byte
		unit uint64 // how much of the length costs as much as an instruction
	}{
		{concat(three, []byte{0xfc, 11, 0}), 8},
		{concat(three, []byte{0xfc, 10, 0, 0}), 8},
		{concat(three, []byte{0xfc, 8, 0, 0}), 8},
		{concat(three, []byte{0xfc, 14, 0, 0}), 1},
		{concat(three, []byte{0xfc, 12, 0, 0}), 1},
		{[]byte{0x20, 0, 0xd2, 0, 0x20, 2, 0xfc, 17, 0}, 1},
		{[]byte{0x20, 0, 0xd0, 0x70, 0x20, 2, 0xfc, 17, 0}, 1},
		{[]byte{0xd2, 0, 0x20, 2, 0xfc, 15, 0, 0x1a}, 1},
	}
	var types, bodies, exports, refs [][]byte
	add := func(code []byte, kind byte) {
		exports = append(exports, concat([]byte{1, 'a' + byte(len(bodies)), 0}, uleb(len(bodies))))
		types = append(types, []byte{kind})
		bodies = append(bodies, sized(concat([]byte{0}, code, []byte{0x0b})))
	}
	for _, op := range operations {
		add(op.code, 0)
	}
	at := string('a' + rune(len(bodies)))
	add([]byte{0x20, 0, 0x25, 0, 0xd1}, 1) // whether there is none at a place of the table
	exports = append(exports, []byte{6, 'm', 'e', 'm', 'o', 'r', 'y', 2, 0})
	for range elements {
		refs = append(refs, concat([]byte{0xd2, byte(len(refs) % 5), 0x0b}))
	}
	for i := 0; i < len(refs); i += 3 {
		refs[i] = []byte{0xd0, 0x70, 0x0b}
	}
	content := bytes.Repeat([]byte("0123456789a"), segment/11+1)[:segment]
	wasm := with(sections{
		1:  {2, 0x60, 3, 0x7f, 0x7f, 0x7f, 0, 0x60, 1, 0x7f, 1, 0x7f},
		3:  vector(types),
		4:  concat([]byte{1, 0x70, 1}, uleb(elements), uleb(2*elements)),
		5:  {1, 0, pages},
		7:  vector(exports),
		9:  concat([]byte{1, 5, 0x70}, vector(refs)),
		10: vector(bodies),
		11: concat([]byte{1, 1}, sized(content)),
		12: {1},
	}, nil)
	a := newWorld(t, everything, plain)
	b := newWorld(t, everything, rewritten(instrument.Options{}), 1, 7, 1000)
	x, _ := a.instantiate("guest", wasm)
	y, kind := b.instantiate("guest", wasm)
	if kind != "" {
		t.Fatal(kind)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, m := range []api.Module{x, y} {
		for i := range uint32(pages << 16 / 4) {
			m.ExportedMemory("memory").WriteUint32Le(4*i, i*2654435761)
		}
	}
	for step := range 500 {
		op := random.IntN(len(operations))
		size := pages << 16
		if operations[op].unit == 1 {
			size = elements
		}
		name, args := string('a'+rune(op)), make([]uint64, 3)
		for i := range args {
			choices := []int{
				0, 1, 8191, 8192, 8193, 65535, 65536, 65537, 131072, 131073,
				size - 65536, size - 8192, size - 1, size, size + 1, segment, 1 << 31, 1<<32 - 1,
				random.IntN(size), random.IntN(size), random.IntN(size),
			}
			args[i] = uint64(uint32(choices[random.IntN(len(choices))]))
		}
		if random.IntN(2) == 0 { // within bounds, as most aren't by chance
			args[2] %= uint64(size)
			args[0] %= uint64(size) - args[2] + 1
			args[1] %= uint64(size) - args[2] + 1
		}
		before := b.consumed()
		p, q := a.call(x, name, args...), b.call(y, name, args...)
		if diff := cmp.Diff(p, q); diff != "" {
			t.Fatalf("step %d: %s%d, - plain, + rewritten:\n%s", step, name, args, diff)
		}
		if cost := b.consumed() - before; p.Kind == "" && cost < int64(args[2]/operations[op].unit) {
			t.Fatalf("step %d: %s%d costs %d", step, name, args, cost)
		}
		if diff := cmp.Diff(stateOf(x), stateOf(y)); diff != "" {
			t.Fatalf("step %d: after %s%d, - plain, + rewritten:\n%s", step, name, args, diff)
		}
		for i := step % 97; operations[op].unit == 1 && i < 2*elements; i += 97 {
			p, q := a.call(x, at, uint64(i)), b.call(y, at, uint64(i))
			if p.Kind != q.Kind || !slices.Equal(p.Results, q.Results) {
				t.Fatalf("step %d: after %s%d, element %d is %v plain, %v rewritten", step, name, args, i, p, q)
			}
		}
	}
}
