package guest

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Pool keeps the idle instances of a module, for one executor. There are as many
// as were busy at once. They go when they have not been used for a while, except
// for those that are kept warm, or when other modules need their memory.
type Pool struct {
	template *Template
	warm     int
	idleFor  time.Duration

	// near has the instance that each worker used last, if that was reset: it is
	// taken without a lock, and its memory is in the cache of a core that the
	// worker may still be on. Workers with a higher number share the slots.
	near [nearSlots]nearSlot

	mu     sync.Mutex
	idle   map[Affinity][]*Instance // the most recently used last
	reaper *time.Timer              // set while armed

	reaping sync.Mutex // held while the reaper closes instances
	closed  atomic.Bool
	count   atomic.Int64  // of idle instances
	armed   atomic.Bool   // the reaper is set
	rounds  atomic.Uint32 // of the reaper
}

const nearSlots = 32

type nearSlot struct {
	inst atomic.Pointer[Instance]
	_    [56]byte // a cache line for each
}

// NewPool returns an empty pool. It keeps that many instances warm, and the
// others for idleFor.
func (t *Template) NewPool(warm int, idleFor time.Duration) *Pool {
	p := &Pool{template: t, warm: warm, idleFor: idleFor, idle: map[Affinity][]*Instance{}}
	p.reaper = time.AfterFunc(time.Hour, p.reap)
	p.reaper.Stop()
	return p
}

// Take returns an instance for a call that may have so much memory: an idle one,
// or a new one that is not started yet.
func (p *Pool) Take(a Affinity, memory uint64, worker int) *Instance {
	if inst := p.takeIdle(a, memory, worker); inst != nil {
		return inst
	}
	return p.template.New(a, NewInbox())
}

func (p *Pool) takeIdle(a Affinity, memory uint64, worker int) *Instance {
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

// Put takes an instance whose call has ended, from the worker that used it. It is
// reset, if it is not to keep its state, and waits for the next call. If it can't
// be, it is closed.
func (p *Pool) Put(inst *Instance, worker int) {
	if inst.reusable() {
		p.add(inst, worker)
		return
	}
	runtime.Gosched() // freeing pages takes long, and the caller waits for the call
	inst.Close()
}

// Add takes an instance that is ready for a task.
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

// keep puts an instance, which is counted, on the list of its owner.
func (p *Pool) keep(inst *Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[inst.affinity] = append(p.idle[inst.affinity], inst)
}

// arm sets the reaper, which comes twice in the life of an idle instance.
func (p *Pool) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed.Load() && p.armed.CompareAndSwap(false, true) {
		p.reaper.Reset(p.idleFor / 2)
	}
}

// Close closes all idle instances, and every one that is put later.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed.Store(true)
	p.reaper.Stop()
	p.mu.Unlock()
	p.reaping.Lock() // the reaper is done, and closes no more
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

// Bytes is the memory of all idle instances.
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

// remove takes out the idle instances that are unwanted.
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
