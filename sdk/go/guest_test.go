package wexec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
)

func (h *fakeHost) checkNothingIsLeft() {
	h.t.Helper()
	if len(h.calls) > 0 || len(h.ops) > 0 || len(h.events) > 0 {
		h.t.Errorf("left behind: %d calls, %d ops, %d events", len(h.calls), len(h.ops), len(h.events))
	}
}

func TestCallsEnd(t *testing.T) {
	h := newFakeHost(t)
	for _, c := range []struct {
		task, input string
		code        int32
		output      string
	}{
		{"double", "21", 0, "42"},
		{"double", "x", -10, "the input: invalid character 'x' looking for beginning of value"},
		{"nap", "5", 0, ""},
		{"fail", "as told", 7, "as told"},
		{"panic", "", 1, "panic: ouch (main.init.0.func1, main.go:*)"},
		{
			"index", "abc", 1,
			"panic: runtime error: index out of range [9] with length 3 (main.init.0.func2, main.go:*)",
		},
		{"bad_error", "", 1, "panic: in Error (main.badError.Error, main.go:*)"},
		{"goexit", "", 1, "the task left its goroutine by runtime.Goexit"},
		{"wrapped", "nobody", -9, "nobody: no task nobody"},
		{"wrapped", "goexit", -1, "goexit: the task left its goroutine by runtime.Goexit"},
		{"group", "100", 0, "4950"},
		{"pipeline", "1000", 0, "999000"},
		{"many", "1000", 0, "999000"},
		{"ask_twice", "5", 0, "20"},
		{"value", "5", 0, "5"},
		{"cancel_child", "", -5, "no longer wanted"},
	} {
		call := h.call(c.task, c.input)
		h.run(call)
		if call.code != c.code || !matches(call.output, c.output) {
			t.Errorf("%s: got %d %q, want %d %q", c.task, call.code, call.output, c.code, c.output)
		}
		h.checkNothingIsLeft()
	}
}

// matches reports whether text is what pattern says. A * in pattern matches
// anything.
func matches(text, pattern string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return text == pattern
	}
	return strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// Timers of Go's runtime are late, but no later than the documentation says.
func TestRuntimeTimers(t *testing.T) {
	for _, c := range []struct {
		task, input string
		code        int32
		took        time.Duration
		late        time.Duration
	}{
		{"runtime_sleep", "3", 0, 3 * time.Millisecond, time.Millisecond},
		{"runtime_sleep", "40", 0, 40 * time.Millisecond, 10 * time.Millisecond},
		{"runtime_sleep", "4000", 0, 4 * time.Second, 20 * time.Millisecond},
		{"runtime_sleep_cpu", "40", 0, 40 * time.Millisecond, maxSleep},
		{"ticker", "30", 0, 300 * time.Millisecond, 20 * time.Millisecond},
		{"deadline", "500", -4, 500 * time.Millisecond, time.Millisecond},
		{"deadline_select", "40", -4, 40 * time.Millisecond, 10 * time.Millisecond},
		{"after_func", "40", -5, 40 * time.Millisecond, 10 * time.Millisecond},
	} {
		h := newFakeHost(t)
		began := h.now
		call := h.call(c.task, c.input)
		h.run(call)
		// The clock moves by a microsecond whenever the guest reads it.
		took := h.now - began
		if call.code != c.code || took < c.took || took > c.took+c.late+time.Millisecond {
			t.Errorf("%s(%s): %d %q after %v", c.task, c.input, call.code, call.output, took)
		}
		h.checkNothingIsLeft()
	}
}

// Without clock.sleep no op can wake the guest, so the guest sleeps itself.
func TestRuntimeTimersWithoutSleep(t *testing.T) {
	h := newFakeHost(t)
	h.denied = abi.CapSleep
	call := h.call("runtime_sleep", "40")
	h.run(call)
	if call.code != 0 || h.entries > 100 {
		t.Errorf("got %d %q in %d entries", call.code, call.output, h.entries)
	}
}

// A cpu call that arrives after another was done runs in the same entry.
func TestCPUCallInALaterRound(t *testing.T) {
	h := newFakeHost(t)
	h.batch = 1
	first, second := h.call("double", "21"), h.call("runtime_sleep_cpu", "1")
	h.run(second)
	if first.output != "42" || !h.finished[second] || second.code != 0 || h.entries != 1 {
		t.Errorf("got %q, then %d %q, in %d entries", first.output, second.code, second.output, h.entries)
	}
	h.checkNothingIsLeft()
}

func TestCancel(t *testing.T) {
	h := newFakeHost(t)
	calls := []*fakeCall{h.call("hang", ""), h.call("group", "3"), h.call("wrapped", "hang"), h.call("until_done", "")}
	h.run(h.call("nap", "0"))
	for _, c := range calls {
		h.cancelCall(c)
	}
	for _, c := range calls {
		h.run(c)
	}
	for _, c := range calls {
		// The goroutines of the group see the cancellation, and the group returns
		// the sum that it has by then.
		if c.code != -int32(StatusCancelled) && c.task.Name != "group" {
			t.Errorf("%s: got %d %q", c.task.Name, c.code, c.output)
		}
	}
	h.checkNothingIsLeft()
}

// Emit waits for room, and lets other calls run.
func TestEmit(t *testing.T) {
	for _, refill := range []int{1, 3, 1000} {
		h := newFakeHost(t)
		h.refill = refill
		c, other := h.call("emit", "3"), h.call("emit", "1")
		h.run(c)
		h.run(other)
		if c.chunks+c.output != "0;1;2;end" || other.chunks+other.output != "0;end" {
			t.Errorf("got %q, %q; %q, %q", c.chunks, c.output, other.chunks, other.output)
		}
		want := []string{
			`{"done":1,"total":3,"message":"so far"}`, `{"done":2,"total":3,"message":"so far"}`,
			`{"done":3,"total":3,"message":"so far"}`,
		}
		if diff := cmp.Diff(want, c.reports); diff != "" {
			t.Error(diff)
		}
		together, cpu := h.call("emit_together", "8"), h.call("emit_cpu", "2")
		h.run(together)
		if together.output != "80" || len(together.chunks) != 80+150_000 {
			t.Errorf("together: %d, %q, %d bytes", together.code, together.output, len(together.chunks))
		}
		h.run(cpu)
		if cpu.chunks+cpu.output != "0;1;end" {
			t.Errorf("cpu: %q, %q", cpu.chunks, cpu.output)
		}
		h.checkNothingIsLeft()
	}
}

// A reader that never reads holds up only the calls that emit, until they end.
func TestEmitWithoutRoom(t *testing.T) {
	h := newFakeHost(t)
	h.room = 5
	began := h.now
	waits, late := h.call("emit_deadline", "40"), h.call("emit_late", "")
	cancelled := h.call("emit", "9")
	h.run(late)
	h.run(waits)
	if took := h.now - began; waits.code != -int32(StatusTimeout) || took > 70*time.Millisecond {
		t.Errorf("got %d %q after %v", waits.code, waits.output, took)
	}
	if late.code != 0 || !slices.Equal(h.log, []string{"late: cancelled"}) {
		t.Errorf("got %d %q, and %q in the log", late.code, late.output, h.log)
	}
	h.cancelCall(cancelled)
	h.run(cancelled)
	if cancelled.code != -int32(StatusCancelled) {
		t.Errorf("got %d %q", cancelled.code, cancelled.output)
	}
	h.checkNothingIsLeft()
}

func TestOutlivingGoroutines(t *testing.T) {
	h := newFakeHost(t)
	h.run(h.call("outlive", ""))
	slices.Sort(h.log)
	want := []string{
		"again: cancelled", "done: cancelled", "future: cancelled", "waiting: cancelled", "without cancel: cancelled",
	}
	if diff := cmp.Diff(want, h.log); diff != "" {
		t.Error(diff)
	}
	h.checkNothingIsLeft()
}

func TestYield(t *testing.T) {
	h := newFakeHost(t)
	h.run(h.call("spin", fmt.Sprint(3*maxRounds)))
	if h.yields < 2 || h.yields > 3 {
		t.Errorf("a task that never waits yielded %d times", h.yields)
	}
}

func TestManyCallsInOneInstance(t *testing.T) {
	h := newFakeHost(t)
	const n = 5000
	calls := make([]*fakeCall, n)
	for i := range calls {
		calls[i] = h.call("nap", fmt.Sprint(1000+i%10))
	}
	for _, c := range calls {
		h.run(c)
		if c.code != 0 {
			t.Fatalf("got %d %q", c.code, c.output)
		}
	}
	// One entry starts up to maxEvents calls. After that, each entry ends one,
	// because this host ends one sleep at a time.
	if h.entries > n+n/maxEvents+1 {
		t.Errorf("%d entries for %d calls", h.entries, n)
	}
	h.checkNothingIsLeft()
}

// For any handles that a host hands out, the table behaves like a map.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got table[int]
		want := map[uint32]*int{}
		handle := rapid.OneOf(
			rapid.Uint32(),
			rapid.Uint32Range(0, 20),
			rapid.Map(rapid.Uint32Range(0, 20), func(i uint32) uint32 { return 3<<slotBits | i }))
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			h := handle.Draw(t, "handle")
			if v := got.get(h); v != want[h] {
				t.Fatalf("get(%#x) is %p, want %p", h, v, want[h])
			}
			if want[h] == nil {
				want[h] = new(int)
				got.put(h, want[h])
			} else {
				delete(want, h)
				got.remove(h)
			}
			if got.len != len(want) {
				t.Fatalf("len is %d, want %d", got.len, len(want))
			}
			if found := got.find(func(*int) bool { return true }); (found != nil) != (len(want) > 0) {
				t.Fatalf("find found %p among %d values", found, len(want))
			}
		}
	})
}
