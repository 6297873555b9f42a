package host_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestAbort: AssemblyScript's abort traps, and says why and where. Wrong pointers
// say less, and do no harm.
func TestAbort(t *testing.T) {
	const message, file, wrongLength, memorySize = 16, 64, 100, 65536
	h := hosttest.New(t, host.Config{})
	m := hosttest.Load(t, h, guest(t, "wat/aborts.wasm"))
	for _, c := range []struct {
		message, file, line, column int64
		want                        string
	}{
		{message, file, 21, 28, "trapped: abort: Index out of range in ~lib/rt.ts(21:28)\n"},
		{0, file, 21, 28, "trapped: abort in ~lib/rt.ts(21:28)\n"},
		{message, 0, 21, 28, "trapped: abort: Index out of range\n"},
		{0, 0, 0, 0, "trapped: abort\n"},
		{1, 3, 0, 0, "trapped: abort\n"},
		{wrongLength, wrongLength, 0, 0, "trapped: abort\n"},
		{memorySize, memorySize + 2, 0, 0, "trapped: abort\n"},
		{memorySize + 4, 0x7fffffff, 0, 0, "trapped: abort\n"},
		{-1, -2147483648, -1, -1, "trapped: abort\n"},
		{-1, file, -1, -1, "trapped: abort in ~lib/rt.ts(4294967295:4294967295)\n"},
	} {
		for _, mode := range []host.Mode{host.CPU, host.Blocking, host.IO} {
			input := fmt.Sprintf("[%d, %d, %d, %d]", c.message, c.file, c.line, c.column)
			_, err := m.With(host.Options{Mode: mode}).Call(t.Context(), "abort", []byte(input)).Wait(t.Context())
			if host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), c.want+"    at ") {
				t.Errorf("%s (%s): got %v, want %q and a stack", input, mode, err, c.want)
			}
		}
	}
	if out, err := m.Call(t.Context(), "add", []byte("[1, 2]")).Wait(t.Context()); err != nil || string(out) != "3" {
		t.Errorf("after all that, 1 + 2 is %s, %v", out, err)
	}
}

// TestAbortWithoutMemory: there is nothing to read a message from.
func TestAbortWithoutMemory(t *testing.T) {
	m := hosttest.Load(t, hosttest.New(t, host.Config{}), guest(t, "wat/aborts_bare.wasm"))
	_, err := m.Call(t.Context(), "abort", nil).Wait(t.Context())
	if host.Kind(err) != abi.Trap || !strings.Contains(err.Error(), "trapped: abort\n") {
		t.Error(err)
	}
}
