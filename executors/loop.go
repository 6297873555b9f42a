package executors

import (
	"context"
	"sync"
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
	// and when it is closed. A later job starts it again.
	Rest()
}

// LoopConfig says how large a loop is. Every field must be set.
type LoopConfig struct {
	// Name is used in errors.
	Name string
	Limits
	// Batch is the most jobs in one turn.
	Batch int
	// Idle is how long a loop without jobs keeps its goroutine.
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
	jobs   []Job
	wake   chan struct{}
	asleep bool
	on     bool // the goroutine exists
	turn   bool // a turn is under way
	wg     sync.WaitGroup
}

// NewLoop returns a loop without a goroutine; it comes with the first job.
func NewLoop[E any](cfg LoopConfig, actor Actor[E]) *Loop[E] {
	l := &Loop[E]{cfg: cfg, actor: actor, wake: make(chan struct{}, 1)}
	l.init(cfg.Name, cfg.Limits)
	return l
}

// Submit queues a job. It fails at once if a bound is reached.
func (l *Loop[E]) Submit(job Job) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.enter(job); err != nil {
		return err
	}
	if !l.on {
		l.on = true
		l.wg.Go(l.run)
	}
	l.rouse()
	return nil
}

// Post gives the actor an event. It never blocks: whoever starts what ends in
// an event bounds their number. Events for a loop without jobs may be dropped.
func (l *Loop[E]) Post(e E) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on {
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

// After posts e after d, from the loop's own heap of timers.
func (l *Loop[E]) After(d time.Duration, e E) *Alarm[E] {
	a := &Alarm[E]{loop: l, event: e}
	a.due.owner = a
	l.mu.Lock()
	defer l.mu.Unlock()
	l.due.set(&a.due, l.now()+d)
	l.rouse()
	return a
}

// expired is called under the loop's lock.
func (a *Alarm[E]) expired() { a.loop.inbox = append(a.loop.inbox, a.event) }

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
}

func (l *Loop[E]) run() {
	ctx := inLoop(context.Background())
	for again := false; ; again = false {
		for l.collect(again) {
			again = l.actor.Turn(ctx, l.jobs, l.spare)
		}
		l.actor.Rest()
		if l.leave() {
			return
		}
	}
}

// leave ends the goroutine, unless a job came while the actor went to rest.
func (l *Loop[E]) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on = l.queue.len > 0
	return !l.on
}

// collect waits until there is something for a turn, and puts it into l.jobs
// and l.spare. It returns false if there is nothing left to wait for.
func (l *Loop[E]) collect(again bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.jobs)
	clear(l.spare)
	l.jobs, l.spare, l.turn = l.jobs[:0], l.spare[:0], false
	for {
		late := l.expireDue()
		if len(late) > 0 {
			l.mu.Unlock()
			for _, n := range late {
				n.deliver()
			}
			l.mu.Lock()
		}
		for len(l.jobs) < l.cfg.Batch {
			job := l.start()
			if job == nil {
				break
			}
			l.jobs = append(l.jobs, job)
		}
		if again || len(l.jobs) > 0 || len(l.inbox) > 0 {
			l.inbox, l.spare, l.turn = l.spare, l.inbox, true
			return true
		}
		if !l.sleep() {
			return false
		}
	}
}

// sleep waits for a wake-up, for the next deadline, or until the loop has been
// idle for too long: then it returns false. The lock is held before and after.
func (l *Loop[E]) sleep() bool {
	idle := l.count == 0
	if idle && l.closed {
		return false
	}
	wait := l.cfg.Idle
	at, timed := l.due.next()
	if timed {
		wait = at - l.now()
	}
	var expiry <-chan time.Time
	if timed || idle {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expiry = timer.C
	}
	l.asleep = true
	l.mu.Unlock()
	woken := false
	select {
	case <-l.wake:
		woken = true
	case <-expiry:
	}
	l.mu.Lock()
	if !woken && !l.asleep {
		<-l.wake // it came with the expiry
		woken = true
	}
	l.asleep = false
	return woken || timed
}

// Stats returns the loop's figures now.
func (l *Loop[E]) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued, s.Running = l.queue.len, l.count
	if l.on {
		s.Workers = 1
	}
	return s
}

// Busy reports whether a turn is under way, and how many jobs the loop has.
func (l *Loop[E]) Busy() (turn bool, jobs int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turn, l.queue.len + l.count
}

// Close takes no more jobs and waits for those there are until ctx ends; then
// it stops them and waits again, for at most grace. An actor that is still in
// a turn after that is given up: the error, an *AbandonedError, says with how
// many jobs.
func (l *Loop[E]) Close(ctx context.Context, grace time.Duration) error {
	left := l.drain(ctx, grace)
	l.mu.Lock()
	l.rouse()
	l.mu.Unlock()
	if left > 0 {
		return &AbandonedError{l.name, left}
	}
	l.wg.Wait()
	return nil
}
