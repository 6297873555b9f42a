package executors

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrCancelled is the error of work that was cancelled. It is also a
	// context.Canceled.
	ErrCancelled = fmt.Errorf("cancelled: %w", context.Canceled)
	// ErrQueueFull is matched by every *QueueFullError.
	ErrQueueFull = errors.New("queue full")
	// ErrTimeout is matched by every *TimeoutError.
	ErrTimeout = errors.New("timeout")
	// ErrClosed is the error of work that was given to an executor after it
	// was closed, or that it had not done by then.
	ErrClosed = errors.New("closed")
	// ErrWouldBlockLoop is what Wait returns inside a loop for a future that
	// is not done. The loop would wait for itself.
	ErrWouldBlockLoop = errors.New("waiting here would block the event loop: use Then, or wait outside of the loop")
)

// QueueFullError says which bound refused a job.
type QueueFullError struct {
	// Queue is the executor's name.
	Queue string
	// What says which jobs are bounded: those "queued" or those "in flight".
	What string
	// Size is the bound, in jobs.
	Size int
}

func (e *QueueFullError) Error() string {
	return fmt.Sprintf("queue full: %s has %d jobs %s", e.Queue, e.Size, e.What)
}

// Is reports that the error is an ErrQueueFull.
func (e *QueueFullError) Is(target error) bool { return target == ErrQueueFull }

// Phase is a part of a job's life that can have a deadline.
type Phase string

const (
	// InQueue is the time from Submit until the job starts.
	InQueue Phase = "queue"
	// Running is the time from the start to the end, parked or not.
	Running Phase = "run"
)

// TimeoutError says which deadline passed.
type TimeoutError struct {
	Phase Phase
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	if e.Phase == InQueue {
		return fmt.Sprintf("timed out: waited in the queue for more than %v", e.Limit)
	}
	return fmt.Sprintf("timed out: ran for more than %v", e.Limit)
}

// Is reports that the error is an ErrTimeout and a context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

// AbandonedError says that an executor was closed, and that some of its work
// did not stop in time.
type AbandonedError struct {
	Executor string
	// Jobs is the number of jobs that have not ended. If it is 0, a turn or a
	// callback has not returned.
	Jobs int
}

func (e *AbandonedError) Error() string {
	if e.Jobs == 0 {
		return e.Executor + ": gave up on a turn or a callback that did not end"
	}
	return fmt.Sprintf("%s: gave up on %d jobs that did not stop", e.Executor, e.Jobs)
}
