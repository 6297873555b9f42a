package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/executors"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/guest"
)

// StartOp implements guest.Placement: it starts the capability of that name for an
// op. A capability of the embedder replaces a built-in one of the same name.
func (c *call) StartOp(o *guest.Op, name string, arg []byte) error {
	h := c.mod.host
	if grants := c.grants(); grants != nil && !slices.Contains(grants, name) {
		reason := fmt.Sprintf("it is not granted to module %q (Options.Grants)", c.mod.name)
		if all := h.cfg.Grants; all != nil && !slices.Contains(all, name) {
			reason = "it is not granted to any module (Config.Grants)"
		}
		return &DeniedError{Capability: name, Reason: reason}
	}
	op, found, err := c.mod.find(c.options.Tenant, name)
	switch {
	case err != nil:
		return err
	case found:
		return h.startCapability(c, o, op, name, arg)
	case name == abi.CapSleep:
		return startSleep(o, arg)
	case name == abi.CapTaskCall:
		return c.startTaskCall(o, arg)
	}
	return &DeniedError{
		Capability: name,
		Reason:     "this host has no such capability (Config.Capabilities); " + h.capabilityNames(),
	}
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

// startCapability runs an op of a capability on a goroutine. A goroutine that goes
// on after its op was cancelled is a stray: nothing waits for it, and Stats counts
// it. Limits.Capabilities bounds all of them together.
func (h *Host) startCapability(c *call, o *guest.Op, op capability.Op, name string, arg []byte) error {
	if most := h.cfg.Limits.Capabilities; h.background.Count() >= most {
		return &QueueFullError{Queue: "the host", What: "running as capabilities", Size: most}
	}
	if err := h.background.Enter(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(c.ctx)
	if left := c.Left(); left > 0 {
		var release func()
		ctx, release = context.WithTimeoutCause(ctx, left, &TimeoutError{Phase: executors.Running, Limit: c.RunTimeout})
		end := cancel
		cancel = func(cause error) { end(cause); release() }
	}
	var decided atomic.Bool // set by the end or the cancellation: the first wins
	o.OnStop(func() {
		if decided.CompareAndSwap(false, true) {
			h.strays.Add(1)
		}
		cancel(ErrCancelled)
	})
	use := &capability.Use{
		Caller: capability.Caller{
			Module: c.mod.name, Owner: c.mod.owner, Task: c.inside.Task.Name, Tenant: c.options.Tenant,
		},
		Op: name, Arg: arg,
	}
	go h.runOp(ctx, op, use, func(result []byte, err error) {
		cancel(nil)
		if decided.CompareAndSwap(false, true) {
			o.Post(result, err)
		} else {
			h.strays.Add(-1)
		}
	})
	return nil
}

// runOp runs an op and passes on how it ended, even if it panics or ends its
// goroutine.
func (h *Host) runOp(ctx context.Context, op capability.Op, use *capability.Use, ended func([]byte, error)) {
	var result []byte
	err := fmt.Errorf("the capability %s ended its goroutine", use.Op)
	defer func() {
		if r := recover(); r != nil {
			fault.ReportPanic(h.cfg.Logger, "a capability", r, "capability", use.Op)
			err = fmt.Errorf("the capability %s panicked", use.Op)
		}
		ended(result, err)
		h.background.Leave()
	}()
	if result, err = op(ctx, use); err != nil {
		fault.Probe(err)
	}
}

// granted keeps the ops of a module for each tenant.
type granted struct {
	host  *Host
	scope capability.Scope // without a tenant
	mu    sync.Mutex
	ops   map[string]map[string]capability.Op
}

// mostScopes is how many tenants' ops a module keeps. With one more it drops them
// all, and configures them again when they are needed.
const mostScopes = 1024

// of returns the ops of all capabilities for a tenant. It configures them without
// the lock, so that a slow capability does not delay other tenants.
func (g *granted) of(tenant string) (map[string]capability.Op, error) {
	if ops, ok := g.known(tenant); ok {
		return ops, nil
	}
	scope := g.scope
	scope.Tenant = tenant
	ops, err := g.configure(scope)
	if err != nil {
		return nil, err
	}
	return g.keep(tenant, ops), nil
}

// configure returns the ops of all capabilities for a scope. An embedder's function
// may panic or end its goroutine, so it has one of its own.
func (g *granted) configure(scope capability.Scope) (ops map[string]capability.Op, err error) {
	err = errors.New("configuring the capabilities ended its goroutine")
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				err = fault.ReportPanic(g.host.cfg.Logger, "configuring the capabilities", r, "tenant", scope.Tenant)
			}
		}()
		if ops, err = configure(g.host.cfg.Capabilities, scope); err != nil {
			fault.Probe(err)
		}
	}()
	<-done
	return ops, err
}

func (g *granted) known(tenant string) (ops map[string]capability.Op, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ops, ok = g.ops[tenant]
	return ops, ok
}

// keep keeps a tenant's ops. If another call has configured them meanwhile, it
// returns those instead.
func (g *granted) keep(tenant string, ops map[string]capability.Op) map[string]capability.Op {
	g.mu.Lock()
	defer g.mu.Unlock()
	if before, ok := g.ops[tenant]; ok {
		return before
	}
	if g.ops == nil || len(g.ops) == mostScopes {
		g.ops = map[string]map[string]capability.Op{}
	}
	g.ops[tenant] = ops
	return ops
}

// configure returns the ops of capabilities for a scope.
func configure(capabilities []capability.Capability, scope capability.Scope) (map[string]capability.Op, error) {
	all := map[string]capability.Op{}
	for _, c := range capabilities {
		ops, err := c.For(scope)
		if err != nil {
			return nil, err
		}
		for _, name := range c.Names() {
			if op, ok := ops[name]; ok {
				all[name] = op
			}
		}
	}
	return all, nil
}

// checkCapabilities refuses capabilities that can't be configured, and two with the
// same name.
func (h *Host) checkCapabilities() error {
	seen := map[string]bool{}
	for _, c := range h.cfg.Capabilities {
		for _, name := range c.Names() {
			if seen[name] {
				return fmt.Errorf("host: Config.Capabilities: two have an op %q", name)
			}
			seen[name] = true
		}
	}
	if _, err := configure(h.cfg.Capabilities, capability.Scope{}); err != nil {
		return fmt.Errorf("host: Config.Capabilities: %w", err)
	}
	return nil
}

// checkGrants refuses names that no capability has.
func (h *Host) checkGrants(field string, names []string) error {
	for _, name := range names {
		if !slices.Contains(h.capabilities(), name) {
			return fmt.Errorf("%s: no capability %q; %s", field, name, h.capabilityNames())
		}
	}
	return nil
}

// capabilities returns the names of all ops.
func (h *Host) capabilities() []string {
	names := []string{abi.CapSleep, abi.CapTaskCall}
	for _, c := range h.cfg.Capabilities {
		names = append(names, c.Names()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (h *Host) capabilityNames() string {
	return "it has " + strings.Join(h.capabilities(), ", ")
}
