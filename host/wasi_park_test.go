package host_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// untilParked waits until that many calls of mode blocking are parked.
func untilParked(t testing.TB, h *host.Host, calls int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); h.Stats().Blocking.Parked < calls; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v, want %d parked", h.Stats().Blocking, calls)
		}
	}
}

// TestProgramsPark: programs that sleep, or read what does not come, hold no worker:
// one worker serves all of them, and others.
func TestProgramsPark(t *testing.T) {
	never, feed := io.Pipe()
	defer feed.Close()
	h := hosttest.New(t, host.Config{Blocking: host.ExecutorLimits{Workers: 1}})
	m := hosttest.Load(t, h, guest(t, "c/command.wasm"))
	program := func(w host.WASI, args ...string) *host.Module {
		w.Args = args
		return m.With(host.Options{WASI: &w})
	}
	const each = 20
	ctx, cancel := context.WithCancel(t.Context())
	var waiting []*host.Future[[]byte]
	for range each {
		waiting = append(waiting, program(host.WASI{}, "sleep", "3600000").Call(ctx, "main", nil))
	}
	waiting = append(waiting, program(host.WASI{Stdin: never}, "cat").Call(ctx, "main", nil))
	untilParked(t, h, each+1)
	out, err := program(host.WASI{}, "args", "a").Call(t.Context(), "main", nil).Wait(t.Context())
	if string(out) != "a\n" || err != nil {
		t.Errorf("beside them: %q, %v", out, err)
	}
	cancel()
	for _, f := range waiting {
		if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
			t.Errorf("%v", err)
		}
	}
}

// TestInitialisationParks: calls that wait for the first instance of a module leave it
// a place to go on, when its initialisation has slept.
func TestInitialisationParks(t *testing.T) {
	h := hosttest.New(t, host.Config{Blocking: host.ExecutorLimits{Workers: 2}})
	m := hosttest.Load(t, h, guest(t, "wat/init_naps.wasm"))
	var calls []*host.Future[[]byte]
	for range 20 {
		calls = append(calls, m.Call(t.Context(), "run", nil))
	}
	for _, f := range calls {
		if _, err := f.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestInputOfNextProgram: what a program does not read of a pipe is there for the
// next one.
func TestInputOfNextProgram(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := write.WriteString("12345"); err != nil {
		t.Fatal(err)
	}
	write.Close()
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/reads_three.wasm"))
	for _, want := range []string{"123", "45", ""} {
		out, err := m.With(host.Options{WASI: &host.WASI{Stdin: read}}).Call(t.Context(), "main", nil).Wait(t.Context())
		if string(out) != want || err != nil {
			t.Errorf("%q, %v; want %q", out, err, want)
		}
	}
}

// TestOutputOfFailure: what a program wrote before it failed, however it failed, is
// its output.
func TestOutputOfFailure(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/prints_and_fails.wasm"))
	for how, want := range map[string]abi.Status{
		"exit": abi.Exit, "trap": abi.Trap, "spin": abi.Timeout, "sleep": abi.Timeout,
	} {
		o := host.Options{RunTimeout: 20 * time.Millisecond, WASI: &host.WASI{}}
		if want != abi.Timeout {
			o.RunTimeout = 0
		}
		out, err := m.With(o).Call(t.Context(), "main", []byte(how)).Wait(t.Context())
		if host.Kind(err) != want || string(out) != "so far\n" {
			t.Errorf("%s: %q, %v; want %v", how, out, err, want)
		}
	}
}

// TestWaitsInSharedInstance: a system call that waits in an instance that holds many
// calls makes all of them wait, which the log says.
func TestWaitsInSharedInstance(t *testing.T) {
	var log hosttest.Log
	h := hosttest.New(t, host.Config{Logger: log.Logger()})
	m := hosttest.Load(t, h, withTasks(t, guest(t, "wat/naps.wasm"), host.Task{Name: "nap", Mode: host.IO}))
	if _, err := m.Call(t.Context(), "nap", nil).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "a system call waits") {
		t.Errorf("nothing in the log: %q", log.String())
	}
}
