package linear

import (
	"fmt"
	"sync/atomic"
	"time"
)

// Budget bounds the bytes that memories and images may have together. What
// counts is their size: how much of it has pages is the system's to know.
type Budget struct {
	limit   uint64
	used    atomic.Uint64
	reclaim func(bytes uint64)
	barren  atomic.Int64 // when reclaiming was not enough, in ns since 1970
}

// NewBudget returns a budget of so many bytes. reclaim, which may be nil, is
// called when they are used up: it should release so many bytes if it can, or
// more. It may be called from any goroutine that makes or grows a memory.
func NewBudget(limit uint64, reclaim func(bytes uint64)) *Budget {
	return &Budget{limit: limit, reclaim: reclaim}
}

// Used returns how many bytes are used now.
func (b *Budget) Used() uint64 { return b.used.Load() }

// take uses n bytes, or returns a *BudgetError.
func (b *Budget) take(n uint64) error {
	if b.fits(n) {
		return nil
	}
	if n <= b.limit && b.reclaim != nil && b.mayReclaim() {
		b.reclaim(n)
		if b.fits(n) {
			return nil
		}
		b.barren.Store(time.Now().UnixNano())
	}
	return &BudgetError{n, b.limit}
}

// patient is how long nothing is reclaimed after that was not enough: a guest
// that asks again and again must not keep everybody's instances from being warm.
const patient = time.Second

func (b *Budget) mayReclaim() bool {
	since := time.Now().UnixNano() - b.barren.Load()
	return since < 0 || since > int64(patient)
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

// LimitError says that a memory may not be so large.
type LimitError struct{ Size, Limit uint64 }

func (e *LimitError) Error() string {
	return fmt.Sprintf("out of memory: %d bytes of linear memory, %d are allowed", e.Size, e.Limit)
}

// BudgetError says that there is no room for so many bytes beside what other
// memories have.
type BudgetError struct{ Size, Limit uint64 }

func (e *BudgetError) Error() string {
	return fmt.Sprintf("out of memory: no room for %d bytes more of linear memory in the %d that all instances may have together", e.Size, e.Limit)
}
