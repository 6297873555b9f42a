package executors

import (
	"context"
	"time"
)

// Actor is what a loop drives: it holds many jobs at the same time, and only
// one goroutine enters it. E is the type of its events.
type Actor[J Job, E any] interface {
	// Turn gives the actor the jobs and events that have come since the last
	// turn, the jobs by priority. It returns true if it wants another turn
	// even if nothing comes. The slices are the loop's, to be used until Turn
	// returns. ctx marks the loop, see [Future.Wait].
	Turn(ctx context.Context, jobs []J, events []E) (again bool)
	// Rest is called when the loop has had no jobs and events for its idle
	// time, and when it is closed. A job that comes later starts the loop
	// again. Its first turn may have events of alarms that were set before.
	Rest()
}

// LoopConfig says how large a loop is. All but Name must be set.
type LoopConfig struct {
	// Name is the loop's name in errors.
	Name string
	Limits
	// Batch is the most jobs in one turn, at least 1.
	Batch int
	// Idle is how long a loop without jobs and events keeps its goroutine. An
	// alarm that is set does not keep it.
	Idle time.Duration
}

// Loop is an event loop: a goroutine that takes turns with one actor. A job
// stays with the actor until [Loop.Finish].
type Loop[J Job, E any] struct {
	roster
	cfg    LoopConfig
	actor  Actor[J, E]
	inbox  []E
	spare  []E // the events of the last turn, to be used again
	taken  []J // the jobs of this turn
	wake   chan struct{}
	asleep bool
	turn   bool // a turn is under way
	idle   deadline
}

// NewLoop returns a loop without a goroutine. It comes with the first job.
func NewLoop[J Job, E any](cfg LoopConfig, actor Actor[J, E]) *Loop[J, E] {
	cfg.Batch = max(cfg.Batch, 1)
	l := &Loop[J, E]{cfg: cfg, actor: actor, wake: make(chan struct{}, 1)}
	l.init(cfg.Name, cfg.Limits)
	l.idle.owner = expiry(l.rouse)
	return l
}

// Submit implements [Executor].
func (l *Loop[J, E]) Submit(job J) error {
	l.lock()
	defer l.mu.Unlock()
	if err := l.enter(job); err != nil {
		return err
	}
	if l.workers == 0 {
		l.workers = 1
		go l.run()
	}
	l.rouse()
	return nil
}

// Cancel implements [Executor].
func (l *Loop[J, E]) Cancel(job J, err error) { l.cancel(job, err) }

// CancelAll implements [Executor].
func (l *Loop[J, E]) CancelAll(which func(J) bool, err error) {
	l.cancelAll(func(job Job) bool { return which(job.(J)) }, err)
}

// Stats implements [Executor].
func (l *Loop[J, E]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued, s.Running, s.Workers = l.queue.len, l.count, l.workers
	return s
}

// Close implements [Executor]. The error is an [*AbandonedError] also if the
// actor is still in a turn, though all its jobs have ended.
func (l *Loop[J, E]) Close(ctx context.Context, grace time.Duration) error {
	l.mu.Lock()
	l.close()
	l.rouse()
	l.mu.Unlock()
	return l.drain(ctx, grace)
}

// Post gives the actor an event. It never blocks, and the inbox has no bound:
// what starts the work that ends in events must bound their number. A loop
// without jobs may drop the event.
func (l *Loop[J, E]) Post(e E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.post(e)
}

func (l *Loop[J, E]) post(e E) {
	if l.workers > 0 {
		l.inbox = append(l.inbox, e)
		l.rouse()
	}
}

// Alarm is an event that a loop is to post to itself.
type Alarm[J Job, E any] struct {
	due   deadline
	loop  *Loop[J, E]
	event E
}

// After posts e after d. As with Post, a loop without jobs may drop it.
func (l *Loop[J, E]) After(d time.Duration, e E) *Alarm[J, E] {
	a := &Alarm[J, E]{loop: l, event: e}
	a.due.owner = a
	l.lock()
	defer l.mu.Unlock()
	if l.workers > 0 {
		l.schedule(&a.due, later(l.now, max(d, 0)))
	}
	return a
}

// expired is called with the loop's lock held.
func (a *Alarm[J, E]) expired() { a.loop.post(a.event) }

// Stop cancels the alarm, and reports whether it was in time.
func (a *Alarm[J, E]) Stop() bool {
	a.loop.mu.Lock()
	defer a.loop.mu.Unlock()
	return a.loop.due.clear(&a.due)
}

// Finish says that the actor is done with a job. Any goroutine may call it.
func (l *Loop[J, E]) Finish(job J) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(job)
	if l.count == 0 {
		l.rouse() // to begin its idle time, or to go if it is closed
	}
}

// Busy reports whether a turn is under way, and how many jobs the loop has.
func (l *Loop[J, E]) Busy() (turn bool, jobs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turn, l.jobs()
}

// rouse wakes the goroutine if it sleeps. The lock is held.
func (l *Loop[J, E]) rouse() {
	if l.asleep {
		l.asleep = false
		l.wake <- struct{}{}
	}
}

func (l *Loop[J, E]) run() {
	gone := false
	defer goOn(&gone, l.run)
	ctx := inLoop(context.Background())
	for ; !gone; gone = l.leave() {
		for again := false; l.collect(again); {
			again = l.actor.Turn(ctx, l.taken, l.spare)
		}
		l.actor.Rest()
	}
}

// leave reports whether the goroutine is to end. It goes on if a job came
// while the actor went to rest.
func (l *Loop[J, E]) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queue.len > 0 {
		return false
	}
	l.inbox, l.spare, l.taken = nil, nil, nil
	l.workers = 0
	l.checkDrained()
	return true
}

// collect waits until there is something for a turn, and puts it into l.taken
// and l.spare. It returns false if the actor is to rest.
func (l *Loop[J, E]) collect(again bool) bool {
	l.lock()
	defer l.mu.Unlock()
	clear(l.taken)
	clear(l.spare)
	l.taken, l.spare, l.turn = l.taken[:0], l.spare[:0], false
	for idle := false; ; idle = l.sleep() {
		l.take()
		switch {
		case l.closed && l.count == 0:
			return false
		case again || len(l.taken) > 0 || len(l.inbox) > 0:
			l.inbox, l.spare, l.turn = l.spare, l.inbox, true
			return true
		case idle:
			return false
		}
	}
}

// take starts as many jobs as fit into a turn. The lock is held.
func (l *Loop[J, E]) take() {
	for range min(l.queue.len, l.cfg.Batch) {
		l.taken = append(l.taken, l.start().(J))
	}
}

// sleep waits for a wake-up. It returns true if the loop has no jobs and has
// slept for its idle time. The lock is held before and after.
func (l *Loop[J, E]) sleep() (idle bool) {
	empty := l.count == 0
	if empty {
		l.schedule(&l.idle, later(l.now, l.cfg.Idle))
	}
	l.asleep = true
	l.mu.Unlock()
	<-l.wake
	l.lock()
	return empty && !l.due.clear(&l.idle)
}
