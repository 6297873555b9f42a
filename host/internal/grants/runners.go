package grants

import (
	"sync"
	"time"
)

// runnerIdle is how long a goroutine waits for the next op.
const runnerIdle = time.Second

// runners run ops, each on a goroutine of its own. One that has ended waits a while for
// the next op: a new goroutine would grow its stack again, which is a tenth of the time
// of a short HTTP request.
type runners struct {
	next chan func()
	shut chan struct{}
	all  sync.WaitGroup
}

func newRunners() *runners { return &runners{next: make(chan func()), shut: make(chan struct{})} }

// run runs a function, which may end its goroutine, but must not panic.
func (r *runners) run(f func()) {
	select {
	case r.next <- f:
	default:
		r.all.Go(func() { r.loop(f) })
	}
}

func (r *runners) loop(f func()) {
	idle := time.NewTimer(runnerIdle)
	defer idle.Stop()
	for {
		f()
		idle.Reset(runnerIdle)
		select {
		case f = <-r.next:
		case <-idle.C:
			return
		case <-r.shut:
			return
		}
	}
}

// close ends the goroutines that wait. It returns when all have ended.
func (r *runners) close() {
	close(r.shut)
	r.all.Wait()
}
