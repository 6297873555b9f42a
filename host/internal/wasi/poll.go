package wasi

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// maxSubscriptions bounds what a guest may wait for in one call.
const maxSubscriptions = 4096

// pollOneoff waits for the first of what a guest subscribes to, and tells all
// that has come by then.
func pollOneoff(c call, a args) errno {
	in, out, n, result := a.u32(0), a.u32(1), a.u32(2), a.u32(3)
	m := memory(c.Memory())
	switch {
	case !m.has(in, uint64(n)*uint64(c.subscriptionSize)) || !m.has(out, uint64(n)*eventSize) || !m.has(result, 4):
		return eFault
	case n == 0 || n > maxSubscriptions:
		return eInval
	}
	c.Charge(int(n) * int(c.subscriptionSize+eventSize))
	p := poll{call: c, due: never}
	if e := p.read(m[in:], int(n)); e != success {
		return e
	}
	for {
		if came := p.collect(out); came > 0 {
			return memory(c.Memory()).put(result, came)
		}
		if e := c.wait(p.await); e != success {
			return e
		}
	}
}

// poll is a call that waits.
type poll struct {
	call
	due int64 // when the first clock is, on the monotonic one
}

const never = math.MaxInt64

// read copies the subscriptions, and works out when their clocks are due.
func (p *poll) read(from []byte, n int) errno {
	p.subscriptions = p.subscriptions[:0]
	monotonic, _ := clockNow(clockMonotonic)
	for i := range n {
		s := p.subscription(from[i*int(p.subscriptionSize):])
		switch s.kind {
		case eventClock:
			now, ok := clockNow(s.clock)
			s.due = monotonic // at once, with an error
			if ok {
				s.due = saturatingAdd(monotonic, int64(timeLeft(s, now)))
			}
			p.due = min(p.due, s.due)
		case eventRead, eventWrite:
		default:
			return eInval
		}
		p.subscriptions = append(p.subscriptions, s)
	}
	return success
}

// collect writes an event for all that has come, and returns how many.
func (p *poll) collect(out uint32) (came uint32) {
	m := memory(p.Memory())
	now, _ := clockNow(clockMonotonic)
	for _, s := range p.subscriptions {
		e := event{userdata: s.userdata, kind: s.kind}
		if s.kind == eventClock {
			if now < s.due {
				continue
			}
			if _, ok := clockNow(s.clock); !ok {
				e.err = eInval
			}
		} else if !p.look(s, &e) {
			continue
		}
		if b, ok := m.bytes(out+came*eventSize, eventSize); ok { // the memory only grows
			e.put(b)
			came++
		}
	}
	return came
}

// look reports whether a descriptor is ready, and what there is to tell of it.
func (p *poll) look(s subscription, e *event) bool {
	d := p.table.get(s.fd)
	switch {
	case d == nil:
		e.err = eBadf
	case d.base&neededToPoll(s.kind) != neededToPoll(s.kind):
		e.err = eNotCapable
	case d.stream() != nil:
		return p.lookStream(d, e)
	default:
		e.bytes = 1 // a file is ready even at its end
	}
	return true
}

func (p *poll) lookStream(d *descriptor, e *event) bool {
	if d.input != nil && !p.CanPark() {
		e.hangup = true // as it is at its end
		return true
	}
	state := d.stream().Poll(p.Context(), 1)
	e.bytes, e.hangup = uint64(state.Bytes), state.Hangup
	return state.Ready
}

func neededToPoll(kind eventKind) rights {
	if kind == eventRead {
		return rightPollFdReadwrite | rightFdRead
	}
	return rightPollFdReadwrite | rightFdWrite
}

// await waits until a clock is due, a stream is ready, or ctx ends.
func (p *poll) await(ctx context.Context) {
	if p.due != never {
		now, _ := clockNow(clockMonotonic)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(p.due-now))
		defer cancel()
	}
	streams := p.streams()
	switch len(streams) {
	case 0:
		<-ctx.Done()
	case 1:
		streams[0].Wait(ctx, 1)
	default:
		waitAny(ctx, streams)
	}
}

// streams are those that are waited for, each once.
func (p *poll) streams() (all []stdio.Stream) {
	for _, s := range p.subscriptions {
		if s.kind == eventClock {
			continue
		}
		if stream := p.table.get(s.fd).stream(); !slices.Contains(all, stream) {
			all = append(all, stream)
		}
	}
	return all
}

// waitAny waits until one of the streams is ready or ctx ends.
func waitAny(ctx context.Context, streams []stdio.Stream) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	for _, s := range streams {
		wg.Go(func() {
			s.Wait(ctx, 1)
			cancel()
		})
	}
	wg.Wait()
}
