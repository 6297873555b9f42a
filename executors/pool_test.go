package executors

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func newTestPool(workers, burst, spare int) (*Pool[*task], executor) {
	p := NewPool[*task](PoolConfig{
		Name: "test", Limits: roomy, Workers: workers, Burst: burst, Spare: spare, Idle: time.Minute,
	})
	return p, p
}

// parker is a task that parks for d.
func parker(name string, d time.Duration) *task {
	return newTask(name, func(_ *task, w *Worker) error {
		w.Park(func() { time.Sleep(d) })
		return nil
	})
}

// A job that finds a free place does not count as queued.
func TestPoolQueueBoundsWaitingJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool[*task](PoolConfig{Name: "test", Limits: Limits{Queue: 1, InFlight: 100}, Workers: 4, Idle: time.Second})
		for i := range 5 { // four places, and the one in the queue
			if err := p.Submit(sleeper(fmt.Sprint(i), time.Second)); err != nil {
				t.Fatal(err)
			}
		}
		wantErr(t, p.Submit(quick("too many")), ErrQueueFull)
		closeNow(t, p)
	})
}

func TestPoolGrowsAndShrinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newTestPool(3, 0, 1)
		want(t, "workers at first", p.Stats().Workers, 0)
		for i := range 5 {
			submit(t, e, stubborn(fmt.Sprint(i), time.Second))
		}
		want(t, "ceiling", p.Stats(), Stats{Queued: 2, Running: 3, Workers: 3, Submitted: 5})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		want(t, "idle", p.Stats(), Stats{Workers: 3, Submitted: 5, Ended: 5})
		time.Sleep(time.Minute - time.Second) // one was idle for a second longer
		synctest.Wait()
		want(t, "the longest idle has gone", p.Stats().Workers, 2)
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, "floor", p.Stats().Workers, 1)
		submit(t, e, stubborn("a", time.Second), stubborn("b", time.Second))
		want(t, "grown by one", p.Stats().Workers, 2)
		time.Sleep(time.Hour)
		synctest.Wait()
		want(t, "floor again", p.Stats().Workers, 1)
		closeNow(t, e)
	})
}

// The workers have the numbers from 0, also after some of them have gone.
func TestWorkerIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e := newTestPool(3, 0, 1)
		for range 4 {
			var ids []int
			for i := range 3 {
				submit(t, e, newTask("", func(_ *task, w *Worker) error {
					ids = append(ids, w.ID)
					time.Sleep(time.Duration(i+1) * time.Second)
					return nil
				}))
			}
			slices.Sort(ids)
			if diff := cmp.Diff([]int{0, 1, 2}, ids); diff != "" {
				t.Error(diff)
			}
			time.Sleep(time.Hour)
		}
		closeNow(t, e)
	})
}

// tree is a job that parks until three jobs of its kind have ended.
func tree(p *Pool[*task], depth int) *task {
	return newTask(fmt.Sprint(depth), func(_ *task, w *Worker) error {
		if depth == 0 {
			return nil
		}
		var children []*Future[string]
		for range 3 {
			child := tree(p, depth-1)
			if err := p.Submit(child); err != nil {
				return err
			}
			children = append(children, child.Future())
		}
		var err error
		w.Park(func() { _, err = All(children...).Wait(context.Background()) })
		return err
	})
}

func TestPoolNestedTrees(t *testing.T) {
	for workers := range 3 { // 0 means 1
		p := NewPool[*task](PoolConfig{Name: "test", Limits: Limits{1000, 1000}, Workers: workers, Idle: time.Second})
		var roots []*Future[string]
		for range 2 {
			root := tree(p, 4)
			if err := p.Submit(root); err != nil {
				t.Fatal(err)
			}
			roots = append(roots, root.Future())
		}
		_, err := result(t, All(roots...))
		wantErr(t, err, nil)
		closeNow(t, p)
		want(t, "jobs", p.Stats().Ended, 2*(1+3+9+27+81))
	}
}

func TestPoolResumedComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e := newTestPool(1, 0, 0)
		var order []string
		note := func(name string) { order = append(order, name) }
		for i, name := range []string{"a", "b"} {
			submit(t, e, newTask(name, func(_ *task, w *Worker) error {
				w.Park(func() { time.Sleep(time.Second + time.Duration(i)) })
				note(name + " resumes")
				return nil
			}))
		}
		busy := newTask("busy", func(*task, *Worker) error { time.Sleep(2 * time.Second); note("busy ends"); return nil })
		urgent := newTask("urgent", func(*task, *Worker) error { note("urgent runs"); return nil })
		urgent.Priority = 9
		submit(t, e, busy, urgent)
		want(t, "stats", e.Stats(), Stats{Queued: 1, Running: 1, Parked: 2, Workers: 3, Submitted: 4})
		closeNow(t, e)
		if diff := cmp.Diff([]string{"busy ends", "a resumes", "b resumes", "urgent runs"}, order); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPoolParkFreesThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e := newTestPool(1, 0, 0)
		var jobs []*task
		for i := range 50 {
			jobs = append(jobs, parker(fmt.Sprint(i), time.Second))
		}
		start := time.Now()
		submit(t, e, jobs...)
		want(t, "parked", e.Stats().Parked, 50)
		closeNow(t, e)
		want(t, "together", time.Since(start), time.Second)
	})
}

// A job that recovers from a panic inside Park has its one place again.
func TestPoolParkPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newTestPool(1, 0, 0)
		submit(t, e, newTask("a", func(_ *task, w *Worker) error {
			defer func() { recover() }()
			w.Park(func() { panic("test") })
			return nil
		}))
		submit(t, e, sleeper("b", time.Second), quick("c"))
		want(t, "stats", p.Stats(), Stats{Queued: 1, Running: 1, Workers: 1, Submitted: 3, Ended: 1})
		closeNow(t, e)
	})
}

func TestPoolCloseWhileParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e := newTestPool(1, 0, 0)
		parked := newTask("parked", func(t *task, w *Worker) (err error) {
			w.Park(func() { err = t.sleep(time.Hour) })
			return err
		})
		last := sleeper("last", time.Minute)
		submit(t, e, parked, last)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantErr(t, e.Close(ctx, time.Second), nil)
		for _, job := range []*task{parked, last} {
			_, err := result(t, job.Future())
			wantErr(t, err, ErrClosed)
		}
		closeNow(t, e)
	})
}

func TestPoolBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newTestPool(2, 4, 0)
		for i := range 6 {
			submit(t, e, sleeper(fmt.Sprint("long ", i), time.Minute))
		}
		want(t, "at first", p.Stats().Running, 2)
		time.Sleep(Stall)
		synctest.Wait()
		want(t, "after a stall", p.Stats().Running, 3)
		time.Sleep(time.Second)
		synctest.Wait()
		want(t, "ceiling", p.Stats(), Stats{Queued: 2, Running: 4, Workers: 4, Submitted: 6})
		time.Sleep(3 * time.Minute)
		for i := range 3 {
			submit(t, e, sleeper(fmt.Sprint("again ", i), time.Minute))
		}
		want(t, "later it begins anew", p.Stats().Running, 2)
		closeNow(t, e)
	})
}

// A pool that starts jobs has not stalled.
func TestPoolBurstOnlyOnStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newTestPool(1, 9, 0)
		most := 0
		for i := range 50 {
			submit(t, e, newTask(fmt.Sprint(i), func(*task, *Worker) error {
				time.Sleep(Stall * 9 / 10)
				most = max(most, p.Stats().Running)
				return nil
			}))
		}
		closeNow(t, e)
		want(t, "most at once", most, 1)
	})
}

// A worker that returns from Park waits for a place like a job in the queue.
func TestPoolBurstForResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, e := newTestPool(1, 2, 0)
		parked := parker("parked", time.Second)
		start := time.Now()
		submit(t, e, parked, sleeper("long", time.Minute))
		result(t, parked.Future())
		want(t, "resumed after", time.Since(start), time.Second+Stall)
		closeNow(t, e)
	})
}

// After any sequence of operations the pool obeys its rules: no place is free
// while a job or a worker wants one, no more jobs run than may, the first job
// of the queue is the right one, and no job is lost or counted twice.
func TestPoolModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(struct{ rapid.TB }{t}, func(t *rapid.T) { // T.Deadline does not work in here
			m := newPoolModel(t)
			t.Cleanup(func() { m.close(t) })
			t.Repeat(map[string]func(*rapid.T){
				"submit": m.submit,
				"end":    m.send("end"),
				"park":   m.send("park"),
				"unpark": m.unpark,
				"cancel": m.cancel,
				"wait":   m.wait,
				"":       m.check,
			})
		})
	})
}

type poolModel struct {
	pool  *Pool[*modelJob]
	cfg   PoolConfig
	jobs  []*modelJob // that have not ended
	taken uint64
}

// modelJob does what it is told.
type modelJob struct {
	*task
	pool   *Pool[*modelJob]
	tell   chan string
	unpark chan bool
	parked bool
}

func newPoolModel(t *rapid.T) *poolModel {
	workers := rapid.IntRange(1, 3).Draw(t, "workers")
	cfg := PoolConfig{
		Name: "model", Limits: Limits{Queue: 5, InFlight: 10},
		Workers: workers, Burst: workers + rapid.IntRange(0, 2).Draw(t, "burst"),
		Spare: rapid.IntRange(0, 2).Draw(t, "spare"), Idle: time.Second,
	}
	return &poolModel{pool: NewPool[*modelJob](cfg), cfg: cfg}
}

func (m *poolModel) submit(t *rapid.T) {
	job := &modelJob{pool: m.pool, tell: make(chan string), unpark: make(chan bool)}
	job.task = newTask("", func(_ *task, w *Worker) error {
		for word := range job.tell {
			if word == "end" {
				break
			}
			job.parked = true
			w.Park(func() { <-job.unpark })
			job.parked = false
		}
		return nil
	})
	job.Priority = rapid.IntRange(-1, 1).Draw(t, "priority")
	before := m.pool.Stats()
	err := m.pool.Submit(job)
	full := before.Queued == m.cfg.Limits.Queue || len(m.jobs) == m.cfg.InFlight
	if full != (err != nil) {
		t.Fatalf("%v with %+v", err, before)
	}
	if err == nil {
		m.taken++
		m.jobs = append(m.jobs, job)
	}
}

// pick takes one of the jobs that which selects.
func (m *poolModel) pick(t *rapid.T, which func(*modelJob) bool) *modelJob {
	var some []*modelJob
	for _, job := range m.jobs {
		if which(job) {
			some = append(some, job)
		}
	}
	if len(some) == 0 {
		t.Skip("none")
	}
	return rapid.SampledFrom(some).Draw(t, "job")
}

func (job *modelJob) at(state ticketState) bool {
	job.pool.mu.Lock()
	defer job.pool.mu.Unlock()
	return job.state == state
}

func (m *poolModel) send(word string) func(*rapid.T) {
	return func(t *rapid.T) {
		m.pick(t, func(job *modelJob) bool { return job.at(running) && !job.parked }).tell <- word
	}
}

func (m *poolModel) unpark(t *rapid.T) {
	job := m.pick(t, func(job *modelJob) bool { return job.parked })
	select {
	case job.unpark <- true:
	default: // it only waits for a place now
	}
}

func (m *poolModel) cancel(t *rapid.T) {
	m.pool.Cancel(m.pick(t, func(job *modelJob) bool { return job.at(queued) }), ErrCancelled)
}

func (m *poolModel) wait(t *rapid.T) {
	time.Sleep(time.Duration(rapid.IntRange(1, 2000).Draw(t, "ms")) * time.Millisecond)
}

func (m *poolModel) check(t *rapid.T) {
	synctest.Wait()
	m.jobs = slices.DeleteFunc(m.jobs, func(job *modelJob) bool { return job.ends() > 0 })
	waiting := 0
	var first *Ticket
	for _, job := range m.jobs {
		if job.at(queued) {
			waiting++
			if first == nil || job.Priority > first.Priority {
				first = job.JobTicket()
			}
		}
	}
	p, s := m.pool, m.pool.Stats()
	p.mu.Lock()
	defer p.mu.Unlock()
	if waiting != s.Queued || len(m.jobs) != s.Queued+s.Running+s.Parked || m.taken != s.Ended+uint64(len(m.jobs)) {
		t.Fatalf("%+v of %d jobs, %d waiting, %d taken", s, len(m.jobs), waiting, m.taken)
	}
	wanted := s.Queued > 0 || len(p.resume) > 0
	if s.Running > m.cfg.Burst || wanted && s.Running < m.cfg.Workers || len(p.resume) > 0 && p.busy() < p.limit {
		t.Fatalf("%+v, %d want to resume", s, len(p.resume))
	}
	if got := p.queue.first(); got != first {
		t.Fatalf("%p is first, want %p", got, first)
	}
	if s.Workers != s.Running+s.Parked+len(p.idle) {
		t.Fatalf("%+v, %d idle", s, len(p.idle))
	}
}

func (m *poolModel) close(t *rapid.T) {
	for _, job := range m.jobs {
		close(job.tell)
		close(job.unpark)
	}
	if err := m.pool.Close(context.Background(), 0); err != nil {
		t.Fatal(err)
	}
	if s := m.pool.Stats(); s.Submitted != m.taken || s.Ended != m.taken || s.Workers != 0 {
		t.Fatalf("%+v of %d", s, m.taken)
	}
}
