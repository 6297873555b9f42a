package run

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

func TestHint(t *testing.T) {
	const (
		timeout   = "--timeout gives it more time"
		fuel      = "--fuel gives it more"
		input     = "-i gives the task an input"
		arguments = "arguments of a WASI command go after --"
	)
	o := &options{timeout: 5, fuel: quantity.Value{N: 7, Units: quantity.Fuel}, hasFuel: true}
	endless := &options{} // with --timeout 0
	for _, c := range []struct {
		options *options
		command bool
		err     error
		want    string
	}{
		{o, false, nil, ""},
		{o, false, errors.New("full disk"), ""},
		{o, false, &host.TimeoutError{Limit: 5}, timeout},
		{o, false, &host.TimeoutError{Limit: 4}, ""}, // the manifest's
		{o, false, &host.OutOfFuelError{Limit: 7}, fuel},
		{o, false, &host.OutOfFuelError{Limit: 6}, ""}, // the manifest's
		{o, false, &host.TaskError{Code: -int32(abi.OutOfFuel)}, fuel},
		{&options{timeout: 5}, false, &host.TaskError{Code: -int32(abi.OutOfFuel)}, ""}, // not a flag's
		{endless, false, &host.OutOfFuelError{Limit: 1e12}, fuel},
		{endless, false, &host.OutOfFuelError{Limit: 1e11}, ""}, // the manifest's
		{o, false, &host.InvalidModuleError{Err: errors.New("section data")}, ""},
		{o, false, &host.InvalidModuleError{}, ""},
		{o, false, &host.NoSuchTaskError{}, ""},
		{o, true, &host.NoSuchTaskError{}, arguments},
		{o, false, &host.InvalidInputError{}, input},
		{o, true, &host.InvalidInputError{}, ""},
		{&options{hasInput: true}, false, &host.InvalidInputError{}, ""},
		{&options{mode: "io"}, false, &host.InvalidInputError{}, ""},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("task: %w", err)
		}
		if got := hint(c.options, c.command, err); got != c.want {
			t.Errorf("%v (command: %v): %q, want %q", err, c.command, got, c.want)
		}
	}
}
