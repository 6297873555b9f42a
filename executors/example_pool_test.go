package executors_test

import (
	"context"
	"fmt"
	"time"

	"github.com/wexec/wexec/executors"
)

// job embeds a Ticket for the executor and a Promise for the caller.
type job struct {
	executors.Ticket
	executors.Promise[string]
	work   func(ctx context.Context, w *executors.Worker) (string, error)
	ctx    context.Context // of work
	cancel context.CancelCauseFunc
	result string
	err    error
}

func newJob(work func(ctx context.Context, w *executors.Worker) (string, error)) *job {
	ctx, cancel := context.WithCancelCause(context.Background())
	return &job{work: work, ctx: ctx, cancel: cancel}
}

// Run does the work on a worker. Ended follows, when the place is free again.
func (j *job) Run(w *executors.Worker) { j.result, j.err = j.work(j.ctx, w) }

func (j *job) Ended() {
	j.cancel(nil)
	j.Settle(j.result, j.err)
}

// Abandon is called in place of Run, if the job is cancelled in the queue.
func (j *job) Abandon(err error) { j.Reject(err) }

// Stop is called if the job is cancelled while it runs.
func (j *job) Stop(err error) { j.cancel(err) }

// say is work that is done at once, and sleep is work that only ends when it
// is stopped.
func say(word string) func(context.Context, *executors.Worker) (string, error) {
	return func(context.Context, *executors.Worker) (string, error) { return word, nil }
}

func sleep(ctx context.Context, _ *executors.Worker) (string, error) {
	<-ctx.Done()
	return "", context.Cause(ctx)
}

func newPool(workers int) *executors.Pool[*job] {
	return executors.NewPool[*job](executors.PoolConfig{
		Name:    "example",
		Limits:  executors.Limits{Queue: 100, InFlight: 1000},
		Workers: workers,
		Idle:    time.Second,
	})
}

// A pool runs each job on a worker of its own.
func ExamplePool() {
	ctx := context.Background()
	pool := newPool(2)

	hello, world := newJob(say("hello")), newJob(say("world"))
	for _, j := range []*job{hello, world} {
		if err := pool.Submit(j); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(executors.All(hello.Future(), world.Future()).Wait(ctx))
	fmt.Println(pool.Stats().Ended, "jobs have ended")

	fmt.Println(pool.Close(ctx, time.Second))
	// Output:
	// [hello world] <nil>
	// 2 jobs have ended
	// <nil>
}

// The queue is ordered by priority.
func ExampleTicket_priority() {
	ctx := context.Background()
	pool := newPool(1)
	first := newJob(sleep)
	pool.Submit(first) // takes the only place

	for priority, word := range []string{"can wait", "is next", "is urgent"} {
		j := newJob(func(context.Context, *executors.Worker) (string, error) {
			fmt.Println(word)
			return "", nil
		})
		j.Priority = priority
		pool.Submit(j)
	}
	pool.Cancel(first, executors.ErrCancelled)
	pool.Close(ctx, time.Second)
	// Output:
	// is urgent
	// is next
	// can wait
}

// A job has two deadlines: one for its time in the queue, and one for the time
// that it runs.
func ExampleTicket_timeouts() {
	ctx := context.Background()
	pool := newPool(1)

	long, late := newJob(sleep), newJob(say("late"))
	long.RunTimeout = 20 * time.Millisecond
	late.QueueTimeout = time.Millisecond
	pool.Submit(long)
	pool.Submit(late)

	_, err := late.Future().Wait(ctx)
	fmt.Println(err)
	_, err = long.Future().Wait(ctx)
	fmt.Println(err)
	pool.Close(ctx, time.Second)
	// Output:
	// timed out: waited in the queue for more than 1ms
	// timed out: ran for more than 20ms
}

// Cancel ends a job in the queue, or asks one that runs to stop. A promise
// passes the Cancel of its future on with OnCancel.
func ExamplePool_Cancel() {
	ctx := context.Background()
	pool := newPool(1)
	running, waiting := newJob(sleep), newJob(say("never said"))
	for _, j := range []*job{running, waiting} {
		j.OnCancel(func() { pool.Cancel(j, executors.ErrCancelled) })
		pool.Submit(j)
	}

	waiting.Future().Cancel()
	_, err := waiting.Future().Wait(ctx)
	fmt.Println(err)
	running.Future().Cancel()
	_, err = running.Future().Wait(ctx)
	fmt.Println(err)
	pool.Close(ctx, time.Second)
	// Output:
	// cancelled: context canceled
	// cancelled: context canceled
}

// Submit does not wait for room. It refuses the job, and says why.
func ExampleQueueFullError() {
	ctx := context.Background()
	pool := executors.NewPool[*job](executors.PoolConfig{
		Name:    "small",
		Limits:  executors.Limits{Queue: 2, InFlight: 10},
		Workers: 1,
		Idle:    time.Second,
	})
	for range 4 {
		if err := pool.Submit(newJob(sleep)); err != nil {
			fmt.Println(err)
		}
	}
	pool.CancelAll(func(*job) bool { return true }, executors.ErrCancelled)
	pool.Close(ctx, time.Second)
	// Output: queue full: small has 2 jobs queued
}

// A job that waits parks, and gives up its place meanwhile. Here a job waits
// for another one, though the pool runs only one at a time.
func ExampleWorker_Park() {
	ctx := context.Background()
	pool := newPool(1)

	parent := newJob(func(_ context.Context, w *executors.Worker) (word string, err error) {
		child := newJob(say("done by a child"))
		if err := pool.Submit(child); err != nil {
			return "", err
		}
		w.Park(func() { word, err = child.Future().Wait(ctx) })
		return word, err
	})
	pool.Submit(parent)
	fmt.Println(parent.Future().Wait(ctx))
	pool.Close(ctx, time.Second)
	// Output: done by a child <nil>
}

// Close waits for jobs as long as its context allows, then stops them, and
// waits again for as long as its grace allows.
func ExamplePool_Close() {
	pool := newPool(1)
	endless := newJob(sleep)
	pool.Submit(endless)

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	fmt.Println("close:", pool.Close(ctx, time.Minute))

	_, err := endless.Future().Wait(context.Background())
	fmt.Println("the job:", err)
	fmt.Println("another job:", pool.Submit(newJob(sleep)))
	// Output:
	// close: <nil>
	// the job: closed
	// another job: closed
}
