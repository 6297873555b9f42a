package executors

import (
	"context"
	"sync"
	"time"
)

// PoolConfig says how large a pool is. Every field must be set, but for Burst
// and Spare.
type PoolConfig struct {
	// Name is used in errors and as the workers' lane.
	Name string
	Limits
	// Workers is how many jobs run at once.
	Workers int
	// Burst is how many may run at once when all of them are busy, others
	// wait, and none has ended for a while (Stall): a few long jobs then
	// don't hold up the short ones. Less than Workers means no more.
	Burst int
	// Spare is the floor: idle workers that are never dismissed.
	Spare int
	// Idle is how long a worker above the floor waits before it goes.
	Idle time.Duration
}

// Stall is how long a busy pool goes without starting a job before it adds a
// worker, if its Burst allows one.
const Stall = time.Millisecond

// PoolJob is a job that a worker runs.
type PoolJob interface {
	Job
	// Run does the job.
	Run(w *Worker)
}

// Pool runs each job on a worker: a goroutine, which has an operating system
// thread while its job computes or blocks in a system call. Workers come on
// demand and go when idle. A job that parks gives up its place while it
// waits, so that any number may be parked.
type Pool struct {
	roster
	cfg     PoolConfig
	limit   int       // of active workers: Workers to Burst
	active  int       // workers that run a job or look for one
	parked  int       // workers that wait inside Park
	idle    []*Worker // the longest idle first
	resume  []*Worker // workers that have waited inside Park and want a place
	ids     []int     // of workers that went, to be used again
	workers int
	alarm   alarm // for deadlines
	stall   alarm
	reap    alarm
	starts  uint64 // jobs and resumptions
	seen    uint64 // starts, when stall was set
	wg      sync.WaitGroup
}

// alarm is one runtime timer that is moved to ever earlier times.
type alarm struct {
	timer *time.Timer
	at    time.Duration // 0 if it is not set
}

func (a *alarm) set(now, at time.Duration) {
	if a.at != 0 && a.at <= at {
		return
	}
	a.at = at
	a.timer.Reset(at - now)
}

func newAlarm(fn func()) alarm {
	t := time.AfterFunc(time.Hour, fn)
	t.Stop()
	return alarm{timer: t}
}

// NewPool returns a pool without workers; they come with the jobs.
func NewPool(cfg PoolConfig) *Pool {
	p := &Pool{cfg: cfg, limit: cfg.Workers}
	p.init(cfg.Name, cfg.Limits)
	p.alarm = newAlarm(p.expire)
	p.stall = newAlarm(p.stalled)
	p.reap = newAlarm(p.dismiss)
	return p
}

// Worker is one of a pool's goroutines.
type Worker struct {
	// ID is the worker's number among those at work now, from 0.
	ID        int
	pool      *Pool
	wake      chan bool // true: there is work, or a place; false: go
	idleSince time.Duration
}

// Submit queues a job. It fails at once if a bound is reached.
func (p *Pool) Submit(job PoolJob) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.enter(job); err != nil {
		return err
	}
	p.staff()
	p.arm()
	return nil
}

// staff gives free places to workers that wait for one, then to new jobs. The
// lock is held.
func (p *Pool) staff() {
	for p.active < p.limit && (len(p.resume) > 0 || p.queue.len > p.active-p.busy()) {
		p.active++
		if len(p.resume) > 0 {
			p.starts++
			p.popResumed().wake <- true
		} else if n := len(p.idle); n > 0 {
			w := p.idle[n-1]
			p.idle[n-1] = nil
			p.idle = p.idle[:n-1]
			w.wake <- true
		} else {
			p.hire()
		}
	}
	if p.active >= p.limit && p.limit < p.cfg.Burst && (p.queue.len > 0 || len(p.resume) > 0) && p.stall.at == 0 {
		p.seen = p.starts
		now := p.now()
		p.stall.set(now, now+Stall)
	}
}

// busy counts the active workers that have a job: the others are on their way
// to the queue, and will find what is in it.
func (p *Pool) busy() int { return p.count - p.parked - len(p.resume) }

func (p *Pool) popResumed() *Worker {
	w := p.resume[0]
	p.resume[0] = nil
	p.resume = p.resume[1:]
	return w
}

func (p *Pool) hire() {
	id := p.workers
	if n := len(p.ids); n > 0 {
		id = p.ids[n-1]
		p.ids = p.ids[:n-1]
	}
	p.workers++
	w := &Worker{ID: id, pool: p, wake: make(chan bool, 1)}
	p.wg.Go(w.work)
}

func (w *Worker) work() {
	p := w.pool
	for job := p.next(w, nil); job != nil; job = p.next(w, job) {
		job.Run(w)
	}
}

// next ends the worker's last job and returns its next one, or nil if the
// worker is to go. The caller holds a place.
func (p *Pool) next(w *Worker, last PoolJob) PoolJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last != nil {
		p.end(last)
	}
	for {
		// Those who were parked come first: they hold what others wait for.
		if len(p.resume) > 0 {
			p.starts++
			p.popResumed().wake <- true // and gets this worker's place
		} else if p.active <= p.limit {
			if job := p.start(); job != nil {
				p.starts++
				p.arm()
				return job.(PoolJob)
			}
			p.active--
		} else {
			p.active--
		}
		p.limit = max(p.cfg.Workers, min(p.limit, p.active))
		if p.closed || !p.rest(w) {
			p.workers--
			p.ids = append(p.ids, w.ID)
			return nil
		}
	}
}

// rest makes the worker wait for work. It returns false if the worker is to
// go. The lock is held before and after, not while it waits.
func (p *Pool) rest(w *Worker) bool {
	w.idleSince = p.now()
	p.idle = append(p.idle, w)
	if len(p.idle) > p.cfg.Spare {
		p.reap.set(w.idleSince, p.idle[0].idleSince+p.cfg.Idle)
	}
	p.mu.Unlock()
	stay := <-w.wake
	p.mu.Lock()
	return stay
}

// dismiss sends home the workers that have been idle for too long.
func (p *Pool) dismiss() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	p.reap.at = 0
	for len(p.idle) > p.cfg.Spare {
		w := p.idle[0]
		if w.idleSince+p.cfg.Idle > now {
			p.reap.set(now, w.idleSince+p.cfg.Idle)
			return
		}
		p.idle = p.idle[1:]
		w.wake <- false
	}
}

// stalled adds a worker if nothing has started since the alarm was set.
func (p *Pool) stalled() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stall.at = 0
	if p.starts == p.seen && p.limit < p.cfg.Burst {
		p.limit = max(p.limit, p.active) + 1
	}
	p.staff()
}

// Park runs wait without holding the worker's place: others run meanwhile.
// It returns when wait has returned and there is a place again. Only the job
// that the worker runs may call it.
func (w *Worker) Park(wait func()) {
	p := w.pool
	p.mu.Lock()
	p.active--
	p.parked++
	p.staff()
	p.mu.Unlock()

	wait()

	p.mu.Lock()
	p.parked--
	if p.active < p.limit && len(p.resume) == 0 {
		p.active++
		p.starts++
		p.mu.Unlock()
		return
	}
	p.resume = append(p.resume, w)
	p.staff()
	p.mu.Unlock()
	<-w.wake
}

// arm sets the alarm for the next deadline. The lock is held.
func (p *Pool) arm() {
	if at, ok := p.due.next(); ok {
		p.alarm.set(p.now(), at)
	}
}

func (p *Pool) expire() {
	p.mu.Lock()
	p.alarm.at = 0
	late := p.expireDue()
	p.arm()
	p.mu.Unlock()
	for _, n := range late {
		n.deliver()
	}
}

// Stats returns the pool's figures now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Queued, s.Parked, s.Workers = p.queue.len, p.parked+len(p.resume), p.workers
	s.Running = p.count - s.Parked
	return s
}

// Close takes no more jobs and waits for those there are until ctx ends; then
// it stops them and waits again, for at most grace. Workers that are left
// after that are given up: the error, an *AbandonedError, says how many.
func (p *Pool) Close(ctx context.Context, grace time.Duration) error {
	left := p.drain(ctx, grace)
	p.mu.Lock()
	for _, w := range p.idle {
		w.wake <- false
	}
	p.idle = nil
	for _, a := range []*alarm{&p.alarm, &p.stall, &p.reap} {
		a.timer.Stop()
	}
	p.mu.Unlock()
	if left > 0 {
		return &AbandonedError{p.name, left}
	}
	p.wg.Wait()
	return nil
}
