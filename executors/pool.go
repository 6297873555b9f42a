package executors

import (
	"context"
	"time"
)

// PoolConfig says how large a pool is. Every field must be set, but for Burst
// and Spare.
type PoolConfig struct {
	// Name is used in errors and as the workers' lane.
	Name string
	Limits
	// Workers is how many jobs run at once, at least 1.
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
	// Ended follows Run, when the job is no longer counted: whoever hears of
	// the end from it finds a place free. The worker takes no other job before
	// it returns, but the pool may have one more worker instead.
	Ended()
}

// Pool runs each job on a worker: a goroutine, which has an operating system
// thread while its job computes or blocks in a system call. Workers come on
// demand and go when idle. A job that parks gives up its place while it
// waits, so that any number may be parked.
type Pool struct {
	roster
	cfg    PoolConfig
	limit  int       // of busy workers: Workers to Burst
	parked int       // workers that wait inside Park
	resume []*Worker // workers that have waited inside Park and want a place
	idle   []*Worker // the longest idle first
	ids    []int     // of workers that went, to be used again
	starts uint64    // jobs and resumptions
	seen   uint64    // starts, when stall was set
	stall  deadline
	reap   deadline // of the longest idle worker
}

// NewPool returns a pool without workers; they come with the jobs.
func NewPool(cfg PoolConfig) *Pool {
	cfg.Workers = max(cfg.Workers, 1)
	p := &Pool{cfg: cfg, limit: cfg.Workers}
	p.init(cfg.Name, cfg.Limits)
	p.stall.owner = expiry(p.stalled)
	p.reap.owner = expiry(p.shrink)
	return p
}

// Worker is one of a pool's goroutines.
type Worker struct {
	// ID is the worker's number among those at work now, from 0.
	ID        int
	pool      *Pool
	wake      chan PoolJob // a job, or nil: go home, or come back from Park
	idleSince time.Duration
}

// Submit queues a job. It fails at once if a bound is reached.
func (p *Pool) Submit(job PoolJob) error {
	p.lock()
	defer p.mu.Unlock()
	if err := p.enter(job); err != nil {
		return err
	}
	p.staff()
	return nil
}

// busy counts the workers that have a place: those with a job, but for those
// that wait inside Park. The lock is held.
func (p *Pool) busy() int { return p.count - p.parked - len(p.resume) }

// staff gives free places to workers that wait for one, then to new jobs. The
// lock is held.
func (p *Pool) staff() {
	for p.waiting() {
		if p.busy() >= p.limit {
			p.watch()
			return
		}
		// Those who were parked come first: they hold what others wait for.
		if len(p.resume) > 0 {
			p.starts++
			w := pop(&p.resume)
			w.wake <- nil
		} else {
			p.assign(p.take())
		}
	}
}

// waiting reports whether there is somebody who wants a place.
func (p *Pool) waiting() bool { return p.queue.len > 0 || len(p.resume) > 0 }

// take starts the next job of the queue, which is not empty.
func (p *Pool) take() PoolJob {
	p.starts++
	return p.start().(PoolJob)
}

// assign gives a job to a worker: to the one that is idle for the shortest
// time, or to a new one.
func (p *Pool) assign(job PoolJob) {
	if n := len(p.idle) - 1; n >= 0 {
		w := p.idle[n]
		p.idle[n] = nil
		p.idle = p.idle[:n]
		w.wake <- job
		return
	}
	id := p.crew
	if n := len(p.ids) - 1; n >= 0 {
		id = p.ids[n]
		p.ids = p.ids[:n]
	}
	p.crew++
	w := &Worker{ID: id, pool: p, wake: make(chan PoolJob, 1)}
	go w.work(job)
}

func (w *Worker) work(job PoolJob) {
	for job != nil {
		job.Run(w)
		next := w.pool.next(job)
		job.Ended()
		if next == nil {
			next = w.pool.await(w)
		}
		job = next
	}
	w.pool.lose(w)
}

// lose strikes a worker off the list.
func (p *Pool) lose(w *Worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.crew--
	p.ids = append(p.ids, w.ID)
	p.checkVacant()
}

// next ends a worker's last job and returns its next one, or nil.
func (p *Pool) next(last PoolJob) PoolJob {
	p.lock()
	defer p.mu.Unlock()
	p.end(last)
	if len(p.resume) == 0 && p.queue.len > 0 {
		return p.take()
	}
	p.staff()
	p.limit = max(p.cfg.Workers, min(p.limit, p.busy()))
	return nil
}

// await waits for a worker's next job. It returns nil if the worker is to go.
// While the worker was busy with the end of its last job, others took what came.
func (p *Pool) await(w *Worker) PoolJob {
	p.lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.rest(w)
	p.mu.Unlock()
	return <-w.wake
}

// rest puts a worker on the list of the idle. The lock is held.
func (p *Pool) rest(w *Worker) {
	w.idleSince = p.now
	p.idle = append(p.idle, w)
	if len(p.idle) > p.cfg.Spare && p.reap.place == 0 {
		p.schedule(&p.reap, later(p.idle[0].idleSince, p.cfg.Idle))
	}
}

// shrink sends home the workers that have been idle for too long. The lock is
// held.
func (p *Pool) shrink() {
	for len(p.idle) > p.cfg.Spare {
		if due := later(p.idle[0].idleSince, p.cfg.Idle); due > p.now {
			p.schedule(&p.reap, due)
			return
		}
		pop(&p.idle).wake <- nil
	}
}

// watch looks again after a while whether the pool has stalled. The lock is
// held.
func (p *Pool) watch() {
	if p.limit < p.cfg.Burst && p.stall.place == 0 {
		p.seen = p.starts
		p.schedule(&p.stall, p.now+Stall)
	}
}

// stalled adds a place if nothing has started since watch. The lock is held.
func (p *Pool) stalled() {
	if p.waiting() && p.starts == p.seen {
		p.limit++
	}
	p.staff()
}

// Park runs wait without holding the worker's place: others run meanwhile.
// It returns when wait has returned and there is a place again. Only the job
// that the worker runs may call it.
func (w *Worker) Park(wait func()) {
	p := w.pool
	p.lock()
	p.parked++
	p.staff()
	p.mu.Unlock()
	defer w.unpark() // also if wait panics and the job recovers
	wait()
}

func (w *Worker) unpark() {
	p := w.pool
	p.lock()
	p.parked--
	p.resume = append(p.resume, w)
	p.staff()
	p.mu.Unlock()
	<-w.wake
}

// pop takes the first worker off a list.
func pop(list *[]*Worker) *Worker {
	w := (*list)[0]
	(*list)[0] = nil
	*list = (*list)[1:]
	return w
}

// Stats returns the pool's figures now.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Queued, s.Running, s.Parked, s.Workers = p.queue.len, p.busy(), p.count-p.busy(), p.crew
	return s
}

// Close takes no more jobs and waits for those there are until ctx ends; then
// it stops them and waits again, for at most grace. Workers that are left
// after that are given up: the error, an *AbandonedError, says how many.
func (p *Pool) Close(ctx context.Context, grace time.Duration) error {
	p.mu.Lock()
	p.close()
	for len(p.idle) > 0 {
		pop(&p.idle).wake <- nil
	}
	p.mu.Unlock()
	return p.drain(ctx, grace)
}
