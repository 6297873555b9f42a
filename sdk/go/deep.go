package wexec

// deep runs f, which needs a deep stack, in a goroutine that has one, and
// waits for it.
//
// A goroutine begins with 2 KB of stack, which is enough for a task that
// waits. encoding/json is not content with that. Growing the stack of every
// call took two thirds of the time of a small one, and left it with 4 KB or
// more for as long as it waited.
func deep(f func() error) error {
	guest.mu.Lock()
	w := deepWorkers
	if w == nil {
		w = &deepWorker{jobs: make(chan func() error), results: make(chan error)}
		go w.work()
	} else {
		deepWorkers = w.next
		guest.parked--
	}
	guest.mu.Unlock()

	w.jobs <- f
	err := <-w.results

	guest.mu.Lock()
	w.next, deepWorkers = deepWorkers, w
	guest.parked++
	guest.mu.Unlock()
	return err
}

// deepWorkers is a list of those that have nothing to do, which is where they
// all are unless a MarshalJSON of the author's waits for something.
var deepWorkers *deepWorker

type deepWorker struct {
	jobs    chan func() error
	results chan error
	next    *deepWorker
}

func (w *deepWorker) work() {
	for job := range w.jobs {
		w.results <- recovered(job)
	}
}

func recovered(job func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return job()
}
