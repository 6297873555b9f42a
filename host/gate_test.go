package host

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestGate(t *testing.T) {
	ctx := context.Background()
	ended, end := context.WithCancel(ctx)
	end()
	var g gate
	if err := g.enter(); err != nil || g.count() != 1 {
		t.Fatal(err)
	}
	g.shut()
	g.shut()
	if err := g.enter(); !errors.Is(err, ErrClosed) || g.count() != 1 {
		t.Errorf("let somebody in: %v", err)
	}
	if g.wait(ended) {
		t.Error("empty with one inside")
	}
	if err := g.enterMore(); err != nil {
		t.Errorf("kept out who was brought: %v", err)
	}
	g.leave()
	g.leave()
	if !g.wait(ended) || !g.wait(ctx) {
		t.Error("not empty")
	}
	if err := g.enterMore(); !errors.Is(err, ErrClosed) {
		t.Errorf("let somebody into an empty one: %v", err)
	}
}

// TestGateWaits: whoever waits hears of the last one, however they race.
func TestGateWaits(t *testing.T) {
	for range 2000 {
		var g gate
		var all sync.WaitGroup
		for range 3 {
			if err := g.enter(); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			all.Go(g.leave)
			all.Go(func() {
				if g.enter() == nil {
					g.leave()
				}
			})
		}
		g.shut()
		if !g.wait(t.Context()) {
			t.Fatal("never empty")
		}
		all.Wait()
	}
}
