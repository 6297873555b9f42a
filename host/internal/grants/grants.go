// Package grants keeps the capabilities of a host: it configures them for each module
// and tenant, decides who may use which, runs their ops, and counts and audits every
// use.
package grants

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/gate"
)

// Config configures the capabilities of a host.
type Config struct {
	// Capabilities are those of the embedder.
	Capabilities []capability.Capability
	Logger       *slog.Logger
	// Running is the most ops that may run at once.
	Running int
	// Streams is how many streams a call may have open.
	Streams int
	// Audit gets a line for each use. It may be nil.
	Audit io.Writer
}

// Host has the capabilities of a host.
type Host struct {
	Config
	// Background counts the ops that run, and the closing of calls' streams.
	Background gate.Gate

	counters map[string]*counter // by the name of the op
	audit    auditLog
	strays   atomic.Int64 // ops that go on after they were cancelled
	runners  *runners
	shares   shares
}

// own are the ops that every host has and that package host runs itself.
var own = []string{abi.CapSleep, abi.CapTaskCall}

// IsStream reports whether an op works on streams that other ops have opened. It needs
// no grant.
func IsStream(name string) bool { return slices.Contains(capability.StreamOps{}.Names(), name) }

// Free reports whether a task may use an op that its manifest does not name: one that
// reaches nothing outside of the host.
func Free(name string) bool { return IsStream(name) || slices.Contains(own, name) }

// New checks the capabilities.
func New(c Config) (*Host, error) {
	h := &Host{
		Config: c, counters: map[string]*counter{}, audit: auditLog{to: c.Audit, logger: c.Logger}, runners: newRunners(),
		shares: shares{held: map[string]int{}},
	}
	h.Capabilities = append(slices.Clone(c.Capabilities), capability.StreamOps{})
	for _, c := range h.Capabilities {
		for _, name := range c.Names() {
			if h.counters[name] != nil {
				return nil, fmt.Errorf("two have an op %q", name)
			}
			h.counters[name] = &counter{}
		}
	}
	_, err := h.configure(capability.Scope{})
	return h, err
}

// Close frees what ops ran on. It must be called when Background is shut and empty.
func (h *Host) Close() { h.runners.close() }

// Names returns the names of all ops that a grant can name.
func (h *Host) Names() []string {
	names := slices.Clone(own)
	for _, c := range h.Capabilities {
		names = append(names, c.Names()...)
	}
	names = slices.DeleteFunc(names, IsStream)
	slices.Sort(names)
	return slices.Compact(names)
}

// Has says which ops there are, for an error.
func (h *Host) Has() string { return "it has " + strings.Join(h.Names(), ", ") }

// Named returns the ops that a name covers, or the name itself if there are none.
func (h *Host) Named(name string) []string {
	covered := slices.DeleteFunc(h.Names(), func(op string) bool { return !abi.Covers(name, op) })
	if len(covered) == 0 {
		return []string{name}
	}
	return covered
}

// Check refuses names that grant nothing.
func (h *Host) Check(field string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(h.Names(), func(op string) bool { return abi.Covers(name, op) }) {
			return fmt.Errorf("%s: no capability %q; %s", field, name, h.Has())
		}
	}
	return nil
}

// Strays counts the ops that go on after they were cancelled.
func (h *Host) Strays() int { return int(h.strays.Load()) }

// configure returns the ops of all capabilities for a scope.
func (h *Host) configure(scope capability.Scope) (map[string]capability.Op, error) {
	all := map[string]capability.Op{}
	for _, c := range h.Capabilities {
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

// Covered reports whether one of the names grants an op. Nil grants all.
func Covered(names []string, op string) bool {
	return names == nil || slices.ContainsFunc(names, func(name string) bool { return abi.Covers(name, op) })
}

// Intersect returns the names that grant what both lists grant. Nil grants all.
func Intersect(a, b []string) []string {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	both := []string{}
	for _, x := range a {
		for _, y := range b {
			switch {
			case abi.Covers(x, y):
				both = append(both, y)
			case abi.Covers(y, x):
				both = append(both, x)
			}
		}
	}
	slices.Sort(both)
	return slices.Compact(both)
}
