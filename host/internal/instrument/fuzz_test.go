package instrument_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/wasm"
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
		o := instrument.Options{Exceptions: exceptions, SharedMemory: shared, State: true}
		if noStack {
			o.Stack = -1
		}
		sameValidity(t, w, "the module", wasm, o)
	})
}

// TestMutants is FuzzRewrite without a fuzzer, for modules with a byte or two
// that are wrong.
func TestMutants(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, everything, plain)
			random := rand.New(rand.NewPCG(seed, 1))
			wasm := generate(randomBytes(seed))
			for i := range 20 {
				mutant := bytes.Clone(wasm)
				for range 1 + random.IntN(2) {
					mutant[random.IntN(len(mutant))] += byte(1 + random.IntN(3))
				}
				sameValidity(t, w, fmt.Sprint("mutant ", i), mutant, instrument.Options{State: true})
			}
		})
	}
}

// sameValidity rewrites a module, and has wazero look at it before and after.
// Before, too, it has usable names only: wazero refuses modules for others.
func sameValidity(t *testing.T, w *world, name string, b []byte, o instrument.Options) {
	t.Helper()
	m, err := wasm.Parse(b)
	if err != nil {
		return
	}
	out, err := instrument.Rewrite(m, o)
	if err != nil {
		return
	}
	before, after := w.validate(m.WithUsableNames()), w.validate(out.Wasm)
	if (before == nil) != (after == nil) {
		t.Errorf("%s: before: %v; after: %v: %x", name, before, after, b)
	}
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
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			differential(t, generate(randomBytes(seed)))
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

// What a generated module counts itself takes that many instructions. What
// takes less than freeCost in all may go uncounted by Rewrite.
const (
	burnCost = 7
	tickCost = 4
	freeCost = 64
)

// differential runs a module as it is and rewritten, by several patterns of
// slices. What it does is the same, and the fuel that takes depends on no
// pattern, and is never less than an exact count of what ran.
func differential(t *testing.T, wasm []byte) {
	defer func() {
		if t.Failed() {
			t.Logf("the module: %x", wasm)
		}
	}()
	want, _ := perform(t, wasm, plain, 1)
	if want[0].Outcome.Kind == refused {
		t.Fatal("generated an invalid module")
	}
	_, exact := perform(t, wasm, rewritten(instrument.Options{State: true, Exact: true}), 1<<20)
	var first []meter
	for _, pattern := range patterns {
		got, meters := perform(t, wasm, rewritten(instrument.Options{State: true}), pattern...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("slices %d: - plain, + rewritten:\n%s", pattern, diff)
		}
		for i, m := range meters {
			if m.Cost+freeCost < exact[i].Cost {
				t.Fatalf("step %d counted %d, and %d ran by an exact count", i, m.Cost, exact[i].Cost)
			}
			globals := got[i].State.Globals
			took := (fuel-int64(globals[fuelGlobal]))*burnCost + int64(globals[tickGlobal])
			if got[i].Outcome.Kind == "" && m.Cost+freeCost < took {
				t.Fatalf("step %d counted %d for more than %d instructions", i, m.Cost, took)
			}
		}
		if first == nil {
			first = meters
		}
		if diff := cmp.Diff(first, meters); diff != "" {
			t.Fatalf("- fuel with slices %d, + with %d:\n%s", patterns[0], pattern, diff)
		}
	}
}

// A step is a call of a generated function, and what it leaves behind.
type step struct {
	Outcome outcome
	State   state
	Notes   []uint32 // what the host was told
}

// A meter is the fuel that a step took by Rewrite's count: until the calls of
// the host, and in all.
type meter struct {
	Notes []int64
	Cost  int64
}

// perform calls all functions of a generated module, twice.
func perform(t *testing.T, wasm []byte, rewrite rewriter, slices ...int64) (steps []step, meters []meter) {
	w := newWorld(t, everything, rewrite, slices...)
	defer w.runtime.Close(context.Background())
	var s step
	var u meter
	var before int64
	note := func(v uint32) uint32 {
		s.Notes = append(s.Notes, v)
		if len(w.modules) > 0 {
			u.Notes = append(u.Notes, w.consumed()-before)
		}
		return v ^ uint32(len(s.Notes))
	}
	_, err := w.runtime.NewHostModuleBuilder("env").
		NewFunctionBuilder().WithFunc(note).Export("note").Instantiate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, kind := w.instantiate("guest", wasm)
	if kind != "" {
		return []step{{Outcome: outcome{Kind: kind}, Notes: s.Notes}}, nil
	}
	left := m.ExportedGlobal(fmt.Sprint("g", fuelGlobal)).(api.MutableGlobal)
	ticks := m.ExportedGlobal(fmt.Sprint("g", tickGlobal)).(api.MutableGlobal)
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
		left.Set(fuel)
		ticks.Set(0)
		before = w.consumed()
		s.Outcome = w.call(m, name, args...)
		s.State, u.Cost = stateOf(m), w.consumed()-before
		steps, meters = append(steps, s), append(meters, u)
		s, u = step{}, meter{}
	}
	return steps, meters
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
