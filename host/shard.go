package host

import (
	"context"
	"fmt"
	"slices"
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
	id     int // among those of the tenant
	loop   *executors.Loop[*call, event]
	inst   *instance
	watch  *turnWatch
	warned time.Time // of a long turn
}

// Turn implements executors.Actor.
func (s *shard) Turn(_ context.Context, jobs []*call, events []event) (again bool) {
	for _, e := range events {
		if s.owns(e) {
			s.inst.apply(e)
		}
	}
	s.accept(jobs)
	inst := s.inst
	if inst == nil {
		return false
	}
	// They take places of other calls: never more than half of them.
	if most := min(s.mod.host.cfg.Limits.Zombies, s.mod.host.cfg.IO.InFlight/2); inst.zombies > most {
		inst.named = nil // no call of now is at fault
		s.lost(&TrapError{Reason: fmt.Sprintf("the guest has not ended more than %d calls that were cancelled", most)})
		return false
	}
	// Events that change nothing for the guest don't enter it.
	if inst.news.len() == 0 && !inst.yielded {
		return false
	}
	s.watch.start(inst)
	began := time.Now()
	inst.beginTurn()
	yielded, err := inst.resume()
	inst.bill(inst.alone)
	s.watch.stop()
	s.report(time.Since(began))
	if err != nil {
		s.lost(err)
		return false
	}
	// A guest without calls has nothing to do, whatever it says.
	inst.yielded = yielded && inst.calls.len() > inst.zombies
	return inst.yielded || inst.news.len() > 0
}

// beginTurn sets what may be used in a turn: what is left for the call that is
// alone in the instance, or else what one of its calls may at most.
func (inst *instance) beginTurn() {
	inst.alone = nil
	fuel := inst.mod.shared.fuel
	if inst.calls.len() == 1 {
		for c := range inst.calls.all {
			inst.alone, fuel = c, c.fuel-int64(c.fuelUsed.Load())
			break
		}
	}
	inst.meter.begin(fuel)
}

// bill counts the fuel of the turn as that of a call, if that was alone.
func (inst *instance) bill(c *call) {
	if c != nil && c == inst.alone {
		c.fuelUsed.Add(uint64(inst.meter.used()))
		inst.alone = nil
	}
}

// longTurn is a turn that is worth a warning: every other call in the instance
// waits for it.
const longTurn = 100 * time.Millisecond

// report warns of long turns, once a second at most.
func (s *shard) report(turn time.Duration) {
	if turn < longTurn || time.Since(s.warned) < time.Second {
		return
	}
	s.warned = time.Now()
	attrs := []any{"module", s.mod.name, "turn", turn.Round(time.Millisecond), "calls", s.inst.calls.len()}
	if c := s.inst.named; c != nil {
		attrs = append(attrs, "task", c.task.Name)
	}
	s.mod.host.cfg.Logger.Warn("a long turn: the other calls in the instance waited for it; declare what computes as cpu", attrs...)
}

// owns reports whether an event is for the instance of now.
func (s *shard) owns(e event) bool {
	c := e.cancelled
	if c == nil {
		c = e.op.call
	}
	return s.inst != nil && c.inst == s.inst
}

// accept hands calls to the instance, which is started for the first one. If
// it does not start, none of them has one.
func (s *shard) accept(jobs []*call) {
	for i, c := range jobs {
		if c.ended.Load() {
			continue // it was cancelled meanwhile
		}
		if s.inst == nil {
			if err := s.boot(); err != nil {
				for _, c := range jobs[i:] {
					s.refuse(c, err)
				}
				return
			}
		}
		err := c.attach(s.inst, s.id)
		if err == nil {
			err = s.inst.accept(c)
		}
		if err != nil {
			s.refuse(c, err)
			continue
		}
		s.inst.announce(c)
	}
}

func (s *shard) boot() error {
	inst := s.mod.newInstance(owner{PerInstance, s.tenant}, loopBox{s.loop})
	s.watch.start(inst)
	err := inst.start(s.mod.defaults.WASI, s.mod.shared)
	s.watch.stop()
	if err != nil {
		inst.close()
		return err
	}
	s.inst = inst
	return nil
}

// refuse ends a call that the guest never gets.
func (s *shard) refuse(c *call, err error) {
	c.over = true
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

// Rest implements executors.Actor. A shard that rests is forgotten, so that a
// tenant who stays away costs nothing.
func (s *shard) Rest() {
	if s.inst != nil {
		s.inst.close()
		s.inst = nil
	}
	m := s.mod
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, jobs := s.loop.Busy(); jobs > 0 {
		return // one has come meanwhile, and no more can: see enqueueShared
	}
	m.shards[s.tenant] = slices.DeleteFunc(m.shards[s.tenant], func(other *shard) bool { return other == s })
	if len(m.shards[s.tenant]) == 0 {
		delete(m.shards, s.tenant)
	}
}

// close waits for the loop's calls until ctx ends, then stops them, and the
// turn that is under way.
func (s *shard) close(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.watch.interrupt(ErrClosed) })()
	return s.loop.Close(ctx, s.mod.host.cfg.Grace)
}

// enqueueShared gives a call to a loop. Under the lock, since a loop that rests
// is forgotten.
func (m *module) enqueueShared(c *call) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.loop = m.pickShard(c.options.Tenant).loop
	return c.loop.Submit(c)
}

// pickShard returns the loop for a new call of a tenant: the first that is
// between turns, else a new one, else the one with the fewest calls. A module
// that is called now and then has one instance; one that is busy has as many
// as there are loops. The lock is held.
func (m *module) pickShard(tenant string) *shard {
	shards := m.shards[tenant]
	var best *shard
	fewest := 0
	for _, s := range shards {
		turn, jobs := s.loop.Busy()
		if !turn {
			return s
		}
		if best == nil || jobs < fewest {
			best, fewest = s, jobs
		}
	}
	if len(shards) < m.host.cfg.IO.Workers {
		best = m.newShard(tenant, len(shards))
		m.shards[tenant] = append(shards, best)
	}
	return best
}

func (m *module) newShard(tenant string, id int) *shard {
	cfg := m.host.cfg
	s := &shard{mod: m, tenant: tenant, id: id, watch: newTurnWatch(cfg.Limits.TurnTimeout)}
	s.loop = executors.NewLoop(executors.LoopConfig{
		Name:   fmt.Sprintf("loop %d of module %q", id, m.name),
		Limits: executors.Limits{Queue: cfg.IO.Queue, InFlight: cfg.IO.InFlight},
		Batch:  batch,
		Idle:   cfg.Idle,
	}, s)
	return s
}

// batch is the most calls that are delivered in one turn: enough to make an
// entry into a Go guest (30 to 49 µs) cheap for each, few enough that a burst
// does not keep those that are under way from their events for long.
const batch = 256

// turnWatch ends an instance whose turn takes too long, or must not go on.
type turnWatch struct {
	limit time.Duration // negative for none
	timer *time.Timer
	mu    sync.Mutex
	inst  *instance // whose turn it is
	until time.Time
	err   error // no more turns, for this reason
}

func newTurnWatch(limit time.Duration) *turnWatch {
	w := &turnWatch{limit: limit}
	w.timer = time.AfterFunc(time.Hour, w.ring)
	w.timer.Stop()
	return w
}

func (w *turnWatch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inst != nil && !time.Now().Before(w.until) { // not of a turn before
		w.inst.stop(&turnError{w.limit})
	}
}

func (w *turnWatch) start(inst *instance) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inst = inst
	if w.err != nil {
		inst.stop(w.err)
	}
	if w.limit > 0 {
		w.until = time.Now().Add(w.limit)
		w.timer.Reset(w.limit)
	}
}

func (w *turnWatch) stop() {
	w.timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inst = nil
}

// interrupt ends the turn that is under way, and any that follows.
func (w *turnWatch) interrupt(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	if w.inst != nil {
		w.inst.stop(err)
	}
}

// turnError says that an instance held its loop for too long.
type turnError struct{ limit time.Duration }

func (e *turnError) Error() string {
	return fmt.Sprintf("timed out: held its loop for more than %v without giving way", e.limit)
}

func (e *turnError) Is(target error) bool { return target == ErrTimeout }
func (e *turnError) Kind() abi.Status     { return abi.Timeout }
