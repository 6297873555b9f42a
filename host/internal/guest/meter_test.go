package guest

import (
	"testing"

	"github.com/wexec/wexec/host/internal/linear"
)

// counter stands for a guest's countdown.
type counter uint64

func (c *counter) Get() uint64  { return uint64(*c) }
func (c *counter) Set(v uint64) { *c = counter(v) }

// TestPieces: code gets little fuel at once as long as its memory may have no pages. Its
// memory gets them, and then code gets more. Fuel does not depend on any of that.
func TestPieces(t *testing.T) {
	for name, c := range map[string]struct {
		size        uint64
		first, last int64 // pieces
	}{
		"small memory": {1 << 20, calmPiece, calmPiece},
		"large memory": {64 << 20, bumpyPiece, widePiece},
	} {
		t.Run(name, func(t *testing.T) {
			inst := &Instance{Template: &Template{Host: &Host{Cores: 2}}}
			inst.ctx = newContext(inst)
			inst.memory = linear.NewBudget(1<<30, nil).New(c.size, c.size)
			inst.memory.Reserve(c.size)
			inst.memory.Reallocate(c.size)
			defer inst.memory.Release()
			m := &inst.meter
			m.memory, m.left = inst.memory, new(counter)
			const limit = 1 << 60
			m.begin(limit)
			if got := int64(m.left.Get()); got != min(c.first, firstSlice) {
				t.Errorf("the first piece is %d", got)
			}
			used := int64(0)
			for range 2_000_000 {
				piece := int64(m.left.Get())
				if most := m.piece(); piece > most {
					t.Fatalf("a piece of %d, at most %d are safe", piece, most)
				}
				const beyond = 7 // what the last region costs
				used += piece + beyond
				m.left.Set(^uint64(beyond - 1)) // below zero
				if m.used() != used {
					t.Fatalf("%d units are used, want %d", m.used(), used)
				}
				m.slice = max(m.slice, mostSlice/2) // as for fast code
				inst.pause()
			}
			if got := m.piece(); got != c.last {
				t.Errorf("the pieces are %d at last, want %d", got, c.last)
			}
			if missing := m.memory.Missing(); missing > much {
				t.Errorf("%d bytes have no pages", missing)
			}
		})
	}
}
