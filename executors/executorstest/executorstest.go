// Package executorstest checks that an executor keeps the promises of
// [executors.Executor]. It is for the tests of packages that implement one.
package executorstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wexec/wexec/executors"
)

// Factory returns a new executor with the given limits. It must run one job at
// a time, as described at [Job].
type Factory func(t *testing.T, limits executors.Limits) executors.Executor[*Job]

// Run runs the tests, each with an executor of its own.
func Run(t *testing.T, factory Factory) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.test(newFixture(t, factory, c.limits))
		})
	}
}

var roomy = executors.Limits{Queue: 100, InFlight: 100}

var cases = []struct {
	name   string
	limits executors.Limits
	test   func(*fixture)
}{
	{"runs jobs", roomy, runsJobs},
	{"orders by priority", roomy, ordersByPriority},
	{"bounds the queue", executors.Limits{Queue: 2, InFlight: 9}, boundsTheQueue},
	{"bounds what is in flight", executors.Limits{Queue: 9, InFlight: 3}, boundsInFlight},
	{"frees the place first", executors.Limits{Queue: 1, InFlight: 1}, freesThePlaceFirst},
	{"takes a job once", roomy, takesAJobOnce},
	{"can be called from callbacks", roomy, canBeCalledFromCallbacks},

	{"times out in the queue", roomy, timesOutInTheQueue},
	{"times out running", roomy, timesOutRunning},
	{"forgets deadlines that were met", roomy, forgetsDeadlines},
	{"has no limit by default", roomy, hasNoLimitByDefault},

	{"cancels in the queue", roomy, cancelsInTheQueue},
	{"cancels running", roomy, cancelsRunning},
	{"leaves others alone", roomy, leavesOthersAlone},
	{"cancels all that are selected", roomy, cancelsAll},

	{"closes idle", roomy, closesIdle},
	{"close waits", roomy, closeWaits},
	{"close stops", roomy, closeStops},
	{"close gives up", roomy, closeGivesUp},
	{"closes from many sides", roomy, closesFromManySides},

	{"hammer", executors.Limits{Queue: 10, InFlight: 20}, hammer},
}

// patience is how long a test waits for what must happen. Only a test that
// fails takes that long.
const patience = time.Minute

var errTest = errors.New("an error of the test")

// fixture is an executor under test, and what it was given.
type fixture struct {
	*testing.T
	ctx      context.Context // ends after patience
	factory  Factory
	executor executors.Executor[*Job]
	jobs     []*Job // that it took
	refused  uint64
}

func newFixture(t *testing.T, factory Factory, limits executors.Limits) *fixture {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	f := &fixture{T: t, ctx: ctx, factory: factory, executor: factory(t, limits)}
	t.Cleanup(func() {
		cancel()
		for _, job := range f.jobs { // after a failure some may still run
			job.release()
		}
	})
	return f
}

// submit submits jobs that must be taken.
func (f *fixture) submit(jobs ...*Job) {
	f.Helper()
	for _, job := range jobs {
		if err := f.executor.Submit(job); err != nil {
			f.Fatalf("%s was refused: %v", job.name, err)
		}
		f.jobs = append(f.jobs, job)
	}
}

// refuse submits a job that must not be taken.
func (f *fixture) refuse(job *Job, want error) error {
	f.Helper()
	err := f.executor.Submit(job)
	if !errors.Is(err, want) {
		f.Fatalf("Submit of %s returned %v, want %v", job.name, err, want)
	}
	f.refused++
	return err
}

// occupy submits a job and waits until it runs.
func (f *fixture) occupy(job *Job) *Job {
	f.Helper()
	f.submit(job)
	select {
	case <-job.started:
	case <-f.ctx.Done():
		f.Fatalf("%s was not started", job.name)
	}
	return job
}

// wait waits for the end of a job, and checks its error.
func (f *fixture) wait(job *Job, want error) {
	f.Helper()
	_, err := job.promise.Future().Wait(f.ctx)
	switch {
	case f.ctx.Err() != nil:
		f.Fatalf("%s did not end", job.name)
	case !errors.Is(err, want):
		f.Errorf("%s ended with %v, want %v", job.name, err, want)
	}
}

// waitTimeout waits for the end of a job, and checks which deadline ended it.
func (f *fixture) waitTimeout(job *Job, want executors.TimeoutError) {
	f.Helper()
	_, err := job.promise.Future().Wait(f.ctx)
	if timeout := (*executors.TimeoutError)(nil); !errors.As(err, &timeout) || *timeout != want {
		f.Errorf("%s ended with %v, want %v", job.name, err, &want)
	}
}

// figures compares the figures, except for Workers: an executor need not have
// any.
func (f *fixture) figures(want executors.Stats) {
	f.Helper()
	got := f.executor.Stats()
	got.Workers = 0
	if got != want {
		f.Errorf("stats are %+v, want %+v", got, want)
	}
}

// close closes the executor, whose jobs must end without help, and checks that
// each has ended once.
func (f *fixture) close() {
	f.Helper()
	if err := f.executor.Close(f.ctx, 0); err != nil {
		f.Fatalf("Close: %v", err)
	}
	for _, job := range f.jobs {
		if problem := job.problem(); problem != "" {
			f.Errorf("%s %s", job.name, problem)
		}
	}
	all := uint64(len(f.jobs))
	f.figures(executors.Stats{Submitted: all, Ended: all, Refused: f.refused, TimedOut: f.executor.Stats().TimedOut})
}
