package host

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/wexec/wexec/host/internal/instrument"
	"github.com/wexec/wexec/host/internal/linear"
)

// A snapshot is what an instance is when it is ready for its first task: after
// its start function and _initialize. Instances are made as it, and put back to
// it, without running any code. Tables, segments, and globals that are not
// numbers are not in it: nobody changes them in an instance that is put back.
type snapshot struct {
	image   *linear.Image // nil if the module has no memory
	globals []uint64
	drew    bool // random numbers are in it
}

// close gives the snapshot back, when the last instance that was made as it is
// closed.
func (s *snapshot) close() {
	if s.image != nil {
		s.image.Close()
	}
}

// state is how an instance's state is reached.
type state struct {
	globals []api.MutableGlobal
	changed api.Global // not 0 if it can't be put back; nil if it always can
	// begun is the snapshot that the instance was made as, or of which it is the
	// origin. Without one, it can't be put back.
	begun *snapshot
}

// attach finds the module's globals.
func (s *state) attach(m *module, mod api.Module) {
	s.globals = make([]api.MutableGlobal, m.code.Globals)
	for i := range s.globals {
		s.globals[i] = mod.ExportedGlobal(instrument.Global(i)).(api.MutableGlobal)
	}
	s.changed = mod.ExportedGlobal(instrument.Changed)
}

// lasts reports whether something was changed that can't be put back.
func (s *state) lasts() bool { return s.changed != nil && s.changed.Get() != 0 }

// snapshots makes and keeps the snapshot of a module.
type snapshots struct {
	now atomic.Pointer[snapshot]
	// lasting is why instances can't be put back, once that is known.
	lasting atomic.Pointer[string]

	mu     sync.Mutex
	making chan struct{} // closed when whoever makes one is done; nil if nobody does
	again  time.Time     // not before; there was no room for one
}

// noRoom is how long nobody tries to make a snapshot that there was no room for.
const noRoom = time.Second

// never says why the module can have no snapshot.
func (s *snapshots) never(why string) { s.lasting.CompareAndSwap(nil, &why) }

// why returns why the module can have no snapshot, as far as is known, or "".
func (s *snapshots) why() string {
	if why := s.lasting.Load(); why != nil {
		return *why
	}
	return ""
}

// claim reports whether the caller is to make the snapshot, and must call
// release then. If somebody else does, it waits for that, until ctx ends.
func (s *snapshots) claim(ctx context.Context) bool {
	for s.lasting.Load() == nil && s.now.Load() == nil {
		making, mine := s.tryClaim()
		if mine || making == nil {
			return mine
		}
		select {
		case <-making:
		case <-ctx.Done():
			return false
		}
	}
	return false
}

func (s *snapshots) tryClaim() (making chan struct{}, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.making == nil && time.Now().After(s.again) {
		s.making = make(chan struct{})
		return s.making, true
	}
	return s.making, false
}

// full says that there was no room for a snapshot.
func (s *snapshots) full() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again = time.Now().Add(noRoom)
}

func (s *snapshots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.making)
	s.making = nil
}

// keep makes snap the one that instances are made as.
func (s *snapshots) keep(snap *snapshot) { s.now.Store(snap) }

// evict forgets the snapshot: the next instance makes another one.
func (s *snapshots) evict() {
	if snap := s.now.Swap(nil); snap != nil {
		snap.close()
	}
}

// capture makes a snapshot of an instance that is ready for its first task, and
// has begun as it then. It returns nil if there can be none, or if there is no
// room for it now. The instance's start may have drawn random numbers: whoever
// keeps the snapshot must know that the guest draws others.
func (inst *instance) capture() *snapshot {
	m := inst.mod
	switch {
	case inst.state.lasts():
		m.snapshots.never("its start changes a table, drops a segment, or sets a global that is not a number")
		return nil
	case inst.wasi.changed:
		m.snapshots.never("its start changes its descriptors")
		return nil
	}
	snap := &snapshot{globals: make([]uint64, len(inst.state.globals)), drew: inst.wasi.drew}
	for i, g := range inst.state.globals {
		snap.globals[i] = g.Get()
	}
	if len(inst.memory.Bytes()) > 0 {
		var err error
		if snap.image, err = inst.memory.NewImage(); err != nil {
			m.snapshots.full()
			return nil
		}
	}
	inst.state.begun = snap
	return snap
}

// drewRandom is why a module has no snapshot whose start drew random numbers.
const drewRandom = "its start draws random numbers, which would be the same for every task: " +
	"a guest that draws others before its first task says so in its manifest (reseeds)"

// clone makes the instance as a snapshot. It returns false if that is gone.
func (inst *instance) clone(snap *snapshot, memoryLimit uint64) (ok bool, err error) {
	if snap.image != nil && !inst.memory.BeginAs(snap.image) {
		return false, nil
	}
	inst.memory.SetLimit(memoryLimit)
	inst.state.begun = snap
	if err := inst.instantiate(nil); err != nil {
		return true, err
	}
	for i, g := range inst.state.globals {
		g.Set(snap.globals[i])
	}
	return true, nil
}

// restore makes an instance that has served a task what it was before, on the
// guest's side and on ours. It returns false if that can't be done: then the
// instance must be closed.
func (inst *instance) restore() bool {
	snap := inst.state.begun
	if snap == nil || inst.state.lasts() || inst.wasi.changed || !inst.memory.Restore(inst.wasm.Memory()) {
		return false
	}
	for i, g := range inst.state.globals {
		g.Set(snap.globals[i])
	}
	if inst.meter.stack != nil {
		inst.meter.stack.Set(uint64(inst.mod.host.cfg.Limits.Stack))
	}
	inst.wasi.flush()
	inst.inbox.take() // what comes later still is of ops that are over
	inst.calls.reset()
	inst.ops.reset()
	inst.news.reset()
	inst.yielded = false
	return true
}
