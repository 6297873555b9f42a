package instrument_test

import (
	"context"
	"os"
	"testing"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wexec/wexec/host/hosttest"
	"github.com/wexec/wexec/host/internal/instrument"
)

// A kernel is an export of the guests called kernels: (n i32) -> i32, with a
// checksum for a result that is the same in every language.
type kernel struct {
	name string
	// n and checksum are for a test.
	n, checksum int32
	// work is the n that takes about 2 ms, by language. Where there is none,
	// the language has no such kernel.
	work work
}

type work map[string]int32

// kernels are all there are. That of nbody is a known energy, that of spectral
// a known norm, that of fannkuch 228 and 16, that of trees 1+3+7+15+31; those
// of crc32 and sha256 are as package hash has them.
var kernels = []kernel{
	{"crc32", 4, -423054328, work{"c": 1000}},
	{"fannkuch", 7, 22816, work{"c": 8}},
	{"fib", 20, 6765, work{"c": 30}},
	{"hashmap", 1000, -1408146293, work{"c": 80_000, "go": 20_000}},
	{"interp", 1000, 168, work{"c": 12_000, "go": 3000}},
	{"json", 10, -1886173643, work{"c": 2000, "go": 150}},
	{"life", 100, 830, work{"c": 40}},
	{"lz", 4, 1361628259, work{"c": 300, "go": 80}},
	{"mandelbrot", 40, 38956, work{"c": 200}},
	{"matmul", 30, 1635340363, work{"c": 120, "go": 80}},
	{"nbody", 1000, -169087605, work{"c": 40_000}},
	{"qsort", 1000, -1802870987, work{"c": 8000}},
	{"regex", 16, 33, work{"c": 30}},
	{"search", 1, 215, work{"c": 50}},
	{"sha256", 4, -696490642, work{"c": 300, "go": 150}},
	{"sort", 1000, -1802870987, work{"c": 25_000, "go": 7000}},
	{"spectral", 100, 1274219991, work{"c": 200}},
	{"trees", 4, 57, work{"c": 14}},
}

// kernelGuests are the modules with the kernels.
var kernelGuests = []struct {
	language string
	wasm     func(t testing.TB) []byte
}{
	{"c", func(t testing.TB) []byte {
		wasm, err := os.ReadFile("../../../guests/c/kernels.wasm")
		if err != nil {
			t.Fatal(err)
		}
		return wasm
	}},
	{"go", func(t testing.TB) []byte { return hosttest.GoGuest(t, "../../../guests/go/kernels") }},
}

// TestKernels runs programs of the usual kinds, plain and rewritten.
func TestKernels(t *testing.T) {
	for _, g := range kernelGuests {
		wasm := g.wasm(t)
		for _, way := range []struct {
			name    string
			rewrite rewriter
		}{
			{"plain", plain},
			{"fuel", rewritten(instrument.Options{Stack: -1})},
			{"stack", rewritten(instrument.Options{State: true})},
		} {
			t.Run(g.language+"/"+way.name, func(t *testing.T) {
				w := newWorld(t, api.CoreFeaturesV2, way.rewrite, 1, 97, 10_000)
				wasi_snapshot_preview1.MustInstantiate(context.Background(), w.runtime)
				m, kind := w.instantiate("kernels", wasm)
				if kind != "" {
					t.Fatal(kind)
				}
				if o := w.call(m, "_initialize"); o.Kind != "" {
					t.Fatalf("_initialize: %s", o.Kind)
				}
				for _, k := range kernels {
					if k.work[g.language] == 0 {
						continue
					}
					o := w.call(m, k.name, api.EncodeI32(k.n))
					if o.Kind != "" {
						t.Errorf("%s(%d): %s", k.name, k.n, o.Kind)
					} else if got := api.DecodeI32(o.Results[0]); got != k.checksum {
						t.Errorf("%s(%d) is %d, want %d", k.name, k.n, got, k.checksum)
					}
				}
			})
		}
	}
}
