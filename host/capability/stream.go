package capability

import (
	"context"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/wexec/wexec/abi"
)

// An op ends once, so what comes in pieces is a stream: an op opens it for the call,
// and stream.read, stream.write and stream.close use it by its handle. It is closed
// with the call.

// pieceBytes is the most bytes of one stream.read.
const pieceBytes = 256 << 10

// Streams has the open streams of one call. Its handles mean nothing to other calls.
type Streams struct {
	most     int
	onClosed func(Closed) // may be nil

	mu   sync.Mutex
	open map[uint32]*stream
	last uint32 // handle
	shut bool
}

// NewStreams returns an empty table that holds at most that many streams. It reports
// each to closed, if that is not nil, after it has closed it.
func NewStreams(most int, closed func(Closed)) *Streams {
	return &Streams{most: most, onClosed: closed}
}

// Closed describes a stream that was closed.
type Closed struct {
	// Op is the op that opened it, and Detail is that of its Use.
	Op, Detail string
	// Read and Written are how many bytes the guest read and wrote.
	Read, Written int64
	Opened        time.Time
	// Err is what its closing failed with, or nil.
	Err error
}

// PanicError is the error of a stream that panicked when it was closed.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("closing the stream panicked: %v", e.Value) }

// stream is one open stream. A read may run beside a write, but no two reads and no
// two writes run at once: their bytes would be in no order.
type stream struct {
	closer   io.Closer
	reader   io.Reader // nil if it can't be read, or its reading was taken
	writer   io.Writer // nil if it can't be written
	reading  bool
	writing  bool
	finished bool // the reader has said io.EOF
	Closed
}

var (
	errNoStreams = Errorf(abi.Failed, "there are no streams here")
	errCallEnded = Errorf(abi.Cancelled, "the call has ended")
	errNoReading = Errorf(abi.InvalidInput, "the stream can't be read")
	errNoWriting = Errorf(abi.InvalidInput, "the stream can't be written")
	errBusy      = Errorf(abi.InvalidInput, "an op before this one still uses the stream: wait for its end")
)

// close closes the stream, because of a cause if its work was broken off: what reads
// from a pipe must not take that for the end. A stream may be an embedder's, and panic.
func (s *stream) close(cause error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r, debug.Stack()}
		}
	}()
	if c, ok := s.closer.(interface{ CloseWithError(error) error }); ok && cause != nil {
		return c.CloseWithError(cause)
	}
	return s.closer.Close()
}

// watch closes the stream if ctx ends before it is stopped.
func (s *stream) watch(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() { _ = s.close(context.Cause(ctx)) })
}

// add adds a stream and returns its handle.
func (t *Streams) add(s *stream) (uint32, error) {
	if t == nil {
		return 0, errNoStreams
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.shut:
		return 0, errCallEnded
	case len(t.open) >= t.most || t.last == 1<<32-1:
		return 0, Errorf(abi.QueueFull, "the call has %d streams open, the most that it may have (Config.Limits.Streams)",
			len(t.open))
	}
	if t.open == nil {
		t.open = map[uint32]*stream{}
	}
	t.last++
	t.open[t.last] = s
	return t.last, nil
}

// Take gives the reading of a stream to a capability, which must close it. The guest
// can't read the stream any more.
func (t *Streams) Take(handle uint32) (io.ReadCloser, error) {
	var reader io.Reader
	s, err := t.use(handle, func(s *stream) error {
		switch {
		case s.reader == nil:
			return errNoReading
		case s.reading:
			return errBusy
		}
		reader, s.reader = s.reader, nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	if r, ok := reader.(*io.PipeReader); ok {
		return r, nil // its closing tells the guest, which may still write
	}
	return taken{reader, s.closer}, nil
}

type taken struct {
	io.Reader
	io.Closer
}

// use finds a stream and changes it under the lock.
func (t *Streams) use(handle uint32, change func(*stream) error) (*stream, error) {
	if t == nil {
		return nil, errNoStreams
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s, ok := t.open[handle]
	if !ok {
		return nil, Errorf(abi.InvalidInput, "the call has no open stream with the handle %d", handle)
	}
	return s, change(s)
}

// Read returns 1 to most bytes of a stream, or none at its end. If ctx ends first, the
// stream is closed, since bytes may be lost.
func (t *Streams) Read(ctx context.Context, handle uint32, most int) ([]byte, error) {
	s, err := t.use(handle, func(s *stream) error {
		switch {
		case s.finished:
			return io.EOF
		case s.reader == nil:
			return errNoReading
		case s.reading:
			return errBusy
		}
		s.reading = true
		return nil
	})
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer s.watch(ctx)()
	piece := make([]byte, min(max(most, 1), pieceBytes))
	n := 0
	for n == 0 && err == nil {
		n, err = s.reader.Read(piece)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s.reading = false
	s.Read += int64(n)
	switch {
	case n > 0:
		return piece[:n], nil // the error, if there is one, comes again
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == io.EOF:
		s.finished = true
		return nil, nil
	}
	return nil, err
}

// Write writes all bytes. If ctx ends first, the stream is closed.
func (t *Streams) Write(ctx context.Context, handle uint32, bytes []byte) error {
	s, err := t.use(handle, func(s *stream) error {
		switch {
		case s.writer == nil:
			return errNoWriting
		case s.writing:
			return errBusy
		}
		s.writing = true
		return nil
	})
	if err != nil {
		return err
	}
	defer s.watch(ctx)()
	n, err := s.writer.Write(bytes)
	t.mu.Lock()
	defer t.mu.Unlock()
	s.writing = false
	s.Written += int64(n)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Close closes a stream and forgets its handle.
func (t *Streams) Close(handle uint32) error {
	s, err := t.use(handle, func(s *stream) error {
		delete(t.open, handle)
		return nil
	})
	if err != nil {
		return err
	}
	err = s.close(nil)
	t.report(s, err)
	return err
}

// Shut refuses every stream that is still to be opened. It returns a function that
// closes those that are open, or nil if there are none.
func (t *Streams) Shut() (closeAll func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	open := t.open
	t.open, t.shut = nil, true
	if len(open) == 0 {
		return nil
	}
	return func() { t.closeAll(slices.Collect(maps.Values(open))) }
}

func (t *Streams) closeAll(open []*stream) {
	if len(open) == 0 {
		return
	}
	defer t.closeAll(open[1:]) // also if one ends the goroutine
	t.report(open[0], open[0].close(errCallEnded))
}

func (t *Streams) report(s *stream, err error) {
	if t.onClosed == nil {
		return
	}
	t.mu.Lock()
	closed := s.Closed
	t.mu.Unlock()
	closed.Err = err
	t.onClosed(closed)
}
