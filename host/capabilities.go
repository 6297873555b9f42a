package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/grants"
	"github.com/wexec/wexec/host/internal/guest"
)

// StartOp implements guest.Placement: it starts the capability of that name for an
// op. A capability of the embedder replaces a built-in one of the same name.
func (c *call) StartOp(o *guest.Op, name string, arg []byte) error {
	op, err := c.allowed(name)
	switch {
	case err != nil:
		c.mod.host.grants.Deny(c.use(name, arg), err)
		return err
	case op != nil:
		return c.startCapability(o, op, c.use(name, arg))
	case name == abi.CapSleep:
		return startSleep(o, arg)
	default:
		return c.startTaskCall(o, arg)
	}
}

// allowed returns the op of a capability that the call may use, or nil for one that
// the host runs itself.
func (c *call) allowed(name string) (capability.Op, error) {
	if t := c.inside.Task; t.Uses != nil && !grants.Covered(t.Uses, name) && !grants.Free(name) {
		return nil, &DeniedError{Capability: name, Reason: fmt.Sprintf(
			"task %q does not say in its manifest that it uses it", t.Name)}
	}
	return c.mod.allowed(c.options, name)
}

// allowed returns the op of a capability for calls with some options, or nil for one
// that the host runs itself.
func (m *module) allowed(o *Options, name string) (capability.Op, error) {
	all := m.host.cfg.Grants
	switch {
	case grants.IsStream(name):
	case !grants.Covered(all, name):
		return nil, &DeniedError{Capability: name, Reason: "it is not granted to any module (Config.Grants)"}
	case !grants.Covered(o.Grants, name):
		return nil, &DeniedError{Capability: name, Reason: fmt.Sprintf(
			"it is not granted to module %q (Options.Grants)", m.name)}
	}
	return m.ops.Find(o.Tenant, name)
}

// checkUses returns an error if a call of the task would lack what the task uses.
func (m *module) checkUses(t *Task, o *Options) error {
	if t.Uses == nil {
		return nil
	}
	for _, use := range t.Uses {
		for _, name := range m.host.grants.Named(use) {
			if _, err := m.allowed(o, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// caller describes the call to capabilities.
func (c *call) caller() capability.Caller {
	return capability.Caller{
		Module: c.mod.name, Owner: c.mod.owner, Task: c.inside.Task.Name, Tenant: c.options.Tenant,
		Call: c.id, Labels: c.options.Labels,
	}
}

func (c *call) use(name string, arg []byte) *capability.Use {
	return &capability.Use{Caller: c.caller(), Op: name, Arg: arg}
}

func (c *call) startCapability(o *guest.Op, op capability.Op, use *capability.Use) error {
	use.Streams = c.openStreams()
	bounds := grants.Bounds{Context: c.ctx, Left: c.Left(), Late: &TimeoutError{Phase: executors.Running, Limit: c.RunTimeout}}
	return c.mod.host.grants.Run(bounds, op, use, o)
}

// openStreams returns the table of the call's streams, which takes none once the call
// is settled.
func (c *call) openStreams() *capability.Streams {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settled.Load() {
		return nil
	}
	f := c.fewOf()
	if f.streams == nil {
		f.streams = c.mod.host.grants.Streams(c.caller())
	}
	return f.streams
}

// startSleep is the capability clock.sleep.
func startSleep(o *guest.Op, arg []byte) error {
	if len(arg) != 8 {
		return fault.InvalidInput("clock.sleep takes 8 bytes of nanoseconds, not %d bytes", len(arg))
	}
	o.Sleep(time.Duration(min(binary.LittleEndian.Uint64(arg), 1<<62)))
	return nil
}

// maxHead is the most bytes of the JSON that names the task.
const maxHead = 4 << 10

// startTaskCall is the capability task.call: the child's future ends the op.
func (c *call) startTaskCall(o *guest.Op, arg []byte) error {
	head, input := abi.SplitMessage(arg)
	if len(head) > maxHead {
		return fault.InvalidInput("task.call: the head of its argument has %d bytes, at most %d are allowed",
			len(head), maxHead)
	}
	var target abi.TaskCall
	if err := json.Unmarshal(head, &target); err != nil {
		return fault.InvalidInput("task.call: the head of its argument: %v", err)
	}
	callee := c.mod
	if target.Module != "" {
		var err error
		if callee, err = c.mod.host.lookup(c.mod, target.Module); err != nil {
			return err
		}
	}
	child, err := callee.submit(c.ctx, c, target.Task, input, c.inherited(callee))
	if err != nil {
		return err
	}
	future := child.promise.Future()
	o.OnStop(future.Cancel)
	future.Notify(func() { o.Post(future.Wait(context.Background())) })
	return nil
}
