package grants

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/internal/fault"
)

// Op is the op that a use serves.
type Op interface {
	// OnStop sets what to do when the op is cancelled.
	OnStop(stop func())
	// Post ends the op. Any goroutine may call it.
	Post(result []byte, err error)
}

// Bounds end a use early: with the context, or after Left, if that is positive, with
// the error Late.
type Bounds struct {
	Context context.Context
	Left    time.Duration
	Late    error
}

// Run runs an op of a capability on a goroutine, and posts how it ended. A goroutine
// that goes on after its op was cancelled is a stray: nothing waits for it, and it
// counts among those that run.
func (h *Host) Run(b Bounds, run capability.Op, use *capability.Use, op Op) error {
	if err := h.shares.take(use.Tenant, h.Background.Count(), h.Running); err != nil {
		return err
	}
	if err := h.Background.Enter(); err != nil {
		h.shares.give(use.Tenant)
		return err
	}
	ctx, cancel := context.WithCancelCause(b.Context)
	if b.Left > 0 {
		var release func()
		ctx, release = context.WithTimeoutCause(ctx, b.Left, b.Late)
		end := cancel
		cancel = func(cause error) { end(cause); release() }
	}
	var decided atomic.Bool // set by the end or the cancellation: the first wins
	op.OnStop(func() {
		if decided.CompareAndSwap(false, true) {
			h.strays.Add(1)
		} else { // it has ended, and the guest does not get the result
			h.apart(use.Abandon)
		}
		cancel(fault.ErrCancelled)
	})
	ended := func(result []byte, err error) {
		cancel(nil)
		if decided.CompareAndSwap(false, true) {
			op.Post(result, err)
		} else {
			defer h.strays.Add(-1)
			use.Abandon()
		}
	}
	h.runners.run(func() { h.perform(ctx, run, use, ended) })
	return nil
}

// perform runs an op, records it, and passes on how it ended, even if it panics or ends
// its goroutine.
func (h *Host) perform(ctx context.Context, run capability.Op, use *capability.Use, ended func([]byte, error)) {
	defer h.Background.Leave()
	defer h.shares.give(use.Tenant)
	began, argument := time.Now(), len(use.Arg)
	var result []byte
	var err error
	returned := false
	defer func() {
		if r := recover(); r != nil {
			fault.ReportPanic(h.Logger, "a capability", r, "capability", use.Op)
			err = fmt.Errorf("the capability %s panicked", use.Op)
		} else if !returned {
			err = fmt.Errorf("the capability %s ended its goroutine", use.Op)
		}
		defer ended(result, err) // also if Config.Audit ends the goroutine
		h.record(use, err, Bytes{int64(argument), int64(len(result))}, began)
	}()
	if result, err = run(ctx, use); err != nil {
		fault.Probe(err)
	}
	returned = true
}

// Deny records an op that may not be started.
func (h *Host) Deny(use *capability.Use, err error) {
	h.record(use, err, Bytes{In: int64(len(use.Arg))}, time.Now())
}

// Streams returns a table for the streams of a call.
func (h *Host) Streams(c capability.Caller) *capability.Streams {
	return capability.NewStreams(h.Config.Streams, func(s capability.Closed) {
		h.recordStream(c, s)
	})
}

// CloseStreams closes the streams of a call that has ended.
func (h *Host) CloseStreams(t *capability.Streams) {
	if rest := t.Shut(); rest != nil {
		h.apart(rest)
	}
}

// apart closes streams on a goroutine of its own, since a stream may be the embedder's.
func (h *Host) apart(closing func()) {
	if h.Background.EnterMore() != nil {
		return
	}
	go func() {
		defer h.Background.Leave()
		closing()
	}()
}
