package host

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
)

// shard is one loop of a resumable module of mode io, and the instance that
// holds its calls. The instance comes with the first call and goes with a
// trap, or when the loop rests.
type shard struct {
	mod    *module
	tenant string
	lane   lane
	loop   *executors.Loop[event]
	inst   *instance
	watch  *turnWatch
}

// Turn implements executors.Actor.
func (s *shard) Turn(_ context.Context, jobs []executors.Job, events []event) (again bool) {
	for _, e := range events {
		if s.owns(e) {
			s.inst.apply(e)
		}
	}
	for _, job := range jobs {
		s.accept(job.(*call))
	}
	inst := s.inst
	if inst == nil {
		return false
	}
	// Events that change nothing for the guest don't enter it.
	if len(inst.news) == 0 && !inst.yielded {
		return false
	}
	s.watch.start(inst)
	again, err := inst.resume()
	s.watch.stop()
	if err != nil {
		s.lost(err)
		return false
	}
	inst.yielded = again
	return again || len(inst.news) > 0
}

// owns reports whether an event is for the instance of now.
func (s *shard) owns(e event) bool {
	c := e.cancelled
	if c == nil {
		c = e.op.call
	}
	return s.inst != nil && c.inst == s.inst
}

// accept hands a call to the instance, which is started for the first one.
func (s *shard) accept(c *call) {
	if s.inst == nil {
		inst := s.mod.newInstance(s.tenant, loopBox{s.loop}, s.mod.sharedMemory())
		s.watch.start(inst)
		err := inst.boot(s.mod.defaults.WASI)
		s.watch.stop()
		if err != nil {
			inst.close()
			s.refuse(c, err)
			return
		}
		s.inst = inst
	}
	err := c.attach(s.inst, s.lane)
	if err == nil {
		err = s.inst.accept(c)
	}
	if err != nil {
		s.refuse(c, err)
		return
	}
	s.inst.announce(c)
}

func (s *shard) refuse(c *call, err error) {
	s.loop.Finish(c)
	c.finish(nil, err)
}

// lost ends the instance and every call in it: the one at fault with the
// cause, the others with ErrInstanceLost.
func (s *shard) lost(cause error) {
	inst := s.inst
	s.inst = nil
	culprit := inst.named
	if inst.calls.len() == 1 {
		for c := range inst.calls.all {
			culprit = c
		}
	}
	for c := range inst.calls.all {
		err := cause
		if c != culprit {
			err = &lostError{cause}
		}
		inst.end(c, nil, err)
	}
	inst.close()
}

// Rest implements executors.Actor.
func (s *shard) Rest() {
	if s.inst != nil {
		s.inst.close()
		s.inst = nil
	}
}

// pickShard returns the loop for a new call of a tenant: the first that is
// between turns, else a new one, else the one with the fewest calls. A module
// that is called now and then has one instance; one that is busy has as many
// as there are loops.
func (m *module) pickShard(tenant string) *shard {
	m.mu.Lock()
	defer m.mu.Unlock()
	var best *shard
	fewest := 0
	for _, s := range m.shards[tenant] {
		turn, jobs := s.loop.Busy()
		if !turn {
			return s
		}
		if best == nil || jobs < fewest {
			best, fewest = s, jobs
		}
	}
	if best == nil || len(m.shards[tenant]) < m.host.cfg.IO.Workers {
		best = m.newShard(tenant, len(m.shards[tenant]))
		m.shards[tenant] = append(m.shards[tenant], best)
	}
	return best
}

func (m *module) newShard(tenant string, id int) *shard {
	cfg := m.host.cfg
	s := &shard{mod: m, tenant: tenant, lane: lane{"loop", id}, watch: newTurnWatch(cfg.Limits.TurnTimeout)}
	s.loop = executors.NewLoop(executors.LoopConfig{
		Name:   fmt.Sprintf("loop %d of module %q", id, m.name),
		Limits: executors.Limits{Queue: cfg.IO.Queue, InFlight: cfg.IO.InFlight},
		Batch:  batch,
		Idle:   idleTime,
	}, s)
	return s
}

// batch is the most calls that are delivered in one turn: enough to make an
// entry into a Go guest (30 to 49 µs) cheap for each, few enough that a burst
// does not keep those that are under way from their events for long.
const batch = 256

// turnWatch ends an instance whose turn takes too long.
type turnWatch struct {
	limit time.Duration
	timer *time.Timer
	mu    sync.Mutex
	inst  *instance // whose turn it is
}

func newTurnWatch(limit time.Duration) *turnWatch {
	w := &turnWatch{limit: limit}
	if limit > 0 {
		w.timer = time.AfterFunc(limit, w.ring)
		w.timer.Stop()
	}
	return w
}

func (w *turnWatch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inst != nil {
		w.inst.stop(&turnError{w.limit})
	}
}

func (w *turnWatch) start(inst *instance) {
	if w.timer == nil {
		return
	}
	w.mu.Lock()
	w.inst = inst
	w.mu.Unlock()
	w.timer.Reset(w.limit)
}

func (w *turnWatch) stop() {
	if w.timer == nil {
		return
	}
	w.timer.Stop()
	w.mu.Lock()
	w.inst = nil
	w.mu.Unlock()
}

// turnError says that an instance held its loop for too long.
type turnError struct{ limit time.Duration }

func (e *turnError) Error() string {
	return fmt.Sprintf("timed out: held its loop for more than %v without giving way", e.limit)
}

func (e *turnError) Is(target error) bool { return target == ErrTimeout }
func (e *turnError) Kind() abi.Status     { return abi.Timeout }
