package host

import (
	"slices"
	"sync"
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
// There are as many as were busy at once; they go when they have not been used
// for Config.Idle, all but Executor.Warm, or when others need their memory.
type instancePool struct {
	mod  *module
	warm int
	life time.Duration

	mu     sync.Mutex
	idle   map[owner][]*instance // the most recently used last
	count  int                   // of all
	reaper *time.Timer           // set while there are more than warm
	armed  bool
	closed bool
}

func newInstancePool(m *module, warm int, life time.Duration) *instancePool {
	p := &instancePool{mod: m, warm: warm, life: life, idle: map[owner][]*instance{}}
	p.reaper = time.AfterFunc(time.Hour, p.reap)
	p.reaper.Stop()
	return p
}

// nearby is how many idle instances are looked at for one that the worker has
// used: its memory may still be in the core's cache.
const nearby = 8

// take returns an idle instance with no more memory than that, or nil.
func (p *instancePool) take(o owner, memory uint64, worker int) *instance {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.idle[o]
	best := -1
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].memory.Size() > memory {
			continue
		}
		if best < 0 {
			best = i
		}
		if list[i].lastWorker == worker {
			best = i
			break
		}
		if len(list)-i > nearby {
			break
		}
	}
	if best < 0 {
		return nil
	}
	inst := list[best]
	p.setList(o, slices.Delete(list, best, best+1))
	p.count--
	return inst
}

func (p *instancePool) setList(o owner, list []*instance) {
	if len(list) == 0 {
		delete(p.idle, o) // a tenant who stays away costs nothing
	} else {
		p.idle[o] = list
	}
}

// put takes an instance that has nothing to do. It returns false if the pool is
// closed.
func (p *instancePool) put(inst *instance) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	inst.idleSince = time.Now()
	p.idle[inst.owner] = append(p.idle[inst.owner], inst)
	p.count++
	if !p.armed && p.count > p.warm {
		p.arm(p.life)
	}
	return true
}

// arm has the reaper come after a while. The lock is held.
func (p *instancePool) arm(after time.Duration) {
	p.armed = true
	p.reaper.Reset(after)
}

// reap closes the instances that have been idle for too long.
func (p *instancePool) reap() {
	// While it does, the module is not closed.
	if p.mod.gate.enter() != nil {
		return
	}
	defer p.mod.gate.leave()
	for _, inst := range p.expired() {
		inst.close()
	}
}

// expired takes out what is to be closed, and arms the reaper for the rest.
func (p *instancePool) expired() (list []*instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
	now, next := time.Now(), p.life
	for o, idle := range p.idle {
		n := 0
		for n < len(idle) && p.count > p.warm && now.Sub(idle[n].idleSince) >= p.life {
			n++
			p.count--
		}
		list = append(list, idle[:n]...)
		if n < len(idle) {
			next = min(next, p.life-now.Sub(idle[n].idleSince))
		}
		p.setList(o, slices.Delete(idle, 0, n))
	}
	if p.count > p.warm && !p.closed {
		p.arm(max(next, time.Millisecond))
	}
	return list
}

// drop closes all instances, and takes no more if it is for good.
func (p *instancePool) drop(forGood bool) {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.count = map[owner][]*instance{}, 0
	if forGood {
		p.closed = true
		p.reaper.Stop()
	}
	p.mu.Unlock()
	for _, list := range idle {
		for _, inst := range list {
			inst.close()
		}
	}
}

// len counts the idle instances.
func (p *instancePool) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}
