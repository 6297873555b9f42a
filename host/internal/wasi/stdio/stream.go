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

// State is what is known of a stream at a moment.
type State struct {
	Ready  bool // reading or writing would not have to wait
	Bytes  int  // that can be read, if that is known
	Hangup bool // the other side is gone
}

// Stream is what a guest reads or writes. It is used by one call at a time.
type Stream interface {
	Kind() Kind
	// Poll tells the state. If there is no way to know, it starts a read of at
	// most want bytes to find out. Such a read that brings nothing, and no error,
	// is repeated until ctx ends or the stream is closed.
	Poll(ctx context.Context, want int) State
	// Wait waits until the stream is ready, or ctx ends.
	Wait(ctx context.Context, want int)
	// Close says that the call does not use the stream any more.
	Close()
}

// Input is a stream that a guest reads.
type Input interface {
	Stream
	// TryRead reads, or fails with EAGAIN if it would have to wait. The end is
	// io.EOF.
	TryRead(bufs [][]byte) (int, error)
}

// Output is a stream that a guest writes.
type Output interface {
	Stream
	// TryWrite writes. If that takes time, it is only begun and the error is
	// EAGAIN. It is then called again after Wait, with the same bytes, and tells
	// how it went.
	TryWrite(bufs [][]byte) (int, error)
}

// File is what a stream also is if its Kind is RegularFile.
type File interface {
	io.Seeker
	io.ReaderAt
	io.WriterAt
	Stat() (os.FileInfo, error)
}

// Immediate is implemented by readers and writers that never block. They are
// called at once, and their panics pass.
type Immediate interface{ Immediate() }

// Report gets to know of a panic in an embedder's reader or writer, of which the
// guest sees an error.
type Report func(value any, stack []byte)

var (
	// ErrPanic is the error of a reader or writer that has panicked.
	ErrPanic = errors.New("the stream has panicked")
	// errCount is the error of one that claims to have moved more than there is.
	errCount = errors.New("the stream returned an impossible count")
)

// maxBuffer bounds what is held for one read or write of an embedder's.
const maxBuffer = 64 << 10

// OpenInput makes an Input of a reader. A nil reader is at its end.
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

// OpenOutput makes an Output of a writer. What is written to nil is dropped.
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

// What there is where there is no stream.
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

// unless drops the error of a call that has moved some bytes before: the next
// call will meet it too.
func unless(moved bool, err error) error {
	if moved {
		return nil
	}
	return err
}

// regular is a stream that is a regular file.
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

// guardedReader and guardedWriter run code of an embedder's, which may panic, end
// its goroutine, or return nonsense.
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

// checked makes an error of a count that can't be.
func checked(n, most int, err error) (int, error) {
	if n < 0 || n > most {
		return 0, errCount
	}
	return n, err
}
