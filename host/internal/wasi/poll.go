package wasi

import (
	"context"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/wexec/wexec/host/internal/wasi/stdio"
)

// maxSubscriptions bounds the subscriptions of a call.
const maxSubscriptions = 4096

// pollOneoff waits until a subscription occurs, and returns all that have.
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
	p := newPoll(c, in, n)
	for s := range p.subscriptions() {
		if s.kind > eventWrite {
			return eInval
		}
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

// poll is a call of poll_oneoff. The subscriptions stay in the guest's memory, since
// many guests may wait for many things.
type poll struct {
	call
	in, n uint32
	began [2]int64 // the clocks when the call began
}

func newPoll(c call, in, n uint32) *poll {
	p := &poll{call: c, in: in, n: n}
	for id := range p.began {
		p.began[id], _ = clockNow(uint32(id))
	}
	return p
}

func (p *poll) subscriptions() iter.Seq[subscription] {
	return func(yield func(subscription) bool) {
		m := memory(p.Memory())
		for i := range p.n {
			b, ok := m.bytes(p.in+i*p.subscriptionSize, p.subscriptionSize)
			if !ok || !yield(p.subscription(b)) {
				return
			}
		}
	}
}

const never = math.MaxInt64

// due is when a clock subscription occurs, on the monotonic clock. An unknown clock
// occurs at once, with an error.
func (p *poll) due(s subscription) int64 {
	if s.clock >= uint32(len(p.began)) {
		return 0
	}
	return saturatingAdd(p.began[clockMonotonic], int64(timeLeft(s, p.began[s.clock])))
}

// collect writes the events that have occurred, and returns their number.
func (p *poll) collect(out uint32) (came uint32) {
	m := memory(p.Memory())
	now, _ := clockNow(clockMonotonic)
	for s := range p.subscriptions() {
		e := event{userdata: s.userdata, kind: s.kind}
		switch {
		case s.kind == eventClock && now < p.due(s), s.kind != eventClock && !p.look(s, &e):
			continue
		case s.kind == eventClock && s.clock >= uint32(len(p.began)):
			e.err = eInval
		}
		if b, ok := m.bytes(out+came*eventSize, eventSize); ok {
			e.put(b)
			came++
		}
	}
	return came
}

// look reports whether a descriptor is ready, and fills in the event.
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
	if d.input != nil && !p.mayRead(d) {
		e.hangup = true // its input is at the end
		return true
	}
	p.Charge(hostCost)
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
	due, streams := p.awaited()
	if due != never {
		now, _ := clockNow(clockMonotonic)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(due-now))
		defer cancel()
	}
	switch len(streams) {
	case 0:
		<-ctx.Done()
	case 1:
		streams[0].Wait(ctx, 1)
	default:
		waitAny(ctx, streams)
	}
}

// awaited returns when the first clock is due, and the streams to wait for.
func (p *poll) awaited() (due int64, streams []stdio.Stream) {
	due = never
	for s := range p.subscriptions() {
		d := p.table.get(s.fd)
		switch {
		case s.kind == eventClock:
			due = min(due, p.due(s))
		case d != nil && d.stream() != nil && !slices.Contains(streams, d.stream()):
			streams = append(streams, d.stream())
		}
	}
	return due, streams
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
