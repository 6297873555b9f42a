package executorstest

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/wexec/wexec/executors"
)

func runsJobs(f *fixture) {
	job := held("job")
	job.RunTimeout = time.Hour
	f.occupy(job)
	if left := job.Left(); left <= 0 || left > time.Hour {
		f.Errorf("%v left of an hour", left)
	}
	f.figures(executors.Stats{Running: 1, Submitted: 1})
	next := quick("next")
	f.submit(next)
	f.figures(executors.Stats{Queued: 1, Running: 1, Submitted: 2})
	job.release()
	f.wait(job, nil)
	f.wait(next, nil)
	if job.QueueTime() < 0 || next.QueueTime() <= 0 {
		f.Errorf("queue times are %v and %v", job.QueueTime(), next.QueueTime())
	}
	f.close()
}

func ordersByPriority(f *fixture) {
	first := f.occupy(held("first"))
	var order []string
	for _, job := range []struct {
		name     string
		priority int
	}{{"b1", 5}, {"last", math.MinInt}, {"d", -1}, {"a", 9}, {"b2", 5}, {"c", 0}, {"top", math.MaxInt}} {
		j := newJob(job.name, func(j *Job) error {
			order = append(order, j.name)
			return nil
		})
		j.Priority = job.priority
		f.submit(j)
	}
	first.release()
	f.close()
	if want := []string{"top", "a", "b1", "b2", "c", "d", "last"}; !slices.Equal(order, want) {
		f.Errorf("the order is %q, want %q", order, want)
	}
}

func boundsTheQueue(f *fixture) { full(f, "queued", 2) }

func boundsInFlight(f *fixture) { full(f, "in flight", 3) }

// full fills an executor that has room for three jobs.
func full(f *fixture, what string, size int) {
	first := f.occupy(held("first"))
	f.submit(quick("second"), quick("third"))
	fourth := quick("fourth")
	err := f.refuse(fourth, executors.ErrQueueFull)
	var full *executors.QueueFullError
	if !errors.As(err, &full) || full.What != what || full.Size != size {
		f.Errorf("the error is %#v, want a QueueFullError of %d jobs %s", err, size, what)
	}
	f.figures(executors.Stats{Queued: 2, Running: 1, Submitted: 3, Refused: 1})
	first.release()
	for _, job := range f.jobs {
		f.wait(job, nil)
	}
	f.submit(fourth) // now there is room
	f.close()
}

// freesThePlaceFirst: when the future of a job is done, its place is free.
func freesThePlaceFirst(f *fixture) {
	for range 1000 {
		job := quick("job")
		f.submit(job)
		f.wait(job, nil)
	}
	blocker := f.occupy(held("blocker"))
	f.refuse(quick("late"), executors.ErrQueueFull)
	f.executor.Cancel(blocker, errTest)
	f.wait(blocker, errTest)
	f.submit(quick("last"))
	f.close()
}

func takesAJobOnce(f *fixture) {
	job := quick("job")
	f.submit(job)
	func() {
		defer func() {
			if recover() == nil {
				f.Error("a job was submitted twice, without a panic")
			}
		}()
		f.executor.Submit(job)
	}()
	f.close()
}

// canBeCalledFromCallbacks: Stop, and callbacks of a job's future, may call the
// executor.
func canBeCalledFromCallbacks(f *fixture) {
	running, waiting := held("running"), quick("waiting")
	next := map[string]*Job{}
	for _, name := range []string{"from Stop", "from the end", "from Abandon"} {
		next[name] = quick(name)
	}
	call := func(name string) {
		f.executor.Cancel(running, errTest)
		f.executor.CancelAll(func(*Job) bool { return false }, errTest)
		f.executor.Stats()
		if err := f.executor.Submit(next[name]); err != nil {
			f.Errorf("Submit %s: %v", name, err)
		}
	}
	running.onStop = func() {
		if running.stops.Load() == 1 {
			call("from Stop")
		}
	}
	running.promise.Future().Notify(func() { call("from the end") })
	waiting.promise.Future().Notify(func() { call("from Abandon") })
	f.occupy(running)
	f.submit(waiting)
	f.executor.Cancel(waiting, errTest)
	f.wait(waiting, errTest)
	f.executor.Cancel(running, errTest)
	f.wait(running, errTest)
	for _, job := range next {
		f.wait(job, nil)
		f.jobs = append(f.jobs, job)
	}
	f.close()
}

// soon is a deadline that the tests wait for.
const soon = time.Millisecond

func timesOutInTheQueue(f *fixture) {
	first := f.occupy(held("first"))
	job, other := quick("job"), quick("other")
	job.QueueTimeout = soon
	f.submit(job, other)
	f.waitTimeout(job, executors.TimeoutError{Phase: executors.InQueue, Limit: soon})
	if job.QueueTime() < soon {
		f.Errorf("the queue time is %v", job.QueueTime())
	}
	f.figures(executors.Stats{Queued: 1, Running: 1, Submitted: 3, Ended: 1, TimedOut: 1})
	first.release()
	f.wait(other, nil)
	f.close()
}

func timesOutRunning(f *fixture) {
	job := held("job")
	job.QueueTimeout, job.RunTimeout = time.Hour, soon
	f.submit(job)
	f.waitTimeout(job, executors.TimeoutError{Phase: executors.Running, Limit: soon})
	f.figures(executors.Stats{Submitted: 1, Ended: 1, TimedOut: 1})
	f.close()
}

// forgetsDeadlines: a job that was started is not stopped by its QueueTimeout,
// and one that has ended by neither.
func forgetsDeadlines(f *fixture) {
	const limit = 20 * soon
	started := newJob("started", func(*Job) error {
		time.Sleep(2 * limit)
		return nil
	})
	started.QueueTimeout = limit
	ended := quick("ended")
	ended.RunTimeout = limit
	f.submit(started, ended)
	started.promise.Future().Wait(f.ctx)
	ended.promise.Future().Wait(f.ctx)
	before := f.executor.Stats().TimedOut
	time.Sleep(2 * limit)
	if after := f.executor.Stats().TimedOut; after != before || started.stops.Load() > 0 {
		f.Errorf("%d deadlines passed later, and the job was stopped %d times", after-before, started.stops.Load())
	}
	f.close()
}

func hasNoLimitByDefault(f *fixture) {
	for name, limit := range map[string]time.Duration{"none": 0, "negative": -1, "longest": math.MaxInt64} {
		job := held(name)
		job.QueueTimeout, job.RunTimeout = limit, limit
		f.occupy(job)
		if left := job.Left(); (left > 0) != (limit > 0) {
			f.Errorf("%s: %v left", name, left)
		}
		time.Sleep(soon)
		job.release()
		f.wait(job, nil)
	}
	f.figures(executors.Stats{Submitted: 3, Ended: 3})
	f.close()
}

func cancelsInTheQueue(f *fixture) {
	running, queued, other := f.occupy(held("running")), quick("queued"), quick("other")
	f.submit(queued, other)
	f.executor.Cancel(queued, errTest)
	f.wait(queued, errTest)
	f.executor.Cancel(queued, errTest) // too late
	running.release()
	f.wait(running, nil)
	f.wait(other, nil)
	f.close()
	if queued.runs.Load() > 0 {
		f.Error("a job ran after it was cancelled")
	}
}

func cancelsRunning(f *fixture) {
	running, other := f.occupy(held("running")), quick("other")
	f.submit(other)
	f.executor.Cancel(running, errTest)
	f.wait(running, errTest)
	f.wait(other, nil)
	f.executor.Cancel(running, errTest) // too late
	f.close()
}

// leavesOthersAlone: Cancel does nothing to a job that the executor does not
// have.
func leavesOthersAlone(f *fixture) {
	fresh := quick("never submitted")
	f.executor.Cancel(fresh, errTest)
	other := newFixture(f.T, f.factory, roomy)
	running, queued := other.occupy(held("another executor's")), quick("another one")
	other.submit(queued)
	f.executor.Cancel(running, errTest)
	f.executor.Cancel(queued, errTest)
	f.executor.CancelAll(func(*Job) bool { return true }, errTest)
	f.submit(fresh)
	f.wait(fresh, nil)
	running.release()
	other.wait(running, nil)
	other.wait(queued, nil)
	f.executor.Cancel(running, errTest)
	f.close()
	other.close()
	if fresh.stops.Load()+running.stops.Load() > 0 {
		f.Error("a job was stopped by an executor that does not have it")
	}
}

func cancelsAll(f *fixture) {
	jobs := []*Job{f.occupy(held("x")), quick("x"), quick("y"), quick("x"), quick("y")}
	for i, job := range jobs[1:] {
		job.Priority = i % 2
		f.submit(job)
	}
	f.executor.CancelAll(func(job *Job) bool { return job.name == "x" }, errTest)
	for _, job := range jobs {
		f.wait(job, map[string]error{"x": errTest}[job.name])
	}
	f.close()
}
