package grants

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
)

// Module has the ops of one module, configured for each of its tenants.
type Module struct {
	host  *Host
	scope capability.Scope // without a tenant

	mu  sync.Mutex
	ops map[string]map[string]capability.Op // by tenant, and by name
}

// Module returns the ops for a module.
func (h *Host) Module(scope capability.Scope) *Module { return &Module{host: h, scope: scope} }

// mostScopes is how many tenants' ops a module keeps. With one more it drops them
// all, and configures them again when they are needed.
const mostScopes = 1024

// Configure configures the ops for a tenant, which Find does otherwise.
func (m *Module) Configure(tenant string) error {
	_, err := m.of(tenant)
	return err
}

// Find returns an op by name, configured for a tenant, or nil for one that package host
// runs itself. Its error is a *DeniedError if there is no such op.
func (m *Module) Find(tenant, name string) (capability.Op, error) {
	ops, err := m.of(tenant)
	if err != nil {
		return nil, err
	}
	if op, ok := ops[name]; ok || slices.Contains(own, name) {
		return op, nil
	}
	why := "this host has no such capability (Config.Capabilities); " + m.host.Has()
	if m.host.counters[name] != nil {
		why = fmt.Sprintf("its policy does not grant it to module %q", m.scope.Module)
		if tenant != "" {
			why += fmt.Sprintf(" for tenant %q", tenant)
		}
	}
	return nil, &fault.DeniedError{Capability: name, Reason: why}
}

// of returns the ops for a tenant. It configures them without the lock, so that a slow
// capability does not delay other tenants.
func (m *Module) of(tenant string) (map[string]capability.Op, error) {
	if ops, ok := m.known(tenant); ok {
		return ops, nil
	}
	scope := m.scope
	scope.Tenant = tenant
	ops, err := m.configure(scope)
	if err != nil {
		return nil, err
	}
	return m.keep(tenant, ops), nil
}

// configure returns the ops of all capabilities for a scope. An embedder's function
// may panic or end its goroutine, so it has one of its own.
func (m *Module) configure(scope capability.Scope) (ops map[string]capability.Op, err error) {
	err = errors.New("configuring the capabilities ended its goroutine")
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				err = fault.ReportPanic(m.host.Logger, "configuring the capabilities", r, "tenant", scope.Tenant)
			}
		}()
		if ops, err = m.host.configure(scope); err != nil {
			fault.Probe(err)
		}
	}()
	<-done
	return ops, err
}

func (m *Module) known(tenant string) (ops map[string]capability.Op, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ops, ok = m.ops[tenant]
	return ops, ok
}

// keep keeps a tenant's ops. If another call has configured them meanwhile, it
// returns those instead.
func (m *Module) keep(tenant string, ops map[string]capability.Op) map[string]capability.Op {
	m.mu.Lock()
	defer m.mu.Unlock()
	if before, ok := m.ops[tenant]; ok {
		return before
	}
	if m.ops == nil || len(m.ops) == mostScopes {
		m.ops = map[string]map[string]capability.Op{}
	}
	m.ops[tenant] = ops
	return ops
}
