package executors

import (
	"context"
	"time"
)

// PoolConfig says how large a pool is. Limits, Workers and Idle must be set.
type PoolConfig struct {
	// Name is the pool's name in errors.
	Name string
	Limits
	// Workers is how many jobs run at the same time, at least 1.
	Workers int
	// Burst is how many jobs may run at the same time if all workers are busy
	// and no job has started for [Stall], although some wait. It keeps a few
	// long jobs from holding up the short ones. A Burst below Workers adds
	// none.
	Burst int
	// Spare is how many idle workers are kept for good.
	Spare int
	// Idle is how long the other workers are kept once they are idle.
	Idle time.Duration
}

// Stall is how long a busy pool starts no job before it adds a worker, if its
// Burst allows one.
const Stall = time.Millisecond

// PoolJob is a job that a worker runs.
type PoolJob interface {
	Job
	// Run does the job. If it calls runtime.Goexit, the job has ended.
	Run(w *Worker)
	// Ended follows Run, when the job no longer counts: the place for another
	// job is free before the future of this one is done. The worker takes no
	// other job until Ended returns, but the pool may add a worker meanwhile.
	Ended()
}

// Pool runs each job on a worker of its own. Workers come on demand and go
// when they are idle. A job that parks gives up its place while it waits, and
// so any number of jobs may be parked.
type Pool[J PoolJob] struct{ pool }

// NewPool returns a pool without workers. They come with the jobs.
func NewPool[J PoolJob](cfg PoolConfig) *Pool[J] {
	cfg.Workers = max(cfg.Workers, 1)
	p := &Pool[J]{pool{cfg: cfg, limit: cfg.Workers}}
	p.init(cfg.Name, cfg.Limits)
	p.stall.owner = expiry(p.stalled)
	p.reap.owner = expiry(p.shrink)
	return p
}

// Submit implements [Executor].
func (p *Pool[J]) Submit(job J) error { return p.submit(job) }

// Cancel implements [Executor].
func (p *Pool[J]) Cancel(job J, err error) { p.cancel(job, err) }

// CancelAll implements [Executor].
func (p *Pool[J]) CancelAll(which func(J) bool, err error) {
	p.cancelAll(func(job Job) bool { return which(job.(J)) }, err)
}

// Stats implements [Executor].
func (p *Pool[J]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats
	s.Queued, s.Running, s.Parked, s.Workers = p.queue.len, p.busy(), p.count-p.busy(), p.workers
	return s
}

// Close implements [Executor].
func (p *Pool[J]) Close(ctx context.Context, grace time.Duration) error {
	p.mu.Lock()
	p.close()
	for len(p.idle) > 0 {
		pop(&p.idle).wake <- nil
	}
	p.mu.Unlock()
	return p.drain(ctx, grace)
}

// pool is a Pool that does not know the type of its jobs.
type pool struct {
	roster
	cfg    PoolConfig
	limit  int       // of busy workers: from Workers to Burst
	parked int       // workers that wait inside Park
	resume []*Worker // workers that have waited inside Park and want a place
	idle   []*Worker // the longest idle first
	ids    []int     // of workers that have gone, to be used again
	starts uint64    // of jobs, and returns from Park
	seen   uint64    // starts, when stall was set
	stall  deadline
	reap   deadline // of the longest idle worker
}

func (p *pool) submit(job PoolJob) error {
	p.lock()
	defer p.mu.Unlock()
	if err := p.enter(job); err != nil {
		return err
	}
	p.fill()
	return nil
}

// busy counts the places that are taken: one for each job that was started and
// is not parked. The lock is held.
func (p *pool) busy() int { return p.count - p.parked - len(p.resume) }

// fill gives free places to workers that return from Park, then to new jobs.
// The lock is held.
func (p *pool) fill() {
	for p.waiting() {
		if p.busy() >= p.limit {
			p.watch()
			return
		}
		// What was parked comes first: it holds what others wait for.
		if len(p.resume) > 0 {
			p.starts++
			pop(&p.resume).wake <- nil
		} else {
			p.assign(p.take())
		}
	}
}

// waiting reports whether a worker or a job wants a place. The lock is held.
func (p *pool) waiting() bool { return p.queue.len > 0 || len(p.resume) > 0 }

// take starts the first job of the queue, which is not empty. The lock is held.
func (p *pool) take() PoolJob {
	p.starts++
	return p.start().(PoolJob)
}

// assign gives a job to the worker that has been idle for the shortest time,
// or to a new one. The lock is held.
func (p *pool) assign(job PoolJob) {
	if n := len(p.idle) - 1; n >= 0 {
		w := p.idle[n]
		p.idle[n] = nil
		p.idle = p.idle[:n]
		w.wake <- job
		return
	}
	id := p.workers
	if n := len(p.ids) - 1; n >= 0 {
		id = p.ids[n]
		p.ids = p.ids[:n]
	}
	p.workers++
	w := &Worker{ID: id, pool: p, wake: make(chan PoolJob, 1), job: job}
	go w.work()
}

// next ends a worker's last job and returns its next one, or nil.
func (p *pool) next(last PoolJob) PoolJob {
	p.lock()
	defer p.mu.Unlock()
	p.end(last)
	if len(p.resume) == 0 && p.queue.len > 0 {
		return p.take()
	}
	p.fill()
	p.limit = max(p.cfg.Workers, min(p.limit, p.busy()))
	return nil
}

// await waits for a worker's next job. It returns nil if the worker is to go.
func (p *pool) await(w *Worker) PoolJob {
	p.lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	w.idleSince = p.now
	p.idle = append(p.idle, w)
	if len(p.idle) > p.cfg.Spare && p.reap.place == 0 {
		p.schedule(&p.reap, later(p.idle[0].idleSince, p.cfg.Idle))
	}
	p.mu.Unlock()
	return <-w.wake
}

// forget removes a worker that has gone.
func (p *pool) forget(w *Worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.workers--
	p.ids = append(p.ids, w.ID)
	p.checkDrained()
}

// shrink lets the workers go that have been idle for too long. The lock is
// held.
func (p *pool) shrink() {
	for len(p.idle) > p.cfg.Spare {
		if due := later(p.idle[0].idleSince, p.cfg.Idle); due > p.now {
			p.schedule(&p.reap, due)
			return
		}
		pop(&p.idle).wake <- nil
	}
}

// watch checks after a while whether the pool has stalled. The lock is held.
func (p *pool) watch() {
	if p.limit < p.cfg.Burst && p.stall.place == 0 {
		p.seen = p.starts
		p.schedule(&p.stall, p.now+Stall)
	}
}

// stalled adds a place if nothing has started since watch. The lock is held.
func (p *pool) stalled() {
	if p.waiting() && p.starts == p.seen {
		p.limit++
	}
	p.fill()
}

// pop takes the first worker off a list.
func pop(list *[]*Worker) *Worker {
	w := (*list)[0]
	(*list)[0] = nil
	*list = (*list)[1:]
	return w
}
