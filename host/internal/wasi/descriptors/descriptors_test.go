package descriptors

import (
	"sync"
	"testing"
)

func TestBudget(t *testing.T) {
	b := New(2)
	for range 3 {
		taken := 0
		for range 4 {
			if b.Acquire() {
				taken++
			}
		}
		if taken != 2 || b.Open() != 2 {
			t.Fatalf("%d are taken, %d are open", taken, b.Open())
		}
		b.Release()
		b.Release()
	}
	if d := Default(); !d.Acquire() || Default().Open() != 1 {
		t.Error("there is no default")
	}
	Default().Release()
}

func TestBudgetTogether(t *testing.T) {
	b := New(3)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if b.Acquire() {
					if b.Open() > 3+8 { // others count before they are refused
						t.Error("too many are open")
					}
					b.Release()
				}
			}
		})
	}
	wg.Wait()
	if b.Open() != 0 {
		t.Errorf("%d are open at the end", b.Open())
	}
}
