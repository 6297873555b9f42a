package executorstest

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/wexec/wexec/executors"
)

// Job is the job that the tests give to executors. It is an
// [executors.PoolJob]. An executor that is not a pool calls Run with nil, then
// counts the job as ended, and then calls Ended.
type Job struct {
	executors.Ticket
	name    string
	work    func(*Job) error
	err     error // of work
	promise executors.Promise[string]

	started chan struct{} // closed by Run
	free    chan struct{} // closed by release, for work to wait for
	release func()
	halt    chan error // what Stop said first
	onStop  func()

	runs, ends, abandons, stops atomic.Int32
}

// newJob returns a job that does work.
func newJob(name string, work func(*Job) error) *Job {
	j := &Job{
		name: name, work: work,
		started: make(chan struct{}), free: make(chan struct{}), halt: make(chan error, 1),
		onStop: func() {},
	}
	j.release = sync.OnceFunc(func() { close(j.free) })
	return j
}

// quick returns a job that ends at once, held one that runs until it is
// released or stopped, and stubborn one that ignores Stop.
func quick(name string) *Job {
	return newJob(name, func(*Job) error { return nil })
}

func held(name string) *Job {
	return newJob(name, func(j *Job) error {
		select {
		case <-j.free:
			return nil
		case err := <-j.halt:
			return err
		}
	})
}

func stubborn(name string) *Job {
	return newJob(name, func(j *Job) error {
		<-j.free
		return nil
	})
}

// Run implements [executors.PoolJob].
func (j *Job) Run(*executors.Worker) {
	if j.runs.Add(1) == 1 {
		close(j.started)
	}
	j.err = j.work(j)
}

// Ended implements [executors.PoolJob].
func (j *Job) Ended() {
	j.ends.Add(1)
	j.promise.Settle(j.name, j.err)
}

// Abandon implements [executors.Job].
func (j *Job) Abandon(err error) {
	j.abandons.Add(1)
	j.promise.Reject(err)
}

// Stop implements [executors.Job].
func (j *Job) Stop(err error) {
	j.stops.Add(1)
	select {
	case j.halt <- err:
	default: // not the first
	}
	j.onStop()
}

// problem says what is wrong with a job that should have ended once.
func (j *Job) problem() string {
	runs, ends, abandons, stops := j.runs.Load(), j.ends.Load(), j.abandons.Load(), j.stops.Load()
	switch {
	case runs+abandons != 1 || ends != runs:
		return fmt.Sprintf("ran %d times, ended %d times and was abandoned %d times", runs, ends, abandons)
	case abandons == 1 && stops > 0:
		return "was told to stop, though it did not run"
	}
	return ""
}
