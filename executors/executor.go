package executors

import (
	"context"
	"time"
)

// Executor runs jobs of one type. Its methods may be called from any
// goroutine, also from Abandon and Stop and from the callbacks of a future. A
// type outside this package can be an executor, too: package executorstest
// checks that it keeps the promises made here.
//
// Jobs start in the order of their priorities, and within a priority in the
// order in which they were submitted. A job whose QueueTimeout or RunTimeout
// passes is cancelled with a [*TimeoutError].
type Executor[J Job] interface {
	// Submit queues a job. It never waits: if one of the [Limits] is reached
	// it returns a [*QueueFullError], and after Close it returns [ErrClosed].
	// A job that was refused may be submitted again.
	Submit(J) error
	// Cancel ends a job with an error: a job in the queue is abandoned, one
	// that runs is asked to stop. Any other job is left alone.
	Cancel(J, error)
	// CancelAll cancels the jobs that which selects. which must not call the
	// executor.
	CancelAll(which func(J) bool, err error)
	// Stats returns the figures of now. A job that has ended no longer
	// counts by the time its future is done.
	Stats() Stats
	// Close takes no more jobs and waits for those that it has until ctx
	// ends. Then it cancels them with ErrClosed and waits again, for at most
	// grace. If jobs have not ended even then it gives up on them, and returns
	// an [*AbandonedError]. Close may be called again.
	Close(ctx context.Context, grace time.Duration) error
}

// Drain is how all that can be closed stops. It waits for done until ctx ends;
// then it calls stop and waits again, for at most grace. It reports whether
// done was closed in time.
func Drain(ctx context.Context, grace time.Duration, done <-chan struct{}, stop func()) bool {
	if closedBefore(ctx, done) {
		return true
	}
	stop()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return closedBefore(ctx, done)
}

// closedBefore waits for done until ctx ends. If both have happened, done wins.
func closedBefore(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
