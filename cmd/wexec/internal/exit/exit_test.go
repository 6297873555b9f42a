package exit

import (
	"errors"
	"testing"

	"github.com/wexec/wexec/host"
)

func TestCode(t *testing.T) {
	passedOn := func(kind int32) error { return &host.TaskError{Code: -kind} }
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("full disk"), 1},
		{&host.TaskError{Code: 7}, 1},
		{&host.TrapError{}, 1},
		{&host.ExitError{Code: 7}, 1},
		{host.ErrQueueFull, 1},
		{host.ErrCancelled, 1},
		{Usagef("what?"), 2},
		{&host.NoSuchTaskError{}, 2},
		{&host.InvalidInputError{}, 2},
		{&host.InvalidModuleError{}, 3},
		{&host.InvalidManifestError{}, 3},
		{&host.DeniedError{}, 4},
		{&host.AwaitError{}, 4},
		{host.ErrTimeout, 124},
		{&host.OutOfFuelError{}, 124},
		{ErrInterrupted, 130},
		{&ProgramError{Exit: &host.ExitError{Code: 7}}, 7},
		{&ProgramError{Exit: &host.ExitError{Code: 1 << 31}}, 255},
		// Failures of ops that a task passed on, by the numbers of the ABI.
		{passedOn(4), 124},
		{passedOn(5), 1},
		{passedOn(6), 4},
		{passedOn(9), 1},
		{passedOn(10), 1},
		{passedOn(12), 1},
		{passedOn(14), 124},
	} {
		err := c.err
		if err != nil {
			err = &host.CallError{Err: err}
		}
		if got := Code(err); got != c.want {
			t.Errorf("%v (kind %v): exit code %d, want %d", c.err, host.Kind(c.err), got, c.want)
		}
	}
}

func TestExplained(t *testing.T) {
	code := &host.ExitError{Code: 7}
	program := func(err error) error { return &ProgramError{&host.CallError{Err: err}, code} }
	for _, c := range []struct {
		err  error
		want bool
	}{
		{program(code), true},
		{program(&host.MemoryError{Limit: 64, Err: code}), false},
		{&host.CallError{Err: code}, false},
		{errors.New("full disk"), false},
	} {
		if got := Explained(c.err); got != c.want {
			t.Errorf("%v: %v, want %v", c.err, got, c.want)
		}
	}
}
