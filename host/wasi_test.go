package host_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

func command(t *testing.T, cfg host.Config, wasi *host.WASI) *host.Module {
	t.Helper()
	m := hosttest.Load(t, hosttest.New(t, cfg), guest(t, "c/command.wasm"))
	return m.With(host.Options{WASI: wasi})
}

func TestCommand(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "file"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	mounts := []host.Mount{{Host: folder, Guest: "/rw"}, {Host: folder, Guest: "/ro", ReadOnly: true}}
	for _, c := range []struct {
		args, input, want string
		exit              uint32
	}{
		{args: "args a b", want: "a\nb\n"},
		{args: "cat", input: "standard input", want: "standard input"},
		{args: "env COLOUR", want: "red\n"},
		{args: "read /rw/file", want: "text"},
		{args: "read /ro/file", want: "text"},
		{args: "write /rw/new x"},
		{args: "read /ro/new", want: "x"},
		{args: "write /ro/other x", exit: 1},
		{args: "read /rw/../../../../../../etc/passwd", exit: 1},
		{args: "read /etc/passwd", exit: 1},
		{args: "exit 0"},
		{args: "exit 3", exit: 3},
		{args: "exit 255", exit: 255},
		{args: "nonsense", exit: 64},
	} {
		m := command(t, host.Config{}, &host.WASI{Args: strings.Fields(c.args), Env: []string{"COLOUR=red"}, Mounts: mounts})
		out, err := m.Call(t.Context(), "main", []byte(c.input)).Wait(t.Context())
		var exit *host.ExitError
		if c.exit == 0 && err != nil || c.exit != 0 && (!errors.As(err, &exit) || exit.Code != c.exit) {
			t.Errorf("%s: %v, want exit code %d", c.args, err, c.exit)
		}
		if string(out) != c.want {
			t.Errorf("%s: got %q, want %q", c.args, out, c.want)
		}
	}
}

// TestMountQuota: calls share what a folder may hold, and what is refused is an error of
// the guest.
func TestMountQuota(t *testing.T) {
	folder := t.TempDir()
	mounts := []host.Mount{{Host: folder, Guest: "/d", Quota: host.Quota{Bytes: 100, Files: 2}}}
	for _, c := range []struct {
		file  string
		bytes int
		fails bool
	}{
		{"a", 60, false}, {"b", 41, true}, {"b", 40, false}, {"c", 0, true},
		{"a", 61, true}, {"a", 10, false}, {"b", 90, false},
	} {
		args := []string{"write", "/d/" + c.file, strings.Repeat("x", c.bytes)}
		m := command(t, host.Config{}, &host.WASI{Args: args, Mounts: mounts})
		if _, err := m.Call(t.Context(), "main", nil).Wait(t.Context()); (err != nil) != c.fails {
			t.Errorf("%d bytes to %s: %v", c.bytes, c.file, err)
		}
	}
}

func TestCommandStreams(t *testing.T) {
	var stdout, stderr bytes.Buffer
	m := command(t, host.Config{}, &host.WASI{
		Args: []string{"cat"}, Stdin: strings.NewReader("in"), Stdout: &stdout, Stderr: &stderr,
	})
	out, err := m.Call(t.Context(), "main", []byte("ignored")).Wait(t.Context())
	if err != nil || len(out) != 0 || stdout.String() != "in" {
		t.Errorf("%q, %v; stdout %q", out, err, stdout.String())
	}
	m = m.With(host.Options{WASI: &host.WASI{Stderr: &stderr}})
	if _, err := m.Call(t.Context(), "main", nil).Wait(t.Context()); err == nil || stderr.Len() == 0 {
		t.Errorf("usage: %v; stderr %q", err, stderr.String())
	}
}

// TestCommandStops: a command ends at its deadline while it computes, sleeps in a system
// call, or reads from an empty pipe.
func TestCommandStops(t *testing.T) {
	never, feed := io.Pipe()
	defer feed.Close()
	for _, args := range [][]string{{"spin"}, {"sleep", "3600000"}, {"cat"}} {
		cfg := host.Config{Limits: host.Limits{RunTimeout: 30 * time.Millisecond}}
		m := command(t, cfg, &host.WASI{Args: args, Stdin: never})
		if _, err := m.Call(t.Context(), "main", nil).Wait(t.Context()); !errors.Is(err, host.ErrTimeout) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestCommandLimits(t *testing.T) {
	m := command(t, host.Config{Limits: host.Limits{Output: 10}}, &host.WASI{Args: []string{"cat"}})
	_, err := m.Call(t.Context(), "main", make([]byte, 11)).Wait(t.Context())
	if err == nil {
		t.Error("output past the limit was taken")
	}
	for _, bad := range []*host.WASI{
		{Env: []string{"novalue"}},
		{Mounts: []host.Mount{{Host: filepath.Join(t.TempDir(), "none"), Guest: "/x"}}},
	} {
		if _, err := result(t, m.With(host.Options{WASI: bad}), "main", ""); host.Kind(err) != abi.InvalidInput {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestTasksOfAModuleSeeLoadedWASI: tasks see the WASI that the module was loaded with,
// and a call can't change it.
func TestTasksOfAModuleSeeLoadedWASI(t *testing.T) {
	_, m := conformance(t, host.Config{})
	_, err := m.With(host.Options{WASI: &host.WASI{Env: []string{"A=b"}}}).Call(t.Context(), "echo", nil).Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput {
		t.Error(err)
	}
}

// TestFailedCommandOutput checks that the caller of a program that fails gets what
// the program printed before, also if inputs and outputs are validated.
func TestFailedCommandOutput(t *testing.T) {
	for _, validate := range []bool{false, true} {
		m := command(t, host.Config{Limits: host.Limits{Output: 1 << 18}}, &host.WASI{Args: []string{"cat"}})
		f := m.With(host.Options{Validate: validate}).Call(t.Context(), "main", make([]byte, 1<<19))
		if out, err := f.Wait(t.Context()); err == nil || len(out) == 0 {
			t.Errorf("validated %v: %d bytes of output, error %v", validate, len(out), err)
		}
	}
}

// TestFolderReplaced: a program sees the folder that is at the path of its mount when
// it starts, even while another one still sees the folder that was there before.
func TestFolderReplaced(t *testing.T) {
	parent := t.TempDir()
	folder, before := filepath.Join(parent, "work"), filepath.Join(parent, "before")
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "c/command.wasm"))
	program := func(args ...string) *host.Future[[]byte] {
		wasi := &host.WASI{Args: args, Mounts: []host.Mount{{Host: folder, Guest: "/data"}}}
		return m.With(host.Options{WASI: wasi}).Call(t.Context(), "main", nil)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	sleeps := program("sleep", "3600000")
	untilParked(t, h, 1)
	if err := errors.Join(os.Rename(folder, before), os.Mkdir(folder, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := program("write", "/data/file", "text").Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(folder, "file")); string(text) != "text" {
		t.Errorf("the folder has %q, %v", text, err)
	}
	if _, err := os.Stat(filepath.Join(before, "file")); err == nil {
		t.Error("the file is in the folder that was there before")
	}
	sleeps.Cancel()
	<-sleeps.Done()
}

// TestLoggerPanics: a log handler that panics harms no call.
func TestLoggerPanics(t *testing.T) {
	cfg := host.Config{Logger: slog.New(brokenHandler{slog.DiscardHandler})}
	for args, want := range map[string]abi.Status{"nonsense": abi.Exit, "args a": abi.OK} { // the first prints to the log
		m := command(t, cfg, &host.WASI{Args: strings.Fields(args)})
		if _, err := m.Call(t.Context(), "main", nil).Wait(t.Context()); host.Kind(err) != want {
			t.Errorf("%s: %v, want %v", args, err, want)
		}
	}
}

type brokenHandler struct{ slog.Handler }

func (brokenHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (brokenHandler) Handle(context.Context, slog.Record) error { panic("no log") }
