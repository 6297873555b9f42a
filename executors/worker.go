package executors

import "time"

// Worker is one of a pool's goroutines. It holds an operating system thread
// only while its job computes or blocks in a system call.
type Worker struct {
	// ID is the worker's number, from 0. No other worker of the pool has it
	// now; a worker that goes leaves it to a later one.
	ID        int
	pool      *pool
	wake      chan PoolJob // a job, or nil: return from Park, or go
	job       PoolJob
	ran       bool // job has run
	gone      bool
	idleSince time.Duration
}

// work runs jobs until the worker is to go. If a job calls runtime.Goexit,
// another goroutine takes the next step.
func (w *Worker) work() {
	defer goOn(&w.gone, w.work)
	for !w.gone {
		switch {
		case w.ran:
			last := w.job
			w.job, w.ran = w.pool.next(last), false
			last.Ended()
		case w.job != nil:
			w.ran = true
			w.job.Run(w)
		default:
			w.job = w.pool.await(w)
			w.gone = w.job == nil
		}
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
