package instrument_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/instrument"
)

// FuzzRewrite: Rewrite never panics; what it makes of a valid module is valid;
// it makes no valid module of one that isn't.
func FuzzRewrite(f *testing.F) {
	dir, err := specDir()
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*/testdata/*.wasm"))
	if err != nil || len(files) == 0 {
		f.Fatalf("%d seeds, %v", len(files), err)
	}
	const seeds, seedSize, inputSize = 400, 1 << 10, 1 << 12
	for i := 0; i < len(files); i += len(files) / seeds {
		wasm, err := os.ReadFile(files[i])
		if err != nil {
			f.Fatal(err)
		}
		if len(wasm) < seedSize {
			f.Add(wasm, true, true, false)
		}
	}
	w := newWorld(f, everything, plain)
	f.Fuzz(func(t *testing.T, wasm []byte, exceptions, shared, noStack bool) {
		if len(wasm) > inputSize {
			return // it could take long to compile
		}
		o := instrument.Options{Exceptions: exceptions, SharedMemory: shared}
		if noStack {
			o.Stack = -1
		}
		out, err := instrument.Rewrite(wasm, o)
		if err != nil {
			return
		}
		if before, after := w.valid(wasm), w.valid(out); before != after {
			t.Errorf("valid: %v before, %v after", before, after)
		}
	})
}

// patterns are ways to grant the fuel that a call needs.
var patterns = [][]int64{{1}, {3}, {1000}, {1 << 20}, {1, 7, 1000}}

// FuzzDifferential: a rewritten module does what the plain one does.
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(16) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		differential(t, generate(data))
	})
}

// TestDifferential is FuzzDifferential without a fuzzer, for modules that are
// the same every time.
func TestDifferential(t *testing.T) {
	const groups, seeds = 8, 50
	for group := range uint64(groups) {
		t.Run(fmt.Sprint(group), func(t *testing.T) {
			t.Parallel()
			for i := range uint64(seeds) {
				seed := group*seeds + i
				if !differential(t, generate(randomBytes(seed))) {
					t.Errorf("that was seed %d", seed)
				}
			}
		})
	}
}

func randomBytes(seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, 100+random.IntN(1500))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

// differential runs a module as it is and rewritten, by several patterns of
// slices. What it does is the same, and the fuel that takes depends on no
// pattern.
func differential(t *testing.T, wasm []byte) bool {
	want, _ := perform(t, wasm, plain, 1)
	if want[0].Outcome.Kind == refused {
		t.Fatalf("generated an invalid module: %x", wasm)
	}
	var fuel []int64
	for _, pattern := range patterns {
		got, consumed := perform(t, wasm, rewritten(instrument.Options{}), pattern...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("slices %d: - plain, + rewritten:\n%s%x", pattern, diff, wasm)
			return false
		}
		if fuel == nil {
			fuel = consumed
		}
		if diff := cmp.Diff(fuel, consumed); diff != "" {
			t.Errorf("- fuel with slices %d, + with %d:\n%s%x", patterns[0], pattern, diff, wasm)
			return false
		}
	}
	return true
}

// A step is a call of a generated function, and what it leaves behind.
type step struct {
	Outcome outcome
	State   state
	Notes   []uint64 // what the host was told
}

// perform calls all functions of a generated module, twice. consumed is the
// fuel that Rewrite counted until after each step.
func perform(t *testing.T, wasm []byte, rewrite rewriter, slices ...int64) (steps []step, consumed []int64) {
	w := newWorld(t, everything, rewrite, slices...)
	defer w.runtime.Close(context.Background())
	var notes []uint64
	note := func(v uint32) uint32 {
		notes = append(notes, uint64(v))
		return v ^ uint32(len(notes))
	}
	_, err := w.runtime.NewHostModuleBuilder("env").NewFunctionBuilder().WithFunc(note).Export("note").Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, kind := w.instantiate("guest", wasm)
	if kind != "" {
		return []step{{Outcome: outcome{Kind: kind}, Notes: notes}}, nil
	}
	for i := range 2 * 8 {
		name := fmt.Sprint("f", i%8)
		f := m.ExportedFunction(name)
		if f == nil {
			continue
		}
		var args []uint64
		for j, t := range f.Definition().ParamTypes() {
			args = append(args, argument(t, i+j))
		}
		m.ExportedGlobal("g0").(api.MutableGlobal).Set(fuel)
		o := w.call(m, name, args...)
		steps = append(steps, step{o, stateOf(m), notes})
		consumed = append(consumed, w.consumed())
		notes = nil
	}
	return steps, consumed
}

func argument(t api.ValueType, i int) uint64 {
	switch t {
	case api.ValueTypeF32:
		return api.EncodeF32(float32(i) * 1.5)
	case api.ValueTypeF64:
		return api.EncodeF64(float64(i) * -2.5)
	}
	return uint64(i * 7)
}
