package host

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// owner says what calls an instance may serve: those that have the same one.
type owner struct {
	isolation Isolation
	// tenant is whose state the instance keeps. One that is put back after every
	// task serves everybody.
	tenant string
}

// instancePool keeps the instances of a module that are idle, for one executor.
// There are as many as were busy at once. They go when they have not been used
// for Config.Idle, all but Executor.Warm, or when others need their memory.
type instancePool struct {
	mod  *module
	warm int
	life time.Duration

	// near has the instance that each worker used last, if that is pristine: it
	// is taken without a lock, and its memory is in the cache of a core that the
	// worker may still be on. Workers with a higher number share them.
	near [nearSlots]nearSlot

	mu     sync.Mutex
	idle   map[owner][]*instance // the most recently used last
	reaper *time.Timer           // set while armed

	closed atomic.Bool
	count  atomic.Int64  // of idle instances
	armed  atomic.Bool   // the reaper comes
	rounds atomic.Uint32 // of the reaper
}

const nearSlots = 32

type nearSlot struct {
	inst atomic.Pointer[instance]
	_    [56]byte // a cache line for each
}

func newInstancePool(m *module, warm int, life time.Duration) *instancePool {
	p := &instancePool{mod: m, warm: warm, life: life, idle: map[owner][]*instance{}}
	p.reaper = time.AfterFunc(time.Hour, p.reap)
	p.reaper.Stop()
	return p
}

// take returns an idle instance with no more memory than that, or nil.
func (p *instancePool) take(o owner, memory uint64, worker int) *instance {
	if o.isolation == PerTask {
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
	list := p.idle[o]
	for i := len(list) - 1; i >= 0; i-- {
		if inst := list[i]; inst.memory.Size() <= memory {
			p.setList(o, slices.Delete(list, i, i+1))
			p.count.Add(-1)
			return inst
		}
	}
	return nil
}

func (p *instancePool) setList(o owner, list []*instance) {
	if len(list) == 0 {
		delete(p.idle, o) // a tenant who stays away costs nothing
	} else {
		p.idle[o] = list
	}
}

// put takes an instance that has nothing to do, from the worker that used it.
func (p *instancePool) put(inst *instance, worker int) {
	inst.idleRound = p.rounds.Load()
	count := p.count.Add(1)
	if inst.owner.isolation != PerTask || !p.near[worker%nearSlots].inst.CompareAndSwap(nil, inst) {
		p.keep(inst)
	}
	if count > int64(p.warm) && !p.armed.Load() {
		p.arm()
	}
	if p.closed.Load() {
		p.drop() // or nobody would
	}
}

// keep puts an instance, which is counted, on the list of its owner.
func (p *instancePool) keep(inst *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle[inst.owner] = append(p.idle[inst.owner], inst)
}

// arm has the reaper come, twice in the life of an idle instance.
func (p *instancePool) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed.Load() && p.armed.CompareAndSwap(false, true) {
		p.reaper.Reset(p.life / 2)
	}
}

// close closes all idle instances, and every one that comes later.
func (p *instancePool) close() {
	p.mu.Lock()
	p.closed.Store(true)
	p.reaper.Stop()
	p.mu.Unlock()
	p.drop()
}

// reap closes the instances that have been idle for two rounds.
func (p *instancePool) reap() {
	// Until it is done, the module is not closed.
	if p.mod.gate.Enter() != nil {
		return
	}
	defer p.mod.gate.Leave()
	p.armed.Store(false)
	round := p.rounds.Add(1)
	for _, inst := range p.remove(func(inst *instance) bool {
		return p.count.Load() > int64(p.warm) && round-inst.idleRound >= 2
	}) {
		inst.close()
	}
	if p.count.Load() > int64(p.warm) {
		p.arm()
	}
}

// drop closes all idle instances.
func (p *instancePool) drop() {
	for _, inst := range p.remove(func(*instance) bool { return true }) {
		inst.close()
	}
}

// bytes is the memory of all idle instances.
func (p *instancePool) bytes() (n uint64) {
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
func (p *instancePool) remove(unwanted func(*instance) bool) (removed []*instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	take := func(inst *instance) bool {
		if !unwanted(inst) {
			return false
		}
		p.count.Add(-1)
		removed = append(removed, inst)
		return true
	}
	for o, list := range p.idle {
		p.setList(o, slices.DeleteFunc(list, take))
	}
	for i := range p.near {
		slot := &p.near[i].inst
		if inst := slot.Swap(nil); inst != nil && !take(inst) && !slot.CompareAndSwap(nil, inst) {
			p.idle[inst.owner] = append(p.idle[inst.owner], inst)
		}
	}
	return removed
}
