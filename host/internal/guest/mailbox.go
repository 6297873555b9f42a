package guest

import (
	"sync"
	"time"
)

// Signal is something that happens to an instance from outside: an op ended, a call
// lost its caller, or there is room again for what a call emits.
type Signal struct {
	Op     *Op
	Result []byte
	Err    error
	// Of is the call that the signal is about, if it is not about an op. With an
	// Err the call lost its caller; without one it has room.
	Of *Call
}

// Call returns the call that the signal is about.
func (s Signal) Call() *Call {
	if s.Of != nil {
		return s.Of
	}
	return s.Op.Call
}

// Forget says that the result was received, or never will be.
func (s Signal) Forget() {
	if s.Op != nil {
		s.Op.post.bytes.Add(-int64(len(s.Result)))
	}
}

// OnRoom returns a function that tells the instance that a call has room. It does
// not keep the instance in memory.
func (inst *Instance) OnRoom(c *Call) func() {
	mail := inst.mail
	return func() { mail.Post(Signal{Of: c}) }
}

// Mailbox takes an instance's signals from any goroutine.
type Mailbox interface {
	Post(Signal)
	// PostAfter posts a signal after d. stop prevents that if it is not too late.
	PostAfter(d time.Duration, s Signal) (stop func())
}

// Inbox is the mailbox of an instance that a worker runs. The worker parks until a
// signal comes or the inbox is halted. Any goroutine may halt it.
type Inbox struct {
	mu      sync.Mutex
	signals []Signal
	wake    chan struct{} // has room for one
	waiting bool          // the worker waits on wake
	away    bool          // the worker is parked
	halted  bool
}

// NewInbox returns an empty inbox.
func NewInbox() *Inbox { return &Inbox{wake: make(chan struct{}, 1)} }

// Post implements Mailbox.
func (b *Inbox) Post(s Signal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.signals = append(b.signals, s)
	b.rouse()
}

// rouse wakes the worker if it waits. The lock is held.
func (b *Inbox) rouse() {
	if b.waiting {
		b.waiting = false
		b.wake <- struct{}{}
	}
}

// PostAfter implements Mailbox.
func (b *Inbox) PostAfter(d time.Duration, s Signal) func() {
	timer := time.AfterFunc(d, func() { b.Post(s) })
	return func() { timer.Stop() }
}

// halt makes wait return from now on. It reports whether the worker is parked,
// which means that no guest code runs, or will run.
func (b *Inbox) halt() (away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.halted = true
	b.rouse()
	return b.away
}

// leave and comeBack mark the start and the end of the time that the worker is
// parked. After comeBack the worker must call take before it runs the guest.
func (b *Inbox) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = true
}

func (b *Inbox) comeBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = false
}

// take returns the signals that have come, and whether the inbox is halted. It does
// not wait.
func (b *Inbox) take() (signals []Signal, halted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	signals, b.signals = b.signals, nil
	return signals, b.halted
}

// wait waits until there are signals or the inbox is halted.
func (b *Inbox) wait() {
	b.mu.Lock()
	if len(b.signals) > 0 || b.halted {
		b.mu.Unlock()
		return
	}
	b.waiting = true
	b.mu.Unlock()
	<-b.wake
}
