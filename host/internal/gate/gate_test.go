package gate

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/wexec/wexec/executors"
)

func ignore() {}

func TestGate(t *testing.T) {
	ctx := context.Background()
	ended, end := context.WithCancel(ctx)
	end()
	var g Gate
	if err := g.Enter(); err != nil || g.Count() != 1 {
		t.Fatal(err)
	}
	asked := 0
	for range 2 {
		if g.Close(ended, 0, func() { asked++ }) {
			t.Error("empty with one inside")
		}
	}
	if asked != 2 {
		t.Errorf("asked to leave %d times", asked)
	}
	if err := g.Enter(); !errors.Is(err, executors.ErrClosed) || g.Count() != 1 {
		t.Errorf("one entered a gate that is shut: %v", err)
	}
	if err := g.EnterMore(); err != nil {
		t.Errorf("what one inside brought did not enter: %v", err)
	}
	g.Leave()
	g.Leave()
	if !g.Close(ended, 0, ignore) || !g.Close(ctx, 0, ignore) {
		t.Error("not empty")
	}
	if err := g.EnterMore(); !errors.Is(err, executors.ErrClosed) {
		t.Errorf("one entered a gate that is shut and empty: %v", err)
	}
}

// TestGateWaits checks that Close hears of the last one that leaves, however they
// race.
func TestGateWaits(t *testing.T) {
	for range 2000 {
		var g Gate
		var all sync.WaitGroup
		for range 3 {
			if err := g.Enter(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			all.Go(g.Leave)
			all.Go(func() {
				if g.Enter() == nil {
					g.Leave()
				}
			})
		}
		if !g.Close(t.Context(), 0, ignore) {
			t.Fatal("never empty")
		}
		all.Wait()
	}
}

// TestGateStaysEmpty checks that nothing enters a gate that is shut and empty, also
// while others try to.
func TestGateStaysEmpty(t *testing.T) {
	var g Gate
	g.Close(t.Context(), 0, ignore)
	var all sync.WaitGroup
	for range 4 {
		for _, enter := range []func() error{g.Enter, g.EnterMore} {
			all.Go(func() {
				for range 10_000 {
					if enter() == nil {
						t.Error("one entered")
						return
					}
				}
			})
		}
	}
	all.Wait()
}
