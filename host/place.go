package host

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/gate"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/suggest"
)

// submit makes a call and submits it to its executor.
func (m *module) submit(ctx context.Context, parent *call, task string, input []byte, o *Options) (*call, error) {
	index, ok := m.byName[task]
	if !ok {
		err := &NoSuchTaskError{Module: m.name, Task: task}
		if parent == nil { // a guest does not need help
			err.Near = suggest.Near(task, m.taskNames())
		}
		return nil, err
	}
	c, err := m.newCall(ctx, parent, index, input, o)
	switch {
	case err != nil:
	case ctx.Err() != nil: // it does not run, and yet was a call
		err = contextError(ctx)
		c.observe(c.failure(err))
	default:
		err = m.admit(c)
	}
	if err != nil {
		t := &m.manifest.Tasks[index]
		return nil, &fault.CallError{Module: m.name, Task: t.Name, Mode: t.Mode, Err: err}
	}
	c.promise.OnCancel(func() { c.cancel(ErrCancelled) })
	if parent == nil { // the end of a parent cancels its children
		c.watch(ctx)
	}
	return c, nil
}

func (m *module) taskNames() []string {
	names := make([]string, len(m.manifest.Tasks))
	for i, t := range m.manifest.Tasks {
		names[i] = t.Name
	}
	return names
}

// newCall makes a call. It checks the request, and works out the limits.
func (m *module) newCall(ctx context.Context, parent *call, index int, input []byte, o *Options) (*call, error) {
	cfg := &m.host.cfg
	if most := cfg.Limits.Input; len(input) > most {
		return nil, fault.InvalidInput("%d bytes, at most %d are allowed (Config.Limits.Input)", len(input), most)
	}
	t, err := m.taskAs(index, o.Mode)
	if err != nil {
		return nil, err
	}
	if o.WASI != m.defaults.WASI && !t.Program {
		return nil, fault.InvalidInput("Options.WASI of a call is for programs; " +
			"give it to Load for a module of tasks, whose instances serve many calls")
	}
	if err := m.checkUses(t, o); err != nil {
		return nil, err
	}
	if o.Validate {
		if err := m.checkInput(index, input); err != nil {
			return nil, err
		}
	}
	c := &call{id: m.host.ids.Add(1), parent: parent, mod: m, ctx: ctx, options: o}
	if c.keeps, err = m.keepsState(t, o); err != nil {
		return nil, err
	}
	c.inside = guest.Call{
		Task: t, Index: int32(index), Input: input, Placement: c, Unsigned: o.Unsigned,
		Bounds: guest.Bounds{
			Memory: least(least(cfg.Limits.Memory, t.Memory), o.Memory),
			Fuel:   int64(least(least(cfg.Limits.Fuel, t.Fuel), o.Fuel)),
		},
	}
	c.Priority = o.Priority
	c.QueueTimeout = max(shorter(cfg.Limits.QueueTimeout, o.QueueTimeout), 0)
	c.RunTimeout = max(shorter(shorter(cfg.Limits.RunTimeout, t.Timeout), o.RunTimeout), 0)
	if cfg.Observe != nil {
		c.queued = time.Since(hostEpoch)
	}
	if parent != nil {
		c.depth = parent.depth + 1
		if int(c.depth) > cfg.Limits.Depth {
			return nil, &DeniedError{
				Capability: abi.CapTaskCall,
				Reason: fmt.Sprintf("tasks call tasks %d deep already: %s (Config.Limits.Depth)",
					cfg.Limits.Depth, trail(parent)),
			}
		}
	}
	return c, nil
}

// taskAs returns a task in the mode that the caller asks for, if the caller may
// choose one.
func (m *module) taskAs(index int, mode Mode) (*Task, error) {
	t := &m.manifest.Tasks[index]
	if mode == "" || mode == t.Mode {
		return t, nil
	}
	if _, err := abi.ParseMode(string(mode)); err != nil {
		return nil, fault.InvalidInput("Options.Mode: %v", err)
	}
	if m.plan.Declared {
		return nil, fault.InvalidInput("the module itself says that the task is %s; "+
			"only tasks of modules without a manifest take a mode from the caller", t.Mode)
	}
	withMode := *t
	withMode.Mode = mode
	return &withMode, nil
}

// keepsState reports whether the call's instance keeps its state for the next call.
func (m *module) keepsState(t *Task, o *Options) (bool, error) {
	isolation := PerTask
	if m.plan.Shares && t.Mode == IO && !t.Program {
		isolation = PerInstance
	}
	switch isolation = cmp.Or(o.Isolation, isolation); isolation {
	case PerTask, PerInstance:
		return isolation == PerInstance && !t.Program, nil
	}
	return false, fault.InvalidInput("Options.Isolation %q: want %q or %q", isolation, PerTask, PerInstance)
}

// trail lists the tasks of the calls that led to c, and of c.
func trail(c *call) string {
	var names []string
	for ; c != nil; c = c.parent {
		names = append(names, c.inside.Task.Name)
	}
	slices.Reverse(names)
	return strings.Join(names, " → ")
}

// admit gives a call to the executor of its mode.
func (m *module) admit(c *call) error {
	h := m.host
	enter := (*gate.Gate).Enter
	if c.parent != nil {
		enter = (*gate.Gate).EnterMore // while the host drains, its parent may finish
	}
	if err := enter(&h.gate); err != nil {
		return err
	}
	if err := enter(&m.gate); err != nil {
		h.gate.Leave()
		return err
	}
	m.called.Store(c.id)
	c.listen()
	err := m.enqueue(c)
	if err != nil {
		c.inside.Placement.Source().Close()
		m.gate.Leave()
		h.gate.Leave()
	}
	return err
}

func (m *module) enqueue(c *call) error {
	if m.plan.Shares && c.inside.Task.Mode == IO && c.keeps {
		// The call may be cancelled, and its input reused, while the guest reads it.
		c.inside.Input = slices.Clone(c.inside.Input)
		return m.enqueueShared(c)
	}
	return m.host.pools[c.inside.Task.Mode].Submit(c)
}
