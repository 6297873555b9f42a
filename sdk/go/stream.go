package wexec

import (
	"context"
	"io"
	"math"

	"github.com/wexec/wexec/abi"
)

// Stream is a stream of bytes between a task and its host. An op opens it, and it is
// closed with the call. No two reads and no two writes may run at once.
type Stream struct {
	ctx    context.Context
	handle uint32
}

// NewStream returns the stream with a handle that an op has returned. The context is
// that of the op; when it is done, reads and writes end.
func NewStream(ctx context.Context, handle uint32) *Stream { return &Stream{ctx, handle} }

// Pipe opens a stream that gives what is written to it to an op that takes it, such as
// that of Open. Its end is where it is closed.
func Pipe(ctx context.Context) (*Stream, error) {
	result, err := Op(ctx, abi.CapStreamPipe, nil)
	if err != nil {
		return nil, err
	}
	handle, _, err := abi.ParseStream(result)
	return NewStream(ctx, handle), err
}

// Handle returns the number by which the host knows the stream.
func (s *Stream) Handle() uint32 { return s.handle }

// Read implements io.Reader.
func (s *Stream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	piece, err := Op(s.ctx, abi.CapStreamRead, abi.AppendStream(s.arg(), uint32(min(len(p), math.MaxInt32))))
	if err == nil && len(piece) == 0 {
		err = io.EOF
	}
	return copy(p, piece), err
}

// Write implements io.Writer.
func (s *Stream) Write(p []byte) (int, error) {
	if _, err := Op(s.ctx, abi.CapStreamWrite, append(s.arg(), p...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements io.Closer. It works even if the context is done.
func (s *Stream) Close() error {
	ctx := s.ctx
	if c := callOf(ctx); c != nil {
		ctx = c
	}
	_, err := Op(ctx, abi.CapStreamClose, s.arg())
	return err
}

func (s *Stream) arg() []byte { return abi.AppendStream(make([]byte, 0, 8), s.handle) }
