package host

import (
	"sync"
	"time"

	"github.com/wexec/wexec/executors"
)

// event is what happens to an instance from outside.
type event struct {
	// op has ended, with result or err.
	op     *op
	result []byte
	err    error
	// cancelled is a call that nobody waits for any more.
	cancelled *call
}

// mailbox takes an instance's events from any goroutine.
type mailbox interface {
	post(e event)
	// after posts e later; stop takes it back if it is not too late.
	after(d time.Duration, e event) (stop func())
}

// loopBox is the mailbox of an instance that lives on a loop.
type loopBox struct{ *executors.Loop[*call, event] }

func (b loopBox) post(e event) { b.Post(e) }

func (b loopBox) after(d time.Duration, e event) func() {
	alarm := b.After(d, e)
	return func() { alarm.Stop() }
}

// inbox is the mailbox of an instance that a worker runs. The worker waits
// for it, parked; anybody may halt it.
type inbox struct {
	mu     sync.Mutex
	events []event
	wake   chan struct{} // has room for one
	parked bool          // the worker waits on wake
	away   bool          // the worker is inside Park
	halted bool
}

func newInbox() *inbox { return &inbox{wake: make(chan struct{}, 1)} }

func (b *inbox) post(e event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
	b.rouse()
}

// rouse wakes the worker if it waits. The lock is held.
func (b *inbox) rouse() {
	if b.parked {
		b.parked = false
		b.wake <- struct{}{}
	}
}

func (b *inbox) after(d time.Duration, e event) func() {
	timer := time.AfterFunc(d, func() { b.post(e) })
	return func() { timer.Stop() }
}

// halt makes wait return from now on. It reports whether the worker is away:
// then no guest code runs, and none will.
func (b *inbox) halt() (away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halted = true
	b.rouse()
	return b.away
}

// goAway and comeBack enclose the worker's Park. Whoever comes back looks at
// what take says before it runs the guest.
func (b *inbox) goAway() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = true
}

func (b *inbox) comeBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = false
}

// take returns the events that have come, without waiting, and whether the
// inbox is halted.
func (b *inbox) take() (events []event, halted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	events, b.events = b.events, nil
	return events, b.halted
}

// wait returns when there are events, or when the inbox is halted.
func (b *inbox) wait() {
	b.mu.Lock()
	if len(b.events) > 0 || b.halted {
		b.mu.Unlock()
		return
	}
	b.parked = true
	b.mu.Unlock()
	<-b.wake
}
