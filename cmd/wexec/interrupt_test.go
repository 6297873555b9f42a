package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/exit"
)

// start starts the command as a process of its own.
func start(t *testing.T, args ...string) (cmd *exec.Cmd, stdin io.Writer, stdout io.Reader) {
	if runtime.GOOS == "windows" {
		t.Skip("an interrupt kills the process on Windows")
	}
	cmd = exec.Command("wexec", args...)
	stdin, err1 := cmd.StdinPipe()
	stdout, err2 := cmd.StdoutPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	return cmd, stdin, stdout
}

// TestStream lets a WASI command answer while its input is still open, and
// interrupts it while it waits for more.
func TestStream(t *testing.T) {
	cmd, stdin, stdout := start(t, "run", "../../guests/c/command.wasm", "--timeout", "0", "--", "cat")
	// The guest's C library writes when its buffer is full.
	if _, err := io.WriteString(stdin, strings.Repeat("a line to fill a buffer\n", 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal("it did not answer:", err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ended, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || ended.ExitCode() != exit.Interrupted {
		t.Errorf("ended with %v, want exit code %d", ended, exit.Interrupted)
	}
}

// TestSecondInterrupt interrupts a write that nothing can cancel, since its
// reader has stopped. The first ctrl-C has no effect, the second ends the process.
func TestSecondInterrupt(t *testing.T) {
	cmd, _, stdout := start(t, "run", "../../guests/c/conformance.wasm", "big", "-i", "10000000")
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond) // two signals at once count as one
	}
	ended, ok := errors.AsType[*exec.ExitError](cmd.Wait())
	if !ok || ended.String() != "signal: interrupt" {
		t.Errorf("ended with %v, want the signal", ended)
	}
}
