package linear

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"pgregory.net/rapid"
)

// pages is a module with a memory of one page, which may grow to four.
var pages = []byte("\x00asm\x01\x00\x00\x00\x05\x04\x01\x01\x01\x04")

// instantiate makes an instance with that memory.
func instantiate(t rapid.TB, r wazero.Runtime, m *Memory) api.Module {
	t.Helper()
	allocate := func(_, most uint64) experimental.LinearMemory {
		m.Reserve(most)
		return m
	}
	ctx := experimental.WithMemoryAllocator(context.Background(), experimental.MemoryAllocatorFunc(allocate))
	compiled, err := r.CompileModule(ctx, pages)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := r.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// eachMethod runs a test with each method to reset a memory that this system has.
func eachMethod(t *testing.T, run func(t *testing.T)) {
	for _, method := range methods() {
		t.Run(method.name, func(t *testing.T) {
			if !method.enter(t) {
				t.Skip("this system can't")
			}
			run(t)
		})
	}
}

// TestRestore checks that Restore makes a memory equal to its image, as wazero and
// the guest see it, for any writes and growth. It checks the same of memories that
// start from the image.
func TestRestore(t *testing.T) {
	eachMethod(t, func(t *testing.T) { rapid.Check(t, restores) })
}

func restores(t *rapid.T) {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	budget := NewBudget(1<<30, nil)
	first := budget.New(4*PageSize, 4*PageSize)
	mod := instantiate(t, runtime, first)
	if grow := uint32(rapid.IntRange(0, 2).Draw(t, "grown at the start")); grow > 0 {
		mod.Memory().Grow(grow)
	}
	scribble(t, first)
	want := bytes.Clone(first.Bytes())
	image, err := first.NewImage()
	if err != nil {
		t.Fatal(err)
	}

	type instance struct {
		*Memory
		mod api.Module
	}
	instances := []instance{{first, mod}}
	defer func() {
		for _, i := range instances {
			i.Release()
		}
		image.Close()
		if used := budget.Used(); used != 0 {
			t.Errorf("%d bytes are still in use", used)
		}
	}()
	for range rapid.IntRange(1, 30).Draw(t, "tasks") {
		if rapid.IntRange(0, 4).Draw(t, "new") == 0 {
			m := budget.New(4*PageSize, 4*PageSize)
			m.BeginAs(image)
			instances = append(instances, instance{m, instantiate(t, runtime, m)})
		}
		at := rapid.IntRange(0, len(instances)-1).Draw(t, "instance")
		i := instances[at]
		if got := i.Bytes(); !bytes.Equal(got, want) {
			t.Fatalf("a memory of %d bytes differs from its image of %d bytes at %d",
				len(got), len(want), differ(got, want))
		}
		if seen := i.mod.Memory().Size(); int(seen) != len(want) {
			t.Fatalf("wazero sees %d bytes, want %d", seen, len(want))
		}
		scribble(t, i.Memory)
		if grow := uint32(rapid.IntRange(0, 3).Draw(t, "grown")); grow > 0 {
			i.mod.Memory().Grow(grow)
			scribble(t, i.Memory)
		}
		if !i.Restore(i.mod.Memory()) {
			if len(i.Bytes()) != 4*PageSize {
				t.Fatal("Restore failed below the maximum size")
			}
			i.Release()
			m := budget.New(4*PageSize, 4*PageSize)
			m.BeginAs(image)
			instances[at] = instance{m, instantiate(t, runtime, m)}
		}
		if used, want := budget.Used(), uint64(len(want)*(1+len(instances))); used != want {
			t.Fatalf("%d bytes are in use, want %d", used, want)
		}
	}
}

// scribble writes to a few places of a memory, and reads others.
func scribble(t *rapid.T, m *Memory) {
	b := m.Bytes()
	for range rapid.IntRange(0, 40).Draw(t, "writes") {
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		n := min(rapid.SampledFrom([]int{1, 8, 4096, 20_000}).Draw(t, "bytes"), len(b)-at)
		fill := byte(rapid.IntRange(0, 3).Draw(t, "with"))
		for i := range n {
			b[at+i] = fill
		}
	}
	sum := byte(0)
	for at := rapid.IntRange(0, 5000).Draw(t, "read from"); at < len(b); at += 5000 {
		sum += b[at]
	}
	sink = sum
}

var sink byte

// differ returns the first index at which a and b differ.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestBudget checks that a budget reclaims memory before it refuses a request that
// does not fit.
func TestBudget(t *testing.T) {
	ctx := context.Background()
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	var idle *Memory
	asked := uint64(0)
	budget := NewBudget(3*PageSize, func(bytes uint64) {
		asked += bytes
		if idle != nil {
			idle.Release()
			idle = nil
		}
	})
	idle = budget.New(PageSize, PageSize)
	instantiate(t, runtime, idle)
	m := budget.New(4*PageSize, 4*PageSize)
	mod := instantiate(t, runtime, m)
	if _, ok := mod.Memory().Grow(2); !ok || asked != 2*PageSize || idle != nil {
		t.Fatalf("grown: %v, reclaimed %d bytes, the idle memory is still there: %v", ok, asked, idle != nil)
	}
	before := asked
	if _, ok := mod.Memory().Grow(1); ok || asked == before {
		t.Fatal("it grew past the budget, or reclaim was not called")
	}
	before = asked
	if _, ok := mod.Memory().Grow(1); ok || asked != before {
		t.Fatal("reclaim was called again at once after it had freed too little")
	}
	err := first(budget.New(PageSize, PageSize))
	if budgetError, ok := errors.AsType[*BudgetError](err); !ok || budgetError.Limit != 3*PageSize {
		t.Errorf("a memory past the budget: %v", err)
	}
	m.Release()
	if budget.Used() != 0 {
		t.Errorf("%d bytes are still in use", budget.Used())
	}
	err = first(budget.New(PageSize/2, PageSize))
	if limitError, ok := errors.AsType[*LimitError](err); !ok || limitError.Limit != PageSize/2 {
		t.Errorf("a memory past its limit: %v", err)
	}
}

// TestBudgetAfterFailure: who asks for less than what was not there may still get room.
func TestBudgetAfterFailure(t *testing.T) {
	const limit, idle = 8, 2
	var budget *Budget
	budget = NewBudget(limit, func(bytes uint64) {
		if bytes <= idle {
			budget.give(bytes)
		}
	})
	if err := budget.take(limit); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		bytes uint64
		ok    bool
	}{{5, false}, {2, true}, {5, false}, {3, false}, {1, true}} {
		if err := budget.take(tt.bytes); (err == nil) != tt.ok {
			t.Errorf("%d bytes: %v", tt.bytes, err)
		}
	}
}

// first allocates a memory with one page.
func first(m *Memory) (err error) {
	defer m.Release()
	defer func() { err, _ = recover().(error) }()
	m.Reserve(PageSize)
	m.Reallocate(PageSize)
	return nil
}

// BenchmarkRestore restores memories of which some pages were written, on every
// core at once, with each method that this system has.
func BenchmarkRestore(b *testing.B) {
	for _, size := range []int{128 << 10, 4 << 20} {
		for _, dirty := range []int{1, 16, 64, 256} {
			if dirty*osPageSize > size {
				continue
			}
			for _, method := range methods() {
				b.Run(fmt.Sprintf("%dKB/dirty=%d/%s", size>>10, dirty, method.name), func(b *testing.B) {
					if !method.enter(b) {
						b.Skip("this system can't")
					}
					benchmarkRestore(b, size, dirty)
				})
			}
		}
	}
}

const osPageSize = 4 << 10

func benchmarkRestore(b *testing.B, size, dirty int) {
	budget := NewBudget(1<<40, nil)
	first := budget.New(uint64(size), uint64(size))
	first.Reserve(uint64(size))
	first.Reallocate(uint64(size))
	defer first.Release()
	image, err := first.NewImage()
	if err != nil {
		b.Fatal(err)
	}
	defer image.Close()
	b.RunParallel(func(pb *testing.PB) {
		m := budget.New(uint64(size), uint64(size))
		m.BeginAs(image)
		m.Reserve(uint64(size))
		m.Reallocate(uint64(size))
		defer m.Release()
		for pb.Next() {
			for i := range dirty {
				m.bytes[i*osPageSize]++
			}
			m.Restore(nil)
		}
	})
}
