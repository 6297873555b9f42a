package guest

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/wexec/wexec/host/internal/fault"
)

// metered charges a guest for what its system calls read and write, in pieces:
// between them it may be stopped.
type metered struct {
	inst *Instance
	in   io.Reader
	out  io.Writer
}

const piece = 64 << 10

func (m metered) Read(p []byte) (int, error) {
	p = p[:min(len(p), piece)]
	m.inst.ChargeCall(len(p))
	return m.in.Read(p)
}

func (m metered) Write(p []byte) (int, error) {
	written := 0
	for {
		part := p[written:min(len(p), written+piece)]
		m.inst.ChargeCall(len(part))
		n, err := m.out.Write(part)
		if written += n; err != nil || written == len(p) {
			return written, err
		}
	}
}

// stdin is a guest's standard input: the call's input, or a reader. A read
// ends with the instance, even if the reader's does not.
type stdin struct {
	ctx    context.Context
	input  bytes.Reader
	reader io.Reader

	reads chan []byte // what the reader gave; closed at its end
	rest  []byte
}

func (s *stdin) Read(p []byte) (int, error) {
	if s.reader == nil {
		return s.input.Read(p)
	}
	if s.reads == nil {
		s.reads = make(chan []byte)
		go s.pump()
	}
	if len(s.rest) == 0 {
		var ok bool
		select {
		case s.rest, ok = <-s.reads:
			if !ok {
				return 0, io.EOF
			}
		case <-s.ctx.Done():
			return 0, context.Cause(s.ctx)
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// pump reads ahead by one buffer. A reader that blocks for ever, as a terminal
// does, keeps this goroutine: nothing can interrupt such a read.
func (s *stdin) pump() {
	defer close(s.reads)
	for {
		buf := make([]byte, 32<<10)
		n, err := s.reader.Read(buf)
		if n > 0 {
			select {
			case s.reads <- buf[:n]:
			case <-s.ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// outlet is a writer from outside that a guest writes to. A write ends with the
// instance, even if the writer's does not.
type outlet struct {
	ctx    context.Context
	writer io.Writer
	pieces chan []byte
	ends   chan ending
}

// ending is how a write ended.
type ending struct {
	n   int
	err error
}

func (o *outlet) Write(p []byte) (int, error) {
	if o.pieces == nil {
		o.pieces, o.ends = make(chan []byte), make(chan ending, 1)
		go o.pump()
	}
	// A copy, since the guest's memory may be gone before it is written.
	select {
	case o.pieces <- append([]byte(nil), p...):
	case <-o.ctx.Done():
		return 0, context.Cause(o.ctx)
	}
	select {
	case end := <-o.ends:
		return end.n, end.err
	case <-o.ctx.Done():
		return 0, context.Cause(o.ctx)
	}
}

func (o *outlet) pump() {
	for {
		select {
		case p := <-o.pieces:
			n, err := o.writer.Write(p)
			o.ends <- ending{n, err}
		case <-o.ctx.Done():
			return
		}
	}
}

// limitedBuffer keeps what a guest writes. One that writes too much is ended.
type limitedBuffer struct {
	bytes.Buffer
	inst *Instance
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if most := b.inst.Limits.Output; b.Len()+len(p) > most {
		b.inst.Stop(&fault.TaskError{Message: fmt.Sprintf("its output has more than %d bytes (Config.Limits.Output)", most)})
		return 0, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}
