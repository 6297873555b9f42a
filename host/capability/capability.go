// Package capability is what a capability is: a named thing that a task can ask
// its host to do, asynchronously, as an op. Each capability of wexec's own is a
// folder here; an embedder adds others in the same way. The host gets them by
// Config.Capabilities, and guests get those that they are granted.
//
// A capability has three phases, after Spin's factors: it is made once; For
// configures it once for each module and tenant; an op runs once for each use.
package capability

import "context"

// Capability is one or more ops that belong together.
type Capability interface {
	// Names are those of its ops, such as "http.fetch".
	Names() []string
	// For returns the ops by their names, as a module may use them on behalf of a
	// tenant. Those that Names does not list are not used. The host asks once with a
	// zero Scope, when it is made, and refuses the capability if that fails. For may
	// be called from many goroutines.
	For(scope Scope) (map[string]Op, error)
	// Close frees what the capability keeps. No op runs.
	Close() error
}

// Op does one thing for a guest and returns the result: bytes, in a form that
// guest and capability agree on. It has a goroutine of its own, and may block;
// ctx ends when the result is no longer wanted. A guest gets an error as the op's
// status, by its method Kind() abi.Status if it has one, and its text.
type Op func(ctx context.Context, u *Use) ([]byte, error)

// Scope says for whom ops are configured.
type Scope struct {
	// Module is the module's name, which is unique among those of its Owner: a
	// tenant, or the host if it is empty.
	Module, Owner string
	// Tenant is on whose behalf the ops run.
	Tenant string
}

// Use is one use of an op.
type Use struct {
	Caller
	// Op is its name.
	Op string
	// Arg is the argument. It is the op's own to keep.
	Arg []byte
}

// Caller says which task started an op.
type Caller struct {
	Module, Owner, Task, Tenant string
}

// Func makes a capability of a function, for every module and tenant alike.
func Func(name string, op Op) Capability { return function{name, op} }

type function struct {
	name string
	op   Op
}

func (f function) Names() []string                  { return []string{f.name} }
func (f function) For(Scope) (map[string]Op, error) { return map[string]Op{f.name: f.op}, nil }
func (f function) Close() error                     { return nil }
