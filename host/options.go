package host

import (
	"cmp"
	"io"
	"time"

	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/grants"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/rootfs"
)

// Isolation says whether a task may see the state that others left in an instance.
type Isolation string

// The isolations. Tasks of different tenants never share the state of an
// instance.
const (
	// PerTask gives every task an instance in the state of a new one. It is the
	// default, except for tasks of mode io in a resumable guest.
	PerTask Isolation = "task"
	// PerInstance lets an instance keep its state from one task of a tenant to the
	// next task that runs in it. Nothing promises which instance a task gets. It is
	// the default for tasks of mode io in a resumable guest, where
	// thousands share an instance.
	PerInstance Isolation = "instance"
)

// Options say how calls are made. See Module.With. A zero field changes nothing.
type Options struct {
	// Tenant is the tenant that the calls are for. Calls of different tenants never
	// share the state of an instance. For Load, it is also the module's owner.
	Tenant string
	// Priority orders the queues: higher first.
	Priority int
	// QueueTimeout and RunTimeout narrow those of the host and of the task.
	QueueTimeout, RunTimeout time.Duration
	// Fuel narrows how much the call may compute.
	Fuel uint64
	// Memory narrows the most linear memory of the instance, in bytes. For an
	// instance that holds many calls, the largest limit of any task of its module
	// holds.
	Memory uint64
	// Isolation says whether tasks may share state. PerTask narrows PerInstance.
	Isolation Isolation
	// Mode says how to run a task of a module that has no manifest.
	Mode Mode
	// Grants narrow the capabilities that may be used: "kv.get" is one op, and "kv" all
	// whose names begin with "kv.". Nil changes nothing, and an empty slice grants none.
	Grants []string
	// Labels are the embedder's own words about a call: a request's ID, a trace's. They
	// pass on to the calls that it makes, and are in spans, in the audit, and in what
	// capabilities get. They must not be changed.
	Labels map[string]string
	// Callers lists the modules that may call the tasks of a module of the host by
	// task.call: "acme" is any module of that tenant, "acme/images" one of them.
	// Modules of the same owner always may. Only Load uses it.
	Callers []string
	// Unsigned writes the integers that bare functions return as unsigned numbers.
	Unsigned bool
	// Validate checks inputs and outputs against the manifest's schemas.
	Validate bool
	// Events gets the chunks of output and the progress that the calls emit before
	// their end. The result of a call is then what comes after its chunks. Without
	// Events the result has the chunks too, and progress is dropped. Calls that
	// these calls make don't get it.
	Events *Events
	// WASI is what the guest's system calls see.
	WASI *WASI

	// The fields below are for modules that you trust. Only Load uses them.

	// Safepoints Off runs a module unchanged, without checks of its contents or of
	// how long it takes to compile. Its code is a little faster, but nothing can
	// stop it: it ignores cancellation, deadlines and fuel, and endless recursion
	// takes 80 MB before it traps. Go can't stop it for a collection, so one long
	// loop delays the whole process. Its instances can't be reset, so with PerTask
	// every task has a new one.
	Safepoints Safepoints
	// Exceptions allows exception handling. When a try_table catches, wazero 1.12
	// undoes its changes to locals; it also copies the stack for each try_table
	// that is active.
	Exceptions bool
	// SharedMemory allows shared memories and atomic waits. The host can't stop a
	// guest that waits.
	SharedMemory bool
}

// Safepoints says whether a module gets safepoints. With the zero value it does.
type Safepoints string

// Off runs a module without safepoints.
const Off Safepoints = "off"

// WASI is what a guest's system calls see. For a WASI command, the Options of the
// call say it. A module of tasks has instances that serve many calls, so it uses
// Env, Mounts and Devices of the Options that it was loaded with.
type WASI struct {
	// Args follow the program's name.
	Args []string
	// Env is a list of K=V.
	Env []string
	// Mounts are the folders that the guest sees. Default: none.
	Mounts []Mount
	// Devices gives the guest null, zero, random and urandom in /dev. They are made
	// here, and are not the machine's.
	Devices bool
	// Stdin replaces the input of the call. Stdout gets the output, and that of the
	// call is empty. Stderr gets the standard error, which is logged otherwise.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Mount is a folder that a guest sees. No path and no link in it leads outside.
type Mount = capability.Mount

// Quota limits what guests put into a folder. See package capability.
type Quota = capability.Quota

// guest converts w to the type of package guest.
func (w *WASI) guest() *guest.WASI {
	if w == nil {
		return nil
	}
	g := &guest.WASI{Args: w.Args, Env: w.Env, Devices: w.Devices, Stdin: w.Stdin, Stdout: w.Stdout, Stderr: w.Stderr}
	for _, m := range w.Mounts {
		g.Mounts = append(g.Mounts, guest.Mount{
			Host: m.Host, Guest: m.Guest, ReadOnly: m.ReadOnly, Quota: rootfs.Quota(m.Quota),
		})
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
	o.Grants = grants.Intersect(o.Grants, more.Grants)
	if more.Labels != nil {
		o.Labels = more.Labels
	}
	if more.Callers != nil {
		o.Callers = more.Callers
	}
	o.Unsigned = o.Unsigned || more.Unsigned
	o.Validate = o.Validate || more.Validate
	if more.Events != nil {
		o.Events = more.Events
	}
	if more.WASI != nil {
		o.WASI = more.WASI
	}
	o.Safepoints = cmp.Or(more.Safepoints, o.Safepoints)
	o.Exceptions = o.Exceptions || more.Exceptions
	o.SharedMemory = o.SharedMemory || more.SharedMemory
	return o
}

// shorter returns the smaller of two timeouts. 0 is unset, and a negative one is no
// limit.
func shorter(a, b time.Duration) time.Duration {
	switch {
	case b == 0 || b < 0 && a != 0:
		return a
	case a <= 0:
		return b
	}
	return min(a, b)
}

// least returns the smaller of two limits. 0 is unset.
func least(a, b uint64) uint64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
