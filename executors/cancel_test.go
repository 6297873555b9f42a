package executors

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestCancel(t *testing.T) {
	oneAtATime(t, roomy, func(t *testing.T, e executor) {
		running, queued, other := sleeper("running", time.Hour), quick("queued"), quick("other")
		submit(t, e, running, queued, other)
		e.Cancel(quick("never submitted"), errTest)
		for _, job := range []*task{queued, running} {
			e.Cancel(job, errTest)
			_, err := result(t, job.Future())
			wantErr(t, err, errTest)
		}
		_, err := result(t, other.Future())
		wantErr(t, err, nil)
		for _, job := range []*task{running, queued, other} {
			e.Cancel(job, errTest) // too late
			want(t, "ends of "+job.name, job.ends(), 1)
		}
		want(t, "queued has run", queued.ran.Load(), 0)
		closeNow(t, e)
	})
}

func TestCancelAll(t *testing.T) {
	oneAtATime(t, roomy, func(t *testing.T, e executor) {
		jobs := []*task{sleeper("x", time.Hour), quick("x"), quick("y"), quick("x"), quick("y")}
		for i, job := range jobs {
			job.Priority = i % 2
		}
		submit(t, e, jobs...)
		e.CancelAll(func(job *task) bool { return job.name == "x" }, errTest)
		for _, job := range jobs {
			_, err := result(t, job.Future())
			wantErr(t, err, map[string]error{"x": errTest}[job.name])
		}
		closeNow(t, e)
	})
}

// slowToEnd is a job whose Abandon takes a second.
type slowToEnd struct{ *task }

func (j slowToEnd) Abandon(err error) {
	time.Sleep(time.Second)
	j.task.Abandon(err)
}

// When Close returns, every job has been told of its end, whoever tells it.
func TestCloseWaitsForThoseWhoTell(t *testing.T) {
	for name, end := range map[string]func(*Pool[PoolJob], PoolJob){
		"cancel": func(p *Pool[PoolJob], job PoolJob) { go p.Cancel(job, errTest) },
		"expiry": func(*Pool[PoolJob], PoolJob) { time.Sleep(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := NewPool[PoolJob](PoolConfig{Name: "one", Limits: roomy, Workers: 1, Idle: time.Second})
				blocker, job := sleeper("blocker", time.Minute), quick("job")
				job.QueueTimeout = time.Minute - 1
				for _, job := range []PoolJob{blocker, slowToEnd{job}} {
					if err := p.Submit(job); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				end(p, slowToEnd{job})
				synctest.Wait()
				p.Cancel(blocker, errTest)
				closeNow(t, p)
				want(t, "ends", job.ends(), 1)
			})
		})
	}
}
