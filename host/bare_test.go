package host_test

import (
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

func TestBareFunctions(t *testing.T) {
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	for _, c := range []struct {
		task, input, want string
		kind              abi.Status
		message           string
	}{
		{task: "add", input: "[1, 2]", want: "3"},
		{task: "add", input: "[2147483647, 1]", want: "-2147483648"},
		{task: "add", input: "[4294967295, 1]", want: "0"},
		{task: "add64", input: "[9223372036854775807, 0]", want: "9223372036854775807"},
		{task: "add64", input: "[-9223372036854775808, 0]", want: "-9223372036854775808"},
		{task: "half", input: "[1.5]", want: "0.75"},
		{task: "divide", input: "[1, 3]", want: "0.3333333333333333"},
		{task: "divide", input: "[1, 0]", want: `"Infinity"`},
		{task: "divide", input: "[-1, 0]", want: `"-Infinity"`},
		{task: "divide", input: `["NaN", 1]`, want: `"NaN"`},
		{task: "swap", input: "[1, 2]", want: "[2,1]"},
		{task: "nothing", input: "", want: ""},
		{task: "nothing", input: "[]", want: ""},
		{task: "trap", kind: abi.Trap, message: "unreachable"},
		{task: "recurse", input: "[0]", kind: abi.Trap, message: "stack overflow"},
		{task: "add", input: "[1]", kind: abi.InvalidInput, message: "takes 2 numbers (i32, i32), not 1"},
		{task: "add", input: "[1, 2.5]", kind: abi.InvalidInput, message: "number 2 is 2.5: want i32"},
		{task: "add", input: "[1, 4294967296]", kind: abi.InvalidInput, message: "want i32"},
		{task: "add", input: `[1, "2"]`, kind: abi.InvalidInput, message: "want i32"},
		{task: "add", input: "1 2", kind: abi.InvalidInput, message: "want a JSON array of numbers"},
		{task: "ad", kind: abi.NoSuchTask, message: "it has add"},
	} {
		out, err := m.Call(t.Context(), c.task, []byte(c.input)).Wait(t.Context())
		if host.Kind(err) != c.kind || string(out) != c.want {
			t.Errorf("%s(%s) = %s, %v; want %s, %v", c.task, c.input, out, err, c.want, c.kind)
		} else if err != nil && !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s(%s): %v; want %q in it", c.task, c.input, err, c.message)
		}
	}
}

// TestModeFromCaller: the caller sets the mode of a module that has no manifest.
func TestModeFromCaller(t *testing.T) {
	spans := &spanLog{}
	h := hosttest.New(t, host.Config{Observe: spans.add})
	bare := hosttest.Load(t, h, guest(t, "wat/hazards.wasm"))
	for _, mode := range []host.Mode{host.IO, host.Blocking, host.CPU} {
		if _, err := bare.With(host.Options{Mode: mode}).Call(t.Context(), "nothing", nil).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := spans.last(); got.Mode != mode {
			t.Errorf("ran as %s, want %s", got.Mode, mode)
		}
	}
	says, err := h.Load(t.Context(), "says", guest(t, "c/conformance.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = says.With(host.Options{Mode: host.CPU}).Call(t.Context(), "echo", nil).Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput {
		t.Errorf("a mode for a task that has one: %v", err)
	}
}
