package stdio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// read reads as a guest does: it tries, and waits.
func read(ctx context.Context, in Input, n int) (string, error) {
	buf := make([]byte, n)
	for {
		n, err := in.TryRead([][]byte{buf})
		if err != syscall.EAGAIN {
			return string(buf[:n]), err
		}
		if in.Wait(ctx, len(buf)); ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
}

// write writes as a guest does.
func write(ctx context.Context, out Output, text string) (int, error) {
	for {
		n, err := out.TryWrite([][]byte{[]byte(text)})
		if err != syscall.EAGAIN {
			return n, err
		}
		if out.Wait(ctx, 0); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
}

type immediate struct{ bytes.Buffer }

func (*immediate) Immediate() {}

// noted is a reader that says what was asked of it.
type noted struct {
	io.Reader
	asked []int
}

func (n *noted) Read(p []byte) (int, error) {
	n.asked = append(n.asked, len(p))
	return n.Reader.Read(p)
}

// uncomparable is a stream that can't be told from others of its type.
type uncomparable struct {
	io.Reader
	io.Writer
	_ []int
}

// TestInputs: all kinds of readers give the same bytes, and the end after them.
func TestInputs(t *testing.T) {
	const text = "0123456789"
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	pipe, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	_, _ = feed.WriteString(text)
	_ = feed.Close()
	own := &immediate{}
	own.WriteString(text)
	for what, c := range map[string]struct {
		reader io.Reader
		kind   Kind
	}{
		"bytes":     {bytes.NewReader([]byte(text)), Other},
		"buffer":    {bytes.NewBufferString(text), Other},
		"string":    {strings.NewReader(text), Other},
		"immediate": {own, Other},
		"any":       {&noted{Reader: strings.NewReader(text)}, Other},
		"no key":    {uncomparable{Reader: io.MultiReader(strings.NewReader(text))}, Other},
		"file":      {file, RegularFile},
		"pipe":      {pipe, Other},
	} {
		in := OpenInput(c.reader, nil)
		if in.Kind() != c.kind {
			t.Errorf("%s is of kind %d", what, in.Kind())
		}
		got := ""
		for range 5 {
			more, err := read(t.Context(), in, 2)
			if got += more; err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := read(t.Context(), in, 2); got != text || err != io.EOF {
			t.Errorf("%s gives %q, and then %v", what, got, err)
		}
		in.Close()
	}
	if _, err := read(t.Context(), OpenInput(nil, nil), 2); err != io.EOF {
		t.Errorf("nothing gives %v", err)
	}
	if len(sources.byStream) > 0 {
		t.Errorf("%d sources are kept", len(sources.byStream))
	}
}

// TestOutputs: all kinds of writers get the same bytes.
func TestOutputs(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	drain, pipe, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer drain.Close()
	var buffer bytes.Buffer
	var own immediate
	var any struct{ bytes.Buffer }
	for what, c := range map[string]struct {
		writer io.Writer
		got    func() string
	}{
		"buffer":    {&buffer, buffer.String},
		"immediate": {&own, own.String},
		"any":       {&any, any.String},
		"no key":    {uncomparable{Writer: &any}, any.String},
		"file": {file, func() string {
			all, _ := os.ReadFile(file.Name())
			return string(all)
		}},
		"pipe": {pipe, func() string {
			all := make([]byte, 100)
			n, _ := drain.Read(all)
			return string(all[:n])
		}},
	} {
		any.Reset()
		out := OpenOutput(c.writer, nil)
		if !out.Poll(t.Context(), 0).Ready {
			t.Errorf("%s is not ready", what)
		}
		for _, text := range []string{"te", "", "xt"} {
			if n, err := write(t.Context(), out, text); n != len(text) || err != nil {
				t.Errorf("%s takes %d of %q: %v", what, n, text, err)
			}
		}
		if got := c.got(); got != "text" {
			t.Errorf("%s gets %q", what, got)
		}
		out.Close()
	}
	_ = pipe.Close()
	for _, w := range []io.Writer{nil, io.Discard} {
		if n, err := write(t.Context(), OpenOutput(w, nil), "text"); n != 4 || err != nil {
			t.Errorf("dropping takes %d: %v", n, err)
		}
	}
	if len(sinks.byStream) > 0 {
		t.Errorf("%d sinks are kept", len(sinks.byStream))
	}
}

// TestReadsAreAskedFor: a reader is asked for as much as the guest wants, and a
// poll asks for one byte.
func TestReadsAreAskedFor(t *testing.T) {
	reader := &noted{Reader: strings.NewReader("0123456789")}
	in := OpenInput(reader, nil)
	defer in.Close()
	in.Wait(t.Context(), 1)
	for _, n := range []int{5, 3, 1 << 20} {
		if _, err := read(t.Context(), in, n); err != nil {
			t.Error(err)
		}
	}
	if want := []int{1, 3, maxBuffer}; !equal(reader.asked, want) {
		t.Errorf("the reader is asked for %v, want %v", reader.asked, want)
	}
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestAbandonedRead: what a read brings after its call has ended is the next
// call's, and then the reader is forgotten.
func TestAbandonedRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		first := OpenInput(reader, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := read(ctx, first, 3); err != context.DeadlineExceeded {
			t.Errorf("the first call reads with %v", err)
		}
		first.Close()
		_, _ = feed.Write([]byte("abc"))
		synctest.Wait()
		if len(sources.byStream) != 1 {
			t.Errorf("%d sources are kept", len(sources.byStream))
		}
		second := OpenInput(reader, nil)
		if text, err := read(t.Context(), second, 2); text != "ab" {
			t.Errorf("the second call reads %q (%v)", text, err)
		}
		second.Close()
		third := OpenInput(reader, nil)
		if text, err := read(t.Context(), third, 2); text != "c" {
			t.Errorf("the third call reads %q (%v)", text, err)
		}
		third.Close()
		if len(sources.byStream) != 0 {
			t.Errorf("%d sources are kept at the end", len(sources.byStream))
		}
	})
}

// TestAbandonedWrite: the next call's write comes after it, and does not take its
// result.
func TestAbandonedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drain, writer := io.Pipe()
		first := OpenOutput(writer, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := write(ctx, first, "first"); err != context.DeadlineExceeded {
			t.Errorf("the first call writes with %v", err)
		}
		first.Close()
		second := OpenOutput(writer, nil)
		if second.Poll(t.Context(), 0).Ready {
			t.Error("the second call may write")
		}
		go func() {
			if n, err := write(t.Context(), second, "2nd"); n != 3 || err != nil {
				t.Errorf("the second call writes %d (%v)", n, err)
			}
			second.Close()
			_ = writer.Close()
		}()
		if all, err := io.ReadAll(drain); string(all) != "first2nd" || err != nil {
			t.Errorf("%q is written (%v)", all, err)
		}
		synctest.Wait()
		if len(sinks.byStream) != 0 {
			t.Errorf("%d sinks are kept at the end", len(sinks.byStream))
		}
	})
}

// TestTogether: calls that share a reader and a writer lose nothing and don't meet
// in it.
func TestTogether(t *testing.T) {
	const each, calls = 500, 4
	reader := &noted{Reader: strings.NewReader(strings.Repeat("x", each*calls))} // no locks of its own
	var written struct{ bytes.Buffer }
	var wg sync.WaitGroup
	for range calls {
		wg.Go(func() {
			in, out := OpenInput(reader, nil), OpenOutput(&written, nil)
			defer in.Close()
			defer out.Close()
			for {
				text, err := read(t.Context(), in, 3)
				if err == io.EOF {
					return
				}
				if n, err := write(t.Context(), out, text); n != len(text) || err != nil {
					t.Errorf("%d of %q is written: %v", n, text, err)
				}
			}
		})
	}
	wg.Wait()
	if written.Len() != each*calls {
		t.Errorf("%d bytes come out", written.Len())
	}
}

// faulty does what its function does.
type faulty func(p []byte) (int, error)

func (f *faulty) Read(p []byte) (int, error)  { return (*f)(p) }
func (f *faulty) Write(p []byte) (int, error) { return (*f)(p) }

// TestFaultyStreams: what an embedder's code does wrong is an error of that call.
func TestFaultyStreams(t *testing.T) {
	broken := errors.New("broken")
	for what, c := range map[string]struct {
		do          func(p []byte) (int, error)
		read, write error
	}{
		"error":       {func([]byte) (int, error) { return 0, broken }, broken, broken},
		"panic":       {func([]byte) (int, error) { panic("help") }, ErrPanic, ErrPanic},
		"goexit":      {func([]byte) (int, error) { runtime.Goexit(); return 0, nil }, ErrPanic, ErrPanic},
		"too much":    {func(p []byte) (int, error) { return len(p) + 1, nil }, errCount, errCount},
		"negative":    {func(p []byte) (int, error) { return -1, nil }, errCount, errCount},
		"short write": {func(p []byte) (int, error) { return 0, nil }, context.DeadlineExceeded, io.ErrShortWrite},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				reports := 0
				report := func(any, []byte) { reports++ }
				stream := faulty(c.do)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				in, out := OpenInput(&stream, report), OpenOutput(&stream, report)
				if _, err := read(ctx, in, 4); err != c.read {
					t.Errorf("reading: %v, want %v", err, c.read)
				}
				if n, err := write(t.Context(), out, "text"); n != 0 || err != c.write {
					t.Errorf("writing %d: %v, want %v", n, err, c.write)
				}
				in.Close()
				out.Close()
				if want := map[string]int{"panic": 2}[what]; reports != want {
					t.Errorf("%d reports, want %d", reports, want)
				}
			})
		})
	}
}

// TestDataBeforeAnError comes first.
func TestDataBeforeAnError(t *testing.T) {
	broken := errors.New("broken")
	stream := faulty(func(p []byte) (int, error) { return copy(p, "ab"), broken })
	in, out := OpenInput(&stream, nil), OpenOutput(&stream, nil)
	defer in.Close()
	defer out.Close()
	if text, err := read(t.Context(), in, 4); text != "ab" || err != nil {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := read(t.Context(), in, 4); err != broken {
		t.Errorf("then %v", err)
	}
	if n, err := write(t.Context(), out, "text"); n != 2 || err != nil {
		t.Errorf("written %d, %v", n, err)
	}
}
