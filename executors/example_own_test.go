package executors_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wexec/wexec/executors"
)

// spawner is an executor that starts a goroutine for each job. It looks at all
// jobs to find the next one, so it suits small numbers of them.
type spawner[J executors.PoolJob] struct {
	name   string
	limits executors.Limits
	places int // how many jobs run at the same time

	mu     sync.Mutex
	jobs   map[*executors.Ticket]*entry[J] // that have not ended
	stats  executors.Stats
	calls  int // of jobs' methods that have not returned
	closed bool
	done   chan struct{} // closed when the spawner is closed and idle
}

// entry is what a spawner keeps of a job.
type entry[J executors.PoolJob] struct {
	job     J
	number  uint64 // in the order of Submit
	running bool
	timer   *time.Timer // for the deadline, of the queue or of the run
}

func newSpawner[J executors.PoolJob](name string, limits executors.Limits, places int) *spawner[J] {
	return &spawner[J]{
		name: name, limits: limits, places: places,
		jobs: map[*executors.Ticket]*entry[J]{}, done: make(chan struct{}),
	}
}

func (s *spawner[J]) Submit(job J) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admit(); err != nil {
		s.stats.Refused++
		return err
	}
	ticket := job.JobTicket()
	ticket.MarkQueued()
	s.stats.Submitted++
	s.stats.Queued++
	e := &entry[J]{job: job, number: s.stats.Submitted}
	s.jobs[ticket] = e
	s.limit(e, executors.InQueue, ticket.QueueTimeout)
	s.fill()
	return nil
}

func (s *spawner[J]) admit() error {
	switch {
	case s.closed:
		return executors.ErrClosed
	case s.stats.Queued >= s.limits.Queue:
		return &executors.QueueFullError{Queue: s.name, What: "queued", Size: s.limits.Queue}
	case len(s.jobs) >= s.limits.InFlight:
		return &executors.QueueFullError{Queue: s.name, What: "in flight", Size: s.limits.InFlight}
	}
	return nil
}

// fill starts jobs while there are places.
func (s *spawner[J]) fill() {
	for s.stats.Queued > 0 && s.stats.Running < s.places {
		var next *entry[J]
		for _, e := range s.jobs {
			if !e.running && (next == nil || e.before(next)) {
				next = e
			}
		}
		ticket := next.job.JobTicket()
		ticket.MarkDequeued()
		next.running = true
		s.limit(next, executors.Running, ticket.RunTimeout)
		s.stats.Queued--
		s.stats.Running++
		s.calls++
		go s.run(next)
	}
}

func (e *entry[J]) before(other *entry[J]) bool {
	mine, others := e.job.JobTicket().Priority, other.job.JobTicket().Priority
	return mine > others || mine == others && e.number < other.number
}

func (s *spawner[J]) run(e *entry[J]) {
	e.job.Run(nil)
	s.mu.Lock()
	s.remove(e)
	s.fill()
	s.mu.Unlock()
	e.job.Ended()
	s.returned()
}

// remove forgets a job that ends.
func (s *spawner[J]) remove(e *entry[J]) {
	delete(s.jobs, e.job.JobTicket())
	s.limit(e, "", 0)
	s.stats.Ended++
	if e.running {
		s.stats.Running--
	} else {
		s.stats.Queued--
		e.job.JobTicket().MarkDequeued()
	}
}

// limit sets the deadline of a job, in place of the one before.
func (s *spawner[J]) limit(e *entry[J], phase executors.Phase, d time.Duration) {
	if e.timer != nil {
		e.timer.Stop()
	}
	if d > 0 {
		e.timer = time.AfterFunc(d, func() {
			s.end(&executors.TimeoutError{Phase: phase, Limit: d}, func(other *entry[J]) bool {
				late := e == other && e.running == (phase == executors.Running)
				if late {
					s.stats.TimedOut++
				}
				return late
			})
		})
	}
}

func (s *spawner[J]) Cancel(job J, err error) {
	s.end(err, func(e *entry[J]) bool { return e.job.JobTicket() == job.JobTicket() })
}

func (s *spawner[J]) CancelAll(which func(J) bool, err error) {
	s.end(err, func(e *entry[J]) bool { return which(e.job) })
}

// end cancels the jobs that which selects. It calls them without the lock,
// since they may call the executor.
func (s *spawner[J]) end(err error, which func(*entry[J]) bool) {
	s.mu.Lock()
	var told []*entry[J]
	for _, e := range s.jobs {
		if which(e) {
			told = append(told, e)
			if !e.running {
				s.remove(e)
			}
		}
	}
	s.calls++
	s.mu.Unlock()
	for _, e := range told {
		if e.running {
			e.job.Stop(err)
		} else {
			e.job.Abandon(err)
		}
	}
	s.returned()
}

// returned notes that a call of a job's methods has returned.
func (s *spawner[J]) returned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls--
	s.checkDone()
}

func (s *spawner[J]) checkDone() {
	if !s.closed || s.calls > 0 || len(s.jobs) > 0 {
		return
	}
	select {
	case <-s.done: // closed before
	default:
		close(s.done)
	}
}

func (s *spawner[J]) Stats() executors.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

func (s *spawner[J]) Close(ctx context.Context, grace time.Duration) error {
	s.mu.Lock()
	s.closed = true
	s.checkDone()
	s.mu.Unlock()
	stop := func() { s.CancelAll(func(J) bool { return true }, executors.ErrClosed) }
	if executors.Drain(ctx, grace, s.done, stop) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &executors.AbandonedError{Executor: s.name, Jobs: len(s.jobs)}
}

// An executor needs only what is exported. It reads the priority and the
// timeouts of a job from its ticket, tells the ticket when the job enters and
// leaves the queue, and keeps all else itself. Package executorstest checks it.
func Example_ownExecutor() {
	ctx := context.Background()
	limits := executors.Limits{Queue: 10, InFlight: 10}
	var executor executors.Executor[*job] = newSpawner[*job]("spawner", limits, 2)

	hello := newJob(say("hello"))
	if err := executor.Submit(hello); err != nil {
		fmt.Println(err)
	}
	fmt.Println(hello.Future().Wait(ctx))
	fmt.Println(executor.Close(ctx, time.Second))
	// Output:
	// hello <nil>
	// <nil>
}
