// Package gate counts what is under way in something that will be closed.
package gate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/executors"
)

// Gate counts what is inside, and can be shut: then nothing enters any more, and
// Close returns when the last one has left. Entering and leaving are on the path of
// every call, and take no lock. The zero value is open and empty.
type Gate struct {
	state atomic.Int64 // how many are inside, and shutBit once it is shut
	mu    sync.Mutex
	empty chan struct{} // made by Close, closed when the gate is shut and empty
}

const shutBit = 1 << 62

// Enter counts one more inside. It returns executors.ErrClosed if the gate is shut.
func (g *Gate) Enter() error {
	return g.enter(func(state int64) bool { return state&shutBit == 0 })
}

// EnterMore is Enter for what something inside brings along: it may enter until the
// gate is shut and empty.
func (g *Gate) EnterMore() error {
	return g.enter(func(state int64) bool { return state != shutBit })
}

// enter counts one more if the state allows it, and else does not change the state,
// not even for a moment: a gate that is shut and empty stays so.
func (g *Gate) enter(allows func(state int64) bool) error {
	for {
		state := g.state.Load()
		if !allows(state) {
			return executors.ErrClosed
		}
		if g.state.CompareAndSwap(state, state+1) {
			return nil
		}
	}
}

// Leave counts one less.
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

// emptied returns a channel that is closed when the gate is shut and empty.
func (g *Gate) emptied() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.empty == nil {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	if g.state.Load() == shutBit { // otherwise the last Leave closes it
		close(g.empty)
		g.empty = nil
	}
	return empty
}

// Close shuts the gate and waits until it is empty or ctx ends. In the latter case
// it calls stop, which asks those inside to leave, and waits for at most grace. It
// reports whether all have left. It may be called again.
func (g *Gate) Close(ctx context.Context, grace time.Duration, stop func()) bool {
	g.state.Or(shutBit)
	return executors.Drain(ctx, grace, g.emptied(), stop)
}

// Count returns how many are inside.
func (g *Gate) Count() int { return int(g.state.Load() &^ shutBit) }
