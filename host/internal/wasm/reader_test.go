package wasm_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/host/internal/wasm"
)

// TestNumbers: a number that is written is read again, also with bytes to spare
// in it.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.Uint32().Draw(t, "u")
		s := rapid.Int64().Draw(t, "s")
		name := rapid.String().Draw(t, "name")
		b := wasm.AppendName(wasm.AppendS64(wasm.AppendU32(nil, u), s), name)
		padded := wasm.AppendU32(nil, u)
		for len(padded) < 5 {
			padded[len(padded)-1] |= 0x80
			padded = append(padded, 0)
		}
		r := wasm.NewReader(append(b, padded...))
		if got := r.U32(); got != u {
			t.Fatalf("%d was read as %d", u, got)
		}
		if got := r.Signed(64); got != s {
			t.Fatalf("%d was read as %d", s, got)
		}
		if got := r.Name(); got != name {
			t.Fatalf("%q was read as %q", name, got)
		}
		if got := r.U32(); got != u || r.More() || r.Err() != nil {
			t.Fatalf("%d with padding was read as %d, %v", u, got, r.Err())
		}
	})
}

// TestNumbersOutOfRange: a number of too many bits is an error, and all that
// follows is zero.
func TestNumbersOutOfRange(t *testing.T) {
	u32 := func(r *wasm.Reader) int64 { return int64(r.U32()) }
	for name, c := range map[string]struct {
		b    []byte
		read func(*wasm.Reader) int64
	}{
		"u32 of 33 bits": {[]byte{0xff, 0xff, 0xff, 0xff, 0x1f, 1}, u32},
		"u32 of 6 bytes": {[]byte{0x80, 0x80, 0x80, 0x80, 0x80, 0, 1}, u32},
		"u32 cut off":    {[]byte{0x80, 0x80}, u32},
		"s32 of 33 bits": {wasm.AppendS64(nil, math.MaxUint32), func(r *wasm.Reader) int64 { return r.Signed(32) }},
		"s64 of 65 bits": {
			[]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1},
			func(r *wasm.Reader) int64 { return r.Signed(64) },
		},
		"bytes":  {[]byte{1, 2}, func(r *wasm.Reader) int64 { return int64(len(r.Bytes(3))) }},
		"a name": {[]byte{2, 'a'}, func(r *wasm.Reader) int64 { return int64(len(r.Name())) }},
	} {
		r := wasm.NewReader(c.b)
		if got := c.read(r); got != 0 || r.Err() == nil {
			t.Errorf("%s: %d, %v", name, got, r.Err())
		}
		if r.More() || r.Byte() != 0 || r.U32() != 0 || r.Signed(64) != 0 || r.Bytes(1) != nil {
			t.Errorf("%s: there is more to read after the error", name)
		}
	}
}

// TestStrings: what people are shown.
func TestStrings(t *testing.T) {
	params, results := []wasm.ValueType{wasm.I32, wasm.I64}, []wasm.ValueType{wasm.ExternRef}
	for _, c := range []struct{ got, want string }{
		{wasm.FuncType{Params: params, Results: results}.String(), "(i32, i64) -> (externref)"},
		{wasm.FuncType{}.String(), "() -> ()"},
		{wasm.ValueType(1).String(), "type 0x1"},
		{wasm.KindFunction.String(), "function"},
		{wasm.KindTag.String(), "tag"},
		{wasm.Kind(5).String(), "kind 5"},
		{(&wasm.Error{Offset: 16, Reason: "why"}).Error(), "at 0x10: why"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
