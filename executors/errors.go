package executors

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrCancelled is the error of work that somebody cancelled. It is also a
	// context.Canceled.
	ErrCancelled = fmt.Errorf("cancelled: %w", context.Canceled)
	// ErrQueueFull is matched by every *QueueFullError.
	ErrQueueFull = errors.New("queue full")
	// ErrTimeout is matched by every *TimeoutError.
	ErrTimeout = errors.New("timeout")
	// ErrClosed is the error of work given to, or left in, an executor that
	// is closed.
	ErrClosed = errors.New("closed")
	// ErrWouldBlockLoop is what Wait returns inside a loop for a future that
	// is not done: the loop would wait for itself.
	ErrWouldBlockLoop = errors.New("waiting here would block the event loop: use Then, or wait outside of the loop")
)

// QueueFullError says which bound refused a job.
type QueueFullError struct {
	// Queue is the executor's name.
	Queue string
	// What is bounded: "queued" jobs or jobs "in flight".
	What string
	// Size of the bound, in jobs.
	Size int
}

func (e *QueueFullError) Error() string {
	return fmt.Sprintf("queue full: %s has %d jobs %s", e.Queue, e.Size, e.What)
}

// Is reports that the error is an ErrQueueFull.
func (e *QueueFullError) Is(target error) bool { return target == ErrQueueFull }

// Phase is a part of a job's life that has a deadline.
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
