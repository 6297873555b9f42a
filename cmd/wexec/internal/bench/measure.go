package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/wexec/wexec/cmd/wexec/internal/task"
	"github.com/wexec/wexec/host"
)

// longest is the longest time of a call that the histogram tells from longer ones.
const longest = 24 * time.Hour

// bench makes calls and measures them.
type bench struct {
	task    *task.Call
	module  *host.Module // as the calls use it
	calls   int          // how many to make
	started atomic.Int64 // how many were started

	first, elapsed time.Duration

	mu     sync.Mutex
	times  *hdrhistogram.Histogram // of calls that succeeded, in ns, to three digits
	failed []failure               // in the order of their first
}

// failure is one way in which calls failed.
type failure struct {
	Kind    string `json:"kind"`
	Calls   int64  `json:"calls"`
	Message string `json:"message"` // of the first

	err error
}

func newBench(c *task.Call, calls int) *bench {
	b := &bench{
		task: c, module: c.Module, calls: calls,
		times: hdrhistogram.New(1, int64(longest), 3),
	}
	if c.WASI != nil {
		b.module = c.Module.With(host.Options{WASI: c.WASI})
	}
	return b
}

// run makes the calls, some at once, until all have ended or ctx ends.
func (b *bench) run(ctx context.Context, atOnce int) {
	start := time.Now()
	var callers sync.WaitGroup
	for range min(atOnce, b.calls) {
		callers.Go(func() {
			for b.started.Add(1) <= int64(b.calls) && ctx.Err() == nil {
				took, err := b.call(ctx)
				if ctx.Err() == nil { // otherwise the interrupt ended it
					b.record(took, err)
				}
			}
		})
	}
	callers.Wait()
	b.elapsed = time.Since(start)
}

// call makes a call and waits for its end.
func (b *bench) call(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := b.module.Call(ctx, b.task.Task.Name, b.task.Input).Wait(context.WithoutCancel(ctx))
	return time.Since(start), err
}

func (b *bench) record(took time.Duration, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.times.RecordValue(int64(min(took, longest)))
		return
	}
	kind := host.Kind(err).String()
	for i := range b.failed {
		if b.failed[i].Kind == kind {
			b.failed[i].Calls++
			return
		}
	}
	b.failed = append(b.failed, failure{Kind: kind, Calls: 1, err: err})
}

// ended returns how many calls have ended.
func (b *bench) ended() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.times.TotalCount() + b.failures())
}

// failures returns how many calls have failed.
func (b *bench) failures() (n int64) {
	for _, f := range b.failed {
		n += f.Calls
	}
	return n
}
