package linear

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Budget limits the total size of memories and images, in bytes. It counts their
// whole size, whether or not the system has allocated pages for it.
type Budget struct {
	limit   uint64
	used    atomic.Uint64
	reclaim func(bytes uint64)
	failed  atomic.Pointer[failure] // the last one of reclaim, or nil
}

// failure is that reclaim freed too little.
type failure struct {
	bytes uint64
	at    time.Time
}

// NewBudget returns a budget of limit bytes. When the budget is used up, it calls
// reclaim, which should release the given number of bytes or more, if it can.
// reclaim may be nil. It is called from any goroutine that makes or grows a
// memory.
func NewBudget(limit uint64, reclaim func(bytes uint64)) *Budget {
	return &Budget{limit: limit, reclaim: reclaim}
}

// Used returns how many bytes are in use.
func (b *Budget) Used() uint64 { return b.used.Load() }

// take reserves n bytes, or returns a *BudgetError.
func (b *Budget) take(n uint64) error {
	if b.fits(n) {
		return nil
	}
	if n <= b.limit && b.reclaim != nil && b.mayReclaim(n) {
		b.reclaim(n)
		if b.fits(n) {
			return nil
		}
		b.failed.Store(&failure{n, time.Now()})
	}
	return &BudgetError{n, b.limit}
}

// reclaimPause is how long the budget does not call reclaim for as many bytes or more
// after it freed too little. Without the pause, a guest that keeps asking for memory
// would evict the warm instances of all other modules. Who asks for less may still find
// room: a guest that asks for too much does not keep it from others.
const reclaimPause = time.Second

func (b *Budget) mayReclaim(n uint64) bool {
	f := b.failed.Load()
	return f == nil || n < f.bytes || time.Since(f.at) > reclaimPause
}

func (b *Budget) fits(n uint64) bool {
	for {
		used := b.used.Load()
		if n > b.limit || used > b.limit-n {
			return false
		}
		if b.used.CompareAndSwap(used, used+n) {
			return true
		}
	}
}

func (b *Budget) give(n uint64) { b.used.Add(-n) }

// LimitError says that a memory would be larger than its limit.
type LimitError struct{ Size, Limit uint64 }

func (e *LimitError) Error() string {
	return fmt.Sprintf("out of memory: %d bytes of linear memory, at most %d are allowed", e.Size, e.Limit)
}

// BudgetError says that Size more bytes don't fit into the budget.
type BudgetError struct{ Size, Limit uint64 }

func (e *BudgetError) Error() string {
	const text = "out of memory: no room for %d more bytes of linear memory in the %d that all instances share"
	return fmt.Sprintf(text, e.Size, e.Limit)
}
