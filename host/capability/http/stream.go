package http

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wexec/wexec/host/capability"
)

// A stream is the body of a response that a guest reads piece by piece. It holds the
// place of its exchange until the body ends, fails, stands still or is closed.
type stream struct {
	*exchange
	cancel context.CancelCauseFunc
	ended  sync.Once
	still  *time.Timer  // ends the exchange
	idle   atomic.Int64 // how long it may stand still
	upload *upload      // nil if the request has no streamed body

	reading sync.Mutex
	body    io.ReadCloser
	left    int64 // bytes that may still come
	err     error // what the last Read ended with
}

// take makes a stream of the call the body of the request, if that names one.
func (s *stream) take(u *capability.Use, r *request) error {
	if r.body == nil {
		return nil
	}
	taken, err := u.Streams.Take(*r.body)
	if err != nil {
		return badRequest("its body: %v", err)
	}
	s.upload = &upload{stream: s, from: taken, left: s.left}
	r.Body, r.GetBody, r.ContentLength = s.upload, nil, -1
	return nil
}

// start sends the request, and begins to read the response.
func (s *stream) start(x *exchange, cancel context.CancelCauseFunc) (*http.Response, error) {
	s.exchange, s.cancel = x, cancel
	s.still = time.AfterFunc(math.MaxInt64, func() {
		s.end(fmt.Errorf("nothing moved for %v: %w", time.Duration(s.idle.Load()), context.DeadlineExceeded))
	})
	context.AfterFunc(x.ctx, func() { s.end(nil) }) // it may be too late, too
	s.moves(cmp.Or(s.client.Timeout, defaultTimeout))
	res, err := s.send()
	if err != nil {
		return nil, err
	}
	s.body = res.Body
	s.moves(cmp.Or(s.client.StreamIdle, defaultStreamIdle))
	return res, nil
}

// abandon ends what there is of a stream that could not be opened.
func (s *stream) abandon(cause error) {
	if s.upload != nil {
		s.upload.close(cause)
	}
	if s.exchange != nil {
		s.Close()
	}
}

// moves says how long nothing may move from now on.
func (s *stream) moves(idle time.Duration) {
	s.idle.Store(int64(idle))
	s.moved()
}

// moved says that bytes have come or gone.
func (s *stream) moved() {
	if s.ctx.Err() == nil {
		s.still.Reset(time.Duration(s.idle.Load()))
	}
}

// end ends the exchange for a reason, which later reads give.
func (s *stream) end(cause error) {
	s.ended.Do(func() {
		s.cancel(cause)
		s.still.Stop()
		s.exchange.end()
		if s.upload != nil {
			s.upload.close(context.Cause(s.ctx)) // net/http leaves a Read of it waiting
		}
	})
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.body.Read(p[:min(int64(len(p)), s.left+1)])
	s.left -= int64(n)
	switch {
	case s.ctx.Err() != nil: // asked even after success: see fetch
		n, s.err = 0, s.failure(nil)
	case s.left < 0:
		n, s.err = 0, s.failure(tooBig(cmp.Or(s.client.MaxStreamBytes, defaultMaxStreamBytes), "http.Client.MaxStreamBytes"))
	case err == io.EOF:
		s.err = io.EOF
	case err != nil:
		s.err = s.failure(err)
	}
	if s.err != nil {
		s.end(nil)
	} else if n > 0 {
		s.moved()
	}
	return n, s.err
}

// Close implements io.Closer. A Read that waits ends first.
func (s *stream) Close() error {
	s.end(errClosed)
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.body != nil {
		s.body.Close()
	}
	return nil
}

var errClosed = errors.New("the stream was closed")

// An upload is the body of a request that a guest writes piece by piece.
type upload struct {
	stream *stream
	from   io.ReadCloser
	left   int64
	closed sync.Once
}

// Read implements io.Reader.
func (b *upload) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, badRequest("its body has more than %d bytes (http.Client.MaxStreamBytes)",
			cmp.Or(b.stream.client.MaxStreamBytes, defaultMaxStreamBytes))
	}
	b.stream.moved()
	return n, err
}

// Close implements io.Closer. net/http calls it when it needs no more.
func (b *upload) Close() error {
	b.close(io.ErrClosedPipe)
	return nil
}

// close tells the guest, which may still write.
func (b *upload) close(cause error) {
	b.closed.Do(func() {
		if c, ok := b.from.(interface{ CloseWithError(error) error }); ok {
			c.CloseWithError(cause)
		} else {
			b.from.Close()
		}
	})
}
