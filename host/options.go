package host

import (
	"cmp"
	"io"
	"slices"
	"time"

	"github.com/wexec/wexec/host/internal/guest"
)

// Isolation says which tasks may see what others leave behind in an instance.
type Isolation string

// The isolations. Tasks of different tenants never share the state of an
// instance.
const (
	// PerTask gives every task an instance that is as if it were new. It is the
	// default, except for tasks of mode io in a resumable guest.
	PerTask Isolation = "task"
	// PerInstance lets an instance keep its state from one task of a tenant to the
	// next that runs in it: which instance that is, nothing promises. It is the
	// default of tasks of mode io in a resumable guest, of which
	// thousands share an instance.
	PerInstance Isolation = "instance"
)

// Options say how calls are made. See Module.With. A zero field changes nothing.
type Options struct {
	// Tenant is who the calls are for. Calls of different tenants never share the
	// state of an instance. For Load, it is also the module's owner.
	Tenant string
	// Priority orders the queues: higher first.
	Priority int
	// QueueTimeout and RunTimeout narrow those of the host and of the task.
	QueueTimeout, RunTimeout time.Duration
	// Fuel narrows how much the call may compute.
	Fuel uint64
	// Memory narrows the most linear memory of the instance, in bytes. An instance
	// that holds many calls may have as much as the task of its module that may
	// have most.
	Memory uint64
	// Isolation says what tasks may leave to each other. PerTask is stricter, and
	// narrows PerInstance.
	Isolation Isolation
	// Mode says how to run a task of a module that has no manifest.
	Mode Mode
	// Grants narrow the capabilities that may be used; nil changes nothing, an
	// empty slice leaves none.
	Grants []string
	// Callers are who may call the tasks of a module that belongs to the host, by
	// task.call: "acme" is any module of that tenant, "acme/images" one of them.
	// Modules of the same owner always may. Only Load heeds it.
	Callers []string
	// Unsigned prints the integers that bare functions return as unsigned numbers.
	Unsigned bool
	// Validate checks inputs and outputs against the manifest's schemas.
	Validate bool
	// WASI is what the guest's system calls see.
	WASI *WASI

	// The fields below are for modules that you trust. Only Load heeds them.

	// Safepoints Off runs a module as it is, whatever is in it and however long it
	// takes to compile. Its code is a little faster, and nothing stops it: while
	// it runs, it can't be cancelled, no deadline and no fuel ends it, endless
	// recursion takes 80 MB before it traps, and Go can't stop it for a
	// collection: one long loop holds up the whole process. Its instances can't be
	// reset: with PerTask, every task has a new one.
	Safepoints Safepoints
	// Exceptions allows exception handling. wazero 1.12 undoes what a try_table has
	// done to locals when it catches, and copies the stack for each that is live.
	Exceptions bool
	// SharedMemory allows shared memories and atomic waits. A guest that waits
	// can't be stopped.
	SharedMemory bool
}

// Safepoints say whether a module gets them. The zero value is that it does.
type Safepoints string

// Off leaves them out.
const Off Safepoints = "off"

// WASI is what a guest's system calls see. A WASI command takes it from the call's
// Options; a module of tasks, whose instances serve many calls, takes Env, Mounts and
// Devices from the Options it was loaded with.
type WASI struct {
	// Args follow the program's name.
	Args []string
	// Env is a list of K=V.
	Env []string
	// Mounts are the folders that the guest sees. None by default.
	Mounts []Mount
	// Devices gives the guest null, zero, random and urandom in /dev. They are made
	// here, and are not the machine's.
	Devices bool
	// Stdin replaces the input. Stdout replaces the output, which is empty then.
	// Without Stderr it is logged.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Mount is a folder that a guest sees. No path and no link in it leads outside.
type Mount struct {
	Host     string // on this machine
	Guest    string // as the guest sees it
	ReadOnly bool
}

// guest is w in the terms of the guest's room.
func (w *WASI) guest() *guest.WASI {
	if w == nil {
		return nil
	}
	g := &guest.WASI{Args: w.Args, Env: w.Env, Devices: w.Devices, Stdin: w.Stdin, Stdout: w.Stdout, Stderr: w.Stderr}
	for _, m := range w.Mounts {
		g.Mounts = append(g.Mounts, guest.Mount(m))
	}
	return g
}

// and returns the options narrowed by more.
func (o Options) and(more Options) Options {
	if more.Tenant != "" {
		o.Tenant = more.Tenant
	}
	if more.Priority != 0 {
		o.Priority = more.Priority
	}
	o.QueueTimeout = shorter(o.QueueTimeout, more.QueueTimeout)
	o.RunTimeout = shorter(o.RunTimeout, more.RunTimeout)
	o.Fuel = least(o.Fuel, more.Fuel)
	o.Memory = least(o.Memory, more.Memory)
	if more.Mode != "" {
		o.Mode = more.Mode
	}
	if o.Isolation != PerTask {
		o.Isolation = cmp.Or(more.Isolation, o.Isolation)
	}
	o.Grants = intersect(o.Grants, more.Grants)
	if more.Callers != nil {
		o.Callers = more.Callers
	}
	o.Unsigned = o.Unsigned || more.Unsigned
	o.Validate = o.Validate || more.Validate
	if more.WASI != nil {
		o.WASI = more.WASI
	}
	o.Safepoints = cmp.Or(more.Safepoints, o.Safepoints)
	o.Exceptions = o.Exceptions || more.Exceptions
	o.SharedMemory = o.SharedMemory || more.SharedMemory
	return o
}

// shorter returns the smaller of two durations, where 0 says nothing and a
// negative one is no limit.
func shorter(a, b time.Duration) time.Duration {
	switch {
	case b == 0 || b < 0 && a != 0:
		return a
	case a <= 0:
		return b
	}
	return min(a, b)
}

// least returns the smaller of two limits, where 0 says nothing.
func least(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// intersect returns the names that are in both lists, where nil is all names.
func intersect(a, b []string) []string {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	both := []string{}
	for _, name := range a {
		if slices.Contains(b, name) {
			both = append(both, name)
		}
	}
	return both
}
