// Package descriptors counts the descriptors that guests have open, since one
// guest could otherwise take all that the process may have.
package descriptors

import (
	"sync"
	"sync/atomic"
)

// Budget is what the guests of a host may have open together. It is safe for
// concurrent use.
type Budget struct {
	limit int64
	open  atomic.Int64
}

// New makes a budget of that many descriptors.
func New(limit int) *Budget { return &Budget{limit: int64(limit)} }

// Default returns the budget of those who have none of their own: half of what
// the process may open when this is first called.
var Default = sync.OnceValue(func() *Budget { return New(processLimit() / 2) })

// Acquire takes a descriptor, or reports that there is none left.
func (b *Budget) Acquire() bool {
	if b.open.Add(1) <= b.limit {
		return true
	}
	b.Release()
	return false
}

// Release gives a descriptor back.
func (b *Budget) Release() { b.open.Add(-1) }

// Open is how many descriptors are taken.
func (b *Budget) Open() int { return int(b.open.Load()) }
