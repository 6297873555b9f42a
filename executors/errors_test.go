package executors

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestErrors(t *testing.T) {
	deadline := []error{ErrTimeout, context.DeadlineExceeded}
	for _, tc := range []struct {
		err  error
		is   []error
		text string
	}{
		{ErrCancelled, []error{context.Canceled}, "cancelled: context canceled"},
		{&QueueFullError{"pool", "queued", 7}, []error{ErrQueueFull}, "queue full: pool has 7 jobs queued"},
		{&TimeoutError{InQueue, time.Second}, deadline, "timed out: waited in the queue for more than 1s"},
		{&TimeoutError{Running, time.Second}, deadline, "timed out: ran for more than 1s"},
		{&AbandonedError{"pool", 2}, nil, "pool: gave up on 2 jobs that did not stop"},
		{&AbandonedError{"loop", 0}, nil, "loop: gave up on a turn or a callback that did not end"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			want(t, "text", tc.err.Error(), tc.text)
			for _, target := range tc.is {
				wantErr(t, fmt.Errorf("wrapped: %w", tc.err), target)
			}
			for _, other := range []error{ErrClosed, ErrWouldBlockLoop} {
				if errors.Is(tc.err, other) {
					t.Errorf("is %v", other)
				}
			}
		})
	}
}
