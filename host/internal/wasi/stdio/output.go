package stdio

import (
	"context"
	"io"
	"sync"
	"syscall"
)

// sink is a writer that can't be interrupted.
type sink struct {
	lease
	writer io.Writer

	mu      sync.Mutex
	buf     []byte        // the bytes of the current write
	writing chan struct{} // closed when the current write ends, or nil
}

var sinks registry[*sink]

// spent implements leased.
func (s *sink) spent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.writing == nil
}

// plainOutput is a call's use of a sink.
type plainOutput struct {
	*sink
	kind   Kind
	report Report

	begun, ended bool // the state of this call's write, and its result
	n            int
	err          error
}

func newPlainOutput(w io.Writer, kind Kind, report Report) *plainOutput {
	s := sinks.join(w, func() *sink { return &sink{writer: w} })
	return &plainOutput{sink: s, kind: kind, report: report}
}

func (out *plainOutput) Kind() Kind { return out.kind }

func (out *plainOutput) Close() { sinks.leave(out.sink) }

func (out *plainOutput) Poll(context.Context, int) State {
	out.mu.Lock()
	defer out.mu.Unlock()
	return State{Ready: out.writing == nil}
}

func (out *plainOutput) TryWrite(bufs [][]byte) (int, error) {
	out.mu.Lock()
	defer out.mu.Unlock()
	switch {
	case out.begun && out.ended:
		out.begun, out.ended = false, false
		return out.n, unless(out.n > 0, out.err)
	case out.writing != nil: // by this call, or by one that was abandoned
		return 0, syscall.EAGAIN
	}
	out.buf = out.buf[:0]
	for _, buf := range bufs {
		out.buf = append(out.buf, buf[:min(len(buf), maxBuffer-len(out.buf))]...)
	}
	if len(out.buf) == 0 {
		return 0, nil
	}
	out.begun = true
	out.start()
	return 0, syscall.EAGAIN
}

// start starts to write buf.
func (out *plainOutput) start() {
	out.writing = make(chan struct{})
	go func() {
		n, err := 0, error(ErrPanic)
		defer func() {
			out.mu.Lock()
			out.n, out.err, out.ended = n, err, true
			close(out.writing)
			out.writing = nil
			out.mu.Unlock()
			sinks.settle(out.sink)
		}()
		n, err = guardedWriter{out.writer, out.report}.Write(out.buf)
		if n < len(out.buf) && err == nil {
			err = io.ErrShortWrite
		}
	}()
}

func (out *plainOutput) Wait(ctx context.Context, _ int) {
	out.mu.Lock()
	writing := out.writing
	out.mu.Unlock()
	if writing == nil {
		return
	}
	select {
	case <-writing:
	case <-ctx.Done():
	}
}
