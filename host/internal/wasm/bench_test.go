package wasm_test

import (
	"testing"

	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/wasm"
)

// BenchmarkParse takes a guest in Go apart, and walks over its code, which Parse
// does not.
func BenchmarkParse(b *testing.B) {
	guest := hosttest.GoGuest(b, "../../../guests/go/demo")
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(guest)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := wasm.Parse(guest); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("walk", func(b *testing.B) {
		m, err := wasm.Parse(guest)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(guest)))
		b.ReportAllocs()
		var w wasm.Walker
		for b.Loop() {
			for i := range m.Bodies {
				for m.Walk(&w, i); w.Next(); {
				}
			}
		}
	})
}
