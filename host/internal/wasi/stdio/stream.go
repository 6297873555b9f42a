package stdio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"strings"
)

// Kind is what a stream is.
type Kind int

const (
	Other Kind = iota
	Terminal
	RegularFile
)

// State is the state of a stream.
type State struct {
	Ready  bool // a read or write would not wait
	Bytes  int  // how many bytes can be read, if known
	Hangup bool // the other side is closed
}

// Stream is a standard stream of a guest. It is used by one goroutine at a time.
type Stream interface {
	Kind() Kind
	// Poll returns the state. For a reader whose state can't be known, it starts a
	// read of at most want bytes. A read that returns nothing, and no error, is
	// repeated until ctx ends or the stream is closed.
	Poll(ctx context.Context, want int) State
	// Wait waits until the stream is ready, or ctx ends.
	Wait(ctx context.Context, want int)
	// Close ends the call's use of the stream.
	Close()
}

// Input is a stream that a guest reads.
type Input interface {
	Stream
	// TryRead reads, or returns EAGAIN if it would have to wait. At the end it
	// returns io.EOF.
	TryRead(bufs [][]byte) (int, error)
}

// Output is a stream that a guest writes.
type Output interface {
	Stream
	// TryWrite writes, or returns EAGAIN if it must wait. The write may have begun
	// then: after Wait, the caller must call it again with the same bytes to get
	// the result.
	TryWrite(bufs [][]byte) (int, error)
}

// File is implemented by streams of kind RegularFile.
type File interface {
	io.Seeker
	io.ReaderAt
	io.WriterAt
	Stat() (os.FileInfo, error)
}

// Immediate is implemented by readers and writers that never block. They are called
// directly, and their panics pass.
type Immediate interface{ Immediate() }

// Report is called when an embedder's reader or writer panics. The guest sees an
// error.
type Report func(value any, stack []byte)

var (
	// ErrPanic is the error of a reader or writer that has panicked.
	ErrPanic = errors.New("the stream has panicked")
	// errCount is the error of one that returns an impossible count.
	errCount = errors.New("the stream returned an impossible count")
)

// maxBuffer bounds the buffer for a read or write of an embedder's.
const maxBuffer = 64 << 10

// OpenInput makes an Input of a reader. A nil reader is at the end.
func OpenInput(r io.Reader, report Report) Input {
	switch r := r.(type) {
	case nil:
		return atEnd
	case Immediate:
		return &direct{reader: r.(io.Reader)}
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		return &direct{reader: guardedReader{r, report}}
	case *os.File:
		return openFileInput(r, report)
	}
	return newPlainInput(r, Other, report)
}

// OpenOutput makes an Output of a writer. A nil writer drops everything.
func OpenOutput(w io.Writer, report Report) Output {
	switch w := w.(type) {
	case nil:
		return dropped
	case Immediate:
		return &direct{writer: w.(io.Writer)}
	case *bytes.Buffer:
		return &direct{writer: guardedWriter{w, report}}
	case *os.File:
		return openFileOutput(w, report)
	}
	if w == io.Discard {
		return dropped
	}
	return newPlainOutput(w, Other, report)
}

// direct is a stream that never blocks.
type direct struct {
	reader io.Reader
	writer io.Writer
}

// The streams of a guest that has none.
var (
	atEnd   = &direct{reader: empty{}}
	dropped = &direct{writer: io.Discard}
)

type empty struct{}

func (empty) Read([]byte) (int, error) { return 0, io.EOF }

func (*direct) Kind() Kind                      { return Other }
func (*direct) Poll(context.Context, int) State { return State{Ready: true, Bytes: 1} }
func (*direct) Wait(context.Context, int)       {}
func (*direct) Close()                          {}

func (d *direct) TryRead(bufs [][]byte) (done int, err error) {
	for _, buf := range bufs {
		if len(buf) == 0 {
			continue
		}
		n, err := d.reader.Read(buf)
		if done += n; n < len(buf) {
			return done, unless(done > 0, err)
		}
	}
	return done, nil
}

func (d *direct) TryWrite(bufs [][]byte) (done int, err error) {
	for _, buf := range bufs {
		n, err := d.writer.Write(buf)
		if done += n; n < len(buf) && err == nil {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, unless(done > 0, err)
		}
	}
	return done, nil
}

// unless drops the error of a call that has moved some bytes. The next call will
// meet it again.
func unless(moved bool, err error) error {
	if moved {
		return nil
	}
	return err
}

// regular is a regular file.
type regular struct {
	*direct
	file *os.File
}

func newRegular(f *os.File) *regular { return &regular{&direct{f, f}, f} }

func (*regular) Kind() Kind                                     { return RegularFile }
func (r *regular) Seek(offset int64, whence int) (int64, error) { return r.file.Seek(offset, whence) }
func (r *regular) ReadAt(p []byte, off int64) (int, error)      { return r.file.ReadAt(p, off) }
func (r *regular) WriteAt(p []byte, off int64) (int, error)     { return r.file.WriteAt(p, off) }
func (r *regular) Stat() (os.FileInfo, error)                   { return r.file.Stat() }

// guardedReader and guardedWriter call an embedder's code, which may panic or return
// nonsense.
type guardedReader struct {
	io.Reader
	report Report
}

func (g guardedReader) Read(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, g.report.caught(v)
		}
	}()
	n, err = g.Reader.Read(p)
	return checked(n, len(p), err)
}

type guardedWriter struct {
	io.Writer
	report Report
}

func (g guardedWriter) Write(p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, g.report.caught(v)
		}
	}()
	n, err = g.Writer.Write(p)
	return checked(n, len(p), err)
}

// caught reports a panic.
func (r Report) caught(value any) error {
	if r != nil {
		r(value, debug.Stack())
	}
	return ErrPanic
}

// checked checks the count that a reader or writer returned.
func checked(n, most int, err error) (int, error) {
	if n < 0 || n > most {
		return 0, errCount
	}
	return n, err
}
