// Package guest runs instances of modules. It starts an instance, takes a snapshot
// of it when it is ready for its first task, and clones others from the snapshot.
// It runs calls, meters and stops them, and resets the instance after each task.
// The module's kind decides how a call enters the code: see [Side]. The host
// decides where a call runs, and who waits for it: see [Placement].
//
//	Template ─ New ─▶ Instance ─ start or clone ─▶ Serve, Serve, … ─▶ Close
//	    └── snapshots      └── Side (of the kind)     └ reset between tasks
package guest

import (
	"log/slog"
	"sync/atomic"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/linear"
)

// Limits bound instances and what runs in them. host.Limits documents them.
type Limits struct {
	Memory         uint64
	Stack          int
	Input, Output  int
	Ops, Held      int
	Calls, Orphans int // for an instance that holds many calls
	LogLine        int
}

// Host is what all guests of a host share.
type Host struct {
	Limits Limits
	Logger *slog.Logger
	Memory *linear.Budget // for all instances and images
	Cores  int            // how many Go may use

	computing atomic.Int32 // instances whose code computes
	made      atomic.Uint64
	mounts    mounts
}

// Made counts the instances that were made.
func (h *Host) Made() uint64 { return h.made.Load() }

// isBusy reports whether guests compute on every core.
func (h *Host) isBusy() bool { return int(h.computing.Load()) >= h.Cores }

// Bounds limit an instance: bytes of memory, and units of fuel.
type Bounds struct {
	Memory uint64
	Fuel   int64
}

// Template has what all instances of a module are made from.
type Template struct {
	*Host
	Module string // its name
	Code   *engine.Code
	// Attach makes the Side of an instance. It is called before any code runs.
	Attach func(*Instance) Side
	// Bounds limit the start of an instance. They do not depend on its first task.
	Bounds Bounds
	// Turn limits each turn of an instance that holds calls of several tasks: the
	// largest limits of any of them.
	Turn Bounds
	// WASI is what the system calls of every instance see. It may be nil.
	WASI *WASI
	// Reseeds says that the guest draws new random numbers before its first task,
	// so that a snapshot may contain those it drew before. It is set before the
	// first snapshot is kept.
	Reseeds bool
	// Lines limits how many lines a second the module may log.
	Lines Lines

	Snapshots Snapshots
}

// Affinity says which calls an instance may serve: those with an equal Affinity.
type Affinity struct {
	// PerInstance says that the instance keeps its state from one task of Tenant to
	// the next. Without it, the instance is reset after each task and serves any
	// tenant.
	PerInstance bool
	Tenant      string
	// Program says that the instance is one run of a program: it sees the arguments
	// and streams of its call, does not start from the snapshot, and serves no other
	// call.
	Program bool
}

// New prepares an instance. Its first call starts it.
func (t *Template) New(affinity Affinity, mail Mailbox) *Instance {
	inst := &Instance{Template: t, affinity: affinity, mail: mail}
	inst.inbox, _ = mail.(*Inbox)
	inst.ctx = newContext(inst)
	inst.memory = t.Memory.New(t.Bounds.Memory, t.Limits.Memory)
	inst.meter.memory = inst.memory
	inst.side = t.Attach(inst)
	return inst
}
