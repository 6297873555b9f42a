package executors_test

import (
	"context"
	"testing"
	"time"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/executors/executorstest"
)

type testJob = executorstest.Job

func TestPoolConforms(t *testing.T) {
	executorstest.Run(t, func(_ *testing.T, limits executors.Limits) executors.Executor[*testJob] {
		return executors.NewPool[*testJob](executors.PoolConfig{
			Name: "pool", Limits: limits, Workers: 1, Spare: 1, Idle: time.Millisecond,
		})
	})
}

func TestLoopConforms(t *testing.T) {
	executorstest.Run(t, func(_ *testing.T, limits executors.Limits) executors.Executor[*testJob] {
		actor := &runner{}
		actor.loop = executors.NewLoop(executors.LoopConfig{
			Name: "loop", Limits: limits, Batch: 1, Idle: time.Millisecond,
		}, actor)
		return actor.loop
	})
}

// runner is an actor that runs its jobs inside its turns.
type runner struct {
	loop *executors.Loop[*testJob, int]
}

func (a *runner) Turn(_ context.Context, jobs []*testJob, _ []int) bool {
	for _, job := range jobs {
		job.Run(nil)
		a.loop.Finish(job)
		job.Ended()
	}
	return false
}

func (a *runner) Rest() {}

// TestOwnExecutorConforms: what has only the exported part of this package can
// be an executor.
func TestOwnExecutorConforms(t *testing.T) {
	executorstest.Run(t, func(_ *testing.T, limits executors.Limits) executors.Executor[*testJob] {
		return newSpawner[*testJob]("spawner", limits, 1)
	})
}
