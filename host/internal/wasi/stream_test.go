package wasi

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wexec/wexec/host/internal/rootfs"
)

// TestInputIsNotStolen: what a guest has not read is there for the embedder, who
// goes on with the same pipe.
func TestInputIsNotStolen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		go func() {
			for _, line := range []string{"line 1\n", "line 2\n", "line 3\n", "line 4\n"} {
				time.Sleep(300 * time.Millisecond)
				_, _ = feed.Write([]byte(line))
			}
			_ = feed.Close()
		}()
		g := newGuest(t, Config{Stdin: reader})
		if text, e := g.read(stdinFd, 100); text != "line 1\n" {
			t.Errorf("the guest reads %q (%d)", text, e)
		}
		g.system.Close()
		var rest []string
		for lines := bufio.NewScanner(reader); lines.Scan(); {
			rest = append(rest, lines.Text())
		}
		if got := strings.Join(rest, ","); got != "line 2,line 3,line 4" {
			t.Errorf("the embedder reads %s", got)
		}
	})
}

// TestInputIsReadExactly: of a file that is shared with other programs the guest
// takes what it asks for.
func TestInputIsReadExactly(t *testing.T) {
	pipe, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(name, []byte("1\n2\n3\n4\n5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = feed.WriteString("1\n2\n3\n4\n5\n")
	_ = feed.Close()
	for what, stdin := range map[string]*os.File{"pipe": pipe, "file": file} {
		g := newGuest(t, Config{Stdin: stdin})
		if text, e := g.read(stdinFd, 9); text != "1\n2\n3\n4\n5" {
			t.Errorf("of a %s the guest reads %q (%d)", what, text, e)
		}
		if rest, err := io.ReadAll(stdin); string(rest) != "\n" {
			t.Errorf("%q is left of the %s (%v)", rest, what, err)
		}
		if text, e := g.read(stdinFd, 9); text != "" || e != success {
			t.Errorf("at the end of a %s the guest reads %q (%d)", what, text, e)
		}
		_ = stdin.Close()
		if _, e := g.read(stdinFd, 9); e != eBadf {
			t.Errorf("of a closed %s the guest reads with errno %d", what, e)
		}
	}
}

// TestRegularFileStreams have a position and a size, as they have for a native
// program.
func TestRegularFileStreams(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	g := newGuest(t, Config{Stdin: file, Stdout: file})
	if n, e := g.write(stdoutFd, "0123456789"); n != 10 {
		t.Errorf("write: %d (%d)", n, e)
	}
	at := g.alloc(64)
	want(t, "seek", g.call("fd_seek", stdinFd, 3, 0, at), success)
	if text, e := g.read(stdinFd, 4); text != "3456" {
		t.Errorf("read %q (%d)", text, e)
	}
	want(t, "tell", g.call("fd_tell", stdoutFd, at), success)
	if g.u64(at) != 7 {
		t.Errorf("it is at %d", g.u64(at))
	}
	want(t, "stat", g.call("fd_filestat_get", stdinFd, at), success)
	if st := g.filestat(at); st.size != 10 || st.kind != rootfs.Regular || st.mtim == 0 {
		t.Errorf("it is %+v", st)
	}
}

// TestBlockedStreams: a guest that waits to read or to write parks, and ends with
// its context. The next call gets what came too late.
func TestBlockedStreams(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		drain, writer := io.Pipe()
		config := Config{Stdin: reader, Stdout: writer}
		for what, wait := range map[string]func(g *fakeGuest){
			"read":  func(g *fakeGuest) { _, _ = g.read(stdinFd, 10) },
			"write": func(g *fakeGuest) { _, _ = g.write(stdoutFd, "abandoned") },
		} {
			g := newGuest(t, config)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			g.ctx = ctx
			if end := ends(func() { wait(g) }); end != (stopped{}) || g.parks != 1 {
				t.Errorf("%s ends with %v after %d parks", what, end, g.parks)
			}
			cancel()
			g.system.Close()
		}
		go func() { _, _ = feed.Write([]byte("late")) }()
		g := newGuest(t, config)
		if text, e := g.read(stdinFd, 10); text != "late" {
			t.Errorf("the next call reads %q (%d)", text, e)
		}
		var got bytes.Buffer
		copied := make(chan struct{})
		go func() {
			defer close(copied)
			_, _ = io.Copy(&got, drain)
		}()
		if n, e := g.write(stdoutFd, ", and next"); n != 10 {
			t.Errorf("the next call writes %d (%d)", n, e)
		}
		_, _ = writer.Close(), feed.Close()
		<-copied
		if got.String() != "abandoned, and next" {
			t.Errorf("%q is written", got.String())
		}
	})
}

// TestLongWrite: everything is written, however little the stream takes at once.
func TestLongWrite(t *testing.T) {
	drain, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	plainDrain, plainWriter := io.Pipe()
	text := strings.Repeat("0123456789abcdef", 20_000)
	for what, c := range map[string]struct {
		from io.ReadCloser
		to   io.WriteCloser
	}{"pipe": {drain, writer}, "writer": {plainDrain, plainWriter}} {
		got := make(chan string)
		go func() {
			all, _ := io.ReadAll(c.from)
			got <- string(all)
		}()
		g := newGuest(t, Config{Stdout: c.to})
		if n, e := g.write(stdoutFd, text); int(n) != len(text) || e != success {
			t.Errorf("to a %s %d bytes are written (%d)", what, n, e)
		}
		_ = c.to.Close()
		if all := <-got; all != text {
			t.Errorf("%d bytes come out of a %s", len(all), what)
		}
		_ = c.from.Close()
	}
}

// TestNonblocking: a stream in that mode answers EAGAIN.
func TestNonblocking(t *testing.T) {
	pipe, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	drain, full, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, full)
	g := newGuest(t, Config{Stdin: pipe, Stdout: full})
	for _, fd := range []uint32{stdinFd, stdoutFd} {
		want(t, "set", g.call("fd_fdstat_set_flags", fd, flagNonblock), success)
	}
	_, e := g.read(stdinFd, 10)
	want(t, "read", e, eAgain)
	_, e = g.write(stdoutFd, "text")
	want(t, "write", e, eAgain)
	_, _ = feed.WriteString("text")
	if text, e := g.read(stdinFd, 10); text != "text" {
		t.Errorf("read %q (%d)", text, e)
	}
	_, _ = drain.Read(make([]byte, 1<<20))
	n, e := g.write(stdoutFd, strings.Repeat("x", 1<<20))
	if n == 0 || n == 1<<20 || e != success {
		t.Errorf("%d bytes are written (%d)", n, e)
	}
	if g.parks > 0 {
		t.Errorf("the guest parks %d times", g.parks)
	}
	for _, f := range []*os.File{pipe, feed, drain, full} {
		_ = f.Close()
	}
}

// TestNonblockingReader reads ahead only what was asked for.
func TestNonblockingReader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		reader, feed := io.Pipe()
		g := newGuest(t, Config{Stdin: reader})
		want(t, "set", g.call("fd_fdstat_set_flags", stdinFd, flagNonblock), success)
		_, e := g.read(stdinFd, 3)
		want(t, "read", e, eAgain)
		go func() {
			_, _ = feed.Write([]byte("text"))
			_ = feed.Close()
		}()
		synctest.Wait()
		if text, e := g.read(stdinFd, 10); text != "tex" {
			t.Errorf("read %q (%d)", text, e)
		}
		g.system.Close()
		if rest, _ := io.ReadAll(reader); string(rest) != "t" {
			t.Errorf("%q is left", rest)
		}
	})
}

// nothing is a reader that brings nothing, and no error.
type nothing struct{ reads int }

func (n *nothing) Read([]byte) (int, error) {
	n.reads++
	return 0, nil
}

// TestReaderOfNothing is asked now and then, until the call ends.
func TestReaderOfNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var reader nothing
		g := newGuest(t, Config{Stdin: &reader})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		g.ctx = ctx
		if end := ends(func() { _, _ = g.read(stdinFd, 10) }); end != (stopped{}) {
			t.Errorf("the read ends with %v", end)
		}
		synctest.Wait()
		if reads := reader.reads; reads < 100 || reads > 1000 {
			t.Errorf("in a minute there are %d reads", reads)
		}
	})
}

// TestTerminal: what is a terminal is one for wasi-libc too, which looks for a
// character device without a position.
func TestTerminal(t *testing.T) {
	file, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer null.Close()
	g := newGuest(t, Config{Stdin: file, Stdout: null})
	if st, _ := g.fdstat(stdinFd); st.kind != rootfs.CharacterDevice || st.base&positionRights != 0 {
		t.Errorf("the terminal is %+v", st)
	}
	if st, _ := g.fdstat(stdoutFd); st.kind != rootfs.Unknown {
		t.Errorf("the null device is %+v", st)
	}
	if n, e := g.write(stdoutFd, "text"); n != 4 || e != success {
		t.Errorf("the null device takes %d (%d)", n, e)
	}
}

// TestBegin: the next call finds all as the first one did, except for what is its
// own.
func TestBegin(t *testing.T) {
	dir, mount := tree(t, readWrite, "file=text")
	g := newGuest(t, Config{Args: []string{"first"}, Stdin: strings.NewReader("one"), Mounts: []Mount{{"/", mount}}})
	var stats [4]fdstatOf
	for fd := range stats {
		stats[fd], _ = g.fdstat(uint32(fd))
	}
	for fd := range uint32(4) {
		want(t, "drop", g.call("fd_fdstat_set_rights", fd, 0, 0), success)
	}
	want(t, "close", g.call("fd_close", stdinFd), success)
	var out lines
	if err := g.system.Begin([]string{"second"}, []string{"A=b"}, strings.NewReader("two"), &out, nil); err != nil {
		t.Fatal(err)
	}
	for fd := range stats {
		if st, e := g.fdstat(uint32(fd)); st != stats[fd] || e != success {
			t.Errorf("%d is %+v, was %+v", fd, st, stats[fd])
		}
	}
	if text, e := g.read(stdinFd, 10); text != "two" {
		t.Errorf("the second call reads %q (%d)", text, e)
	}
	if n, e := g.write(stdoutFd, "text"); n != 4 || out.String() != "text" {
		t.Errorf("the second call writes %q (%d)", out.String(), e)
	}
	if g.system.Begin(nil, nil, nil, nil, nil) != nil || len(g.strings("args")) > 0 {
		t.Error("the second call's arguments are still there")
	}
	if text, e := g.read(stdinFd, 10); text != "" || e != success {
		t.Errorf("after the call %q is read (%d)", text, e)
	}
	want(t, "remove", g.path("path_unlink_file", "file"), success)
	if _, err := os.Stat(filepath.Join(dir, "file")); err == nil {
		t.Error("the mount is not there any more")
	}
	if err := g.system.Begin([]string{"\x00"}, nil, nil, nil, nil); err == nil {
		t.Error("a bad argument is taken")
	}
}
