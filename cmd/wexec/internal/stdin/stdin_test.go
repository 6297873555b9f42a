package stdin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/exit"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func reader(in io.Reader, limit time.Duration) Reader {
	return Reader{Streams: term.Streams{In: in, Err: io.Discard}, What: "the input", Most: 5, Limit: limit}
}

func TestRead(t *testing.T) {
	for text, want := range map[string]string{"": "", "hello": "hello", "hello, world": "hello,"} {
		got, err := reader(iotest.OneByteReader(strings.NewReader(text)), time.Hour).Read(t.Context())
		if err != nil || string(got) != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	_, err := reader(iotest.ErrReader(errors.New("full disk")), 0).Read(t.Context())
	if exit.Code(err) != exit.WrongUsage || !strings.Contains(err.Error(), "full disk") {
		t.Error(err)
	}
}

// TestReadWaits reads an input that never ends.
func TestReadWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, never := io.Pipe()
		defer never.Close() // ends the goroutine that reads
		start := time.Now()
		_, err := reader(in, time.Minute).Read(t.Context())
		var late *WaitError
		if !errors.As(err, &late) || host.Kind(err) != abi.Timeout || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		in, never := io.Pipe()
		defer never.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := reader(in, 0).Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		in, out := io.Pipe()
		go func() {
			time.Sleep(59 * time.Second)
			io.WriteString(out, "late")
			out.Close()
		}()
		if got, err := reader(in, time.Minute).Read(t.Context()); err != nil || string(got) != "late" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestIsGiven(t *testing.T) {
	dir := t.TempDir()
	file, err1 := os.Create(filepath.Join(dir, "file"))
	null, err2 := os.Open(os.DevNull)
	folder, err3 := os.Open(dir)
	closed, err4 := os.Open(dir)
	pipe, writer, err5 := os.Pipe()
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	closed.Close()
	for _, f := range []*os.File{file, null, folder, pipe, writer} {
		defer f.Close()
	}
	for _, c := range []struct {
		name string
		in   io.Reader
		want bool
	}{
		{"nothing", nil, false},
		{"a reader", new(bytes.Buffer), true},
		{"a file", file, true},
		{"a pipe", pipe, true},
		{"/dev/null", null, false},
		{"a folder", folder, false},
		{"a closed file", closed, false},
	} {
		if got := IsGiven(c.in); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestSocket tests the standard input that programs of Node.js get.
func TestSocket(t *testing.T) {
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip("no unix sockets:", err)
	}
	defer listener.Close()
	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	file, err := conn.(*net.UnixConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !IsGiven(file) {
		t.Error("a socket is no input")
	}
}
