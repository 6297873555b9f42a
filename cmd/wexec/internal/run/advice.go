package run

import (
	"errors"
	"fmt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

// advise adds what the user can do to an error that does not say it. Most errors
// do, by a field of host's configuration: see package setting.
func advise(o *options, command bool, err error) error {
	if hint := hint(o, command, err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

func hint(o *options, command bool, err error) string {
	timeout, timedOut := errors.AsType[*host.TimeoutError](err)
	fuel, saysFuel := errors.AsType[*host.OutOfFuelError](err)
	_, noSuchTask := errors.AsType[*host.NoSuchTaskError](err)
	_, badInput := errors.AsType[*host.InvalidInputError](err)
	switch {
	case timedOut && timeout.Limit == o.timeout:
		return "--timeout gives it more time"
	// A manifest may limit fuel too. Whose limit it was is not known if the task
	// passes on that another ran out of fuel.
	case host.Kind(err) == abi.OutOfFuel && o.mostFuel() != quantity.NoLimit && (!saysFuel || fuel.Limit == o.mostFuel()):
		return "--fuel gives it more"
	case noSuchTask && command:
		return "arguments of a WASI command go after --"
	case badInput && !o.hasInput && o.mode == "" && !command:
		return "-i gives the task an input"
	}
	return ""
}
