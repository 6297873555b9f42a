package host_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// endsOfCalls are the functions of stalls_calls that end calls in every way, again and
// again.
const endsOfCalls = "ends_by_tail_call ends_by_indirect_tail_call ends_by_tail_call_of_wider " +
	"ends_by_return ends_by_br"

// TestStallsByCalls calls functions that would get past a count of the stack that is
// off by a little, and functions that stall the start of an instance. It also runs in
// the other modes what TestStalls runs as blocking only.
func TestStallsByCalls(t *testing.T) {
	watchLife(t)
	soon := []end{byDeadline}
	for _, s := range []struct {
		guest string
		tasks string
		modes []host.Mode
		ends  []end
	}{
		{"stalls_calls", endsOfCalls, everyMode, always},
		{"stalls_calls", "deep_by_tail_call deep_by_indirect_tail_call", everyMode, []end{overflow}},
		{"stalls_calls", "fill_nothing copy_nothing grow_nothing", everyMode, always},
		{"start_recurses", "run", everyMode, []end{overflow}},
		{"init_recurses", "run", everyMode, []end{overflow}},
		{"start_fills", "run", everyMode, always},
		{"stalls", "memory_fill memory_copy table_fill table_copy", []host.Mode{host.IO, host.CPU}, soon},
		{"floods", "random write_wide", []host.Mode{host.IO, host.CPU}, soon},
	} {
		for task := range strings.FieldsSeq(s.tasks) {
			t.Run(s.guest+"/"+task, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, host.Limits{})
				m := b.load(t, guest(t, "wat/"+s.guest+".wasm"))
				for _, mode := range s.modes {
					for _, e := range s.ends {
						b.try(t, e, m.With(host.Options{Mode: mode}), mode, task, nil)
					}
				}
			})
		}
	}
}

// TestStackIsNotWornOut: the fuel is spent on calls that end in every way, and they leave
// the count of the stack as it was. If each lost a slot, the 16 MiB would be used up
// before the fuel.
func TestStackIsNotWornOut(t *testing.T) {
	watchLife(t)
	e := end{name: "fuel", options: host.Options{Fuel: 1_000_000_000}, kind: abi.OutOfFuel, want: "out of fuel"}
	for task := range strings.FieldsSeq(endsOfCalls) {
		t.Run(task, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, host.Limits{})
			b.try(t, e, b.load(t, guest(t, "wat/stalls_calls.wasm")), host.Blocking, task, nil)
		})
	}
}

// TestDeepFramesInEveryMode: endless recursion with large frames ends at the stack's
// limit in every mode.
func TestDeepFramesInEveryMode(t *testing.T) {
	watchLife(t)
	b := newBench(t, host.Limits{})
	m := b.load(t, frames(1000))
	for _, mode := range everyMode {
		b.try(t, overflow, m.With(host.Options{Mode: mode}), mode, "run", nil)
	}
}

// TestStallingSystemCalls runs commands that make system calls only. One that asks for
// far too much gets an errno, which is its exit code. One that makes calls without end
// is ended like any other guest.
func TestStallingSystemCalls(t *testing.T) {
	watchLife(t)
	never, feed := io.Pipe()
	t.Cleanup(func() { feed.Close() })
	prepared := byFuel // with enough fuel to make the iovecs
	prepared.options.Fuel = 100_000_000
	exitFault := []end{{name: "EFAULT", kind: abi.Exit, want: "exited with code 21"}}
	for _, c := range []struct {
		arg  string
		ends []end
	}{
		{"clock", always},
		{"newlines", asleep}, // fuel does not count lines
		{"outside", exitFault},
		{"pipe", asleep},
		{"random", always},
		{"sleep", asleep},
		{"wide", []end{byDeadline, byCancel, prepared}},
		{"x: more iovecs than there is memory", exitFault},
	} {
		t.Run(c.arg, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, host.Limits{})
			m := b.load(t, guest(t, "wat/stalls_wasi.wasm"))
			m = m.With(host.Options{WASI: &host.WASI{Args: []string{c.arg}, Stdin: never}})
			for _, e := range c.ends {
				b.try(t, e, m, host.Blocking, "main", nil)
			}
		})
	}
}

// TestOutputFlood: a command that writes without end, whatever the errno, is ended at
// Limits.Output, and the host keeps no more of its output than that.
func TestOutputFlood(t *testing.T) {
	watchLife(t)
	tooMuch := end{name: "output", kind: abi.Failed, want: "its output has more than"}
	for _, args := range [][]string{nil, {"much"}} {
		b := newBench(t, host.Limits{Output: 1 << 20})
		m := b.load(t, guest(t, "wat/pours.wasm")).With(host.Options{WASI: &host.WASI{Args: args}})
		before := heap()
		b.try(t, tooMuch, m, host.Blocking, "main", nil)
		if grown := int64(heap()) - int64(before); grown > 8<<20 {
			t.Errorf("%v: the host keeps %d bytes", args, grown)
		}
	}
}

// TestLogFlood: a guest that logs without end is ended at its deadline. The logger gets
// Limits.LogRate lines at once and as many a second, and notes about dropped lines, of
// which there are fewer than lines.
func TestLogFlood(t *testing.T) {
	watchLife(t)
	const perSecond = 100
	for _, c := range []struct{ guest, task string }{
		{"floods", "log"}, {"floods", "log_much"}, {"stalls_wasi", "main"},
	} {
		t.Run(c.guest+"/"+c.task, func(t *testing.T) {
			t.Parallel()
			var log hosttest.Log
			h := hosttest.New(t, host.Config{Logger: log.Logger(), Limits: host.Limits{LogRate: perSecond, LogLine: 100}})
			m := hosttest.Load(t, h, guest(t, "wat/"+c.guest+".wasm"))
			m = m.With(host.Options{RunTimeout: 300 * time.Millisecond})
			if c.task == "main" {
				m = m.With(host.Options{WASI: &host.WASI{Args: []string{"newlines"}}})
			}
			ctx, stop := patience(t)
			defer stop()
			start := time.Now()
			_, err := m.Call(ctx, c.task, nil).Wait(ctx)
			if host.Kind(err) != abi.Timeout || ctx.Err() != nil {
				t.Errorf("ended as %v", err)
			}
			allowed := perSecond + int(time.Since(start).Seconds()*perSecond) + 5
			text := log.String()
			lines, notes := strings.Count(text, "\n"), strings.Count(text, "a module logged too much")
			if lines -= notes; lines < perSecond || lines > allowed {
				t.Errorf("%d lines, want %d to %d", lines, perSecond, allowed)
			}
			if notes == 0 || notes > lines {
				t.Errorf("%d notes on dropped lines, of %d lines", notes, lines)
			}
		})
	}
}

// TestStallsOfLoad: a guest that does not return its manifest ends with the context of
// Load, at its fuel limit, or at the stack's limit.
func TestStallsOfLoad(t *testing.T) {
	watchLife(t)
	const soon = 20 * time.Millisecond
	for _, c := range []struct {
		guest  string
		cancel bool // rather than a deadline
		limits host.Limits
		want   string
	}{
		{guest: "manifest_start_spins", want: "deadline"},
		{guest: "manifest_start_spins", cancel: true, want: "cancelled"},
		{guest: "manifest_start_spins", limits: host.Limits{Fuel: 1_000_000}, want: "out of fuel"},
		{guest: "manifest_init_spins", want: "deadline"},
		{guest: "manifest_init_spins", cancel: true, want: "cancelled"},
		{guest: "manifest_init_spins", limits: host.Limits{Fuel: 1_000_000}, want: "out of fuel"},
		{guest: "manifest_sleeps", want: "deadline"},
		{guest: "manifest_sleeps", cancel: true, want: "cancelled"},
		{guest: "manifest_recurses", want: "stack overflow"},
	} {
		t.Run(c.guest+"/"+c.want, func(t *testing.T) {
			b := newBench(t, c.limits)
			patient, stop := patience(t)
			defer stop()
			ctx, cancel := context.WithCancel(patient)
			defer cancel()
			switch {
			case c.cancel:
				defer time.AfterFunc(soon, cancel).Stop()
			case c.want == "deadline":
				ctx, cancel = context.WithTimeout(patient, soon)
				defer cancel()
			}
			_, err := b.Load(ctx, "attack", guest(t, "wat/"+c.guest+".wasm"))
			if host.Kind(err) != abi.InvalidManifest || !strings.Contains(err.Error(), c.want) || patient.Err() != nil {
				t.Errorf("%v: %v; want %v with %q", host.Kind(err), err, abi.InvalidManifest, c.want)
			}
			b.serves(t, host.Blocking)
		})
	}
}
