package wexec

// onDeepStack runs f in a goroutine whose stack has already grown, and waits
// for it.
//
// A goroutine starts with 2 KB of stack. That is enough for a task that waits,
// but not for encoding/json. When every call grew its own stack, the growing
// took two thirds of the time of a small call, and the call then held 4 KB or
// more while it waited.
func onDeepStack(f func() error) error {
	guest.mu.Lock()
	w := idleWorkers
	if w == nil {
		w = &stackWorker{jobs: make(chan func() error), results: make(chan error)}
		go w.work()
	} else {
		idleWorkers = w.next
		guest.parked--
	}
	guest.mu.Unlock()

	w.jobs <- f
	err := <-w.results

	guest.mu.Lock()
	w.next, idleWorkers = idleWorkers, w
	guest.parked++
	guest.mu.Unlock()
	return err
}

// idleWorkers is a list of the workers without a job. All workers are in it,
// except while a MarshalJSON method of the author's blocks.
var idleWorkers *stackWorker

// stackWorker is a goroutine that keeps its grown stack from job to job.
type stackWorker struct {
	jobs    chan func() error
	results chan error
	next    *stackWorker
}

func (w *stackWorker) work() {
	for job := range w.jobs {
		w.results <- recovered(job)
	}
}

// recovered runs a job, and returns a panic in it as an error.
func recovered(job func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return job()
}
