package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// loop is an event loop for one tenant of a module whose instances hold many calls.
// It has one instance, which the first call starts. The instance ends with a trap,
// or when the loop rests.
type loop struct {
	mod      *module
	tenant   string
	id       int // number among the loops of the tenant
	executor *executors.Loop[*call, guest.Signal]
	inst     *guest.Instance // nil if none is started
	side     guest.Shared    // of inst
	watch    *turnWatch
	warned   time.Time // when the last warning of a long turn was logged
}

// mailbox is the mailbox of an instance on a loop.
type mailbox struct {
	*executors.Loop[*call, guest.Signal]
}

// PostAfter implements guest.Mailbox.
func (b mailbox) PostAfter(d time.Duration, s guest.Signal) func() {
	alarm := b.After(d, s)
	return func() { alarm.Stop() }
}

// Turn implements executors.Actor.
func (l *loop) Turn(_ context.Context, calls []*call, signals []guest.Signal) (again bool) {
	for _, s := range signals {
		if l.inst != nil && s.Call().Placement.RunsIn(l.inst) {
			l.inst.Apply(s)
		} else {
			s.Forget()
		}
	}
	l.accept(calls)
	// Signals that change nothing for the guest don't enter it.
	if l.inst == nil || !l.side.Pending() {
		return false
	}
	if err := l.watch.start(l.inst); err != nil {
		l.lose(err)
		return false
	}
	began := time.Now()
	again, err := l.side.Turn()
	l.watch.stop()
	l.report(time.Since(began))
	if err != nil {
		l.lose(err)
		return false
	}
	return again
}

// longTurn is how long a turn must take for a warning: every other call in the
// instance waits for it.
const longTurn = 100 * time.Millisecond

// report warns of long turns, at most once a second.
func (l *loop) report(turn time.Duration) {
	if turn < longTurn || time.Since(l.warned) < time.Second {
		return
	}
	l.warned = time.Now()
	attrs := []any{"module", l.mod.name, "turn", turn.Round(time.Millisecond), "calls", l.side.Calls()}
	if c := l.inst.Named; c != nil {
		attrs = append(attrs, "task", c.Task.Name)
	}
	l.mod.host.cfg.Logger.Warn("a long turn: the other calls in the instance waited for it; "+
		"declare what computes as cpu", attrs...)
}

// accept gives calls to the instance, and starts it if there is none. If that fails,
// accept refuses the calls.
func (l *loop) accept(calls []*call) {
	for i, c := range calls {
		if c.settled.Load() {
			continue // it was cancelled meanwhile
		}
		if l.inst == nil {
			if err := l.start(); err != nil {
				for _, c := range calls[i:] {
					c.inside.Refuse(err)
				}
				return
			}
		}
		err := c.attach(l.inst, l.id)
		if err == nil {
			err = l.side.Accept(&c.inside)
		}
		if err != nil {
			c.inside.Refuse(err)
		}
	}
}

func (l *loop) start() error {
	t := l.mod.template
	inst := t.New(guest.Affinity{PerInstance: true, Tenant: l.tenant}, mailbox{l.executor})
	err := l.watch.start(inst)
	if err == nil {
		err = inst.Start()
		l.watch.stop()
	}
	if err != nil {
		inst.Close()
		return err
	}
	l.inst, l.side = inst, inst.Side().(guest.Shared)
	return nil
}

// lose ends the instance and all its calls, because of cause.
func (l *loop) lose(cause error) {
	inst, side := l.inst, l.side
	l.inst, l.side = nil, nil
	side.Fail(cause)
	inst.Close()
}

// Rest implements executors.Actor. It removes the loop from the module, so that a
// tenant without calls costs nothing.
func (l *loop) Rest() {
	if l.inst != nil {
		l.inst.Close()
		l.inst, l.side = nil, nil
	}
	m := l.mod
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, jobs := l.executor.Busy(); jobs > 0 {
		return // a call came before the lock was held: see enqueueShared
	}
	m.loops[l.tenant] = slices.DeleteFunc(m.loops[l.tenant], func(other *loop) bool { return other == l })
	if len(m.loops[l.tenant]) == 0 {
		delete(m.loops, l.tenant)
	}
}

// stop stops the turn that is under way, and the loop's calls.
func (l *loop) stop() {
	l.watch.interrupt(ErrClosed)
	l.executor.CancelAll(func(*call) bool { return true }, ErrClosed)
}

// close waits for the loop's calls until ctx ends, and then stops them.
func (l *loop) close(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { l.watch.interrupt(ErrClosed) })()
	return l.executor.Close(ctx, l.mod.host.cfg.Grace)
}

// enqueueShared gives a call to a loop. It holds the lock, so that the loop is not
// removed meanwhile: see Rest.
func (m *module) enqueueShared(c *call) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.loop = m.pickLoop(c.options.Tenant)
	return c.loop.executor.Submit(c)
}

// pickLoop returns the loop for a new call of a tenant: the first that is between
// turns, else a new one, else the one with the fewest calls. So a module that is
// rarely called has one instance, and a busy one has as many as there may be loops.
// The caller holds the lock.
func (m *module) pickLoop(tenant string) *loop {
	loops := m.loops[tenant]
	var best *loop
	fewest := 0
	for _, l := range loops {
		turn, jobs := l.executor.Busy()
		if !turn {
			return l
		}
		if best == nil || jobs < fewest {
			best, fewest = l, jobs
		}
	}
	if len(loops) < m.host.cfg.IO.Workers {
		best = m.newLoop(tenant, len(loops))
		m.loops[tenant] = append(loops, best)
	}
	return best
}

// batch is the most calls that one turn delivers. It is large enough that the cost of
// entering a Go guest (30 to 49 µs) is small for each call, and small enough that a
// burst does not delay the events of earlier calls for long.
const batch = 256

func (m *module) newLoop(tenant string, id int) *loop {
	cfg := m.host.cfg
	l := &loop{mod: m, tenant: tenant, id: id, watch: newTurnWatch(cfg.Limits.TurnTimeout)}
	l.executor = executors.NewLoop(executors.LoopConfig{
		Name:   fmt.Sprintf("loop %d of module %q", id, m.name),
		Limits: executors.Limits{Queue: cfg.IO.Queue, InFlight: cfg.IO.InFlight},
		Batch:  batch,
		Idle:   cfg.Idle,
	}, l)
	return l
}

// turnWatch stops an instance whose turn takes too long or is interrupted.
type turnWatch struct {
	limit time.Duration // negative for none
	timer *time.Timer
	mu    sync.Mutex
	inst  *guest.Instance // that has a turn now, or nil
	until time.Time
	err   error // why no more turns may start, or nil
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
	if w.inst != nil && !time.Now().Before(w.until) { // otherwise the timer was for an earlier turn
		w.inst.Stop(&fault.TurnError{Limit: w.limit})
	}
}

// start begins a turn. It returns an error after interrupt.
func (w *turnWatch) start(inst *guest.Instance) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.inst = inst
	if w.limit > 0 {
		w.until = time.Now().Add(w.limit)
		w.timer.Reset(w.limit)
	}
	return nil
}

func (w *turnWatch) stop() {
	w.timer.Stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inst = nil
}

// interrupt ends the current turn, and prevents others.
func (w *turnWatch) interrupt(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
	if w.inst != nil {
		w.inst.Stop(err)
	}
}
