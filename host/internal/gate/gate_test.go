package gate

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/wexec/wexec/executors"
)

func TestGate(t *testing.T) {
	ctx := context.Background()
	ended, end := context.WithCancel(ctx)
	end()
	var g Gate
	if err := g.Enter(); err != nil || g.Count() != 1 {
		t.Fatal(err)
	}
	g.Shut()
	g.Shut()
	if err := g.Enter(); !errors.Is(err, executors.ErrClosed) || g.Count() != 1 {
		t.Errorf("let somebody in: %v", err)
	}
	if g.Wait(ended) {
		t.Error("empty with one inside")
	}
	if err := g.EnterMore(); err != nil {
		t.Errorf("kept out who was brought: %v", err)
	}
	g.Leave()
	g.Leave()
	if !g.Wait(ended) || !g.Wait(ctx) {
		t.Error("not empty")
	}
	if err := g.EnterMore(); !errors.Is(err, executors.ErrClosed) {
		t.Errorf("let somebody into an empty one: %v", err)
	}
}

// TestGateWaits: whoever waits hears of the last one, however they race.
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
		g.Shut()
		if !g.Wait(t.Context()) {
			t.Fatal("never empty")
		}
		all.Wait()
	}
}
