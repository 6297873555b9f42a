package executorstest

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/wexec/wexec/executors"
)

// hammer calls the executor from many goroutines: jobs of all priorities that
// end, sleep and submit more jobs, with deadlines that are too short, are
// cancelled at any moment. Each job must end once, and the figures must always
// add up.
func hammer(f *fixture) {
	const goroutines, blows = 4, 300
	h := &hammered{fixture: f}
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for range blows {
				h.strike()
				h.check()
			}
		})
	}
	all.Wait()
	f.close()
}

type hammered struct {
	*fixture
	mu sync.Mutex // guards jobs and refused
}

// strike submits a job, and may cancel it or wait for it.
func (h *hammered) strike() {
	job := newJob("job", h.work)
	if !h.give(job) {
		time.Sleep(briefly())
		return
	}
	switch rand.IntN(8) {
	case 0:
		time.Sleep(briefly())
		h.executor.Cancel(job, errTest)
	case 1:
		h.executor.Cancel(job, errTest)
	case 2:
		h.executor.CancelAll(func(*Job) bool { return rand.IntN(8) == 0 }, errTest)
	case 3, 4:
		job.promise.Future().Wait(h.ctx)
	}
}

// give submits a job and reports whether it was taken.
func (h *hammered) give(job *Job) bool {
	job.Priority = rand.IntN(3)
	job.QueueTimeout, job.RunTimeout = 5*briefly(), 5*briefly()
	err := h.executor.Submit(job)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.jobs = append(h.jobs, job)
		return true
	}
	h.refused++
	if !errors.Is(err, executors.ErrQueueFull) && !errors.Is(err, executors.ErrClosed) {
		h.Error(err)
	}
	return false
}

// work is what a job does.
func (h *hammered) work(job *Job) error {
	switch rand.IntN(4) {
	case 0:
		h.give(quick("a job's job"))
	case 1:
		job.promise.Future().Notify(func() { h.give(quick("a callback's job")) })
	case 2:
		select {
		case <-time.After(briefly()):
		case err := <-job.halt:
			return err
		}
	}
	return nil
}

func (h *hammered) check() {
	s := h.executor.Stats()
	if s.Submitted != uint64(s.Queued+s.Running+s.Parked)+s.Ended {
		h.Errorf("the figures don't add up: %+v", s)
	}
}

// briefly is from 0 to 300 µs, and sometimes nothing.
func briefly() time.Duration {
	return time.Duration(max(0, rand.IntN(400)-100)) * time.Microsecond
}
