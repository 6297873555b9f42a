// Package guest runs instances of modules. It starts them, takes a snapshot of
// one that is ready for its first task, makes others from that, lets calls in,
// meters and stops what runs, and resets an instance after each task. How a call
// enters the code is the business of the module's kind: its [Side] of the
// instance. Where a call runs, and who waits for it, is the host's.
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
	Calls, Orphans int // of an instance that holds many calls
	LogLine        int
}

// Host is what all guests of a host share.
type Host struct {
	Limits Limits
	Logger *slog.Logger
	Memory *linear.Budget // of all instances and images
	Cores  int            // that Go may use

	computing atomic.Int32 // instances whose code computes
	made      atomic.Uint64
	mounts    mounts
}

// Made counts the instances that were made.
func (h *Host) Made() uint64 { return h.made.Load() }

// isBusy reports whether guests compute on every core.
func (h *Host) isBusy() bool { return int(h.computing.Load()) >= h.Cores }

// Bounds are limits of an instance: bytes of memory, and units of fuel.
type Bounds struct {
	Memory uint64
	Fuel   int64
}

// Template is what the instances of a module are made from.
type Template struct {
	*Host
	Module string // its name
	Code   *engine.Code
	// Attach makes the kind's side of an instance, before its code runs.
	Attach func(*Instance) Side
	// Program says that an instance is one run of a program, with arguments and
	// streams of the call's.
	Program bool
	// Bounds hold for the start of an instance, whatever its tasks may have.
	Bounds Bounds
	// Turn holds for each turn of an instance that holds calls of several tasks:
	// what the task that may have most may have.
	Turn Bounds
	// WASI is what every instance sees. It may be nil.
	WASI *WASI
	// Reseeds says that the guest draws new random numbers before each task. It
	// is set before the first snapshot is kept.
	Reseeds bool
	// Lines limits how many lines a second the module may log.
	Lines Lines

	Snapshots Snapshots
}

// Affinity says which calls an instance may serve: those that have the same.
type Affinity struct {
	// PerInstance says that the instance keeps its state from one task of the
	// tenant to the next. Others are reset after each task, and serve any tenant.
	PerInstance bool
	Tenant      string
}

// New prepares an instance. Its first call starts it.
func (t *Template) New(affinity Affinity, mail Mailbox) *Instance {
	inst := &Instance{Template: t, affinity: affinity, mail: mail}
	inst.inbox, _ = mail.(*Inbox)
	inst.ctx = newContext(inst)
	inst.memory = t.Memory.New(t.Bounds.Memory, t.Limits.Memory)
	inst.side = t.Attach(inst)
	return inst
}
