package executors

import "time"

// Worker is one of a pool's goroutines. It holds an operating system thread
// only while its job computes or blocks in a system call.
type Worker struct {
	// ID is the worker's number: the lowest from 0 that no other worker of
	// the pool has.
	ID        int
	pool      *pool
	wake      chan PoolJob // a job, or nil: return from Park, or go
	idleSince time.Duration
}

// work runs jobs, the given one first, until the worker is to go.
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
	w.pool.forget(w)
}

// Park runs wait and gives up the worker's place until wait returns, so that
// other jobs run meanwhile. It returns when wait has returned and there is a
// place again. Only the job that the worker runs may call it.
func (w *Worker) Park(wait func()) {
	p := w.pool
	p.lock()
	p.parked++
	p.fill()
	p.mu.Unlock()
	defer w.unpark() // also if wait panics and the job recovers
	wait()
}

func (w *Worker) unpark() {
	p := w.pool
	p.lock()
	p.parked--
	p.resume = append(p.resume, w)
	p.fill()
	p.mu.Unlock()
	<-w.wake
}
