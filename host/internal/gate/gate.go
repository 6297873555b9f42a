// Package gate lets an owner wait, before it frees something, for the work that
// still uses it.
package gate

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/executors"
)

// Gate counts the work that is under way. After Close has shut it, no new work
// enters, and Close returns when the last has left. Every call enters and leaves
// a gate, so neither takes a lock. The zero value is open and empty.
type Gate struct {
	state atomic.Int64 // the count, plus shutBit after the gate is shut
	mu    sync.Mutex
	empty chan struct{} // made by Close; closed when the gate is shut and empty
}

const shutBit = 1 << 62

// Enter adds one to the count. It returns executors.ErrClosed if the gate is shut.
// Every Enter that succeeds needs one Leave.
func (g *Gate) Enter() error {
	return g.enter(func(state int64) bool { return state&shutBit == 0 })
}

// EnterMore is Enter for work that was started by work inside, such as a task that
// another task calls. It succeeds until the gate is shut and empty.
func (g *Gate) EnterMore() error {
	return g.enter(func(state int64) bool { return state != shutBit })
}

// enter adds one to the count if the state allows it. Otherwise it never changes
// the state, not even for a moment: a gate that is shut and empty stays so.
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

// Leave undoes one Enter or EnterMore. The last Leave of a gate that is shut ends
// the wait of Close.
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

// Close shuts the gate and waits until it is empty. If ctx ends before that, Close
// calls stop, which asks the work inside to end, and waits for at most grace. It
// reports whether the gate is empty. It may be called again.
func (g *Gate) Close(ctx context.Context, grace time.Duration, stop func()) bool {
	g.state.Or(shutBit)
	return executors.Drain(ctx, grace, g.emptied(), stop)
}

// Count returns how many have entered and not left.
func (g *Gate) Count() int { return int(g.state.Load() &^ shutBit) }
