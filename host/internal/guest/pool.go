package guest

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pool keeps the idle instances of a module for one executor. It grows to the
// number of instances that were busy at once. An instance is closed when it has
// been idle for a while, unless it is one of those kept warm, or when other
// modules need its memory.
type Pool struct {
	template *Template
	warm     int
	idleFor  time.Duration

	// near has the instance that each worker used last, if that was reset. The
	// worker takes it without a lock, and its memory may still be in the cache of
	// the worker's core. Workers from number nearSlots on share the slots.
	near [nearSlots]nearSlot

	mu     sync.Mutex
	idle   map[Affinity][]*Instance // the most recently used last
	reaper *time.Timer              // set while armed

	reaping sync.Mutex // held while the reaper closes instances
	closed  atomic.Bool
	count   atomic.Int64  // of idle instances
	armed   atomic.Bool   // the reaper is set
	rounds  atomic.Uint32 // how often the reaper has run
}

const nearSlots = 32

type nearSlot struct {
	inst atomic.Pointer[Instance]
	_    [56]byte // a cache line for each
}

// NewPool returns an empty pool. It keeps as many instances as warm says, and
// closes others when they have been idle for idleFor.
func (t *Template) NewPool(warm int, idleFor time.Duration) *Pool {
	p := &Pool{template: t, warm: warm, idleFor: idleFor, idle: map[Affinity][]*Instance{}}
	p.reaper = time.AfterFunc(time.Hour, p.reap)
	p.reaper.Stop()
	return p
}

// Take returns an instance for a call with affinity a. It prefers an idle instance
// that has no more than memory bytes; otherwise it makes a new one, which its
// first call starts. worker is the number of the worker that runs the call.
func (p *Pool) Take(a Affinity, memory uint64, worker int) *Instance {
	if inst := p.takeIdle(a, memory, worker); inst != nil {
		return inst
	}
	return p.template.New(a, NewInbox())
}

func (p *Pool) takeIdle(a Affinity, memory uint64, worker int) *Instance {
	if a.Program {
		return nil
	}
	if !a.PerInstance {
		if inst := p.near[worker%nearSlots].inst.Swap(nil); inst != nil {
			if inst.memory.Size() <= memory {
				p.count.Add(-1)
				return inst
			}
			p.keep(inst)
		}
	}
	if p.count.Load() == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[a]
	for i := len(list) - 1; i >= 0; i-- {
		if inst := list[i]; inst.memory.Size() <= memory {
			p.setList(a, slices.Delete(list, i, i+1))
			p.count.Add(-1)
			return inst
		}
	}
	return nil
}

func (p *Pool) setList(a Affinity, list []*Instance) {
	if len(list) == 0 {
		delete(p.idle, a) // a tenant without calls costs nothing
	} else {
		p.idle[a] = list
	}
}

// Put returns an instance whose call has ended to the pool. Put resets the
// instance, unless it keeps its state, and closes it if it can't be used again.
func (p *Pool) Put(inst *Instance, worker int) {
	if inst.reusable() {
		p.add(inst, worker)
		return
	}
	runtime.Gosched() // freeing pages takes long, and the caller waits for the call
	inst.Close()
}

// Add adds an instance that is ready for a task.
func (p *Pool) Add(inst *Instance) { p.add(inst, 0) }

func (p *Pool) add(inst *Instance, worker int) {
	inst.idleRound = p.rounds.Load()
	count := p.count.Add(1)
	if inst.affinity.PerInstance || !p.near[worker%nearSlots].inst.CompareAndSwap(nil, inst) {
		p.keep(inst)
	}
	if count > int64(p.warm) && !p.armed.Load() {
		p.arm()
	}
	if p.closed.Load() {
		p.Drop()
	}
}

// keep adds an instance to the list of its affinity. It does not change the count.
func (p *Pool) keep(inst *Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[inst.affinity] = append(p.idle[inst.affinity], inst)
}

// arm sets the reaper, which runs twice in the time that an instance may be idle.
func (p *Pool) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed.Load() && p.armed.CompareAndSwap(false, true) {
		p.reaper.Reset(p.idleFor / 2)
	}
}

// Close closes all idle instances, and each instance that is returned later.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed.Store(true)
	p.reaper.Stop()
	p.mu.Unlock()
	p.reaping.Lock() // wait for a reaper that closes instances
	defer p.reaping.Unlock()
	p.Drop()
}

// Len counts the idle instances.
func (p *Pool) Len() int { return int(p.count.Load()) }

// reap closes the instances that have been idle for two rounds.
func (p *Pool) reap() {
	p.reaping.Lock()
	defer p.reaping.Unlock()
	if p.closed.Load() {
		return
	}
	p.armed.Store(false)
	round := p.rounds.Add(1)
	for _, inst := range p.remove(func(inst *Instance) bool {
		return p.count.Load() > int64(p.warm) && round-inst.idleRound >= 2
	}) {
		inst.Close()
	}
	if p.count.Load() > int64(p.warm) {
		p.arm()
	}
}

// Drop closes all idle instances.
func (p *Pool) Drop() {
	for _, inst := range p.remove(func(*Instance) bool { return true }) {
		inst.Close()
	}
}

// Bytes returns the linear memory of all idle instances.
func (p *Pool) Bytes() (n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.idle {
		for _, inst := range list {
			n += inst.memory.Size()
		}
	}
	for i := range p.near {
		if inst := p.near[i].inst.Load(); inst != nil {
			n += inst.memory.Size()
		}
	}
	return n
}

// remove removes the idle instances that unwanted selects, and returns them.
func (p *Pool) remove(unwanted func(*Instance) bool) (removed []*Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	take := func(inst *Instance) bool {
		if !unwanted(inst) {
			return false
		}
		p.count.Add(-1)
		removed = append(removed, inst)
		return true
	}
	for a, list := range p.idle {
		p.setList(a, slices.DeleteFunc(list, take))
	}
	for i := range p.near {
		slot := &p.near[i].inst
		if inst := slot.Swap(nil); inst != nil && !take(inst) && !slot.CompareAndSwap(nil, inst) {
			p.idle[inst.affinity] = append(p.idle[inst.affinity], inst)
		}
	}
	return removed
}
