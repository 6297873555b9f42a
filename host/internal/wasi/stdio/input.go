package stdio

import (
	"context"
	"io"
	"sync"
	"syscall"
	"time"
)

// source is a reader that can't be interrupted, and the bytes read from it.
type source struct {
	lease
	reader io.Reader

	mu      sync.Mutex
	got     []byte        // bytes that no guest has read yet
	err     error         // the error after them
	reading chan struct{} // closed when the current read ends, or nil
}

var sources registry[*source]

// spent implements leased. An error is not kept, since the reader returns it again.
func (s *source) spent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got) == 0 && s.reading == nil
}

// plainInput is a call's use of a source.
type plainInput struct {
	*source
	kind   Kind
	report Report
	closed chan struct{}
}

func newPlainInput(r io.Reader, kind Kind, report Report) *plainInput {
	s := sources.join(r, func() *source { return &source{reader: r} })
	return &plainInput{s, kind, report, make(chan struct{})}
}

func (in *plainInput) Kind() Kind { return in.kind }

func (in *plainInput) Close() {
	close(in.closed)
	sources.leave(in.source)
}

func (in *plainInput) Poll(ctx context.Context, want int) State {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.got) == 0 && in.err == nil {
		in.start(ctx, want)
		return State{}
	}
	return State{Ready: true, Bytes: len(in.got), Hangup: len(in.got) == 0}
}

func (in *plainInput) TryRead(bufs [][]byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.got) == 0 {
		err := in.err
		if in.err = nil; err == nil {
			err = syscall.EAGAIN
		}
		return 0, err
	}
	done := 0
	for _, buf := range bufs {
		n := copy(buf, in.got)
		in.got = in.got[n:]
		done += n
	}
	if len(in.got) == 0 {
		in.got = nil
	}
	return done, nil
}

func (in *plainInput) Wait(ctx context.Context, want int) {
	for ctx.Err() == nil && !in.Poll(ctx, want).Ready {
		in.mu.Lock()
		reading := in.reading
		in.mu.Unlock()
		if reading == nil { // it has just ended
			continue
		}
		select {
		case <-reading:
		case <-ctx.Done():
		}
	}
}

// start starts a read unless one is under way.
func (in *plainInput) start(ctx context.Context, want int) {
	if in.reading != nil {
		return
	}
	in.reading = make(chan struct{})
	go func() {
		buf := make([]byte, min(max(want, 1), maxBuffer))
		n, err := 0, error(ErrPanic)
		defer func() {
			in.mu.Lock()
			in.got, in.err = buf[:n], err
			close(in.reading)
			in.reading = nil
			in.mu.Unlock()
			sources.settle(in.source)
		}()
		n, err = in.read(ctx, buf)
	}()
}

const (
	firstPause = time.Millisecond
	maxPause   = 100 * time.Millisecond
)

// read reads, and repeats reads that return nothing for as long as the call goes on.
func (in *plainInput) read(ctx context.Context, buf []byte) (int, error) {
	reader := guardedReader{in.reader, in.report}
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		n, err := reader.Read(buf)
		if n > 0 || err != nil {
			return n, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
			continue
		case <-ctx.Done():
		case <-in.closed:
		}
		timer.Stop()
		return 0, nil
	}
}
