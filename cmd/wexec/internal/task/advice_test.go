package task

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
	"github.com/wexec/wexec/host"
)

func TestHint(t *testing.T) {
	const (
		timeout   = "--timeout gives it more time"
		wait      = "-i gives another (-i '' none), --timeout more time"
		fuel      = "--fuel gives it more"
		input     = "-i gives the task an input"
		numbers   = "write them after the function's name"
		arguments = "arguments of a WASI command go after --"
		with      = "--with loads a module that it may call"
	)
	f := &Flags{limits: limits{timeout: 5, fuel: quantity.Value{N: 7, Units: quantity.Fuel}, hasFuel: true}}
	endless := &Flags{} // with --timeout 0
	inTime := &Flags{limits: limits{timeout: 5}}
	task := &Call{flags: f}
	command := &Call{flags: f, WASI: &host.WASI{}}
	bare := &Call{flags: f, info: host.Info{Style: host.Bare}}
	given := &Flags{input: inputFlags{given: true}}
	for _, c := range []struct {
		flags *Flags
		call  *Call
		err   error
		want  string
	}{
		{f, task, nil, ""},
		{f, task, errors.New("full disk"), ""},
		{f, task, &host.TimeoutError{Limit: 5}, timeout},
		{f, task, &host.TimeoutError{Limit: 4}, ""}, // the manifest's
		{f, nil, &stdin.WaitError{}, timeout},
		{f, task, &stdin.WaitError{}, wait},
		{f, task, &host.OutOfFuelError{Limit: 7}, fuel},
		{f, task, &host.OutOfFuelError{Limit: 6}, ""}, // the manifest's
		{f, task, &host.TaskError{Code: -int32(abi.OutOfFuel)}, fuel},
		{inTime, task, &host.TaskError{Code: -int32(abi.OutOfFuel)}, ""}, // not a flag's
		{endless, task, &host.OutOfFuelError{Limit: 1e12}, fuel},
		{endless, task, &host.OutOfFuelError{Limit: 1e11}, ""}, // the manifest's
		{f, nil, &host.InvalidModuleError{Err: errors.New("section data")}, ""},
		{f, nil, &host.InvalidModuleError{}, ""},
		{f, task, &host.NoSuchTaskError{}, ""},
		{f, command, &host.NoSuchTaskError{}, arguments},
		{f, task, &host.TaskError{Code: -int32(abi.NoSuchTask), Message: `no module "b" is loaded`}, with},
		{f, task, &host.TaskError{Code: -int32(abi.NoSuchTask), Message: `module "b" has no task "c"`}, ""},
		{f, nil, &host.InvalidInputError{}, ""},
		{f, task, &host.InvalidInputError{}, input},
		{f, bare, &host.InvalidInputError{}, numbers},
		{f, command, &host.InvalidInputError{}, ""},
		{f, &Call{flags: f, Input: []byte("5")}, &host.InvalidInputError{}, ""}, // from standard input
		{given, &Call{flags: given}, &host.InvalidInputError{}, ""},
		{&Flags{mode: "io"}, task, &host.InvalidInputError{}, ""},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("task: %w", err)
		}
		if got := c.flags.hint(c.call, err); got != c.want {
			t.Errorf("%v: %q, want %q", err, got, c.want)
		}
	}
}
