package executorstest

import (
	"context"
	"errors"
	"sync"

	"github.com/wexec/wexec/executors"
)

func closesIdle(f *fixture) {
	over, cancel := context.WithCancel(f.ctx)
	cancel()
	for range 100 {
		if err := f.executor.Close(over, 0); err != nil {
			f.Fatalf("Close: %v", err)
		}
	}
	f.refuse(quick("late"), executors.ErrClosed)
	f.close()
}

// closeWaits: Close refuses new jobs, and lets the others end.
func closeWaits(f *fixture) {
	running, waiting := f.occupy(held("running")), quick("waiting")
	f.submit(waiting)
	closed := make(chan error)
	go func() { closed <- f.executor.Close(f.ctx, 0) }()
	for late := quick("late"); f.executor.Submit(late) == nil; late = quick("late") {
		f.jobs = append(f.jobs, late) // Close has not begun
		f.executor.Cancel(late, errTest)
		f.wait(late, errTest)
	}
	f.refused++
	f.refuse(quick("late"), executors.ErrClosed)
	select {
	case err := <-closed:
		f.Fatalf("Close returned %v before the jobs had ended", err)
	default:
	}
	running.release()
	if err := <-closed; err != nil {
		f.Errorf("Close: %v", err)
	}
	f.wait(running, nil)
	f.wait(waiting, nil)
	f.close()
}

// closeStops: when ctx ends, all jobs are cancelled.
func closeStops(f *fixture) {
	running, waiting := f.occupy(held("running")), quick("waiting")
	f.submit(waiting)
	over, cancel := context.WithCancel(f.ctx)
	cancel()
	if err := f.executor.Close(over, patience); err != nil {
		f.Errorf("Close: %v", err)
	}
	f.wait(running, executors.ErrClosed)
	f.wait(waiting, executors.ErrClosed)
	f.close()
	if waiting.runs.Load() > 0 {
		f.Error("a job was started by Close")
	}
}

// closeGivesUp: Close returns though a job ignores Stop, and its error says so.
func closeGivesUp(f *fixture) {
	running, waiting := f.occupy(stubborn("running")), quick("waiting")
	f.submit(waiting)
	over, cancel := context.WithCancel(f.ctx)
	cancel()
	err := f.executor.Close(over, soon)
	var abandoned *executors.AbandonedError
	if !errors.As(err, &abandoned) || abandoned.Jobs != 1 {
		f.Errorf("Close returned %#v, want an AbandonedError of 1 job", err)
	}
	f.wait(waiting, executors.ErrClosed)
	f.refuse(quick("late"), executors.ErrClosed)
	if running.stops.Load() == 0 {
		f.Error("the job was not told to stop")
	}
	running.release()
	f.wait(running, nil)
	f.close()
}

func closesFromManySides(f *fixture) {
	f.occupy(held("running"))
	f.submit(held("waiting"))
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(f.ctx)
			defer cancel()
			if i == 0 {
				cancel()
			}
			if err := f.executor.Close(ctx, patience); err != nil {
				f.Errorf("Close: %v", err)
			}
		})
	}
	all.Wait()
	for _, job := range f.jobs {
		f.wait(job, executors.ErrClosed)
	}
	f.close()
}
