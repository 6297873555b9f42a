package task

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/grant"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/cmd/wexec/internal/stdin"
	"github.com/wexec/wexec/host"
)

// Advise adds what the user can do to an error that does not say it. Most errors
// do, by a field of host's configuration: see package setting. The call is nil if
// there was none.
func (f *Flags) Advise(c *Call, err error) error {
	if hint := f.hint(c, err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

func (f *Flags) hint(c *Call, err error) string {
	if err == nil {
		return ""
	}
	timeout, timedOut := errors.AsType[*host.TimeoutError](err)
	fuel, saysFuel := errors.AsType[*host.OutOfFuelError](err)
	_, noSuchTask := errors.AsType[*host.NoSuchTaskError](err)
	_, failed := errors.AsType[*host.TaskError](err)
	_, badInput := errors.AsType[*host.InvalidInputError](err)
	_, waited := errors.AsType[*stdin.WaitError](err)
	most := f.limits.mostFuel()
	switch {
	case waited && c != nil:
		return "-i gives another (-i '' none), --timeout more time"
	case waited, timedOut && timeout.Limit == time.Duration(f.limits.timeout):
		return "--timeout gives it more time"
	// A manifest may limit fuel too. Whose limit it was is not known if the task
	// passes on that another ran out of fuel.
	case host.Kind(err) == abi.OutOfFuel && most != quantity.NoLimit && (!saysFuel || fuel.Limit == most):
		return "--fuel gives it more"
	case noSuchTask && c != nil && c.WASI != nil:
		return "arguments of a WASI command go after --"
	case failed && host.Kind(err) == abi.NoSuchTask && strings.Contains(err.Error(), `no module "`):
		return "--with loads a module that it may call"
	case badInput && c != nil && !c.hasInput() && f.mode == "":
		return c.howToInput()
	}
	return grant.Hint(err)
}

// hasInput reports whether the task was given an input, or can't be given one.
func (c *Call) hasInput() bool {
	return c.WASI != nil || c.flags.input.given || c.hasNumbers() || len(c.Input) > 0
}

// howToInput says how the task is given an input.
func (c *Call) howToInput() string {
	if c.info.Style == host.Bare {
		return "write them after the function's name"
	}
	return "-i gives the task an input"
}
