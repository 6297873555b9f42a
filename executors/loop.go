package executors

import (
	"context"
	"time"
)

// Actor is what a loop drives: something that holds many jobs at once and is
// only ever entered by one goroutine. E is the type of its events.
type Actor[E any] interface {
	// Turn gives the actor the jobs and events that have come since the last
	// turn, highest priority first. It returns true if it wants another turn
	// even if nothing comes. The slices are the loop's; ctx marks the loop,
	// see Future.Wait.
	Turn(ctx context.Context, jobs []Job, events []E) (again bool)
	// Rest is called when the loop has had nothing to do for its idle time,
	// and when it is closed. A later job starts it again, and may find events
	// of alarms that were set before.
	Rest()
}

// LoopConfig says how large a loop is. Every field must be set.
type LoopConfig struct {
	// Name is used in errors.
	Name string
	Limits
	// Batch is the most jobs in one turn, at least 1.
	Batch int
	// Idle is how long a loop without jobs and events keeps its goroutine. An
	// alarm that is set does not keep it.
	Idle time.Duration
}

// Loop is an event loop: a goroutine that takes turns with one actor. Jobs
// stay with the actor until Finish.
type Loop[E any] struct {
	roster
	cfg    LoopConfig
	actor  Actor[E]
	inbox  []E
	spare  []E // the slice that the last turn is done with
	taken  []Job
	wake   chan struct{}
	asleep bool
	turn   bool // a turn is under way
	idle   deadline
}

// NewLoop returns a loop without a goroutine; it comes with the first job.
func NewLoop[E any](cfg LoopConfig, actor Actor[E]) *Loop[E] {
	cfg.Batch = max(cfg.Batch, 1)
	l := &Loop[E]{cfg: cfg, actor: actor, wake: make(chan struct{}, 1)}
	l.init(cfg.Name, cfg.Limits)
	l.idle.owner = expiry(l.rouse)
	return l
}

// Submit queues a job. It fails at once if a bound is reached.
func (l *Loop[E]) Submit(job Job) error {
	l.lock()
	defer l.mu.Unlock()
	if err := l.enter(job); err != nil {
		return err
	}
	if l.crew == 0 {
		l.crew = 1
		go l.run()
	}
	l.rouse()
	return nil
}

// Post gives the actor an event. It never blocks: whoever starts what ends in
// an event bounds their number. Events for a loop without jobs may be dropped.
func (l *Loop[E]) Post(e E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.post(e)
}

func (l *Loop[E]) post(e E) {
	if l.crew > 0 {
		l.inbox = append(l.inbox, e)
		l.rouse()
	}
}

// rouse wakes the goroutine if it sleeps. The lock is held.
func (l *Loop[E]) rouse() {
	if l.asleep {
		l.asleep = false
		l.wake <- struct{}{}
	}
}

// Alarm is an event that a loop posts to itself later.
type Alarm[E any] struct {
	due   deadline
	loop  *Loop[E]
	event E
}

// After posts e after d, from the loop's own heap of timers. As with Post, a
// loop without jobs may drop it.
func (l *Loop[E]) After(d time.Duration, e E) *Alarm[E] {
	a := &Alarm[E]{loop: l, event: e}
	a.due.owner = a
	l.lock()
	defer l.mu.Unlock()
	if l.crew > 0 {
		l.schedule(&a.due, later(l.now, d))
	}
	return a
}

// expired is called under the loop's lock.
func (a *Alarm[E]) expired() { a.loop.post(a.event) }

// Stop takes the alarm back, and reports whether it was in time.
func (a *Alarm[E]) Stop() bool {
	a.loop.mu.Lock()
	defer a.loop.mu.Unlock()
	return a.loop.due.clear(&a.due)
}

// Finish says that the actor is done with a job.
func (l *Loop[E]) Finish(job Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(job)
	if l.count == 0 {
		l.rouse() // to begin its idle time, or to go if it is closed
	}
}

func (l *Loop[E]) run() {
	ctx := inLoop(context.Background())
	for gone := false; !gone; gone = l.leave() {
		for again := false; l.collect(again); {
			again = l.actor.Turn(ctx, l.taken, l.spare)
		}
		l.actor.Rest()
	}
}

// leave ends the goroutine, unless a job came while the actor went to rest.
func (l *Loop[E]) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.len > 0 {
		return false
	}
	l.inbox, l.spare, l.taken = nil, nil, nil
	l.crew = 0
	l.checkVacant()
	return true
}

// collect waits until there is something for a turn, and puts it into l.taken
// and l.spare. It returns false if there is nothing left to wait for.
func (l *Loop[E]) collect(again bool) bool {
	l.lock()
	defer l.mu.Unlock()
	clear(l.taken)
	clear(l.spare)
	l.taken, l.spare, l.turn = l.taken[:0], l.spare[:0], false
	for tired := false; ; tired = l.sleep() {
		l.take()
		switch {
		case l.closed && l.count == 0:
			return false
		case again || len(l.taken) > 0 || len(l.inbox) > 0:
			l.inbox, l.spare, l.turn = l.spare, l.inbox, true
			return true
		case tired:
			return false
		}
	}
}

// take starts as many jobs as fit into a turn. The lock is held.
func (l *Loop[E]) take() {
	for range min(l.queue.len, l.cfg.Batch) {
		l.taken = append(l.taken, l.start())
	}
}

// sleep waits for a wake-up. It returns true if the loop has no jobs and has
// slept for its idle time. The lock is held before and after.
func (l *Loop[E]) sleep() (tired bool) {
	idle := l.count == 0
	if idle {
		l.schedule(&l.idle, later(l.now, l.cfg.Idle))
	}
	l.asleep = true
	l.mu.Unlock()
	<-l.wake
	l.lock()
	return idle && !l.due.clear(&l.idle)
}

// Stats returns the loop's figures now.
func (l *Loop[E]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued, s.Running, s.Workers = l.queue.len, l.count, l.crew
	return s
}

// Busy reports whether a turn is under way, and how many jobs the loop has.
func (l *Loop[E]) Busy() (turn bool, jobs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turn, l.jobs()
}

// Close takes no more jobs and waits for those there are until ctx ends; then
// it stops them and waits again, for at most grace. An actor that is still in
// a turn after that is given up: the error, an *AbandonedError, says with how
// many jobs.
func (l *Loop[E]) Close(ctx context.Context, grace time.Duration) error {
	l.mu.Lock()
	l.close()
	l.rouse()
	l.mu.Unlock()
	return l.drain(ctx, grace)
}
