// Package gate counts who is inside of something that will be closed.
package gate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/executors"
)

// Gate counts who is inside, and can be shut: then it lets nobody in and says
// when the last one has left. Entering and leaving are on the path of every
// call, and take no lock.
type Gate struct {
	state atomic.Int64 // how many are inside, and shutBit once it is shut
	mu    sync.Mutex
	empty chan struct{} // made by Wait, closed when the gate is shut and empty
}

const shutBit = 1 << 62

// Enter lets somebody in, or returns executors.ErrClosed.
func (g *Gate) Enter() error {
	if g.state.Add(1)&shutBit == 0 {
		return nil
	}
	g.Leave()
	return executors.ErrClosed
}

// EnterMore lets in somebody who was brought by one who is inside, even if the
// gate is shut.
func (g *Gate) EnterMore() error {
	for {
		inside := g.state.Load()
		if inside == shutBit {
			return executors.ErrClosed
		}
		if g.state.CompareAndSwap(inside, inside+1) {
			return nil
		}
	}
}

func (g *Gate) Leave() {
	if g.state.Add(-1) != shutBit {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty != nil {
		close(g.empty)
		g.empty = nil
	}
}

func (g *Gate) Shut() { g.state.Or(shutBit) }

// Wait returns true when a gate that was shut is empty, or false when ctx ends
// first.
func (g *Gate) Wait(ctx context.Context) bool {
	empty := g.emptied()
	select {
	case <-empty:
		return true
	default:
	}
	select {
	case <-empty:
		return true
	case <-ctx.Done():
		return false
	}
}

// emptied returns a channel that is closed when the gate is shut and empty.
func (g *Gate) emptied() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	if g.state.Load() == shutBit { // or the last one will see the channel
		close(g.empty)
		g.empty = nil
	}
	return empty
}

// Close shuts the gate and waits for those inside until ctx ends; then it calls
// stop, which asks them to leave, and waits for at most grace. It reports whether
// all have left.
func (g *Gate) Close(ctx context.Context, grace time.Duration, stop func()) bool {
	g.Shut()
	return executors.Drain(ctx, grace, g.emptied(), stop)
}

// Count returns how many are inside.
func (g *Gate) Count() int { return int(g.state.Load() &^ shutBit) }
